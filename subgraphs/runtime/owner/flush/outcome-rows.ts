/** What the end of an attempt comes to as rows. Pure: numbers and times are given. */
import type { Json } from "#shared/json.ts";
import { storableText } from "#shared/json/storable.ts";
import type { FailedEnd } from "../../engine/apply.ts";
import type { Handling } from "../../engine/handling.ts";
import type { NodeUsage } from "../../nodes/executor.ts";
import { storableOutcome } from "../../nodes/storable.ts";
import type { NodeRunRow } from "../../queue/rows.ts";
import { nodeRunStatusNumber as number } from "../../queue/statuses.ts";
import type { AttemptOutcome } from "../mail/inbox-message.ts";
import type { SpanRecord } from "../calls/node-context.ts";
import { nodeRow, noOutput, storedOutput, type NodeRecord, type OutputColumns, type StoredOutput } from "./node-rows.ts";
import { newSpanId, nodeSpanId, runSpanId } from "../calls/span-ids.ts";

/** How a node run ends: with an outcome, or with its run. */
export type NodeEnd =
  | Exclude<AttemptOutcome, { kind: "waiting" | "interrupted" | "failed" | "allowed" | "child" }>
  | NodeFailure
  | { kind: "cancelled"; code: string; message: string };

/** What the owner decides of a node run: its end, or that another attempt is made of it after a pause. */
export type Decision = NodeEnd | { kind: "again"; code: string; message: string; delayMs: number };

/** A node run that failed, and how its run goes on from that; undefined: it fails. */
export type NodeFailure = Extract<AttemptOutcome, { kind: "failed" }> & { handling?: Handling | undefined };

/** An outcome as it is stored: itself, or the failure that takes its place. */
export interface StoredOutcome extends StoredOutput {
  outcome: AttemptOutcome;
}

/** Makes an outcome's output columns and artifacts. What later nodes see of it is what was stored: no part of it is shared. */
export function storedOutcome(path: string, given: AttemptOutcome): StoredOutcome {
  const { outcome, outputJson, stateUpdates, variables: loopUpdates, artifacts } = storableOutcome(given);
  const outputText = outcome.kind === "completed" || outcome.kind === "failed" ? outcome.outputText : undefined;
  const stored = storedOutput(path, { outputText, outputJson, artifacts });
  if (stateUpdates === undefined && loopUpdates === undefined) return { ...stored, outcome };
  return { ...stored, outcome, columns: { ...stored.columns, stateUpdates, loopUpdates } };
}

/** The row of a node run that is over. Its last event follows from it, under the number `doneSeq`. */
export function finishedRow(
  record: NodeRecord,
  end: NodeEnd,
  output: OutputColumns,
  done: { doneSeq: number; endedMs: number },
): NodeRunRow {
  switch (end.kind) {
    case "completed": {
      const { route, usage } = end;
      const more = { ...(route !== undefined && { route }), ...(usage !== undefined && { usage }) };
      return nodeRow(record, { ...done, status: number("COMPLETED"), ...more }, output);
    }
    case "failed": {
      const { code, message, effectUnknown = false, fault, usage, handling } = end;
      const fields = { ...done, status: number("FAILED"), errorCode: code, errorMessage: message, effectUnknown, fault };
      const more = { ...(handling !== undefined && { route: handling.route }), ...(usage !== undefined && { usage }) };
      return nodeRow(record, { ...fields, ...more }, handling?.output === undefined ? output : columnsOf(handling.output));
    }
    case "skipped":
      return nodeRow(record, { ...done, status: number("SKIPPED") });
    default:
      return nodeRow(record, { ...done, status: number("CANCELLED"), errorCode: end.code, errorMessage: end.message });
  }
}

/** The output of an end that the owner decided itself, which is small where there is one. */
export function decidedOutput(end: NodeEnd): OutputColumns {
  return end.kind === "completed" ? columnsOf({ outputText: end.outputText ?? null, outputJson: end.outputJson ?? null }) : noOutput;
}

/** A default of the document, which is never so large that it lies elsewhere. */
function columnsOf({ outputText, outputJson }: NonNullable<Handling["output"]>): OutputColumns {
  return { outputText: outputText ?? undefined, outputJson: outputJson === null ? undefined : JSON.stringify(outputJson) };
}

/** What the end of an attempt has used, if it says so. */
export function usageOf(end: AttemptOutcome | NodeEnd): NodeUsage | undefined {
  return end.kind === "completed" || end.kind === "failed" ? end.usage : undefined;
}

/** The spans of an attempt, and in them what was changed of its output: in the last one, or in one of its own where the node had none. */
export function notedSpans(
  runId: string,
  record: NodeRecord,
  { spans, outcome }: { spans: readonly SpanRecord[]; outcome: AttemptOutcome },
  endedMs: number,
): readonly SpanRecord[] {
  const notes = outcome.kind === "completed" || outcome.kind === "failed" ? outcome.notes : undefined;
  if (notes === undefined) return spans;
  const attributes = Object.fromEntries(Object.entries(notes).map(([name, note]) => [`output.${name}`, note as Json]));
  const last = spans.at(-1);
  if (last !== undefined) return [...spans.slice(0, -1), { ...last, attributes: { ...last.attributes, ...attributes } }];
  const { nodeId, path, attempt, startedMs = endedMs } = record;
  const parentSpanId = nodeSpanId(runId, path, attempt);
  const times = { startedMs, endedMs, status: 1, errorCode: null, errorMessage: null };
  return [{ spanId: newSpanId(), parentSpanId, spanType: "NODE", name: `${nodeId} output`, attributes, ...times }];
}

/** The span of a failed attempt that is not the node's last; the last one's follows from its row. */
export function failedAttemptSpan(
  runId: string,
  record: NodeRecord,
  failed: { code: string; message: string },
  endedMs: number,
): SpanRecord {
  return {
    spanId: nodeSpanId(runId, record.path, record.attempt),
    parentSpanId: runSpanId(runId),
    spanType: "NODE",
    name: record.nodeId,
    status: 2,
    startedMs: record.startedMs ?? endedMs,
    endedMs,
    attributes: { "node.type": record.nodeType, attempt: record.attempt },
    errorCode: failed.code,
    errorMessage: storableText(failed.message),
  };
}

/** A failure that takes the place of what would have been stored. */
export function instead(outcome: NodeFailure): StoredOutcome {
  return { outcome, columns: noOutput, artifacts: [], textBytes: 0, jsonBytes: 0 };
}

/** The end of a node that failed, as its row says it again. */
export function failedEnd({ code, message, fault, outputText, outputJson = null, usage, handling }: NodeFailure): FailedEnd {
  const own = { outputText: outputText ?? null, outputJson };
  return { code, message, fault, usage, route: handling?.route, ...(handling?.output ?? own) };
}
