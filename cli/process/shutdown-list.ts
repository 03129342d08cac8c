import { setTimeout as sleep } from "node:timers/promises";
import { cliErrors } from "../errors.ts";

interface Step {
  what: string;
  stop: () => Promise<void>;
  deadlineMs: number;
}

/** What was started, to be stopped in the opposite order, each within its own deadline. */
export class ShutdownList {
  readonly #steps: Step[] = [];

  /** @param what its name in an error, such as "PostgreSQL". */
  add(what: string, stop: () => Promise<void>, deadlineMs: number): void {
    this.#steps.push({ what, stop, deadlineMs });
  }

  /** Stops everything; one that fails or takes too long does not keep the next ones. @throws the first failure, at the end. */
  async run(): Promise<void> {
    const failures: unknown[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      await within(step).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }
}

async function within({ what, stop, deadlineMs }: Step): Promise<void> {
  const late = new AbortController();
  const tooLate = sleep(deadlineMs, undefined, { signal: late.signal, ref: true }).then(() => {
    throw cliErrors.STOP_TOOK_TOO_LONG({ what, seconds: Math.round(deadlineMs / 1000) });
  });
  tooLate.catch(() => {});
  try {
    await Promise.race([stop(), tooLate]);
  } finally {
    late.abort();
  }
}
