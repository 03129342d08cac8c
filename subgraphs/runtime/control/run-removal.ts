/**
 * Removes what is left of deleted runs, deletes runs that have ended long enough ago, and counts what tenants have stored: in one process of all, piece by piece
 * (shared/db/sweep.ts).
 */
import type pg from "pg";
import { databaseTime } from "#shared/database-time.ts";
import { Sweep } from "#shared/db/sweep.ts";
import type { Log } from "#shared/log.ts";
import { counter } from "#shared/metrics/instruments.ts";
import { usageCount } from "../queue/quota.sql.ts";
import { isQueueLate, removalNext, removalPiece, Removing, runsExpire } from "../queue/removal.sql.ts";

const removedRows = counter({ name: "removed_rows_total", help: "Rows of deleted runs that were removed." });
const removedRuns = counter({ name: "removed_runs_total", help: "Deleted runs of which nothing is left." });
const expiredRuns = counter({ name: "expired_runs_total", help: "Runs that were deleted because they ended long enough ago." });

export interface RunRemovalOptions {
  /** Of the engine's role. */
  databaseUrl: string;
  log: Log;
  /** Days after its end for which a run is kept; for ever unless given. */
  keepDays?: number | undefined;
  /** How often it looks for something to do by itself; a minute. */
  lookMs?: number;
}

/** Of three node runs each they are a piece, with as many statements as fewer would take: 10,000 went in 7 s, and with 100 at once in 46 (load 27, 2026-11). */
const mostAtOnce = 400;
/** Runs that a look for expired ones reads at most. */
const expiryLooks = 2_000;
const dayMs = 86_400_000;
const countedAtOnce = 5_000;
/** A flush that is sent again has the ids that it had; it is given up after a lease. */
const uncountedMs = 90_000;

/** The removal of one process. */
export class RunRemoval {
  readonly #keepDays: number | undefined;
  readonly #sweep: Sweep;
  /** The runs under way, on a connection: with it the database may have lost the last of what went (shared/db/sweep.ts), so another begins anew. */
  #removing: Removing | undefined;
  #client: pg.PoolClient | undefined;
  #atOnce = mostAtOnce;
  /** Where the next look for expired runs goes on. */
  #expiredUntil = "";

  constructor({ keepDays, ...options }: RunRemovalOptions) {
    this.#keepDays = keepDays;
    const piece = async (client: pg.PoolClient) => (await this.#remove(client)) || (await this.#expire(client)) || (await count(client));
    this.#sweep = new Sweep({ ...options, name: "removal", piece, isLate: isQueueLate });
  }

  /** Begins to look, and goes on with what was left. */
  start(): void {
    this.#sweep.start();
  }

  /** Runs were deleted. */
  wanted(): void {
    this.#sweep.wanted();
  }

  /** Ends after the piece under way. */
  close(): Promise<void> {
    return this.#sweep.close();
  }

  /** Removes some of what deleted runs left; after an error of a quarter as many, for one may have more than a statement has time for. @returns whether there was anything. */
  async #remove(client: pg.PoolClient): Promise<boolean> {
    const removing = (this.#client === client ? this.#removing : undefined) ?? (await nextOf(client, this.#atOnce));
    this.#client = client;
    if (removing === undefined) return false;
    // Begun anew where it fails: another process may go on with them meanwhile.
    this.#removing = undefined;
    const atOnce = this.#atOnce;
    this.#atOnce = Math.ceil(atOnce / 4);
    removedRows.inc(await removalPiece(client, removing));
    this.#atOnce = Math.min(mostAtOnce, removing.isOver ? atOnce * 2 : atOnce);
    if (removing.isOver) removedRuns.inc(removing.runIds.length);
    else this.#removing = removing;
    return true;
  }

  /** Deletes some of the runs that have ended long enough ago. @returns whether there may be more. */
  async #expire(client: pg.PoolClient): Promise<boolean> {
    if (this.#keepDays === undefined) return false;
    const endedBefore = await agoOf(client, this.#keepDays * dayMs);
    const { deleted, cursor } = await runsExpire(client, { after: this.#expiredUntil, endedBefore, looks: expiryLooks, limit: mostAtOnce });
    expiredRuns.inc(deleted);
    // From the beginning again with the next look: what waited then may have ended.
    this.#expiredUntil = cursor ?? "";
    return cursor !== null || deleted > 0;
  }
}

async function nextOf(client: pg.PoolClient, count: number): Promise<Removing | undefined> {
  const ids = await removalNext(client, count);
  return ids.length === 0 ? undefined : new Removing(ids);
}

/** @returns whether there may be more. */
async function count(client: pg.PoolClient): Promise<boolean> {
  return (await usageCount(client, await agoOf(client, uncountedMs), countedAtOnce)) > 0;
}

/** So long ago by the database's clock, asked now: a machine whose clock goes ahead would remove what is to be kept. */
async function agoOf(client: pg.PoolClient, ms: number): Promise<Date> {
  const { rows } = await client.query<{ nowMs: number }>(`select ${databaseTime} "nowMs"`);
  return new Date(rows[0]!.nowMs - ms);
}
