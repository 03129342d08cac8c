/** Fails runs of which nothing can be taken over, or stored: by one statement, without their owner. Whoever waits for their end is told as of any other. */
import type { HintPublisher } from "#shared/hints.ts";
import { counter } from "#shared/metrics/instruments.ts";
import { runDeadLetter, runFailDamaged, runFailUnloadable, runFailUnstored } from "../queue/dead-letter.sql.ts";
import type { Queryable } from "../queue/statement.ts";
import type { Gates } from "./gates.ts";
import { runsEnded } from "./runs-ended.ts";

const deadLetters = counter({
  name: "dead_letters_total",
  help: "Runs that were failed by one statement: whoever took them over died, or nobody can load, or store, what they have.",
});

interface Held {
  runId: string;
  lease: string;
}

export class DeadLetters {
  readonly #options: { db: Queryable; hints: HintPublisher; gates: Pick<Gates, "wanted"> };

  constructor(options: { db: Queryable; hints: HintPublisher; gates: Pick<Gates, "wanted"> }) {
    this.#options = options;
  }

  /** Fails a run that ends whoever takes it over. @returns false: one of its nodes is known to be the culprit, so it is to be taken over. */
  async takeover(run: Held): Promise<boolean> {
    return this.#told(run, await runDeadLetter(this.#options.db, run));
  }

  /** Fails a run that has more than PostgreSQL puts into one answer. @returns whether it did: not where the lease is another's. */
  async unloadable(run: Held): Promise<boolean> {
    return this.#told(run, await runFailUnloadable(this.#options.db, run));
  }

  /** Fails a run of which what is stored does not fit together. @returns as {@link unloadable} */
  async damaged(run: Held): Promise<boolean> {
    return this.#told(run, await runFailDamaged(this.#options.db, run));
  }

  /** Fails a run nothing of which can be stored. @returns as {@link unloadable} */
  async unstored(run: Held): Promise<boolean> {
    return this.#told(run, await runFailUnstored(this.#options.db, run));
  }

  #told({ runId }: Held, isFailed: boolean): boolean {
    if (!isFailed) return false;
    deadLetters.inc();
    runsEnded.inc({ status: "FAILED" });
    // A claim does not say whether its run has a key: the line is looked for.
    this.#options.gates.wanted([runId]);
    this.#options.hints.publish("run", runId);
    return true;
  }
}
