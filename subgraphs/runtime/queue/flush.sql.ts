/**
 * The group commit: what several runs have to store, in one statement, all or nothing a run. A run is fenced by its lease and by
 * compare-and-set on event_seq, so a flush that is sent again after an unknown outcome either does it now or finds it done; a flush that
 * ends or rests a run ("calm") also holds only if the owner has read all mail.
 */
import {
  addLongElements,
  arraysOf,
  arrayText,
  artifactColumns,
  at,
  flushRunColumns,
  insertionOf,
  nodeRunColumns,
  offerColumns,
  outboxColumns,
  rowsFrom,
  spanColumns,
  updatesOf,
  type ArtifactRow,
  type Columns,
  type EventRow,
  type FlushRunRow,
  type LongElements,
  type Parameter,
  type NodeRunRow,
  type OfferRow,
  type OutboxRow,
  type SpanRow,
} from "./rows.ts";
import { endedColumns, endsTold, failuresTold } from "./run-end.sql.ts";
import { defineStatement, keyOf, keysOf, type Queryable, rowsOf, type Statement } from "./statement.ts";
import { storyColumns, storyRows, type StoryRow } from "./story.ts";

/** What becomes of the ownership with this flush. end: the run is terminal. wait: it rests. requeue: given back. */
export type Rest = "keep" | "wait" | "requeue" | "end";

/** One run of a flush. */
export interface FlushRun extends FlushRunRow {
  rest: Rest;
  due?: number | undefined;
}

/**
 * Which statement stores a flush. end: runs that are kept or end, and node runs that were finished before they had a row ({@link isPlainEnd});
 * nothing in the inbox, no offers. short: node runs and events of runs that are kept. traced: these and spans, and runs that end as those of `end` do, whatever their
 * node runs are. full: everything.
 * Without a row a short flush costs PostgreSQL 0.85 ms, one that is traced 1.1, a full one 1.6 (a busy machine, November 2026).
 */
export type FlushForm = "end" | "short" | "traced" | "full";

/** Rows that name their run by its place in the flush. */
class NumberedRows<Row extends object> {
  readonly #numbers: number[] = [];
  readonly #rows: Row[] = [];

  add(run: number, rows: Iterable<Row>): void {
    for (const row of rows) {
      this.#numbers.push(run);
      this.#rows.push(row);
    }
  }

  each(visit: (run: number, row: Row) => void): void {
    this.#rows.forEach((row, index) => visit(this.#numbers[index]!, row));
  }

