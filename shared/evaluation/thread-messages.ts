/** What the main loop and a thread say to each other. */
import type { ErrorCode, ErrorFacts } from "#shared/errors.ts";

/** To the thread: run this function. The pieces are its arguments' JSON. */
export interface JobMessage {
  module: string;
  /** Empty: the module is loaded, and that is all. */
  name: string;
  pieces: readonly string[];
  text: string | undefined;
  maxResultChars: number;
}

/** From the thread. loaded: the function is there, and runs from now on; not said again of the same module. */
export type ThreadMessage =
  | { kind: "loaded" }
  | { kind: "done"; json: string }
  | { kind: "too-large" }
  | { kind: "refused"; code: ErrorCode; reason: string; message: string; facts: ErrorFacts }
  | { kind: "bug"; message: string; stack: string | undefined };
