import { defineStatement, keyOf, type Queryable, rowsOf } from "./statement.ts";

const mark = defineStatement({
  name: "dry_run_mark",
  text: `
with m as (update runtime.run set dry_run = true where id = $1 and tenant_id = $2 and status = 0 and lease is null and not dry_run returning id)
select status = 0 and (dry_run or exists (select from m)) as "isDry" from runtime.run where id = $1 and tenant_id = $2`,
});

/** Makes a dry run of a run that nobody has begun. false: somebody has. Served by the primary key. */
export async function dryRunMark(db: Queryable, { runId, tenantId }: { runId: string; tenantId: string }): Promise<boolean> {
  const [run] = await rowsOf<{ isDry: boolean }>(db, mark, [runId, tenantId]);
  return run?.isDry === true;
}

/** Runs that wait are looked at so far: those of other kinds stand among them. */
const mostLookedAt = 5_000;

const queued = defineStatement({
  name: "kind_queued",
  text: `
with w as materialized (select w.run_id, w.visible_at from runtime.work w
  where w.tenant_id = $1 and w.path is null and w.lease is null and w.visible_at <= now() order by w.visible_at limit ${mostLookedAt})
select r.id from w join runtime.run r on r.id = ${keyOf("w.run_id")} where r.kind = $2 and r.status < 3 order by w.visible_at limit $3`,
});

/** Runs of a kind that are due and that nobody owns, the one that has waited longest first. Served by work_runs and the primary key. */
export async function runsQueued(db: Queryable, call: { tenantId: string; kind: string; limit: number }): Promise<string[]> {
  const rows = await rowsOf<{ id: string }>(db, queued, [call.tenantId, call.kind, call.limit]);
  return rows.map(({ id }) => id);
}
