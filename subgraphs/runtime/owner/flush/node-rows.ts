/** The rows of node runs, made once when something happens to one; their columns are those of queue/rows.ts. */
import { newId } from "#shared/ids.ts";
import { NotStorable, storableJson, storableText } from "#shared/json/storable.ts";
import type { Fault } from "../../engine/fault.ts";
import type { Approval, NodeUsage } from "../../nodes/executor.ts";
import { maxOutputBytes, type StorableArtifact } from "../../nodes/storable.ts";
import type { ArtifactRow, EventRow, NodeRunRow, OfferRow, SpanRow } from "../../queue/rows.ts";
import { faultNumbers } from "../../queue/statuses.ts";
import type { SpanRecord } from "../calls/node-context.ts";

/** Outputs above this lie in an artifact, so that hot rows stay small. */
export const inlineBytes = 2_048;

/** A node run that has a row, or is about to. Times are milliseconds of the database's clock. */
export interface NodeRecord {
  path: string;
  nodeId: string;
  nodeType: string;
  /** The node run that it is part of. */
  parentPath: string | undefined;
  attempt: number;
  /** Number of its first event. */
  seq: number;
  createdMs: number;
  startedMs: number | undefined;
  /** Where it differs from the owner's. */
  workerKey?: string | undefined;
  effectKey?: string | undefined;
  /** Attempts that ended by a fault of the platform's own. */
  ownFaults?: number | undefined;
  /** Of a composite node that this owner opened: what was fixed then, as JSON. A flush has one row of a node run, so each row says it again. */
  opened?: string | undefined;
  /** Of an iteration: how far it has come, as JSON. */
  progress?: string | undefined;
  /** What it asks, as JSON, and since when it waits, of one that this owner let wait; what was decided of its call. The same holds. */
  question?: string | undefined;
  waitsMs?: number | undefined;
  approval?: Approval | undefined;
  childRunId?: string | undefined;
}

/** What a node run's row says beyond who it is. */
export interface NodeRowFields {
  status: number;
  doneSeq?: number;
  endedMs?: number;
  dueMs?: number;
  alone?: boolean;
  effectUnknown?: boolean;
  fault?: Fault | undefined;
  waitReason?: string;
  route?: string;
  errorCode?: string;
  errorMessage?: string;
  usage?: NodeUsage;
}

/** The columns of a node run's output; empty without an output. */
export type OutputColumns = Pick<
  NodeRunRow,
  "outputText" | "outputJson" | "outputArtifactId" | "stateUpdates" | "statePath" | "loopUpdates" | "loopPath"
>;

/** A node's output, split into what its row carries and what lies beside it. */
export interface StoredOutput {
  columns: OutputColumns;
  artifacts: ArtifactRow[];
  /** Of the output. */
  textBytes: number;
  jsonBytes: number;
}

/** For rows that are not finished, or that finished with nothing. */
export const noOutput: OutputColumns = {};

