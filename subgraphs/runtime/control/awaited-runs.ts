/**
 * Looks each minute for node runs that wait for a run which is over, and that nothing is on its way to: none is expected, as all that ends a run tells so in the same
 * statement; one of them would wait for ever. Several processes may look: what is told twice is told once.
 */
import type { Log } from "#shared/log.ts";
import { endsRepeat, type AwaitingPlace } from "../queue/outbox.sql.ts";
import type { Queryable } from "../queue/statement.ts";

const lookMs = 60_000;
const looksAtOnce = 1_000;

export class AwaitedRuns {
  readonly #options: { db: Queryable; log: Log };
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #isClosed = false;

  /** @param options.db  works for all tenants. */
  constructor(options: { db: Queryable; log: Log }) {
    this.#options = options;
  }

  start(): void {
    // Not all processes at once.
    this.#lookIn(lookMs * (0.5 + Math.random()));
  }

  /** Ends after the statement under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  /** Looks at all of them, a batch at a time. */
  async look(): Promise<void> {
    const { db, log } = this.#options;
    try {
      for (let place: AwaitingPlace | undefined = { runId: "", path: "" }; place !== undefined && !this.#isClosed;) {
        const last: (AwaitingPlace & { repeated: number }) | undefined = await endsRepeat(db, place, looksAtOnce);
        if (last !== undefined && last.repeated > 0) log.warn({ runs: last.repeated }, "ends of runs are told once more");
        place = last;
      }
    } catch (cause) {
      log.warn({ err: cause }, "runs that are waited for were not looked at");
    }
  }

  #lookIn(ms: number): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#looking = this.look().then(() => this.#lookIn(lookMs));
    }, ms).unref();
  }
}
