/** One run's part of a flush. Made once: a flush that is sent again is the same bytes. */
import type { Json } from "#shared/json.ts";
import { storableText } from "#shared/json/storable.ts";
import { jsonBytes } from "#shared/template/text.ts";
import { isOutputLarger, runOutput } from "../../engine/output.ts";
import { depthOf } from "../../engine/path.ts";
import { maxOutputBytes } from "../../nodes/storable.ts";
import { isPlainEnd, type FlushAnswer, type FlushRun, type Rest } from "../../queue/flush.sql.ts";
import type { EventRow, NodeRunRow, OutboxRow } from "../../queue/rows.ts";
import { nodeRunStatusNumber, runStatusNumber, type RunStatus } from "../../queue/statuses.ts";
import { childCancelled } from "../composites/child-runs.ts";
import { earliest } from "../clock.ts";
import type { StopCause } from "../calls/execution.ts";
import type { HeldNode } from "../held/held-node.ts";
import { eventRow, nodeRow } from "./node-rows.ts";
import { decidedOutput, type Decision } from "./outcome-rows.ts";
import { isHandled, type Pending } from "../pending.ts";
import type { RunLedger } from "../run-ledger.ts";
import { openNodesEnd, statusAtRest, type Standing } from "../run-rest.ts";

/** A run as the group commit sees it. */
export interface FlushingRun {
  readonly runId: string;
  readonly tenantId: string;
  readonly lease: string;
  readonly leaseMs: number;
  /** Others may wait for its end (gates.ts). */
  readonly isGated: boolean;
  /** When the lease was last known to be ours, by the monotonic clock. */
  readonly confirmedAtMs: number;
  /** About how many characters its next flush has. */
  readonly unsent: number;
  /** Takes all that there is to store. undefined: nothing, or a flush of it is under way. */
  flushTake(): FlushDraft | undefined;
  flushSettle(draft: FlushDraft, answer: Omit<FlushAnswer, "k">, wasSentBefore: boolean): void;
  drop(cause: StopCause): void;
  broken(cause: unknown): void;
}

/** A flush of one run, until it is answered. */
export interface FlushDraft {
  run: FlushingRun;
  row: FlushRun;
  /** The run's output where it is long: its JSON is put into the row, in turns of the main loop, before it is sent. */
  longOutput: Json | undefined;
  pending: Pending;
  /** About how much it is. */
  characters: number;
  /** Rows that hold only with this flush's calm. */
  tail: Tail | undefined;
  /** The statements that can store it, beside the full one. */
  isShort: boolean;
  isTraced: boolean;
  isPlainEnd: boolean;
  /** Nodes that were offered do not count any more once it is stored, though somebody may be executing them. */
  withdraws: boolean;
}

/** The rows that hold only if nobody posted to the run meanwhile: its end, its rest, a time-out. */
export interface Tail {
  /** By path. */
  nodes: Map<string, NodeRunRow>;
  events: EventRow[];
  /** Paths of offered node runs that are not waited for any more. */
  withdrawn: string[];
  /** Runs that are not waited for any more. */
  outbox: OutboxRow[];
  /** Outcomes that are true once it is stored. */
  decided: [held: HeldNode, outcome: Decision][];
  /** The number of the last event before it. */
  seqBefore: number;
  status: RunStatus;
}

/** Who stores the run, and how far its mail was read. */
export interface Ownership {
  run: FlushingRun;
  ledger: RunLedger;
  workerKey: string;
  /** It answers to a session. */
  hasSession: boolean;
  /** Another run waits for it. */
  isAwaited: boolean;
  /** Its document says what is run when it fails. */
  hasOnFailure: boolean;
  /** The last message that was read, and the last that is stored as read. */
  seen: number;
  seenStored: number;
  /** Its crashes are forgiven with this flush. */
  mustClear: boolean;
  standing: Standing;
  /** Where it is given back: when it is due again; undefined: at once. */
  pauseMs?: number | undefined;
}

/** Output of more is written in turns. */
const longUnits = 1 << 20;

/** So many a run keeps that has had a node which killed its owners: until it rests only the process for suspects has it. */
const crashesOfSuspects = 2;

