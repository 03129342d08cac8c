/** Removes audits that are older than the operator wants to keep them: in one process of all, piece by piece (shared/db/sweep.ts). Nobody else removes any. */
import type pg from "pg";
import { Sweep } from "#shared/db/sweep.ts";
import type { Log } from "#shared/log.ts";
import { counter } from "#shared/metrics/instruments.ts";
import { auditsRemove } from "./audit.sql.ts";

const removedAudits = counter({ name: "removed_audits_total", help: "Audits that were removed because they were old enough." });

export interface AuditRemovalOptions {
  /** Of the engine's role. */
  databaseUrl: string;
  log: Log;
  /** Days for which an audit is kept. */
  keepDays: number;
  /** How often it looks; a minute. */
  lookMs?: number;
}

const rowsAtOnce = 2_000;
const dayMs = 86_400_000;

/** Starts the removal of one process. */
export function startAuditRemoval({ keepDays, ...options }: AuditRemovalOptions): Sweep {
  const piece = async (client: pg.PoolClient): Promise<boolean> => {
    const removed = await auditsRemove(client, { before: new Date(Date.now() - keepDays * dayMs), limit: rowsAtOnce });
    removedAudits.inc(removed);
    return removed > 0;
  };
  const sweep = new Sweep({ ...options, name: "audit removal", piece });
  sweep.start();
  return sweep;
}
