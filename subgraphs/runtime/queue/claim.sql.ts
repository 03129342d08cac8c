/**
 * Makes one worker the owner of runs, or of offered node runs. The ownership ends `leaseMs` after the last renewal; then the next claim
 * takes the row, so whatever happens after a claim must tolerate happening twice. A claim that finds a lease not given back counts a
 * crash, if the owner has died (presence.sql.ts). Everything is locked with SKIP LOCKED: a claim waits for nobody, and nothing is changed before all of it is locked.
 */
import { claimedRunColumns, type StoredRun } from "./load.sql.ts";
import { crashOf, isSuspect, presentMarks } from "./presence.sql.ts";
import { defineStatement, epochMs, rowsOf, type Queryable, type Statement } from "./statement.ts";

/** A run that the claimer owns now. */
export interface ClaimedRun {
  runId: string;
  tenantId: string;
  lease: string;
  /** How long the lease lasts after the claim and after each renewal. */
  leaseMs: number;
  /** How many owners have died with it. One that was slow is none, nor one that had other suspects beside it. */
  crashes: number;
  /** How many suspects its owner has at once, at most; 0: the owner is no process for suspects. */
  company: number;
  /** Of a suspect: how many there might have been. */
  bound: number | null;
  /** The database's clock at the claim, in milliseconds. */
  dbNowMs: number;
}

/** A run right after its claim. */
export interface RunClaim extends ClaimedRun {
  /** The run itself, when nobody has begun it and its input is small: it has no node runs and no mail. Any other is loaded. */
  fresh: StoredRun | undefined;
  /** Number of its last event. */
  eventSeq: number;
}

/** An offered node run that the claimer executes now. */
export interface ClaimedNode extends ClaimedRun {
  key: string;
  path: string;
  attempt: number;
  /** An owner was lost, dead or slow, before it gave the node run back: its call may have been made. */
  isOrphan: boolean;
}

/** What a claim may take. */
export interface ClaimLimits {
  worker: string;
  limit: number;
  leaseMs: number;
  /** False while other owners should get their leases back first (after the database was away). */
  orphansAllowed: boolean;
  /** Whether rows that have outlived two owners may be among them; one unless `company` says more. */
  suspectsAllowed: boolean;
  /** How many suspects the claimer takes together at most, and what it has: how many, out of how many that may be together, and the bound that these had. */
  company?: { most: number; held: number; now: number; bound: number };
  /** What one tenant may hold of this worker; a claim brings no more of it. */
  share: number;
  /** What tenants hold of it already. */
  held: ReadonlyMap<string, number>;
  /** Keys that it leaves to others; none unless given. */
  without?: readonly string[];
}

/**
 * SQL: how many suspects may be owned together with row w. Half as many as when its last owner died; alone where a call must not be made twice, which the death
 * of another would leave in doubt. The plan's text is as JSON.stringify wrote it.
 */
const mostBeside = `(case when w.company = 1 or (select position('"at_most_once":true' in p.document::text) > 0 from runtime.plan p
    where p.id = (select r.plan_id from runtime.run r where r.id = w.run_id)) then 1
  when w.company = 0 then $9::int else least($9::int, greatest(1, w.company / 2)) end)`;

/** SQL: suspects that are executed together: those of the same company as the first that is due, as many as may. The claimer has some, of one company. */
const suspects = (isWanted: string): string => `
head as materialized (select ${mostBeside} as most from runtime.work w where ${isWanted} order by w.visible_at limit 1 for update skip locked),
suspect as materialized (select w.key, ${crashOf} as crash from runtime.work w
  where ${isWanted} and ${mostBeside} = (select most from head) order by w.visible_at
  limit (select case when $10::int = 0 then most when most = $12::int then greatest(0, $11::int - $10::int) else 0 end from head) for update skip locked)`;

// now() in comparisons: clock_timestamp() is volatile and keeps the index from being used. Leases start at clock_timestamp(): the
// statement may have waited. Served by work_runs and work_nodes; suspects by work_suspects. A tenant whose first row is not due has none that is: it is no
// lane, and the others' shares are not smaller for it (50 tenants whose runs all slept tripled what a chain took of PostgreSQL, November 2026).
const everyTenant = (part: string) => `
  (select tenant_id, visible_at from runtime.work where ${part} order by tenant_id, visible_at limit 1) union all
  select n.* from t, lateral (
    select w.tenant_id, w.visible_at from runtime.work w where ${part} and w.tenant_id > t.tenant_id order by w.tenant_id, w.visible_at limit 1) n`;

const givenTenants = (part: string, ids: string) => `
  select n.* from unnest(${ids}::text[]) as k(id), lateral (
    select w.tenant_id, w.visible_at from runtime.work w where ${part} and w.tenant_id = k.id order by w.visible_at limit 1) n`;