/** Takes all that the ledger has to store, with what `rest` makes of the run. */
export function flushDraft(given: Ownership, rest: Rest): FlushDraft {
  const own = rest === "end" ? outputBounded(given) : given;
  const { run, ledger } = own;
  const tail = rest === "keep" && ledger.held.decided.size === 0 ? undefined : tailOf(own, rest);
  // Every flush moves event_seq, or one that is sent again could not be told from one that was stored.
  if (rest === "keep" && ledger.seq === ledger.storedSeq) ledger.statusSet(ledger.status);
  const pending = ledger.take();
  const { row, longOutput } = runRow(own, rest, tail, pending);
  // Nothing else than runs, node runs, events and spans changes: what was read of the inbox is deleted already.
  const isPlain =
    pending.isPlain && (tail?.withdrawn.length ?? 0) === 0 && (tail?.outbox.length ?? 0) === 0 && own.seen === own.seenStored && !row.clear;
  const isShort = isPlain && pending.spans.length === 0 && rest === "keep";
  const { open, waiting } = own.standing.graph;
  const withdraws = pending.withdrawn.length > 0 || (tail?.withdrawn.length ?? 0) > 0 || (rest === "end" && open.size > waiting);
  const isTraced = isPlain && !withdraws && goesOnOrEnds(own, { row, tail });
  const isEnd = isTraced && pending.spans.length === 0 && areNew(pending, tail);
  const ofRun = [row.state, row.outputText, row.outputJson].reduce((sum, text) => sum + (text?.length ?? 0), 0);
  const ofOutput = longOutput === undefined ? 0 : jsonBytes(longOutput, maxOutputBytes);
  const characters = ofRun + ofOutput + pending.characters;
  return { run, row, longOutput, pending, characters, tail, isShort, isTraced, isPlainEnd: isEnd, withdraws };
}

/** A run whose last nodes put out more than can be kept of it fails with that, though none of them did. */
function outputBounded(own: Ownership): Ownership {
  const { ending, graph } = own.standing;
  const jsonBytesOf = (path: string): number => own.ledger.outputJsonBytesOf(path);
  if (ending !== undefined || graph.root.failure !== undefined || !isOutputLarger(graph.root, maxOutputBytes, jsonBytesOf)) return own;
  const message = `The run's output, of its last nodes together, is larger than ${maxOutputBytes} bytes. Let one node after them put out what the run gives back.`;
  return { ...own, standing: { ...own.standing, ending: { status: "FAILED", code: "OUTPUT_TOO_LARGE", message } } };
}

/** Whether the run is kept; or ends with no node run left open or offered, and nobody is told. */
function goesOnOrEnds(own: Ownership, { row, tail }: Pick<FlushDraft, "row" | "tail">): boolean {
  // The tail of an end has a row of each node run that was open.
  return row.rest === "keep" || (row.rest === "end" && tail?.nodes.size === 0 && !isTold(own, row));
}

/** Whether no node run has a row yet. */
function areNew(pending: Pending, tail: Tail | undefined): boolean {
  for (const one of pending.nodes.values()) if (!isPlainEnd(one)) return false;
  for (const one of tail?.nodes.values() ?? []) if (!isPlainEnd(one)) return false;
  return true;
}

/** Whether somebody is told of its end. */
function isTold({ hasSession, isAwaited, hasOnFailure }: Ownership, { outputText, status }: FlushRun): boolean {
  return isAwaited || (hasSession && outputText !== undefined) || (hasOnFailure && status === runStatusNumber("FAILED"));
}

function tailOf({ ledger, standing }: Ownership, rest: Rest): Tail {
  const tail: Tail = {
    nodes: new Map(),
    events: [],
    withdrawn: [],
    outbox: [],
    decided: [...ledger.held.decided].flatMap((held) => (held.decided === undefined ? [] : [[held, held.decided]])),
    seqBefore: ledger.seq,
    status: statusAtRest(standing, rest, ledger.status),
  };
  if (rest === "end") {
    const end = openNodesEnd(standing);
    // Not the graph's open ones: a node that a dead owner had begun is ready again there, and its row still says RUNNING.
    const held = [...ledger.held.values()].toSorted((a, b) => depthOf(b.path) - depthOf(a.path));
    // Copies: the rows may be refused, and then the nodes have no such event.
    for (const one of held) {
      tail.nodes.set(one.path, ledger.finishedRow({ ...one }, end));
      cancelAdd(tail, one);
    }
  } else {
    for (const [held, outcome] of tail.decided) {
      cancelAdd(tail, held);
      if (outcome.kind === "again") {
        againAdd(tail, ledger, held, outcome);
        continue;
      }
      tail.nodes.set(held.path, ledger.finishedRow({ ...held }, outcome, held.decidedOutput ?? decidedOutput(outcome)));
      if (held.state.phase === "QUEUED") tail.withdrawn.push(held.path);
    }
  }
  if (tail.status !== ledger.status) {
    const status = runStatusNumber(tail.status);
    tail.events.push(eventRow({ seq: ledger.nextSeq(), type: 0, atMs: ledger.eventMs(), status }));
  }
  return tail;
}

