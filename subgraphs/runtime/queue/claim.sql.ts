/**
 * Makes one worker the owner of runs, or of offered node runs. The ownership ends `leaseMs` after the last renewal; then the next claim
 * takes the row, so whatever happens after a claim must tolerate happening twice. A claim that finds a lease not given back counts a
 * crash. Everything is locked with SKIP LOCKED: a claim waits for nobody, and nothing is changed before all of it is locked.
 */
import { claimedRunColumns, type StoredRun } from "./load.sql.ts";
import { defineStatement, epochMs, rowsOf, type Queryable, type Statement } from "./statement.ts";

/** A run that the claimer owns now. */
export interface ClaimedRun {
  runId: string;
  tenantId: string;
  lease: string;
  /** How long the lease lasts after the claim and after each renewal. */
  leaseMs: number;
  /** How many owners died with it, or let its lease run out. */
  crashes: number;
  /** The database's clock at the claim, in milliseconds. */
  dbNowMs: number;
}

/** A run right after its claim. */
export interface RunClaim extends ClaimedRun {
  /** The run itself, when nobody has begun it: it has no node runs and no mail. Any other is loaded. */
  fresh: StoredRun | undefined;
}

/** An offered node run that the claimer executes now. */
export interface ClaimedNode extends ClaimedRun {
  key: string;
  path: string;
  attempt: number;
}

/** What a claim may take. */
export interface ClaimLimits {
  worker: string;
  limit: number;
  leaseMs: number;
  /** False while other owners should get their leases back first (after the database was away). */
  orphansAllowed: boolean;
  /** Whether one row that has outlived two owners may be among them. */
  suspectsAllowed: boolean;
  /** Tenants that have their share of this worker already. */
  cappedTenants: readonly string[];
}

// now() in comparisons: clock_timestamp() is volatile and keeps the index from being used. Leases start at clock_timestamp(): the
// statement may have waited. Served by work_runs and work_nodes; suspects by work_suspects.
const lanesAndDue = (part: string, extra: string) => `
with recursive t as (
  (select tenant_id from runtime.work where ${part} order by tenant_id limit 1) union all
  select (select w.tenant_id from runtime.work w where ${part} and w.tenant_id > t.tenant_id order by w.tenant_id limit 1)
  from t where t.tenant_id is not null),
lanes as materialized (select tenant_id from t where tenant_id is not null and tenant_id <> all($5::text[]) order by random()),
due as materialized (select d.* from lanes, lateral (
  select w.key, w.run_id from runtime.work w
  where ${part} and w.tenant_id = lanes.tenant_id and w.visible_at <= now()
    and (w.lease is null or $3) and w.crashes + (w.lease is not null)::int < 2 ${extra}
  order by w.visible_at limit greatest(least($1::int, 1), $1::int / (select count(*) from lanes)) for update skip locked) d limit $1),
suspect as materialized (select w.key, w.run_id from runtime.work w
  where $4 and w.crashes > 0 and ${part} and (w.lease is null or $3) and w.crashes + (w.lease is not null)::int >= 2 and w.visible_at <= now()
    and w.tenant_id <> all($5::text[]) ${extra}
  order by w.visible_at limit 1 for update skip locked),
pick as materialized (select * from due union all select * from suspect limit greatest($1, 1))`;

/**
 * Takes what is picked and locked. One token for all that a claim takes: it fences owners of a row, and no two claims have the same. Rows are named by a
 * list and not by a join, which the planner begins at the other side, with the whole of `work`, where it has just seen that empty: a claim of 100 of 8,000
 * took 350 ms then instead of 15 (November 2026).
 */
const token = "tok as materialized (select gen_random_uuid() as lease)";

const leased = (leaseMs: string) => `lease = (select lease from tok), worker = $2,
    visible_at = clock_timestamp() + ${leaseMs}::float8 * interval '1 millisecond', crashes = w.crashes + (w.lease is not null)::int`;

// status < 3: one row left over by a terminal run would fail the claims of everybody.
const takeRuns = (leaseMs: string) => `
own as materialized (select id from runtime.run where id = any(array(select key from pick)) and status < 3 for update skip locked),
${token},
r as (update runtime.run r set lease = (select lease from tok) where r.id = any(array(select id from own)) returning ${claimedRunColumns}),
w as (update runtime.work w set ${leased(leaseMs)}
  where w.key = any(array(select id from r)) returning w.key, w.crashes)
select r.*, w.crashes, ${epochMs("clock_timestamp()")} as "dbNowMs" from r join w on w.key = r.id`;

const claimRuns = defineStatement({
  name: "claim_runs",
  text: `${lanesAndDue("path is null", "")},${takeRuns("$6")}`,
});

const claimNodes = defineStatement({
  name: "claim_nodes",
  text: `${lanesAndDue("path is not null", "and ($7::text[] is null or w.node_type = any($7)) and ($8::text is null or w.tenant_id = $8)")},
${token}
update runtime.work w set ${leased("$6")}
where w.key = any(array(select key from pick))
returning w.key, w.run_id as "runId", w.path, w.attempt, w.tenant_id as "tenantId", w.lease, w.crashes, ${epochMs("clock_timestamp()")} as "dbNowMs"`,
});