const lanesAndDue = (part: string, more: string, tenants = everyTenant(part)) => {
  const extra = `and w.key <> all($13::text[]) ${more}`;
  return `
with recursive ${presentMarks},
t as (${tenants}),
lanes as materialized (select * from (
    select tenant_id, $8::int - coalesce((select h.held from unnest($5::text[], $7::int[]) as h(id, held) where h.id = t.tenant_id), 0) as room
    from t where visible_at <= now()) l
  where room > 0 order by random()),
due as materialized (select d.* from lanes, lateral (
  select w.key, ${crashOf} as crash from runtime.work w
  where ${part} and w.tenant_id = lanes.tenant_id and w.visible_at <= now()
    and (w.lease is null or $3) and w.crashes < 2 and not ${isSuspect} ${extra}
  order by w.visible_at limit least(lanes.room, greatest(least($1::int, 1), $1::int / (select count(*) from lanes))) for update skip locked) d
  limit $1),
${suspects(`$4 and w.crashes > 0 and ${part} and (w.lease is null or $3) and w.visible_at <= now() and ${isSuspect} ${extra}`)},
pick as materialized (select * from due union all select * from suspect)`;
};

/**
 * Takes what is picked and locked. One token for all that a claim takes: it fences owners of a row, and no two claims have the same. Rows of `work` are named
 * by a list (statement.ts, `keysOf`).
 */
const token = "tok as materialized (select gen_random_uuid() as lease)";

const leased = (leaseMs: string) => `lease = (select lease from tok), worker = $2,
    visible_at = clock_timestamp() + ${leaseMs}::float8 * interval '1 millisecond', orphaned = w.orphaned or w.lease is not null,
    crashes = w.crashes + (w.key = any(array(select key from pick where crash > 0)))::int`;

// As many as there are: the only suspect is alone.
const together = `company = case when w.key <> all(array(select key from suspect)) then 0
    when $10::int = 0 then (select count(*) from suspect) else $11::int end`;
const bound = `(select most from head) as bound`;

// status < 3: one row left over by a terminal run would fail the claims of everybody.
const takeRuns = (leaseMs: string, more = { set: "", bound: "null::int as bound" }) => `
own as materialized (select id from runtime.run where id = any(array(select key from pick)) and status < 3 for update skip locked),
${token},
r as (update runtime.run r set lease = (select lease from tok) where r.id = any(array(select id from own)) returning ${claimedRunColumns}),
w as (update runtime.work w set ${leased(leaseMs)}${more.set}
  where w.key = any(array(select id from r)) returning w.key, w.crashes, w.company)
select r.*, w.crashes, w.company, ${more.bound}, ${epochMs("clock_timestamp()")} as "dbNowMs" from r join w on w.key = r.id`;

const claimRuns = defineStatement({
  name: "claim_runs",
  text: `${lanesAndDue("path is null", "")},${takeRuns("$6", { set: `, ${together}`, bound })}`,
});

const claimRunsOf = defineStatement({
  name: "claim_runs_of",
  text: `${lanesAndDue("path is null", "", givenTenants("path is null", "$14"))},${takeRuns("$6", { set: `, ${together}`, bound })}`,
});

const claimNodes = defineStatement({
  name: "claim_nodes",
  text: `${lanesAndDue("path is not null", "and ($14::text[] is null or w.node_type = any($14)) and ($15::text is null or w.tenant_id = $15)")},
${token}
update runtime.work w set ${leased("$6")}, ${together}
where w.key = any(array(select key from pick))
returning w.key, w.run_id as "runId", w.path, w.attempt, w.tenant_id as "tenantId", w.lease, w.crashes, w.company,
  w.orphaned as "isOrphan", ${bound}, ${epochMs("clock_timestamp()")} as "dbNowMs"`,
});

/** SQL: a run stands in no line, or has its place (gate.sql.ts). Served by the primary key. */
const hasPlace = (runId: string): string => `coalesce((select g.state = 1 from runtime.gate g where g.run_id = ${runId}), true)`;

const claimRun = defineStatement({
  name: "claim_run",
  text: `
with ${presentMarks},
pick as materialized (select w.key, ${crashOf} as crash from runtime.work w
  where w.key = $1 and w.path is null and w.tenant_id = $5 and (w.lease is null or $3 and w.visible_at <= now())
    and ($6 or ${hasPlace("w.run_id")}) for update skip locked),${takeRuns("$4")}`,
});

// A run at rest, or a MANUAL one, has no work row: it gets one that is owned from the start, in the statement that sets the run's lease (I1).
// Whoever inserts work rows of a run holds the run's lock, so the insert never waits.
const claimResting = defineStatement({
  name: "claim_resting",
  text: `
with own as materialized (select id, tenant_id from runtime.run
  where id = $1 and tenant_id = $4 and lease is null and status < 3 and ($5 or ${hasPlace("id")}) for update skip locked),
w as (insert into runtime.work (key, run_id, tenant_id, visible_at, lease, worker)
  select id, id, tenant_id, clock_timestamp() + $3::float8 * interval '1 millisecond', gen_random_uuid(), $2 from own
  on conflict (key) do nothing returning key, tenant_id, lease),
r as (update runtime.run r set lease = w.lease from w where r.id = w.key and r.id = $1 returning ${claimedRunColumns})
select r.*, 0 as crashes, 0 as company, null::int as bound, ${epochMs("clock_timestamp()")} as "dbNowMs" from r`,
});

