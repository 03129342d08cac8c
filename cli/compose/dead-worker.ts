/** What is done for the runs of a worker, or of the API, that died, by the process that saw it die. */
import { setTimeout as sleep } from "node:timers/promises";
import { openPool } from "#shared/db/pool.ts";
import type { Log } from "#shared/log.ts";
import { leasesFree, leasesMarked } from "../../subgraphs/runtime/queue/free.sql.ts";
import { runsRelease } from "../../subgraphs/runtime/queue/release.sql.ts";
import type { Queryable } from "../../subgraphs/runtime/queue/statement.ts";
import type { DeadWorker } from "../composition.ts";

/** A claim or a renewal of the dead process may still be under way; the database may be away for a moment too. */
const passesAtMs = [0, 500, 2_000, 5_000];

/**
 * Frees the leases, so that others go on within a second and not when the leases have run out. Where one run is known to blame, it alone counts a crash; else
 * each of them does.
 */
export async function freeLeases(databaseUrl: string, { claimMark, blamedRunId }: DeadWorker, log: Log): Promise<void> {
  const pool = openPool({ url: databaseUrl, max: 1, scope: "engine", applicationName: "agent-platform supervisor" });
  try {
    let waitedMs = 0;
    for (const atMs of passesAtMs) {
      await sleep(atMs - waitedMs);
      waitedMs = atMs;
      await freeOnce(pool, { claimMark, blamedRunId }, log).catch((cause: unknown) =>
        log.warn({ err: cause }, "the leases of a dead worker were not freed, trying again"),
      );
    }
  } finally {
    await pool.end();
  }
}

async function freeOnce(pool: Queryable, { claimMark, blamedRunId }: DeadWorker, log: Log): Promise<void> {
  // Of offered node runs none is innocent: that the call of one may have been made is told by its crash alone.
  const isInnocent = (key: string): boolean => blamedRunId !== undefined && key !== blamedRunId && !key.includes(":");
  const held = await leasesMarked(pool, claimMark);
  const { innocent = [], counted = [] } = Object.groupBy(held, ({ key }) => (isInnocent(key) ? "innocent" : "counted"));
  await runsRelease(
    pool,
    innocent.map(({ key: runId, lease }) => ({ runId, lease })),
  );
  await leasesFree(pool, counted, blamedRunId);
  if (held.length > 0) log.info({ given: innocent.length, freed: counted.length, blamedRunId }, "the leases of a dead worker are freed");
}