  arrays(columns: Columns, long?: LongElements): Parameter[] {
    return [arrayText(this.#numbers), ...arraysOf(columns, this.#rows, long)];
  }

  /** Makes what is long of them, in turns of the main loop. */
  addLong(columns: Columns, long: LongElements): Promise<void> {
    return addLongElements(columns, this.#rows, long);
  }
}

/** The rows of a flush. */
export class FlushRows {
  readonly runs = new NumberedRows<FlushRun>();
  readonly nodes = new NumberedRows<NodeRunRow>();
  readonly events = new NumberedRows<EventRow>();
  readonly offers = new NumberedRows<OfferRow>();
  readonly spans = new NumberedRows<SpanRow>();
  readonly artifacts = new NumberedRows<ArtifactRow>();
  readonly outbox = new NumberedRows<OutboxRow>();
  /** Keys of offered node runs that nobody needs to execute any more. */
  readonly withdrawn: string[] = [];
}

/** A flush as it is sent: made once, so that what is sent again is the same bytes. */
export interface FlushBatch {
  form: FlushForm;
  parameters: readonly Parameter[];
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

const {
  path,
  nodeId,
  nodeType,
  parentPath,
  status,
  attempt,
  seq,
  doneSeq,
  createdMs,
  startedMs,
  endedMs,
  route,
  outputText,
  outputJson,
  stateUpdates,
} = nodeRunColumns;
/** All that a node run has that was finished before it had a row, unless it failed, called a model, or put out much. */
const plainEndColumns = {
  path,
  nodeId,
  nodeType,
  parentPath,
  status,
  attempt,
  seq,
  doneSeq,
  createdMs,
  startedMs,
  endedMs,
  route,
  outputText,
  outputJson,
  stateUpdates,
};
const nodeColumns: Record<FlushForm, Columns> = {
  end: plainEndColumns,
  short: nodeRunColumns,
  traced: nodeRunColumns,
  full: nodeRunColumns,
};

/**
 * Whether the form `end` can store a node run. Its first event is its last, so it has no row yet: nothing can stand in the way of its insert. The columns that the form has
 * not are named one by one: looked up by a list of names they cost a thirtieth of what a pure node costs its owner.
 */
export function isPlainEnd(row: NodeRunRow): boolean {
  if (row.doneSeq !== row.seq || row.errorCode != null || row.waitReason != null || row.opened != null || row.progress != null)
    return false;
  if (row.outputArtifactId != null || row.loopUpdates != null || row.loopPath != null || row.statePath != null) return false;
  if (row.modelCalls != null || row.promptTokens != null || row.completionTokens != null || row.effectKey != null) return false;
  if (row.question != null || row.waitsMs != null || row.approval != null || row.dueMs != null || row.alone != null) return false;
  if (row.ownFaults != null || row.fault != null || row.childRunId != null) return false;
  return row.effectUnknown == null && row.workerKey == null && row.errorMessage == null;
}

/** Numbers the parameters of a statement as its parts come to need them. */
class Parameters {
  #count = 0;

  rows(columns: Columns): string {
    const first = this.#count + 1;
    this.#count += Object.keys(columns).length + 1;
    return rowsFrom(columns, first, { isNumbered: true });
  }

  texts(): string {
    return `$${++this.#count}::text[]`;
  }
}

const fence = "r.lease = a.lease and r.event_seq = a.e0 and (not a.calm or r.mail = a.seen)";

// Never waits for a lock. Costs 10 to 30 % at 32 runs a flush, so it is used only after a lock time-out or a deadlock.
const orderedLock = `l as materialized (select r.id from a join runtime.run r on r.id = ${keyOf("a.id")} where ${fence} order by a.id for update of r skip locked)`;

const update = (from: string) => `ok as (update runtime.run r set event_seq = a.e1, status = a.status,
    lease = case when a.rest = 'keep' then r.lease end, state = coalesce(a.state, r.state),
    started_at = coalesce(r.started_at, ${at("a.started_at")}), ended_at = ${at("a.ended_at")},
    output_text = a.output_text, output_json = a.output_json, error_code = a.error_code, error_message = a.error_message,
    cancel_reason = a.cancel_reason, model_calls = r.model_calls + coalesce(a.model_calls, 0),
    prompt_tokens = r.prompt_tokens + coalesce(a.prompt_tokens, 0), completion_tokens = r.completion_tokens + coalesce(a.completion_tokens, 0),
    handled_errors = r.handled_errors + coalesce(a.handled_errors, 0), child_bytes = r.child_bytes + coalesce(a.child_bytes, 0)::bigint
  from ${from} where r.id = ${keyOf("a.id")} and ${fence}
  returning a.k, ${endedColumns}, r.session_id, r.output_text, r.mail, a.worker_key, a.rest, a.seen, a.due, a.clear, a.crashes_left)`;

/**
 * The runs that hold, by their place in the flush. A row finds its run by subscript: joined, each row would be compared with each run, as engine
 * sessions join by nested loops alone; that was a sixth of PostgreSQL's time at 32 runs a flush, more at 100 (November 2026).
 */
const byPlace = `by_k as materialized (select array_agg(ok.id order by a.k) as ids, array_agg(ok.tenant_id order by a.k) as tenants,
    array_agg(ok.worker_key order by a.k) as workers, array_agg(ok.mail order by a.k) as mails
  from a left join ok on ok.k = a.k)`;

/** Of the run of a row `x`, null where it does not hold. Places begin at 0, arrays at 1. */
const stored = (array: "ids" | "tenants" | "workers" | "mails", row = "x") => `by_k.${array}[${row}.k + 1]`;

const storedRows = (values: string, rows: string) =>
  `${stored("ids")}, ${stored("tenants")}, ${values} from ${rows}, by_k where ${stored("ids")} is not null`;

function nodes(rows: string, sent: Columns): string {
  const { names, values } = insertionOf(nodeRunColumns, sent);
  const conflict = ` on conflict (run_id, path) do update set answered = false, ${updatesOf("node_run", nodeRunColumns)}`;
  return `nr as (select ${stored("ids")} as id, ${stored("tenants")} as tenant_id, ${stored("workers")} as owner_key, x.*
  from ${rows}, by_k where ${stored("ids")} is not null),
n as (insert into runtime.node_run (run_id, tenant_id, ${names}) select x.id, x.tenant_id, ${values} from nr x${sent === nodeRunColumns ? conflict : ""})`;
}

function inserted(part: string, table: string, columns: Columns, rows: string): string {
  const { names, values } = insertionOf(columns);
  return `${part} as (insert into runtime.${table} (run_id, tenant_id, ${names}) select ${storedRows(values, rows)})`;
}

const hasSpans = (form: FlushForm): boolean => form === "traced" || form === "full";

const workEnd = `d as (delete from runtime.work w where w.key = ${keysOf("id from ok where rest = 'end'")})`;

const offersEnd = `de as (delete from runtime.work w where w.path is not null and w.run_id = ${keysOf("id from ok where rest = 'end'")})`;

// Offers that a refused flush brought along must not outlive a run that this one ends: dw cannot see what o inserts.
function more(parameters: Parameters): string[] {
  const offers = parameters.rows(offerColumns);
  return [
    `i as (delete from runtime.inbox m using ok where m.run_id = ${keysOf("id from ok")} and m.run_id = ok.id and (m.seq <= ok.seen or ok.rest = 'end'))`,
    `offered as materialized (select * from ${offers})`,
    `o as (insert into runtime.work (key, run_id, tenant_id, ${insertionOf(offerColumns).names})
  select ok.id || ':' || x.path, ok.id, ok.tenant_id, ${insertionOf(offerColumns).values} from offered x join ok on ok.k = x.k where ok.rest <> 'end')`,
    inserted("ar", "artifact", artifactColumns, parameters.rows(artifactColumns)),
    `ob as (insert into runtime.outbox (run_id, tenant_id, session_id, output_text)
  select id, tenant_id, session_id, output_text from ok where status = 3 and session_id is not null and output_text is not null and not dry_run)`,
    `oe as (${endsTold("ok")})`,
    `fa as (${failuresTold("ok")})`,
    inserted("oc", "outbox", outboxColumns, parameters.rows(outboxColumns)),
    `d as (delete from runtime.work w where w.key = ${keysOf("id from ok where rest = 'end' or rest = 'wait' and due is null")})`,
    offersEnd,
    `dw as (delete from runtime.work w where w.key = any(${parameters.texts()})
  and w.run_id in (select id from ok where rest <> 'end'))`,
    `u as (update runtime.work w set lease = null, worker = null, visible_at = coalesce(${at("ok.due")}, now()),
    crashes = case when ok.rest = 'wait' then 0 else w.crashes end, company = case when ok.rest = 'wait' then 0 else w.company end
  from ok where w.key = ${keysOf("id from ok where rest in ('requeue', 'wait')")} and w.key = ok.id and (ok.rest = 'requeue' or ok.rest = 'wait' and ok.due is not null))`,
    `c as (update runtime.work w set crashes = least(w.crashes, coalesce(ok.crashes_left, 0)), company = 0
  from ok where w.key = ${keysOf("id from ok where clear and rest = 'keep'")} and w.key = ok.id and w.crashes <> 0)`,
  ];
}

const answer = `select a.k, ${stored("mails", "a")} as mail, case when ${stored("ids", "a")} is not null then 'ok' when r.lease is distinct from a.lease then
    case when r.event_seq = a.e1 and a.rest <> 'keep' then 'applied' else 'fenced' end
  when r.event_seq = a.e1 and a.e1 > a.e0 then 'applied' when r.event_seq <> a.e0 then 'fenced' when a.calm and r.mail <> a.seen then 'mail' else 'busy' end as why
from a cross join by_k left join runtime.run r on r.id = ${keyOf("a.id")}`;

function statement(form: FlushForm, isOrdered: boolean): Statement {
  const parameters = new Parameters();
  const parts = [
    `a as materialized (select * from ${parameters.rows(flushRunColumns)})`,
    ...(isOrdered ? [orderedLock] : []),
    update(isOrdered ? "a join l using (id)" : "a"),
    byPlace,
    nodes(parameters.rows(nodeColumns[form]), nodeColumns[form]),
    inserted("e", "run_story", storyColumns, parameters.rows(storyColumns)),
    ...(hasSpans(form) ? [inserted("sp", "trace_span", spanColumns, parameters.rows(spanColumns))] : []),
    ...(form === "end" || form === "traced" ? [workEnd] : []),
    // Its node runs may have been offered once.
    ...(form === "traced" ? [offersEnd] : []),
    ...(form === "full" ? more(parameters) : []),
  ];
  return defineStatement({ name: `flush_${form}${isOrdered ? "_ordered" : ""}`, text: `with ${parts.join(",\n")}\n${answer}` });
}

/** The statements of the group commit; those that lock in order are for use after 55P03 or 40P01. */
const statements: Record<FlushForm, { direct: Statement; ordered: Statement }> = {
  end: { direct: statement("end", false), ordered: statement("end", true) },
  short: { direct: statement("short", false), ordered: statement("short", true) },
  traced: { direct: statement("traced", false), ordered: statement("traced", true) },
  full: { direct: statement("full", false), ordered: statement("full", true) },
};

/** PostgreSQL ends the connection of a message above 1 GB, and a unit of UTF-16 takes up to three bytes. */
const maxCharacters = 2 ** 28;

/** What is long of a flush, made in turns of the main loop. */
export async function longOf({ runs, nodes, artifacts, outbox }: FlushRows): Promise<LongElements> {
  const long: LongElements = new Map();
  await runs.addLong(flushRunColumns, long);
  await nodes.addLong(nodeRunColumns, long);
  await artifacts.addLong(artifactColumns, long);
  await outbox.addLong(outboxColumns, long);
  return long;
}

/** The events of each run, those that follow from its finished node runs among them, as they are stored. */
function storyOf(nodes: NumberedRows<NodeRunRow>, events: NumberedRows<EventRow>): NumberedRows<StoryRow> {
  const told: EventRow[][] = [];
  events.each((run, event) => (told[run] ??= []).push(event));
  nodes.each((run, row) => {
    if (row.doneSeq != null) (told[run] ??= []).push(endEvent(row, row.doneSeq));
  });
  const story = new NumberedRows<StoryRow>();
  // Not for-of: runs without events are holes.
  told.forEach((ofRun, run) => story.add(run, storyRows(ofRun.sort((one, other) => one.seq - other.seq))));
  return story;
}

/** A row without the time of its end is refused: no time is NaN. */
function endEvent({ status, attempt, endedMs, path }: NodeRunRow, seq: number): EventRow {
  return { seq, type: 1, status, attempt, atMs: endedMs ?? Number.NaN, path };
}

/** Makes the parameters of a flush. @throws for a number that is none, and for more than one statement can carry: the flush is refused as it is. */
export function flushBatch(rows: FlushRows, form: FlushForm, long?: LongElements): FlushBatch {
  const { runs, nodes: nodeRows, events: eventRows, offers, spans, artifacts, outbox, withdrawn } = rows;
  const parameters = [
    ...runs.arrays(flushRunColumns, long),
    ...nodeRows.arrays(nodeColumns[form], long),
    ...storyOf(nodeRows, eventRows).arrays(storyColumns),
    ...(hasSpans(form) ? spans.arrays(spanColumns) : []),
    ...(form === "full"
      ? [
          ...offers.arrays(offerColumns),
          ...artifacts.arrays(artifactColumns, long),
          ...outbox.arrays(outboxColumns, long),
          arrayText(withdrawn),
        ]
      : []),
  ];
  const characters = parameters.reduce((sum, parameter) => sum + (parameter?.length ?? 0), 0);
  if (characters > maxCharacters) throw new Error(`a flush of ${characters} characters is more than a statement can carry`);
  return { form, parameters };
}

/** Sends a flush. `isOrdered`: locks its runs by id and waits for none of them; for use after 55P03 or 40P01. */
export function runsFlush(db: Queryable, { form, parameters }: FlushBatch, isOrdered: boolean): Promise<FlushAnswer[]> {
  const { direct, ordered } = statements[form];
  return rowsOf(db, isOrdered ? ordered : direct, parameters);
}
