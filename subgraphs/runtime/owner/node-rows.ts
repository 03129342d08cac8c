/**
 * Rows of a flush as JSON text, made once when their node is done: the flush joins texts, and a flush that is sent again is the same bytes.
 * The keys are those of queue/flush.sql.ts. Texts lack their opening `{"k":…,`: which run of the flush they belong to is known last.
 */
import { newId } from "#shared/ids.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import type { ArtifactDraft, NodeOutcome, NodeUsage } from "../nodes/executor.ts";
import type { SpanRecord } from "./node-context.ts";
import { isStorable } from "./storable.ts";

/** Outputs above this lie in an artifact, so that hot rows stay small. */
const inlineBytes = 2_048;
/** No output is larger. */
const outputBytes = 50 * 1024 * 1024;

/** A node run that has a row, or is about to. Times are milliseconds of the database's clock. */
export interface NodeRecord {
  path: string;
  nodeId: string;
  nodeType: string;
  attempt: number;
  /** Number of its first event. */
  seq: number;
  createdMs: number;
  startedMs: number | undefined;
  /** Where it differs from the owner's. */
  workerKey?: string | undefined;
  effectKey?: string | undefined;
}

/** What a node run's row says beyond who it is. */
export interface NodeRowFields {
  status: number;
  doneSeq?: number;
  endedMs?: number;
  dueMs?: number;
  alone?: boolean;
  effectUnknown?: boolean;
  waitReason?: string;
  route?: string;
  errorCode?: string;
  errorMessage?: string;
  stateUpdates?: JsonObject;
  usage?: NodeUsage;
}

/** A node's output, split into what its row carries and what lies beside it. */
export interface StoredOutput {
  /** `,"ot":…,"oj":…`; empty without an output, or with one that lies in an artifact. */
  columns: string;
  artifactId: string | undefined;
  artifacts: string[];
  /** The output as it reads back: what later nodes see now is what they would see after a rebuild, and no part of it is shared. */
  outputJson: Json;
}

/** Why an outcome cannot be stored. */
export class NotStorable extends Error {
  override readonly name = "NotStorable";
  readonly code: "OUTPUT_NOT_STORABLE" | "OUTPUT_TOO_LARGE" | "STATE_TOO_LARGE";

