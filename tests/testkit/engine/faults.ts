import type { Fault } from "../../../subgraphs/runtime/engine/fault.ts";

/** The mark of a failure with a code that the platform gives itself, where a test is of the platform's own. */
export function faultFor(code: string): Fault | undefined {
  return code === "INTERNAL" ? "own" : code === "WORKER_CRASHED" ? "crash" : undefined;
}
