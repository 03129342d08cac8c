import type { Log } from "#shared/log.ts";
import { mailDrain, type DrainedMail } from "../../queue/drain.sql.ts";
import { isTimeOut } from "../../queue/failure.ts";
import type { Queryable } from "../../queue/statement.ts";
import type { OwnedRun } from "../owned-run.ts";
import { mailAhead } from "./mail-ahead.ts";

/** Without a word from the hints, mail is looked for this often. */
const drainEveryMs = 500;

/** Reads the mail of the runs that a process owns, one statement at a time for all that may have some. */
export class MailDrain {
  readonly #db: Queryable;
  readonly #log: Log;
  readonly #owned: ReadonlyMap<string, OwnedRun>;
  readonly #unread = new Set<string>();
  readonly #poll: NodeJS.Timeout;
  #isDraining = false;
  #isClosed = false;

  /** @param options.owned  by run id. */
  constructor(options: { db: Queryable; log: Log; owned: ReadonlyMap<string, OwnedRun> }) {
    this.#db = options.db;
    this.#log = options.log;
    this.#owned = options.owned;
    this.#poll = setInterval(() => this.#drainAll(), drainEveryMs);
  }

  /** The run has unread mail. */
  wanted(runId: string): void {
    this.#unread.add(runId);
    void this.#drain();
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#poll);
  }

  #drainAll(): void {
    for (const runId of this.#owned.keys()) this.#unread.add(runId);
    void this.#drain();
  }

  async #drain(): Promise<void> {
    if (this.#isDraining || this.#unread.size === 0 || this.#isClosed) return;
    const unread = [...this.#unread].flatMap((runId) => this.#owned.get(runId) ?? []);
    this.#unread.clear();
    // Of one that has much to store the rest is read when that is stored.
    const runs = unread.filter(({ readsMail }) => readsMail);
    if (runs.length === 0) return;
    this.#isDraining = true;
    try {
      for (const { id, mail, messages } of await this.#read(runs)) {
        await mailAhead(messages);
        const run = this.#owned.get(id);
        run?.mailApply(messages, mail);
        run?.advance();
      }
      for (const run of runs) run.advance();
    } catch (cause) {
      this.#log.warn({ err: cause }, "mail not read");
    } finally {
      this.#isDraining = false;
      if (this.#unread.size > 0) void this.#drain();
    }
  }

  /** What is not read in the time that a statement has is read in halves, so that no run keeps the others from theirs. */
  async #read(runs: readonly OwnedRun[]): Promise<DrainedMail[]> {
    try {
      return await mailDrain(
        this.#db,
        runs.map(({ runId, seen }) => ({ id: runId, seen })),
      );
    } catch (cause) {
      if (!isTimeOut(cause) || runs.length < 2) throw cause;
      const middle = Math.ceil(runs.length / 2);
      const halves = await Promise.allSettled([this.#read(runs.slice(0, middle)), this.#read(runs.slice(middle))]);
      return halves.flatMap((half) => (half.status === "fulfilled" ? half.value : []));
    }
  }
}
