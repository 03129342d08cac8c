/**
 * The rows that the engine writes, each kind once: a field, its column, its type. The types of rows, the parameters of statements, their lists of
 * columns and of values follow from here, so that a new column is written in one place.
 *
 * Rows travel as arrays, one a column, and are put together again by `unnest`. That costs PostgreSQL about half of what jsonb_to_recordset does, and
 * JSON arrives as it was written. A column that no row of a statement fills is one null, whatever the number of rows.
 */
import { LongValue } from "#shared/db/long-value.ts";
import { takeInTurns, textPieces } from "#shared/pieces.ts";

import type { Json } from "#shared/json.ts";

/** A column's type in PostgreSQL; ms: a point in time, which travels as milliseconds of the database's clock. */
type ColumnType = "text" | "int" | "smallint" | "float8" | "bool" | "uuid" | "json" | "jsonb" | "ms";

/** One column of a kind of rows. */
export interface Column<Type extends ColumnType = ColumnType, IsRequired extends boolean = boolean> {
  name: string;
  type: Type;
  isRequired: IsRequired;
  /** SQL of what is inserted where the row `x` has no value; null when undefined. */
  otherwise?: string;
  /** What a later row of the same node run does: overwrite when undefined. first: nothing. keep: overwrite only with a value. */
  update?: "first" | "keep";
}

/** The columns of a kind of rows, by field. */
export type Columns = Readonly<Record<string, Column>>;

type Value<Type extends ColumnType> = Type extends "bool" ? boolean : Type extends "int" | "smallint" | "float8" | "ms" ? number : string;

/** A row: a field each column. JSON is text, as JSON.stringify writes it; a field that is left out is null. */
export type RowOf<C extends Columns> = {
  -readonly [K in keyof C as C[K] extends Column<ColumnType, true> ? K : never]: Value<C[K]["type"]>;
} & {
  -readonly [K in keyof C as C[K] extends Column<ColumnType, true> ? never : K]?: Value<C[K]["type"]> | null | undefined;
};

type More = Pick<Column, "otherwise" | "update">;

function must<Type extends ColumnType>(name: string, type: Type, more: More = {}): Column<Type, true> {
  return { name, type, isRequired: true, ...more };
}

/** A column that may be null. */
export function may<Type extends ColumnType>(name: string, type: Type, more: More = {}): Column<Type, false> {
  return { name, type, isRequired: false, ...more };
}

/** What `createRun` inserts. `retryRun` copies these columns of the old run, but for those that fork.sql.ts names. */
export const newRunColumns = {
  id: must("id", "text"),
  tenantId: must("tenant_id", "text"),
  planId: must("plan_id", "text"),
  kind: must("kind", "text"),
  appId: may("app_id", "text"),
  appVersionId: may("app_version_id", "text"),
  workflowId: may("workflow_id", "text"),
  workflowVersionId: may("workflow_version_id", "text"),
  sessionId: may("session_id", "text"),
  /** Of a run that is no workflow's: the agent, and its version. */
  subjectId: may("subject_id", "text"),
  subjectVersionId: may("subject_version_id", "text"),
  execution: must("execution", "text"),
  dryRun: must("dry_run", "bool"),
  /** A second of it is as good as a second of waiting. */
  priority: must("priority", "int"),
  requestId: must("request_id", "text"),
  idempotencyKey: may("idempotency_key", "text"),
  inputHash: may("input_hash", "text"),
  traceId: must("trace_id", "text"),
  parentSpanId: may("parent_span_id", "text"),
  initialNode: may("initial_node", "text"),
  /** Of a run that another has made: that run, the node run of it (none: its failure), whether nobody waits for it, and how many runs lie around it. */
  parentRunId: may("parent_run_id", "text"),
  parentPath: may("parent_path", "text"),
  detached: must("detached", "bool"),
  depth: must("depth", "smallint"),
  /** The workflow, by its id or its code in the run's app, that is run when this run fails. */
  onFailure: may("on_failure", "text"),
  /** QUEUED; COMPLETED for a plan without nodes. */
  status: must("status", "smallint"),
  input: must("input", "json"),
  state: may("state", "json", { otherwise: "'{}'" }),
  /** The messages of its session before it. */
  history: may("history", "json"),
  /** Values of its state that nobody has written, and the number of the event behind which they hold. */
  givenState: may("given_state", "json"),
  givenStateSeq: may("given_state_seq", "int"),
  /** The line of runs that it stands in, and how many of it may be executed at once. */
  gateKey: may("gate_key", "text"),
  gatePlaces: may("gate_places", "int"),
  /** What stands for its creation in its scope; absent: that. */
  scopeNowMs: may("scope_now", "ms"),
} as const satisfies Columns;