const claimRun = defineStatement({
  name: "claim_run",
  text: `
with pick as materialized (select key from runtime.work
  where key = $1 and path is null and tenant_id = $5 and (lease is null or $3 and visible_at <= now()) for update skip locked),${takeRuns("$4")}`,
});

// A run at rest, or a MANUAL one, has no work row: it gets one that is owned from the start, in the statement that sets the run's lease (I1).
// Whoever inserts work rows of a run holds the run's lock, so the insert never waits.
const claimResting = defineStatement({
  name: "claim_resting",
  text: `
with own as materialized (select id, tenant_id from runtime.run
  where id = $1 and tenant_id = $4 and lease is null and status < 3 for update skip locked),
w as (insert into runtime.work (key, run_id, tenant_id, visible_at, lease, worker)
  select id, id, tenant_id, clock_timestamp() + $3::float8 * interval '1 millisecond', gen_random_uuid(), $2 from own
  on conflict (key) do nothing returning key, tenant_id, lease),
r as (update runtime.run r set lease = w.lease from w where r.id = w.key and r.id = $1 returning ${claimedRunColumns})
select r.*, 0 as crashes, ${epochMs("clock_timestamp()")} as "dbNowMs" from r`,
});

const suspectDue = defineStatement({
  name: "suspect_due",
  text: `
select exists (select from runtime.work w
  where w.crashes > 0 and w.crashes + (w.lease is not null)::int >= 2 and w.visible_at <= now() and ($1::text[] is null or w.node_type = any($1))) as "isDue"`,
});

const claimTenantRun = defineStatement({
  name: "claim_tenant_run",
  text: `
with pick as materialized (select w.key from runtime.work w
  where w.path is null and w.tenant_id = $1 and w.visible_at <= now() and w.crashes + (w.lease is not null)::int < 2
  order by w.visible_at limit 1 for update skip locked),${takeRuns("$3")}`,
});

/** Claims up to `limit` runs that are due, an equal share from each tenant. */
export function runsClaim(db: Queryable, limits: ClaimLimits): Promise<RunClaim[]> {
  const { limit, worker, orphansAllowed, suspectsAllowed, cappedTenants, leaseMs } = limits;
  return claimedRuns(db, claimRuns, leaseMs, [limit, worker, orphansAllowed, suspectsAllowed, cappedTenants, leaseMs]);
}

/** Claims up to `limit` offered node runs, of the given types and tenant where they are given. */
export async function nodesClaim(
  db: Queryable,
  limits: ClaimLimits & { only?: readonly string[]; tenantId?: string },
): Promise<ClaimedNode[]> {
  const { limit, worker, orphansAllowed, suspectsAllowed, cappedTenants, leaseMs, only, tenantId } = limits;
  const values = [limit, worker, orphansAllowed, suspectsAllowed, cappedTenants, leaseMs, only ?? null, tenantId ?? null];
  const rows = await rowsOf<Omit<ClaimedNode, "leaseMs">>(db, claimNodes, values);
  return rows.map((row) => ({ ...row, leaseMs }));
}

/** Whether a row is due that has outlived two owners; of the offered node runs of some types alone, where they are given. Served by work_suspects. */
export async function isSuspectDue(db: Queryable, only?: readonly string[]): Promise<boolean> {
  const [row] = await rowsOf<{ isDue: boolean }>(db, suspectDue, [only ?? null]);
  return row?.isDue === true;
}

/** Claims one run by its id, whether it is queued, asleep or at rest; undefined when someone else has it or it is terminal. */
export async function runClaim(
  db: Queryable,
  claim: { runId: string; tenantId: string; worker: string; leaseMs: number; orphansAllowed: boolean },
): Promise<RunClaim | undefined> {
  const { runId, tenantId, worker, leaseMs, orphansAllowed } = claim;
  const [queued] = await claimedRuns(db, claimRun, leaseMs, [runId, worker, orphansAllowed, leaseMs, tenantId]);
  if (queued !== undefined) return queued;
  const [resting] = await claimedRuns(db, claimResting, leaseMs, [runId, worker, leaseMs, tenantId]);
  return resting;
}

/** Claims the run of a tenant that is due first, also one whose lease ran out (S-40). Suspects are left to the workers. */
export async function tenantRunClaim(
  db: Queryable,
  claim: { tenantId: string; worker: string; leaseMs: number },
): Promise<RunClaim | undefined> {
  const { tenantId, worker, leaseMs } = claim;
  const [run] = await claimedRuns(db, claimTenantRun, leaseMs, [tenantId, worker, leaseMs]);
  return run;
}

async function claimedRuns(db: Queryable, statement: Statement, leaseMs: number, values: readonly unknown[]): Promise<RunClaim[]> {
  const rows = await rowsOf<ClaimRow>(db, statement, values);
  return rows.map(({ crashes, dbNowMs, ...run }) => {
    const { id: runId, tenantId, lease } = run;
    return { runId, tenantId, lease, leaseMs, crashes, dbNowMs, fresh: isWhole(run) ? run : undefined };
  });
}

type ClaimRow = (StoredRun | (Omit<StoredRun, "input"> & { input: null })) & Pick<ClaimedRun, "lease" | "crashes" | "dbNowMs">;

function isWhole(run: { input: unknown }): run is StoredRun {
  return run.input !== null;
}
