/** How llm nodes reach the model subgraph. */
import type { Json, JsonObject } from "#shared/json.ts";

/** A chat completion to make; the model subgraph's ChatCompletionInput. */
export interface ModelRequest {
  providerCode?: string;
  model?: string;
  messages: {
    role: "SYSTEM" | "USER" | "ASSISTANT" | "TOOL";
    content: string | null;
    contentParts?: JsonObject[];
    name?: string;
    toolCallId?: string;
    toolCalls?: Json;
  }[];
  tools?: { name: string; description?: string; parameters: JsonObject }[];
  toolChoice?: Json;
  temperature?: number;
  topP?: number;
  maxTokens?: number;
  maxCompletionTokens?: number;
  seed?: number;
  reasoningEffort?: string;
  stop?: string[];
  responseFormat?: JsonObject;
  extraParameters?: JsonObject;
  /** Of the whole; the model subgraph's own deadlines unless given. */
  timeoutSeconds?: number;
}

/** A whole completion. */
export interface ModelCompletion {
  id: string;
  model: string;
  content: string | null;
  toolCalls: { id: string; name: string; arguments: Json }[];
  finishReason: "STOP" | "LENGTH" | "TOOL_CALLS" | "CONTENT_FILTER" | "OTHER";
  /** The provider's own word for it. */
  providerFinishReason?: string | null;
  reasoning?: string | null;
  promptTokens: number;
  completionTokens: number;
  cachedTokens?: number | null;
  reasoningTokens?: number | null;
  /** Parameters that the provider does not take, and that were left out. */
  omittedParameters?: string[];
  /** What it has cost, where that is known. */
  price?: number | null;
  durationMs: number;
}

/** The caller's identity and limits for one call. */
export interface PortCall {
  tenantId: string;
  /** Whose it is, for the ledger of model calls. */
  caller?: { callId: string; runId: string; nodeRunId: string };
  requestId: string;
  traceparent: string;
  idempotencyKey: string;
  signal: AbortSignal;
  /** Hears of the answer's bytes while they come, see NodeContext. */
  arrives(bytes: number): Promise<void> | undefined;
}

/** What a piece of text is: of the answer, or of what the model thinks before it. */
export type DeltaKind = "text" | "reasoning";

export interface ModelPort {
  /**
   * Streams a completion: `onDelta` gets each piece of text, and says of what; resolves with the whole.
   *
   * @throws AppError with the model subgraph's code, reason and facts (`retryable`, `retryAfterMs`, `effectUnknown`).
   */
  complete(request: ModelRequest, call: PortCall, onDelta: (text: string, kind?: DeltaKind) => void): Promise<ModelCompletion>;
}