/** A run to be. */
export interface NewRunRow extends RowOf<typeof newRunColumns> {
  kind: "WORKFLOW" | "AGENT" | "TEAM" | "SKILL";
  execution: "WORKERS" | "MANUAL";
}

/** Begins the ids of plans with mocks. */
export const mockedPlan = "mocked:";

/** A frozen plan. */
export const planColumns = {
  id: must("id", "text"),
  tenantId: must("tenant_id", "text"),
  json: must("document", "json"),
} as const satisfies Columns;

/** What a flush says of one of its runs; its place in the list is its number, by which the other rows name it. */
export const flushRunColumns = {
  id: must("id", "text"),
  lease: must("lease", "uuid"),
  /** event_seq before this flush, and after it. Every flush moves it. */
  e0: must("e0", "int"),
  e1: must("e1", "int"),
  /** The last message that the owner has read. */
  seen: must("seen", "int"),
  /** It holds only if nobody has posted beyond `seen`. */
  calm: must("calm", "bool"),
  rest: must("rest", "text"),
  status: must("status", "smallint"),
  /** Stored as worker_key of its node runs. */
  workerKey: must("worker_key", "text"),
  /** Its crashes are forgiven. */
  clear: must("clear", "bool"),
  /** How many stay all the same. */
  crashesLeft: may("crashes_left", "int"),
  /** When a run that rests goes on by itself. */
  due: may("due", "ms"),
  startedMs: may("started_at", "ms"),
  endedMs: may("ended_at", "ms"),
  /** The whole state, where it has changed. */
  state: may("state", "json"),
  outputText: may("output_text", "text"),
  outputJson: may("output_json", "json"),
  errorCode: may("error_code", "text"),
  errorMessage: may("error_message", "text"),
  cancelReason: may("cancel_reason", "text"),
  /** Added to what the run has used. */
  modelCalls: may("model_calls", "int"),
  promptTokens: may("prompt_tokens", "float8"),
  completionTokens: may("completion_tokens", "float8"),
  /** Added to how many failures were handled: as many as this flush has rows of. */
  handledErrors: may("handled_errors", "int"),
  /** Added to the bytes that runs were given which it has made. */
  childBytes: may("child_bytes", "float8"),
} as const satisfies Columns;

/** A node run. run_id and tenant_id are its run's. */
export const nodeRunColumns = {
  path: must("path", "text", { update: "first" }),
  /** Absent: the path, which it is at the top of a run. */
  nodeId: may("node_id", "text", { otherwise: "x.path", update: "first" }),
  nodeType: must("node_type", "text", { update: "first" }),
  parentPath: may("parent_path", "text", { update: "first" }),
  status: must("status", "smallint"),
  attempt: must("attempt", "smallint"),
  /** Number of its first event. */
  seq: must("seq", "int", { update: "first" }),
  /** Number of its last event, which follows from this row: whoever stores it makes that event of it. */
  doneSeq: may("done_seq", "int"),
  createdMs: must("created_at", "ms", { update: "first" }),
  startedMs: may("started_at", "ms", { update: "keep" }),
  endedMs: may("ended_at", "ms"),
  dueMs: may("due_at", "ms"),
  alone: may("alone", "bool", { otherwise: "false" }),
  effectUnknown: may("effect_unknown", "bool", { otherwise: "false" }),
  waitReason: may("wait_reason", "text"),
  /** Absent: its run's. */
  workerKey: may("worker_key", "text", { otherwise: "x.owner_key" }),
  effectKey: may("effect_key", "text", { update: "keep" }),
  /** Attempts that ended by a fault of the platform's own: none of them counts for `retry`. */
  ownFaults: may("own_faults", "smallint", { update: "keep" }),
  /** Of one that FAILED by no fault of its own, a number of {@link faultNumbers}: whatever its code says. */
  fault: may("fault", "smallint"),
  /** Of a composite node: what was fixed when it opened (owner/opened-items.ts). It stays. */
  opened: may("opened", "json", { update: "keep" }),
  /** Of an iteration that goes on: how far it had come ({@link ProgressColumn}). It stays until it is further. */
  progress: may("progress", "json", { update: "keep" }),
  /** Of one that waits, or has: what it asks ({@link Question} of nodes/executor.ts), and since when. It stays. */
  question: may("question", "json", { update: "keep" }),
  waitsMs: may("waits_since", "ms", { update: "keep" }),
  /** What a person decided of its call. It stays, over attempts and owners. */
  approval: may("approval", "json", { update: "keep" }),
  /** The run that it has made, by its last attempt. */
  childRunId: may("child_run_id", "text", { update: "keep" }),
  /** Of a node run that FAILED: the failure was handled. */
  route: may("route", "text"),
  errorCode: may("error_code", "text"),
  errorMessage: may("error_message", "text"),
  /** Where the output lies that is too large for this row. */
  outputArtifactId: may("output_artifact_id", "text"),
  outputText: may("output_text", "text"),
  outputJson: may("output_json", "json"),
  stateUpdates: may("state_updates", "json"),
  /** The sub-workflow whose state they are of; absent: the run's. */
  statePath: may("state_path", "text"),
  /** What it wrote to the variables of a loop, and which. */
  loopUpdates: may("loop_updates", "json"),
  loopPath: may("loop_path", "text"),
  modelCalls: may("model_calls", "int"),
  promptTokens: may("prompt_tokens", "float8"),
  completionTokens: may("completion_tokens", "float8"),
} as const satisfies Columns;

