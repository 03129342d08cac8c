/**
 * The run that the main loop is advancing, where the renewal thread can read it: when the loop does not turn any more, that run is to blame, and none of its
 * neighbours. Erasable TypeScript only: the thread runs it without a build step.
 */

/** Ids are UUIDs. */
const longestId = 60;

/** Written by the main loop. */
export class RunNote {
  readonly memory = new SharedArrayBuffer(longestId + 1);
  readonly #bytes = Buffer.from(this.memory);

  /** The run is advanced from now on; undefined: none is. */
  set(runId: string | undefined): void {
    if (runId !== undefined) this.#bytes.write(runId, 1, longestId, "latin1");
    this.#bytes[0] = runId === undefined ? 0 : Math.min(runId.length, longestId);
  }
}

/** Reads what was written. */
export function runNoted(memory: SharedArrayBuffer): string | undefined {
  const bytes = Buffer.from(memory);
  const length = bytes[0] ?? 0;
  return length === 0 ? undefined : bytes.toString("latin1", 1, 1 + length);
}
