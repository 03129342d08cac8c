/**
 * The group commit: what several runs have to store, in one statement, all or nothing a run. A run is fenced by its lease and by
 * compare-and-set on event_seq, so a flush that is sent again after an unknown outcome either does it now or finds it done; a flush that
 * ends or rests a run ("calm") also holds only if the owner has read all mail.
 */
import { defineStatement, rowsOf, type Queryable, type Statement } from "./statement.ts";

/** What becomes of the ownership with this flush. end: the run is terminal. wait: it rests. requeue: given back. */
export type Rest = "keep" | "wait" | "requeue" | "end";

/** One run of a flush. Keys that are left out are null; times are milliseconds of the database's clock. */
export interface FlushRun {
  /** Its number in the flush; the other rows refer to it. */
  k: number;
  id: string;
  lease: string;
  e0: number;
  e1: number;
  seen: number;
  calm: boolean;
  rest: Rest;
  status: number;
  /** Stored as worker_key of its node runs. */
  wk: string;
  clear: boolean;
  due?: number;
  started?: number;
  ended?: number;
  state?: unknown;
  otext?: string;
  ojson?: unknown;
  ecode?: string;
  emsg?: string;
  creason?: string;
  calls?: number;
  ptok?: number;
  ctok?: number;
}

/** The rows of a flush as JSON texts of arrays, ready to send again byte for byte. */
export interface FlushBatch {
  runs: string;
  nodes: string;
  events: string;
  /** Absent: nothing but node runs and events of runs that are kept, so the short statement does. */
  rest?: { offers: string; spans: string; artifacts: string; withdrawn: readonly string[] };
}

/**
 * ok: stored. applied: it was stored before, which counts as ok only for a flush that was sent before. mail: nothing was written, there is
 * unread mail. busy: locked, send again. fenced: someone else owns the run.
 */
export interface FlushAnswer {
  k: number;
  mail: number | null;
  why: "ok" | "applied" | "mail" | "busy" | "fenced";
}

const runs = `a as materialized (select * from jsonb_to_recordset($1::jsonb) as x(k int, id text, lease uuid, e0 int, e1 int, seen int, calm bool,
  rest text, status smallint, wk text, clear bool, due float8, started float8, ended float8, state jsonb, otext text, ojson jsonb, ecode text, emsg text,
  creason text, calls int, ptok float8, ctok float8))`;

const fence = "r.lease = a.lease and r.event_seq = a.e0 and (not a.calm or r.mail = a.seen)";

// Never waits for a lock. Costs 10 to 30 % at 32 runs a flush, so it is used only after a lock time-out or a deadlock.
const orderedLock = `l as materialized (select r.id from runtime.run r join a on r.id = a.id where ${fence} order by r.id for update of r skip locked)`;

const at = (ms: string) => `to_timestamp(${ms} / 1000)`;

const update = (from: string) => `ok as (update runtime.run r set event_seq = a.e1, status = a.status,
    lease = case when a.rest = 'keep' then r.lease end, state = coalesce(a.state, r.state),
    started_at = coalesce(r.started_at, ${at("a.started")}), ended_at = ${at("a.ended")},
    output_text = a.otext, output_json = a.ojson, error_code = a.ecode, error_message = a.emsg, cancel_reason = a.creason,
    model_calls = r.model_calls + coalesce(a.calls, 0), prompt_tokens = r.prompt_tokens + coalesce(a.ptok, 0),
    completion_tokens = r.completion_tokens + coalesce(a.ctok, 0)
  from ${from} where r.id = a.id and ${fence}
  returning a.k, r.id, r.tenant_id, r.session_id, r.output_text, r.mail, a.wk, a.rest, a.seen, a.due, a.clear, a.status)`;

// p path, t type, s status, a attempt, q number of the first event, d of the last, c created, b begun, e ended, ot and oj the output. What most rows
// do not have lies in z: jsonb_to_recordset looks every column up in every row.
const nodes = `nr as materialized (select ok.id, ok.tenant_id, ok.wk, x.* from jsonb_to_recordset($2::jsonb) as x(k int, p text, t text, s smallint, a smallint,
  q int, d int, c float8, b float8, e float8, ot text, oj jsonb, z jsonb) join ok on ok.k = x.k),
n as (insert into runtime.node_run (run_id, path, tenant_id, node_id, node_type, parent_path, status, attempt, seq, done_seq, created_at, started_at,
    ended_at, due_at, alone, effect_unknown, wait_reason, worker_key, effect_key, route, error_code, error_message, output_artifact_id, output_text,
    output_json, state_updates, model_calls, prompt_tokens, completion_tokens)
  select id, p, tenant_id, coalesce(z ->> 'n', p), t, z ->> 'pp', s, a, q, d, ${at("c")}, ${at("b")}, ${at("e")}, ${at("(z ->> 'due')::float8")},
    coalesce((z ->> 'alone')::bool, false), coalesce((z ->> 'unk')::bool, false), z ->> 'wr', coalesce(z ->> 'wk', wk), z ->> 'ek', z ->> 'route',
    z ->> 'ec', z ->> 'em', z ->> 'oa', ot, oj, z -> 'su', (z ->> 'calls')::int, (z ->> 'ptok')::float8, (z ->> 'ctok')::float8 from nr
  on conflict (run_id, path) do update set status = excluded.status, attempt = excluded.attempt, done_seq = excluded.done_seq,
    started_at = coalesce(excluded.started_at, node_run.started_at), ended_at = excluded.ended_at, due_at = excluded.due_at, answered = false,
    alone = excluded.alone, effect_unknown = excluded.effect_unknown, wait_reason = excluded.wait_reason, worker_key = excluded.worker_key,
    effect_key = coalesce(excluded.effect_key, node_run.effect_key), route = excluded.route, error_code = excluded.error_code,
    error_message = excluded.error_message, output_artifact_id = excluded.output_artifact_id, output_text = excluded.output_text,
    output_json = excluded.output_json, state_updates = excluded.state_updates, model_calls = excluded.model_calls,
    prompt_tokens = excluded.prompt_tokens, completion_tokens = excluded.completion_tokens)`;