/** The column `opened` of a composite's row: a loop's has its variables as its one item, a sub-workflow's its input. */
export interface OpenedColumn {
  /** The version of the drivers that opened it (engine/composite.ts); 1 where it does not say. */
  v?: number;
  /** Items of an iteration. */
  count?: number;
  /** The items, where they are few and small. */
  items?: Json[];
  /** Else the artifacts that hold them, in order, each with the number of its first item. */
  chunks?: { from: number; artifactId: string }[];
}

/** The column `progress` of an iteration's row: of its items up to the number `next` all have ended, but for those at `open`. */
export interface ProgressColumn {
  next: number;
  open: number[];
}

/** An event that does not follow from the row of a finished node run. type: 0 RUN_STATUS 1 NODE_STATUS 2 SPAN. */
export const eventColumns = {
  seq: must("seq", "int"),
  type: must("type", "smallint"),
  status: may("status", "smallint"),
  attempt: may("attempt", "smallint"),
  atMs: must("at", "ms"),
  path: may("path", "text"),
  spanId: may("span_id", "text"),
} as const satisfies Columns;

/** A node run that any worker may execute: a row of `work`. */
export const offerColumns = {
  path: must("path", "text"),
  nodeType: must("node_type", "text"),
  attempt: must("attempt", "smallint"),
} as const satisfies Columns;

/** What a run tells other runs: a message of the outbox. kind: outboxKinds of statuses.ts. */
export const outboxColumns = {
  kind: must("kind", "smallint"),
  targetRunId: must("target_run_id", "text"),
  targetPath: must("target_path", "text"),
  body: may("body", "json"),
  input: may("input", "json"),
} as const satisfies Columns;

/** A span that follows from no other row. */
export const spanColumns = {
  spanId: must("span_id", "text"),
  path: must("path", "text"),
  parentSpanId: must("parent_span_id", "text"),
  spanType: must("span_type", "text"),
  name: must("name", "text"),
  status: must("status", "smallint"),
  startedMs: must("started_at", "ms"),
  endedMs: must("ended_at", "ms"),
  attributes: must("attributes", "jsonb"),
  errorCode: may("error_code", "text"),
  errorMessage: may("error_message", "text"),
} as const satisfies Columns;

/** A file, or an output that is too large for its node run's row. */
export const artifactColumns = {
  id: must("id", "text"),
  path: must("path", "text"),
  artifactType: must("artifact_type", "text"),
  name: may("name", "text"),
  contentText: may("content_text", "text"),
  contentJson: may("content_json", "json"),
  storageUri: may("storage_uri", "text"),
  sizeBytes: must("size_bytes", "int"),
} as const satisfies Columns;

/** The outcome of an offered node run, for the inbox of its run. */
export const resultColumns = {
  key: must("key", "text"),
  lease: must("lease", "uuid"),
  runId: must("run_id", "text"),
  body: must("body", "json"),
} as const satisfies Columns;