const suspectDue = defineStatement({
  name: "suspect_due",
  text: `
with ${presentMarks}
select exists (select from runtime.work w
  where w.crashes > 0 and ${isSuspect} and w.visible_at <= now() and ($1::text[] is null or w.node_type = any($1))) as "isDue"`,
});

const claimTenantRun = defineStatement({
  name: "claim_tenant_run",
  text: `
with ${presentMarks},
pick as materialized (select w.key, ${crashOf} as crash from runtime.work w
  where w.path is null and w.tenant_id = $1 and w.visible_at <= now() and w.crashes < 2 and not ${isSuspect}
  order by w.visible_at limit 1 for update skip locked),${takeRuns("$3")}`,
});

/**
 * Claims up to `limit` runs that are due, an equal share from each tenant, and of none beyond what it may hold; and suspects, where they are allowed.
 *
 * @param limits.tenants  whose; those of all unless given, which costs a step for each tenant that has runs, be they due or not.
 */
export function runsClaim(db: Queryable, { tenants, ...limits }: ClaimLimits & { tenants?: readonly string[] }): Promise<RunClaim[]> {
  const values = limitValues(limits);
  if (tenants === undefined) return claimedRuns(db, claimRuns, limits.leaseMs, values);
  return claimedRuns(db, claimRunsOf, limits.leaseMs, [...values, tenants]);
}

/** Claims up to `limit` offered node runs, of the given types and tenant where they are given. */
export async function nodesClaim(
  db: Queryable,
  limits: ClaimLimits & { only?: readonly string[]; tenantId?: string },
): Promise<ClaimedNode[]> {
  const { leaseMs, only, tenantId } = limits;
  const values = [...limitValues(limits), only ?? null, tenantId ?? null];
  const rows = await rowsOf<Omit<ClaimedNode, "leaseMs">>(db, claimNodes, values);
  return rows.map((row) => ({ ...row, leaseMs }));
}

/** Whether a row is due that has outlived two owners; of the offered node runs of some types alone, where they are given. Served by work_suspects. */
export async function isSuspectDue(db: Queryable, only?: readonly string[]): Promise<boolean> {
  const [row] = await rowsOf<{ isDue: boolean }>(db, suspectDue, [only ?? null]);
  return row?.isDue === true;
}

/**
 * Claims one run by its id, whether it is queued, asleep or at rest; undefined when someone else has it or it is terminal. One that waits for its place is claimed
 * with `anyPlace` only: to read its mail.
 */
export async function runClaim(
  db: Queryable,
  claim: { runId: string; tenantId: string; worker: string; leaseMs: number; orphansAllowed: boolean; anyPlace?: boolean },
): Promise<RunClaim | undefined> {
  const { runId, tenantId, worker, leaseMs, orphansAllowed, anyPlace = false } = claim;
  const [queued] = await claimedRuns(db, claimRun, leaseMs, [runId, worker, orphansAllowed, leaseMs, tenantId, anyPlace]);
  if (queued !== undefined) return queued;
  const [resting] = await claimedRuns(db, claimResting, leaseMs, [runId, worker, leaseMs, tenantId, anyPlace]);
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

function limitValues({ company, without = [], ...limits }: ClaimLimits): readonly unknown[] {
  const { limit, worker, orphansAllowed, suspectsAllowed, leaseMs, held, share } = limits;
  const { most, held: suspectsHeld, now, bound: boundNow } = company ?? { most: 1, held: 0, now: 0, bound: 0 };
  return [
    ...[limit, worker, orphansAllowed, suspectsAllowed, [...held.keys()], leaseMs, [...held.values()], share],
    ...[most, suspectsHeld, now, boundNow, without],
  ];
}

async function claimedRuns(db: Queryable, statement: Statement, leaseMs: number, values: readonly unknown[]): Promise<RunClaim[]> {
  const rows = await rowsOf<ClaimRow>(db, statement, values);
  return rows.map(({ crashes, company, bound: most, dbNowMs, ...run }) => {
    const { id: runId, tenantId, lease, eventSeq } = run;
    return { runId, tenantId, lease, leaseMs, crashes, company, bound: most, dbNowMs, eventSeq, fresh: isWhole(run) ? run : undefined };
  });
}

type ClaimRow = (StoredRun | (Omit<StoredRun, "input"> & { input: null })) &
  Pick<ClaimedRun, "lease" | "crashes" | "company" | "bound" | "dbNowMs">;

function isWhole(run: { input: unknown }): run is StoredRun {
  return run.input !== null;
}