// A finished node run's event follows from its row; $3 has the others.
const events = `e as (insert into runtime.run_event (run_id, seq, type, status, attempt, at, tenant_id, path, span_id)
  select id, d, 1::smallint, s, a, ${at("e")}, tenant_id, p, null from nr where d is not null
  union all
  select ok.id, x.q, x.t, x.s, x.a, ${at("x.at")}, ok.tenant_id, x.p, x.sp
  from jsonb_to_recordset($3::jsonb) as x(k int, q int, t smallint, s smallint, a smallint, at float8, p text, sp text) join ok on ok.k = x.k)`;

// Offers that a refused flush brought along must not outlive a run that this one ends: dw cannot see what o inserts.
const rest = `i as (delete from runtime.inbox m using ok where m.run_id = ok.id and (m.seq <= ok.seen or ok.rest = 'end')),
o as (insert into runtime.work (key, run_id, path, node_type, attempt, tenant_id) select ok.id || ':' || x.p, ok.id, x.p, x.t, x.a, ok.tenant_id
  from jsonb_to_recordset($4::jsonb) as x(k int, p text, t text, a smallint) join ok on ok.k = x.k where ok.rest <> 'end'),
sp as (insert into runtime.trace_span (run_id, span_id, tenant_id, path, parent_span_id, span_type, name, status, started_at, ended_at, attributes,
    error_code, error_message)
  select ok.id, x.sp, ok.tenant_id, x.p, x.pa, x.t, x.n, x.s, ${at("x.b")}, ${at("x.e")}, coalesce(x.at, '{}'), x.ec, x.em
  from jsonb_to_recordset($5::jsonb) as x(k int, sp text, p text, pa text, t text, n text, s smallint, b float8, e float8, at jsonb, ec text, em text)
    join ok on ok.k = x.k),
ar as (insert into runtime.artifact (id, tenant_id, run_id, path, artifact_type, name, content_text, content_json, storage_uri, size_bytes)
  select x.id, ok.tenant_id, ok.id, x.p, x.t, x.n, x.ct, x.cj, x.u, x.sz
  from jsonb_to_recordset($6::jsonb) as x(k int, id text, p text, t text, n text, ct text, cj jsonb, u text, sz int) join ok on ok.k = x.k),
ob as (insert into runtime.outbox (run_id, tenant_id, session_id, output_text)
  select id, tenant_id, session_id, output_text from ok where status = 3 and session_id is not null and output_text is not null),
d as (delete from runtime.work w using ok where w.key = ok.id and (ok.rest = 'end' or ok.rest = 'wait' and ok.due is null)),
dw as (delete from runtime.work w using ok where w.run_id = ok.id and w.path is not null and (ok.rest = 'end' or w.key = any($7::text[]))),
u as (update runtime.work w set lease = null, worker = null, visible_at = coalesce(${at("ok.due")}, now()),
    crashes = case when ok.rest = 'wait' then 0 else w.crashes end
  from ok where w.key = ok.id and (ok.rest = 'requeue' or ok.rest = 'wait' and ok.due is not null)),
c as (update runtime.work w set crashes = 0 from ok where w.key = ok.id and ok.clear and ok.rest = 'keep' and w.crashes > 0)`;

const answer = `select a.k, ok.mail, case when ok.id is not null then 'ok' when r.lease is distinct from a.lease then
    case when r.event_seq = a.e1 and a.rest <> 'keep' then 'applied' else 'fenced' end
  when r.event_seq = a.e1 and a.e1 > a.e0 then 'applied' when r.event_seq <> a.e0 then 'fenced' when a.calm and r.mail <> a.seen then 'mail' else 'busy' end as why
from a left join ok on ok.k = a.k left join runtime.run r on r.id = a.id`;

function statement(name: string, isShort: boolean, isOrdered: boolean): Statement {
  const from = isOrdered ? "a join l using (id)" : "a";
  const parts = [runs, ...(isOrdered ? [orderedLock] : []), update(from), nodes, events, ...(isShort ? [] : [rest])];
  return defineStatement({ name, text: `with ${parts.join(",\n")}\n${answer}` });
}

const short = statement("flush_short", true, false);
const shortOrdered = statement("flush_short_ordered", true, true);
const full = statement("flush", false, false);
const fullOrdered = statement("flush_ordered", false, true);

/** Sends a flush. `ordered`: locks its runs by id and waits for none of them; for use after 55P03 or 40P01. */
export function runsFlush(db: Queryable, batch: FlushBatch, ordered: boolean): Promise<FlushAnswer[]> {
  const { runs: runRows, nodes: nodeRows, events: eventRows, rest: more } = batch;
  if (more === undefined) return rowsOf(db, ordered ? shortOrdered : short, [runRows, nodeRows, eventRows]);
  const values = [runRows, nodeRows, eventRows, more.offers, more.spans, more.artifacts, more.withdrawn];
  return rowsOf(db, ordered ? fullOrdered : full, values);
}
