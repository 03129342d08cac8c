/** What is done for the runs of a worker that died, by the process that saw it die. */
import { setTimeout as sleep } from "node:timers/promises";
import { openPool } from "#shared/db/pool.ts";
import type { Log } from "#shared/log.ts";
import { leasesFree } from "../../subgraphs/runtime/queue/free.sql.ts";
import { runsRelease } from "../../subgraphs/runtime/queue/release.sql.ts";
import type { DeadWorker } from "../composition.ts";

/** The last statements of the dead process may still be under way, and renew what was just freed; the database may be away for a moment too. */
const passesAtMs = [0, 500, 2_000, 5_000];

/**
 * Frees the leases, so that others go on within a second and not when the leases have run out. Where one run is known to blame, it alone counts a crash; else
 * each of them does.
 */
export async function freeLeases(databaseUrl: string, { held, blamedRunId }: DeadWorker, log: Log): Promise<void> {
  const { innocent = [], counted = [] } = Object.groupBy(held, ([key]) => (isInnocent(key) ? "innocent" : "counted"));
  const pool = openPool({ url: databaseUrl, max: 1, scope: "engine", applicationName: "agent-platform supervisor" });
  try {
    let waitedMs = 0;
    for (const atMs of passesAtMs) {
      await sleep(atMs - waitedMs);
      waitedMs = atMs;
      try {
        await runsRelease(
          pool,
          innocent.map(([runId, lease]) => ({ runId, lease })),
        );
        await leasesFree(
          pool,
          counted.map(([key, lease]) => ({ key, lease })),
        );
      } catch (cause) {
        log.warn({ err: cause }, "the leases of a dead worker were not freed, trying again");
      }
    }
  } finally {
    await pool.end();
  }
  log.info({ given: innocent.length, freed: counted.length, blamedRunId }, "the leases of a dead worker are freed");

  /** Of offered node runs none is: that the call of one may have been made is told by its crash alone. */
  function isInnocent(key: string): boolean {
    return blamedRunId !== undefined && key !== blamedRunId && !key.includes(":");
  }
}