/** See the tables of columns. */
export type ResultRow = RowOf<typeof resultColumns>;
export type PlanRow = RowOf<typeof planColumns>;
export type FlushRunRow = RowOf<typeof flushRunColumns>;
export type NodeRunRow = RowOf<typeof nodeRunColumns>;
export type EventRow = RowOf<typeof eventColumns>;
export type OfferRow = RowOf<typeof offerColumns>;
export type OutboxRow = RowOf<typeof outboxColumns>;
export type SpanRow = RowOf<typeof spanColumns>;
export type ArtifactRow = RowOf<typeof artifactColumns>;

/** SQL: the columns that an insert of rows `x` fills, and with what. `sent`: the columns that `x` has, where it has not all. */
export function insertionOf(columns: Columns, sent: Columns = columns): { names: string; values: string } {
  const filled = Object.entries(columns).filter(([field, { otherwise }]) => field in sent || otherwise !== undefined);
  const valueOf = ([field, { name, type, otherwise }]: [string, Column]): string => {
    if (!(field in sent)) return otherwise ?? "null";
    const value = type === "ms" ? at(`x.${name}`) : `x.${name}`;
    return otherwise === undefined ? value : `coalesce(${value}, ${otherwise})`;
  };
  return { names: filled.map(([, { name }]) => name).join(", "), values: filled.map(valueOf).join(", ") };
}

/** SQL: what a later row does to one that is there. */
export function updatesOf(table: string, columns: Columns): string {
  return Object.values(columns)
    .filter(({ update }) => update !== "first")
    .map(({ name, update }) => `${name} = ${update === "keep" ? `coalesce(excluded.${name}, ${table}.${name})` : `excluded.${name}`}`)
    .join(", ");
}

/** SQL: the point in time of so many milliseconds. */
export function at(ms: string): string {
  return `to_timestamp(${ms} / 1000)`;
}

/**
 * SQL: rows `x`, put together from the parameters from `first` on, one a column; with `numbered` there is one more before them, the column `k`. Each column is a function among
 * what is selected: as one `unnest` of all, in FROM, each would have a store of tuples of its own, and a row of 45 columns would cost PostgreSQL 0.6 ms instead of 0.2, 2,000 of
 * them 28 instead of 16 (a busy machine, November 2026). They are put together each time they are read: where they are joined to others, they are kept in a part before.
 */
export function rowsFrom(columns: Columns, first: number, { isNumbered }: { isNumbered: boolean }): string {
  const all = [...(isNumbered ? [{ name: "k", type: "int" }] : []), ...Object.values(columns)];
  const selected = all.map(({ name, type }, index) => `unnest($${first + index}::${type === "ms" ? "float8" : type}[]) as ${name}`);
  return `(select ${selected.join(", ")}) x`;
}

/** A parameter of a statement: an array as text or, where an element of it is long, in PostgreSQL's binary form. */
export type Parameter = string | LongValue | null;

/** The parameters of {@link rowsFrom}: arrays, null for a column without a value. `long`: elements that were made before. */
export function arraysOf(columns: Columns, rows: readonly object[], long?: LongElements): Parameter[] {
  return Object.entries(columns).map(([field, column]) => arrayOf(column, { field, rows: rows as readonly Fields[], long }));
}

/** The bytes of elements of arrays, in pieces, by their text. */
export type LongElements = Map<string, Buffer[]>;

/** Texts of more are encoded in turns of the main loop: a statement may have sixteen of a MiB that come at once. */
const longUnits = 1 << 18;

/** Encodes the elements that are long, in turns of the main loop, and adds them to `long`. */
export async function addLongElements(columns: Columns, rows: readonly object[], long: LongElements): Promise<void> {
  for (const field of Object.keys(columns))
    for (const row of rows as readonly Fields[]) {
      const text = row[field];
      if (typeof text === "string" && text.length > longUnits && !long.has(text)) long.set(text, await encoded(text));
    }
}

async function encoded(text: string): Promise<Buffer[]> {
  const pieces: Buffer[] = [];
  await takeInTurns(textPieces(text), (piece) => pieces.push(Buffer.from(piece)));
  return pieces;
}

function isJsonType(type: string): boolean {
  return type === "json" || type === "jsonb";
}

/** How much of a flush a row is, roughly, in characters. */
export function charactersOf(
  row: Partial<
    Pick<
      NodeRunRow & ArtifactRow,
      "outputText" | "outputJson" | "stateUpdates" | "loopUpdates" | "opened" | "question" | "approval" | "contentText" | "contentJson"
    >
  >,
): number {
  const { outputText, outputJson, stateUpdates, loopUpdates, opened, question, approval, contentText, contentJson } = row;
  const ofNode = lengthOf(outputText) + lengthOf(outputJson) + lengthOf(stateUpdates) + lengthOf(loopUpdates);
  const ofWait = lengthOf(opened) + lengthOf(question) + lengthOf(approval);
  return 200 + ofNode + ofWait + lengthOf(contentText) + lengthOf(contentJson);
}