/** The row of a node run. All fields stand in it, so that rows have one shape. */
export function nodeRow(record: NodeRecord, fields: NodeRowFields, output: OutputColumns = noOutput): NodeRunRow {
  const {
    path,
    nodeId,
    nodeType,
    parentPath,
    attempt,
    seq,
    createdMs,
    startedMs,
    workerKey,
    effectKey,
    ownFaults,
    opened,
    progress,
    question,
    waitsMs,
    approval,
    childRunId,
  } = record;
  const { status, doneSeq, endedMs, dueMs, alone, effectUnknown, fault, waitReason, route, errorCode, errorMessage, usage } = fields;
  return {
    path,
    nodeId: nodeId === path ? undefined : nodeId,
    nodeType,
    parentPath,
    status,
    attempt,
    seq,
    doneSeq,
    createdMs,
    startedMs,
    endedMs,
    dueMs,
    alone: alone === true ? true : undefined,
    effectUnknown: effectUnknown === true ? true : undefined,
    fault: fault === undefined ? undefined : faultNumbers[fault],
    waitReason: waitReason === undefined ? undefined : storableText(waitReason),
    workerKey: workerKey === undefined ? undefined : storableText(workerKey),
    effectKey,
    ownFaults,
    opened,
    progress,
    question,
    waitsMs,
    approval: approval === undefined ? undefined : JSON.stringify(approval),
    childRunId,
    route,
    errorCode: errorCode === undefined ? undefined : storableText(errorCode),
    errorMessage: errorCode === undefined ? undefined : storableText(errorMessage ?? ""),
    outputArtifactId: output.outputArtifactId,
    outputText: output.outputText,
    outputJson: output.outputJson,
    stateUpdates: output.stateUpdates,
    statePath: output.statePath,
    loopUpdates: output.loopUpdates,
    loopPath: output.loopPath,
    modelCalls: usage?.modelCalls,
    promptTokens: usage?.promptTokens,
    completionTokens: usage?.completionTokens,
  };
}

/** The work row of a node run that any worker may execute. */
export function offerRow({ path, nodeType, attempt }: NodeRecord): OfferRow {
  return { path, nodeType, attempt };
}

/** An event that does not follow from a finished node run's row. type: 0 RUN_STATUS 1 NODE_STATUS 2 SPAN. */
export function eventRow(event: EventRow): EventRow {
  return event;
}

/** A further span of a node. */
export function spanRow(path: string, span: SpanRecord): SpanRow {
  return { path, ...span, attributes: JSON.stringify(span.attributes) };
}

/** A span that can be kept. Attributes that are no JSON are left out, all of them: telemetry fails nobody. */
export function storableSpan(span: SpanRecord): SpanRecord {
  const { name, spanType, errorCode, errorMessage } = span;
  const texts = {
    name: storableText(name),
    spanType: storableText(spanType),
    errorCode: errorCode === null ? null : storableText(errorCode),
    errorMessage: errorMessage === null ? null : storableText(errorMessage),
  };
  return { ...span, ...texts, attributes: storableAttributes(span.attributes) };
}

function storableAttributes(attributes: SpanRecord["attributes"]): SpanRecord["attributes"] {
  try {
    return storableJson(attributes, "attributes", { maxBytes: maxOutputBytes, replaced: { count: 0 } }).value as SpanRecord["attributes"];
  } catch (cause) {
    if (!(cause instanceof NotStorable)) throw cause;
    return {};
  }
}

/** Splits what a node put out into its row and artifacts. All of it was checked (nodes/storable.ts). */
export function storedOutput(
  path: string,
  output: { outputText?: string | undefined; outputJson?: string | undefined; artifacts: readonly StorableArtifact[] },
): StoredOutput {
  const { outputText, outputJson } = output;
  const artifacts = output.artifacts.map((artifact) => artifactRow(newId(), path, artifact));
  const bytes = { textBytes: bytesOf(outputText), jsonBytes: bytesOf(outputJson) };
  if (bytes.textBytes + bytes.jsonBytes <= inlineBytes) return { columns: { outputText, outputJson }, artifacts, ...bytes };
  const outputArtifactId = newId();
  const draft = { artifactType: "OUTPUT", ...(outputText !== undefined && { contentText: outputText }) };
  artifacts.push(artifactRow(outputArtifactId, path, { draft, json: outputJson }));
  return { columns: { outputArtifactId }, artifacts, ...bytes };
}

/** The row of an artifact of a node run. */
export function artifactRow(id: string, path: string, { draft, json }: StorableArtifact): ArtifactRow {
  const { artifactType, name, contentText, storageUri } = draft;
  return { id, path, artifactType, name, contentText, contentJson: json, storageUri, sizeBytes: bytesOf(contentText) + bytesOf(json) };
}

function bytesOf(text: string | undefined): number {
  return text === undefined ? 0 : Buffer.byteLength(text);
}
