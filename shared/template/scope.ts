/** What templates and expressions can see, and how they say what they refer to. */
import type { Json, JsonObject } from "#shared/json.ts";

/** What is known of a run, and of the conversation that it is part of, when it is created. It never changes. */
export interface RunFacts {
  /** `now`: its creation, in ISO 8601; of a run that was made of another, that of the first. */
  run: { id: string; now: string };
  /** `history`: what was said before the run, oldest first, where its document asks for it. */
  session: { id: string | null; history: Json[] };
}

/** The values behind `input`, `state`, `nodes`, `current`, `run` and `session` (S-47). Read only. */
export interface TemplateScope extends Partial<RunFacts> {
  /** The run's input. */
  input: JsonObject;
  /** What assigner nodes have written so far. */
  state: JsonObject;
  /** Completed nodes by id; and those whose failure was handled, with their error. */
  nodes: Record<string, { output: Json; text: string | null; error?: { code: string; message: string } }>;
  current: { node_id: string };
  /** In the body of an iteration: the item, and its place in the list, from 0; in that of a loop: the number of the round, from 0. Those of the innermost one. */
  item?: Json;
  index?: number;
  /** In the body of a loop: its variables. */
  loop?: JsonObject;
}

/** The names a path may begin with. */
export const scopeNames = ["input", "state", "nodes", "current", "run", "session"] as const;

/** The names that a path may begin with in bodies, beside those: `item` of an iteration, `loop` of a loop, `index` of both. */
export const frameNames = ["item", "index", "loop"] as const;

/** One of {@link frameNames}. */
export type FrameName = (typeof frameNames)[number];

/**
 * How much of a value is looked at. value: all of it. size: how many there are. members: of an object whether a key is there, of a list its items.
 * presence: whether there is one.
 */
export type ReadAs = "value" | "size" | "members" | "presence";

/** A path that a template or an expression reads, and where it stands in the source; line and column count from 1. */
export interface Reference {
  /** Such as `["nodes", "retrieve-docs", "text"]`; it ends before the first part that is computed at run time. */
  path: readonly string[];
  as: ReadAs;
  line: number;
  column: number;
}