function lengthOf(text: string | null | undefined): number {
  return text?.length ?? 0;
}

type Fields = Readonly<Record<string, string | number | boolean | null | undefined>>;

function arrayOf(
  { name, type }: Column,
  { field, rows, long }: { field: string; rows: readonly Fields[]; long: LongElements | undefined },
): Parameter {
  const oid = elementOids[type];
  // Escaped, a text of quotation marks would be four times as long, and the driver encodes it in one turn.
  if (long !== undefined && oid !== undefined && rows.some((row) => long.has(row[field] as string)))
    return binaryArray(oid, { field, rows, long });
  const kind = isJsonType(type) ? "json" : type === "ms" ? "ms" : "plain";
  let text = "";
  let isEmpty = true;
  // Types, states and texts are the same in row after row.
  let last: Fields[string];
  let lastText = ",NULL";
  for (const row of rows) {
    const value = row[field];
    if (value !== last) {
      lastText = value === null || value === undefined ? ",NULL" : `,${elementOf(value, { name, kind })}`;
      isEmpty &&= value === null || value === undefined;
      last = value;
    }
    text += lastText;
  }
  return isEmpty ? null : `{${text.slice(1)}}`;
}

type ElementKind = "json" | "ms" | "plain";

function elementOf(value: string | number | boolean, { name, kind }: { name: string; kind: ElementKind }): string | number | boolean {
  if (typeof value === "string") return element(value, kind === "json");
  // float8 would take NaN, and no JSON would give it back.
  if (typeof value === "number" && !Number.isFinite(value)) throw new Error(`${name} is ${value}`);
  return kind === "ms" ? msText(Number(value)) : value;
}

const thousandths = Array.from({ length: 1_000 }, (_, n) => `.${String(n).padStart(3, "0")}`);
let lastWhole = 0;
let lastWholeText = "0";

/** Milliseconds to a microsecond, as PostgreSQL keeps them. Each row has three or four times, within a few milliseconds: to write a double out in full takes twice as long. */
function msText(ms: number): string {
  const whole = Math.floor(ms);
  const rest = thousandths[Math.round((ms - whole) * 1_000)];
  // It rounds up to the next.
  if (rest === undefined) return String(whole + 1);
  if (whole !== lastWhole) [lastWhole, lastWholeText] = [whole, String(whole)];
  return lastWholeText + rest;
}

/** Of the types that may be long, in pg_type. */
const elementOids: Readonly<Record<string, number>> = { json: 114, text: 25 };

/** As array_recv takes it: dimensions, whether there are nulls, the elements' type, how many, the first one's number, then each with its length. */
function binaryArray(oid: number, { field, rows, long }: { field: string; rows: readonly Fields[]; long: LongElements }): LongValue {
  const pieces = [int32s(1, 1, oid, rows.length, 1)];
  for (const row of rows) {
    const value = row[field];
    if (typeof value !== "string") {
      pieces.push(int32s(-1));
      continue;
    }
    const bytes = long.get(value) ?? [Buffer.from(value)];
    pieces.push(int32s(bytes.reduce((sum, { length }) => sum + length, 0)), ...bytes);
  }
  return new LongValue(pieces);
}

function int32s(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => bytes.writeInt32BE(value, 4 * index));
  return bytes;
}

/** Numbers of runs, or texts, as one array. */
export function arrayText(values: readonly (string | number)[]): string {
  return `{${values.map((value) => (typeof value === "string" ? element(value, false) : value)).join(",")}}`;
}

// oxlint-disable-next-line no-control-regex -- these are what is asked for
const controls = /[\u0000-\u001f]/;
/** Most texts of a row are ids, paths and names of types. */
const plain = /^[\w#/.:+-]{0,200}$/;

// PostgreSQL's arrays escape as JSON does, but know no escape of a control character; JSON texts hold none. JSON.stringify is five times as fast as a
// replace with a pattern, which takes most of a second for 50 MB.
function element(text: string, isJson: boolean): string {
  if (!isJson && plain.test(text)) return `"${text}"`;
  return isJson || !controls.test(text) ? JSON.stringify(text) : `"${text.replace(/["\\]/g, "\\$&")}"`;
}