  constructor(code: NotStorable["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/** For rows that are not finished, or that finished with nothing. */
export const noOutput = { columns: "", artifactId: undefined };

const text = (value: string): string => JSON.stringify(value);

/** A message without what PostgreSQL cannot hold. */
export function storableText(message: string): string {
  return message.toWellFormed().replaceAll("\0", "\ufffd");
}

/** The row of a node run. `output`: the columns of outputColumns. */
export function nodeRow(
  record: NodeRecord,
  fields: NodeRowFields,
  output: Pick<StoredOutput, "columns" | "artifactId"> = noOutput,
): string {
  const rare = rareFields(record, fields) + (output.artifactId === undefined ? "" : `,"oa":${text(output.artifactId)}`);
  let row = `"p":${text(record.path)},"t":${text(record.nodeType)},"s":${fields.status},"a":${record.attempt},"q":${record.seq},"c":${record.createdMs}`;
  if (record.startedMs !== undefined) row += `,"b":${record.startedMs}`;
  if (fields.doneSeq !== undefined) row += `,"d":${fields.doneSeq},"e":${fields.endedMs}`;
  if (rare !== "") row += `,"z":{${rare.slice(1)}}`;
  return `${row}${output.columns}}`;
}

function rareFields(record: NodeRecord, fields: NodeRowFields): string {
  let row = "";
  if (record.nodeId !== record.path) row += `,"n":${text(record.nodeId)}`;
  if (record.workerKey !== undefined) row += `,"wk":${text(storableText(record.workerKey))}`;
  if (record.effectKey !== undefined) row += `,"ek":${text(record.effectKey)}`;
  if (fields.route !== undefined) row += `,"route":${text(fields.route)}`;
  if (fields.stateUpdates !== undefined) row += `,"su":${JSON.stringify(fields.stateUpdates)}`;
  if (fields.dueMs !== undefined) row += `,"due":${fields.dueMs}`;
  if (fields.alone === true) row += `,"alone":true`;
  if (fields.effectUnknown === true) row += `,"unk":true`;
  if (fields.waitReason !== undefined) row += `,"wr":${text(fields.waitReason)}`;
  if (fields.errorCode !== undefined) {
    row += `,"ec":${text(storableText(fields.errorCode))},"em":${text(storableText(fields.errorMessage ?? ""))}`;
  }
  if (fields.usage !== undefined) {
    row += `,"calls":${fields.usage.modelCalls},"ptok":${fields.usage.promptTokens},"ctok":${fields.usage.completionTokens}`;
  }
  return row;
}

/** An event that does not follow from a finished node run's row. type: 0 RUN_STATUS 1 NODE_STATUS 2 SPAN. */
export function eventRow(event: {
  seq: number;
  type: number;
  atMs: number;
  status?: number;
  attempt?: number;
  path?: string;
  spanId?: string;
}): string {
  let row = `"q":${event.seq},"t":${event.type},"at":${event.atMs}`;
  if (event.status !== undefined) row += `,"s":${event.status}`;
  if (event.attempt !== undefined) row += `,"a":${event.attempt}`;
  if (event.path !== undefined) row += `,"p":${text(event.path)}`;
  if (event.spanId !== undefined) row += `,"sp":${text(event.spanId)}`;
  return `${row}}`;
}

/** A further span of a node. What cannot be stored of its attributes is left out: telemetry fails nobody. */
export function spanRow(path: string, span: SpanRecord): string {
  const fields = {
    p: path,
    sp: span.spanId,
    pa: span.parentSpanId,
    t: span.spanType,
    n: span.name,
    s: span.status,
    b: span.startedMs,
    e: span.endedMs,
  };
  const row = JSON.stringify({ ...fields, at: span.attributes, ec: span.errorCode, em: span.errorMessage });
  return (isStorable(row) ? row : JSON.stringify({ ...fields, n: span.spanType, ec: span.errorCode })).slice(1);
}

/**
 * Makes the columns of an outcome's output and its artifacts.
 *
 * @throws NotStorable for what is no JSON, what PostgreSQL cannot hold (NUL, unpaired surrogates, nesting), or is above 50 MiB.
 */
export function outputColumns(path: string, outcome: NodeOutcome): StoredOutput {
  if (outcome.kind === "waiting") return { ...noOutput, artifacts: [], outputJson: null };
  const outputText = outcome.kind === "completed" ? outcome.outputText : undefined;
  const { outputJson: given } = outcome;
  const json = given === undefined || given === null ? undefined : jsonText(given);
  const outputJson = json === undefined ? null : (JSON.parse(json) as Json);
  const quoted = outputText === undefined ? undefined : text(outputText);
  refuseUnstorable(quoted, json, outcome);
  const drafts = (outcome.kind === "completed" && outcome.artifacts) || [];
  const artifacts = drafts.map((draft) => artifactRow(newId(), path, draft));
  const sizeBytes = byteLength(quoted) + byteLength(json);
  if (sizeBytes <= inlineBytes) {
    const columns = (quoted === undefined ? "" : `,"ot":${quoted}`) + (json === undefined ? "" : `,"oj":${json}`);
    return { columns, artifactId: undefined, artifacts, outputJson };
  }
  const id = newId();
  const large: ArtifactDraft = { artifactType: "OUTPUT", ...(outputText !== undefined && { contentText: outputText }) };
  artifacts.push(artifactRow(id, path, large, json));
  return { columns: "", artifactId: id, artifacts, outputJson };
}

function refuseUnstorable(quoted: string | undefined, json: string | undefined, outcome: NodeOutcome): void {
  for (const part of [quoted, json, besideOutput(outcome)]) {
    if (part === undefined) continue;
    if (!isStorable(part)) throw new NotStorable("OUTPUT_NOT_STORABLE", "The output holds a character or a nesting that cannot be stored.");
    if (byteLength(part) > outputBytes)
      throw new NotStorable("OUTPUT_TOO_LARGE", `The output is larger than ${outputBytes / 1024 / 1024} MiB.`);
  }
}

/** What an outcome stores beside its output; most have nothing. */
function besideOutput(outcome: NodeOutcome): string | undefined {
  if (outcome.kind !== "completed") return undefined;
  const { stateUpdates, route, artifacts } = outcome;
  if (stateUpdates === undefined && route === undefined && artifacts === undefined) return undefined;
  return jsonText([stateUpdates ?? null, route ?? null, (artifacts ?? []) as unknown as Json]);
}

function artifactRow(id: string, path: string, draft: ArtifactDraft, largeJson?: string): string {
  const json = largeJson ?? (draft.contentJson === undefined ? undefined : jsonText(draft.contentJson));
  const size = Buffer.byteLength(draft.contentText ?? "") + byteLength(json);
  const row = JSON.stringify({ id, p: path, t: draft.artifactType, n: draft.name, ct: draft.contentText, u: draft.storageUri, sz: size });
  return json === undefined ? row.slice(1) : `${row.slice(1, -1)},"cj":${json}}`;
}

/** JSON.stringify gives undefined for what JSON cannot say, and throws for cycles and BigInts. */
function jsonText(value: Json): string {
  try {
    const json = JSON.stringify(value) as string | undefined;
    if (json !== undefined) return json;
  } catch (cause) {
    throw new NotStorable(
      "OUTPUT_NOT_STORABLE",
      `The output is no JSON: ${cause instanceof Error ? (cause.message.split("\n")[0] ?? "") : ""}`,
    );
  }
  throw new NotStorable("OUTPUT_NOT_STORABLE", `The output is no JSON: it is a ${typeof value}.`);
}

function byteLength(json: string | undefined): number {
  return json === undefined ? 0 : Buffer.byteLength(json);
}
