/**
 * The lines of runs that may not all be executed at once (migrations/0025-gates.ts): at most so many runs of a key have a place, until they end; the others wait in
 * the order in which they were made. Statements that end runs know nothing of it: whoever sent one opens afterwards, and who looks now and then finds what was
 * left when a process died in between. So no statement of the engine waits for a line, and nothing is lost but a moment.
 */
import { defineStatement, rowsOf, type Queryable } from "./statement.ts";

/** SQL: the run of a row g is over, or gone. Asked row by row. */
const isOver = "(select r.id from runtime.run r where r.id = g.run_id and r.status < 3) is null";

// In one order: two that open the same keys do not wait for each other in a ring. Served by the primary key, gate_line, gate_held and gate_waiting. What was to be executed by
// hand and is over has no place that an opening would give on.
const openOf = defineStatement({
  name: "gates_open",
  text: `
with g as materialized (select tenant_id, key from runtime.gate where run_id = any($1)),
m as (delete from runtime.gate g where g.run_id = any($1) and g.state = 2 and ${isOver}),
k as materialized (select distinct tenant_id, key from g order by tenant_id, key)
select coalesce(sum(runtime.gate_open(k.tenant_id, k.key)), 0)::int as opened from k`,
});

/**
 * SQL: of a key k in whose line somebody waits, whether something is to be done: a place is free, or somebody who has one is over. In subselects that are asked row by
 * row: joined, a plan that was made of empty tables reads all runs.
 */
const isDue = `((select g.places from runtime.gate g where g.tenant_id = k.tenant_id and g.key = k.key order by g.seq desc limit 1)
    > (select count(*) from runtime.gate o where o.tenant_id = k.tenant_id and o.key = k.key and o.state = 1)
  or (select true from runtime.gate g where g.tenant_id = k.tenant_id and g.key = k.key and g.state = 1 and ${isOver} limit 1) is true)`;

// From key to key by gate_waiting: keys whose runs all have their places are not looked at.
const look = defineStatement({
  name: "gates_look",
  text: `
with recursive k as (
  (select tenant_id, key, 1 as n from runtime.gate where (tenant_id, key) > ($1, $2) and state = 0 order by tenant_id, key limit 1) union all
  select x.tenant_id, x.key, k.n + 1 from k, lateral (
    select g.tenant_id, g.key from runtime.gate g where (g.tenant_id, g.key) > (k.tenant_id, k.key) and g.state = 0 order by g.tenant_id, g.key limit 1) x where k.n < $3::int),
due as materialized (select k.tenant_id, k.key from k where $3::int > 0 and ${isDue} order by k.tenant_id, k.key),
opened as materialized (select runtime.gate_open(due.tenant_id, due.key) as n from due)
select k.tenant_id as "tenantId", k.key, (select coalesce(sum(n), 0)::int from opened) as opened from k order by k.n desc limit 1`,
});

// What was left in lines in which nobody waits. No key's lock is needed for it: nobody who counts misses a run that is over. Rows that are locked are left to the next time:
// it has some of many keys, and waits for none. Served by the primary keys.
const sweep = defineStatement({
  name: "gates_sweep",
  text: `
with s as materialized (select run_id from runtime.gate where run_id > $1 order by run_id limit $2),
l as materialized (select g.run_id from runtime.gate g where g.run_id = any(array(select run_id from s)) and ${isOver} for update of g skip locked),
d as (delete from runtime.gate g where g.run_id = any(array(select run_id from l)))
select max(run_id) as last from s`,
});

// Who waits there takes a place before it. As many are looked at as it knows places, and who is over beside them: served by gate_held, gate_waiting and the primary key of run.
const full = defineStatement({
  name: "gate_full",
  text: `
select not runtime.gate_is_within($1, $3) and (
    select count(*) from (select from runtime.gate g where g.tenant_id = $2 and g.key = $3 and g.state = 1 and not ${isOver} limit $4) held)
  + (select count(*) from (select from runtime.gate g where g.tenant_id = $2 and g.key = $3 and g.state = 0 and not ${isOver} limit $4) waiting)
  >= $4 as "isFull"`,
});

const enter = defineStatement({ name: "gate_enter", text: `select runtime.gate_enter($1) as "isIn"` });

/** Opens for those who wait behind some runs, which were just made or have just ended. @returns how many may be executed now. */
export async function gatesOpen(db: Queryable, runIds: readonly string[]): Promise<number> {
  const [row] = await rowsOf<{ opened: number }>(db, openOf, [runIds]);
  return row?.opened ?? 0;
}

/** A place in the walk over all keys. */
export interface GatePlace {
  tenantId: string;
  key: string;
}

/**
 * Looks at some keys behind a place, and opens what is to be opened. limit 0: the next key is passed over, and nothing is opened.
 *
 * @returns the last of them; undefined: there are no more.
 */
export async function gatesLook(
  db: Queryable,
  { tenantId, key }: GatePlace,
  limit: number,
): Promise<(GatePlace & { opened: number }) | undefined> {
  const [last] = await rowsOf<GatePlace & { opened: number }>(db, look, [tenantId, key, limit]);
  return last;
}

/** Removes the rows of runs that are over from some rows behind a run. @returns the last run that was looked at; undefined: there are no more. */
export async function gatesSweep(db: Queryable, runId: string, limit: number): Promise<string | undefined> {
  const [row] = await rowsOf<{ last: string | null }>(db, sweep, [runId, limit]);
  return row?.last ?? undefined;
}

/** The line of a run that another asks for. */
export interface AskedPlace {
  /** Who asks. */
  runId: string;
  tenantId: string;
  key: string;
  places: number;
}

/** Whether such a run would have to wait, if it were made now. A part of the work of one with the same key stands in no line. */
export async function gateIsFull(db: Queryable, { runId, tenantId, key, places }: AskedPlace): Promise<boolean> {
  const [row] = await rowsOf<{ isFull: boolean }>(db, full, [runId, tenantId, key, places]);
  return row?.isFull === true;
}

/** Whether a run may be executed by hand: it stands in no line, has a place, or gets one. */
export async function gateEnter(db: Queryable, runId: string): Promise<boolean> {
  const [row] = await rowsOf<{ isIn: boolean }>(db, enter, [runId]);
  return row?.isIn === true;
}
