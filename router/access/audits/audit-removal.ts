/** Removes audits that are older than the operator wants to keep them: in one process of all, piece by piece (shared/db/sweep.ts). Nobody else removes any. */
import type pg from "pg";
import { databaseTime } from "#shared/database-time.ts";
import { Sweep } from "#shared/db/sweep.ts";
import type { Log } from "#shared/log.ts";
import { counter } from "#shared/metrics/instruments.ts";
import { auditHeadsRemove, auditsRemove } from "./audit.sql.ts";

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

/**
 * The first moment of which audits are kept: days are removed whole, UTC, as each is a chain of its own (audit-chain.ts). By the database's clock, asked now: a
 * machine whose clock goes ahead would remove what is to be kept.
 */
export async function auditsKeptFrom(client: Pick<pg.PoolClient, "query">, keepDays: number): Promise<Date> {
  const { rows } = await client.query<{ nowMs: number }>(`select ${databaseTime} "nowMs"`);
  const at = rows[0]!.nowMs - keepDays * dayMs;
  return new Date(at - (at % dayMs));
}

/** Starts the removal of one process. */
export function startAuditRemoval({ keepDays, ...options }: AuditRemovalOptions): Sweep {
  const piece = async (client: pg.PoolClient): Promise<boolean> => {
    const before = await auditsKeptFrom(client, keepDays);
    const removed = await auditsRemove(client, { before, limit: rowsAtOnce });
    removedAudits.inc(removed);
    if (removed === 0) await auditHeadsRemove(client, before);
    return removed > 0;
  };
  const sweep = new Sweep({ ...options, name: "audit removal", piece });
  sweep.start();
  return sweep;
}
