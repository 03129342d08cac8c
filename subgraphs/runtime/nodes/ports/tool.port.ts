/** How tool nodes reach the tool subgraph, which owns resolution, secrets and the call itself. */
import type { Json, JsonObject } from "#shared/json.ts";
import type { PortCall } from "./model.port.ts";

/** A tool call: what is frozen in the plan by reference, and the node's rendered config (url, base_url, path, query, body, headers …). */
export interface ToolRequest {
  toolBindingId?: string;
  toolId?: string;
  /** The version that the plan froze. */
  toolVersionId?: string;
  arguments?: JsonObject;
  config: JsonObject;
}

/** What the tool answered, and what was resolved on the way (never a secret). */
export interface ToolResponse {
  ok: boolean;
  status: number | null;
  outputText: string | null;
  outputJson: Json;
  /** Places in outputJson where digits stand for a number that a double does not keep. */
  numbersAsText: readonly string[];
  headers: JsonObject;
  durationMs: number;
  errorCode: string | null;
  errorMessage: string | null;
  /** { tool_id, tool_code, tool_version_id, tool_binding_id, method, url } as resolved (S-55). */
  resolved: JsonObject;
}

export interface ToolPort {
  /** @throws AppError when nothing could be called (unknown tool, egress denied, time-out: facts `retryable`, `effectUnknown`). */
  invoke(request: ToolRequest, call: PortCall): Promise<ToolResponse>;
}