function cancelAdd(tail: Tail, held: HeldNode): void {
  const cancelled = childCancelled(held);
  if (cancelled !== undefined) tail.outbox.push(cancelled);
}

/** The node run waits for its next attempt. */
function againAdd(tail: Tail, ledger: RunLedger, held: HeldNode, { code, message, delayMs }: Extract<Decision, { kind: "again" }>): void {
  const { path } = held;
  const attempt = held.attempt + 1;
  const status = nodeRunStatusNumber("WAITING");
  const dueMs = ledger.clock.nowMs() + delayMs;
  const fields = { status, dueMs, waitReason: "RETRY", errorCode: code, errorMessage: message };
  tail.nodes.set(path, nodeRow({ ...held, attempt }, fields));
  tail.events.push(eventRow({ seq: ledger.nextSeq(), type: 1, atMs: ledger.eventMs(), status, attempt, path }));
}

function runRow(own: Ownership, rest: Rest, tail: Tail | undefined, pending: Pending): Pick<FlushDraft, "row" | "longOutput"> {
  const { run, ledger, standing } = own;
  const row: FlushRun = {
    id: run.runId,
    lease: run.lease,
    e0: ledger.storedSeq,
    e1: ledger.seq,
    seen: own.seen,
    calm: rest === "end" || rest === "wait" || ledger.held.decided.size > 0,
    rest,
    status: runStatusNumber(tail?.status ?? ledger.status),
    workerKey: own.workerKey,
    clear: own.mustClear,
    modelCalls: pending.usage.modelCalls,
    promptTokens: pending.usage.promptTokens,
    completionTokens: pending.usage.completionTokens,
  };
  if (ledger.startedMs !== undefined) row.startedMs = ledger.startedMs;
  const handled = pending.handledErrors + [...(tail?.nodes.values() ?? [])].filter(isHandled).length;
  if (handled > 0) row.handledErrors = handled;
  if (pending.childBytes > 0) row.childBytes = pending.childBytes;
  const isCrashing = tail?.decided.some(([, end]) => end.kind === "failed" && end.fault === "crash") ?? false;
  if (row.clear && (isCrashing || ledger.graph.crashedNodes > 0)) row.crashesLeft = crashesOfSuspects;
  if (pending.hasState) row.state = JSON.stringify(ledger.graph.state);
  const dueMs = dueAt(own, rest);
  if (dueMs !== undefined) row.due = dueMs;
  return { row, longOutput: rest === "end" ? endFill(row, ledger, standing) : undefined };
}

/** When it is to be claimed again, where it is not at once. */
function dueAt({ ledger, standing, pauseMs }: Ownership, rest: Rest): number | undefined {
  if (rest === "wait") return earliest(standing.isManual ? undefined : ledger.held.firstDueMs(), standing.deadlineMs);
  return rest === "requeue" && pauseMs !== undefined ? ledger.clock.nowMs() + pauseMs : undefined;
}

/** @returns the run's output where it is long. */
function endFill(row: FlushRun, ledger: RunLedger, { graph, ending }: Standing): Json | undefined {
  row.endedMs = ledger.eventMs();
  row.startedMs ??= row.endedMs;
  const { failure } = graph.root;
  if (ending?.reason) row.cancelReason = storableText(ending.reason);
  if (ending?.code !== undefined) {
    row.errorCode = ending.code;
    row.errorMessage = ending.message ?? "";
  } else if (ending === undefined && failure !== undefined) {
    row.errorCode = storableText(failure.code);
    row.errorMessage = storableText(`The node ${failure.nodeId} failed: ${failure.message}`);
  }
  if (row.status !== runStatusNumber("COMPLETED")) return undefined;
  const { outputText, outputJson } = runOutput(graph.root);
  if (outputText !== null) row.outputText = outputText;
  if (jsonBytes(outputJson, longUnits) > longUnits) return outputJson;
  if (outputJson !== null) row.outputJson = JSON.stringify(outputJson);
  return undefined;
}
