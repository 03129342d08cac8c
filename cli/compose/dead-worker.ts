/** What is done for the runs of a worker that died, by the process that saw it die. */
import { setTimeout as sleep } from "node:timers/promises";
import { openPool } from "#shared/db/pool.ts";
import type { Log } from "#shared/log.ts";
import { leasesFree, runsGiveBack } from "../../subgraphs/runtime/queue/free.sql.ts";
import type { DeadWorker } from "../composition.ts";

/** The last statements of the dead process may still be under way, and renew what was just freed; the database may be away for a moment too. */
const passesAtMs = [0, 500, 2_000, 5_000];

/**
 * Frees the leases, so that others go on within a second and not when the leases have run out. Where one run is known to blame, it alone counts a crash; else
 * each of them does.
 */
export async function freeLeases(databaseUrl: string, { held, blamedRunId }: DeadWorker, log: Log): Promise<void> {
  const rows = held.map(([key, lease]) => ({ key, lease }));
  const freed = new Set<string>();
  const pool = openPool({ url: databaseUrl, max: 1, scope: "engine", applicationName: "agent-platform supervisor" });
  try {
    let waitedMs = 0;
    for (const atMs of passesAtMs) {
      await sleep(atMs - waitedMs);
      waitedMs = atMs;
      try {
        const given =
          blamedRunId === undefined
            ? []
            : await runsGiveBack(
                pool,
                rows.filter(({ key }) => key !== blamedRunId),
              );
        const own = new Set(given);
        const left = await leasesFree(
          pool,
          rows.filter(({ key }) => isToBlame(key) && !own.has(key)),
        );
        for (const key of [...given, ...left]) freed.add(key);
      } catch (cause) {
        log.warn({ err: cause }, "the leases of a dead worker were not freed, trying again");
      }
    }
  } finally {
    await pool.end();
  }
  log.info({ freed: freed.size, blamedRunId }, "the leases of a dead worker are freed");

  /** A neighbour whose row was locked is not counted a crash for it: the next pass gives it back, or its lease runs out. */
  function isToBlame(key: string): boolean {
    return blamedRunId === undefined || key === blamedRunId || key.includes(":");
  }
}
