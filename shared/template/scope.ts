/** What templates and expressions can see, and how they say what they refer to. */
import type { Json, JsonObject } from "#shared/json.ts";

/** The values behind `input`, `state`, `nodes` and `current` (S-47). Read only. */
export interface TemplateScope {
  /** The run's input. */
  input: JsonObject;
  /** What assigner nodes have written so far. */
  state: JsonObject;
  /** Completed nodes by id. */
  nodes: Record<string, { output: Json; text: string | null }>;
  current: { node_id: string };
}

/** The names a path may begin with. */
export const scopeNames = ["input", "state", "nodes", "current"] as const;

/** A path that a template or an expression reads, and where it stands in the source; line and column count from 1. */
export interface Reference {
  /** Such as `["nodes", "retrieve-docs", "text"]`; it ends before the first part that is computed at run time. */
  path: readonly string[];
  line: number;
  column: number;
}
