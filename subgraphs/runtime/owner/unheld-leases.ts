/**
 * Gives back what a claim took whose answer was lost, as when the database failed over while it was committed: the rows are this process's by their mark, it knows nothing of
 * them, and they would be nobody's until their leases run out. It is looked for when the database was away, once: a look reads the whole table of work.
 */
import { monotonicMs } from "./clock.ts";
import { leasesMarked } from "../queue/free.sql.ts";
import { offersRelease, runsRelease } from "../queue/release.sql.ts";
import type { Lease } from "../queue/renew.sql.ts";
import type { Queryable } from "../queue/statement.ts";

export interface UnheldLeasesOptions {
  db: Queryable;
  /** This process's, and no other's. */
  claimMark: string;
  /** All that it knows of. */
  held(): readonly Pick<Lease, "lease">[];
}

/** A claim that was answered is on its way to whoever holds it for milliseconds; what nobody holds after this long stays so. */
const betweenLooksMs = 2_000;

export class UnheldLeases {
  readonly #options: UnheldLeasesOptions;
  #isWanted = false;
  /** What nobody held at the first look, and when that was. */
  #first: { leases: ReadonlySet<string>; atMs: number } | undefined;

  constructor(options: UnheldLeasesOptions) {
    this.#options = options;
  }

  /** The database was away. */
  wanted(): void {
    this.#isWanted = true;
    this.#first = undefined;
  }

  /** Looks where it is wanted, when it is time, twice. @returns how many were given back. */
  async look(): Promise<number> {
    const first = this.#first;
    if (!this.#isWanted || (first !== undefined && monotonicMs() - first.atMs < betweenLooksMs)) return 0;
    const { db, claimMark, held } = this.#options;
    const marked = await leasesMarked(db, claimMark);
    const known = new Set(held().map(({ lease }) => lease));
    const unheld = marked.filter(({ lease }) => !known.has(lease));
    if (first === undefined && unheld.length > 0) {
      this.#first = { leases: new Set(unheld.map(({ lease }) => lease)), atMs: monotonicMs() };
      return 0;
    }
    const lost = unheld.filter(({ lease }) => first?.leases.has(lease));
    const isNode = ({ key }: Pick<Lease, "key">) => key.includes(":");
    await offersRelease(db, lost.filter(isNode));
    await runsRelease(
      db,
      lost.filter((one) => !isNode(one)).map(({ key, lease }) => ({ runId: key, lease })),
    );
    this.#isWanted = false;
    this.#first = undefined;
    return lost.length;
  }
}
