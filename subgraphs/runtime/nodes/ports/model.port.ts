/** How llm nodes reach the model subgraph. */
import type { Json, JsonObject } from "#shared/json.ts";

/** A chat completion to make; the model subgraph's ChatCompletionInput. */
export interface ModelRequest {
  providerCode?: string;
  model?: string;
  messages: {
    role: "SYSTEM" | "USER" | "ASSISTANT" | "TOOL";
    content: string | null;
    name?: string;
    toolCallId?: string;
    toolCalls?: Json;
  }[];
  tools?: { name: string; description?: string; parameters: JsonObject }[];
  toolChoice?: Json;
  temperature?: number;
  topP?: number;
  maxTokens?: number;
  stop?: string[];
  responseFormat?: JsonObject;
}

/** A whole completion. */
export interface ModelCompletion {
  id: string;
  model: string;
  content: string | null;
  toolCalls: { id: string; name: string; arguments: Json }[];
  finishReason: "STOP" | "LENGTH" | "TOOL_CALLS" | "CONTENT_FILTER";
  promptTokens: number;
  completionTokens: number;
  durationMs: number;
}

/** The caller's identity and limits for one call. */
export interface PortCall {
  tenantId: string;
  requestId: string;
  traceparent: string;
  idempotencyKey: string;
  signal: AbortSignal;
}

export interface ModelPort {
  /**
   * Streams a completion: `onDelta` gets each piece of text; resolves with the whole.
   *
   * @throws AppError with the model subgraph's code, reason and facts (`retryable`, `retryAfterMs`, `effectUnknown`).
   */
  complete(request: ModelRequest, call: PortCall, onDelta: (text: string) => void): Promise<ModelCompletion>;
}
