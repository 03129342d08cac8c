/**
 * Gives back what a claim took whose answer was lost, as when the database failed over while it was committed: the rows are this process's by their mark, it knows nothing of
 * them, and they would be nobody's until their leases run out. It is looked for when the database was away, until two looks in a row find nothing: a claim that ended here
 * may still be at work there, or wait for a standby.
 */
import type { Log } from "#shared/log.ts";
import { failureKind, isTimeOut } from "../queue/failure.ts";
import { leasesMarked } from "../queue/free.sql.ts";
import { offersRelease, runsRelease } from "../queue/release.sql.ts";
import type { Lease } from "../queue/renew.sql.ts";
import type { Queryable } from "../queue/statement.ts";
import { monotonicMs } from "./clock.ts";

export interface UnheldLeasesOptions {
  db: Queryable;
  log: Log;
  /** This process's, and no other's. */
  claimMark: string;
  /** All that it was answered, as far as their rows may still have them: also what it holds no more, for that may have been called. */
  held(): readonly Pick<Lease, "lease">[];
  /** Between two looks, for longer after each that fails; 2,000. */
  pauseMs?: number;
}

/** With a claim of this process in each of them no two looks in a row would find nothing. After so many the leases of what was lost have run out. */
const mostLooks = 20;
const mostFailures = 5;

export class UnheldLeases {
  readonly #options: UnheldLeasesOptions;
  readonly #pauseMs: number;
  #isWanted = false;
  /** Counts how often it was wanted: a look that began before finds nothing of what was lost since. */
  #wanted = 0;
  #isLooking = false;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  /** Leases that nobody held at the last look. */
  #unheld: ReadonlySet<string> = new Set();
  #looks = 0;
  #emptyLooks = 0;
  #failures = 0;
  #isClosed = false;

  constructor(options: UnheldLeasesOptions) {
    this.#options = options;
    this.#pauseMs = options.pauseMs ?? 2_000;
  }

  /** The database was away. */
  wanted(): void {
    // What is under way keeps its pauses: each claim that fails wants a look.
    if (!this.#isWanted) this.#failures = 0;
    this.#isWanted = true;
    this.#wanted++;
    this.#looks = 0;
    this.#emptyLooks = 0;
  }

  /**
   * Looks where it is wanted and time. To be called when no claim is under way: one that was when a look found its rows has ended by the next, so what both find and nobody
   * holds is nobody's. Claims may begin beside it; it never rejects.
   *
   * @returns how many were given back.
   */
  async look(): Promise<number> {
    if (!this.#isWanted || this.#isLooking || this.#isClosed || monotonicMs() < this.#notBeforeMs) return 0;
    this.#isLooking = true;
    const { log } = this.#options;
    let count = 0;
    try {
      count = await this.#lookOnce();
      if (count > 0) log.info({ count }, "leases of claims that were not answered were given back");
      this.#failures = 0;
      this.#notBeforeMs = monotonicMs() + this.#pauseMs;
    } catch (cause) {
      this.#failed(cause);
    }
    if (this.#emptyLooks >= 2 || this.#looks >= mostLooks || this.#failures >= mostFailures) this.#end();
    this.#isLooking = false;
    return count;
  }

  /** Looks no more. */
  close(): void {
    this.#isClosed = true;
  }

  /** Where the database is away it is asked again with the next claim, which costs nothing; what is not answered in its time is work for it, so it comes ever later. */
  #failed(cause: unknown): void {
    if (this.#isClosed || (failureKind(cause) === "unreachable" && !isTimeOut(cause))) return;
    this.#failures++;
    this.#notBeforeMs = monotonicMs() + this.#pauseMs * 2 ** this.#failures;
    this.#options.log.warn({ err: cause, failures: this.#failures }, "leases of claims that were not answered were not looked for");
  }

  #end(): void {
    if (this.#failures >= mostFailures)
      this.#options.log.warn({ failures: this.#failures }, "claims that were not answered are left to their leases");
    this.#isWanted = false;
    this.#unheld = new Set();
  }

  /** @returns how many were given back. */
  async #lookOnce(): Promise<number> {
    const { db, claimMark, held } = this.#options;
    const wanted = this.#wanted;
    const marked = await leasesMarked(db, claimMark);
    const known = new Set(held().map(({ lease }) => lease));
    const unheld = marked.filter(({ lease }) => !known.has(lease));
    const lost = unheld.filter(({ lease }) => this.#unheld.has(lease));
    this.#unheld = new Set(unheld.map(({ lease }) => lease));
    if (wanted === this.#wanted) {
      this.#looks++;
      this.#emptyLooks = unheld.length === 0 ? this.#emptyLooks + 1 : 0;
    }
    const isNode = ({ key }: Pick<Lease, "key">) => key.includes(":");
    await offersRelease(db, lost.filter(isNode));
    await runsRelease(
      db,
      lost.filter((one) => !isNode(one)).map(({ key, lease }) => ({ runId: key, lease })),
    );
    return lost.length;
  }
}
