/** What the main loop and a thread with QuickJS say to each other. */
import type { SandboxResult } from "./sandbox.ts";

/** To the thread: run this program. */
export interface ProgramMessage {
  code: string;
  /** JSON. */
  payload: string;
  timeoutMs: number;
  memoryBytes: number;
  resultBytes: number;
}

/** What has been printed: the count of its bytes, then the bytes. The main loop reads it also of a thread that it had to end. */
export interface PrintedPage {
  /** How many bytes of {@link text} are written. */
  length: Int32Array;
  text: Uint8Array;
}

/** How a program ended, as the thread has seen it. The result is JSON. */
export type ProgramVerdict =
  { kind: "completed"; json: string } | { kind: "failed"; code: Extract<SandboxResult, { kind: "failed" }>["code"]; message: string };

/** From the thread. began: from now on the program's time runs. Of a short program both come at once. */
export type QuickjsThreadMessage = { kind: "began" } | { kind: "ended"; verdict: ProgramVerdict; durationMs: number };
