/** What one run puts into a flush. Made once; what is sent again is the same bytes. */
import { runOutput } from "../engine/output.ts";
import type { FlushRun, Rest } from "../queue/flush.sql.ts";
import { runStatusNumber, type RunStatus } from "../queue/statuses.ts";
import type { OwnerOutcome } from "./inbox-message.ts";
import { eventRow, storableText } from "./node-rows.ts";
import type { OwnedRun } from "./owned-run.ts";
import type { Pending } from "./pending.ts";
import type { RunLedger } from "./run-ledger.ts";
import { openNodesEnd, statusAtRest, type Standing } from "./run-rest.ts";

/** A flush of one run, until it is answered. */
export interface FlushDraft {
  run: OwnedRun;
  row: RunRow;
  pending: Pending;
  /** Rows that hold only with this flush's calm. */
  tail: Tail | undefined;
  /** The short flush statement can store it. */
  isPlain: boolean;
  /** Nodes that were offered do not count any more once it is stored, though somebody may be executing them. */
  withdraws: boolean;
}

/** The run's own row, without `k`, which is its place in the statement. */
type RunRow = Omit<FlushRun, "k">;

/** What holds only if nobody posted to the run meanwhile: its end, its rest, a time-out. */
export interface Tail {
  nodes: Map<number, string>;
  events: string[];
  /** What is true once it is stored. */
  decided: [index: number, outcome: OwnerOutcome][];
  /** The number of the last event before it. */
  seqBefore: number;
  status: RunStatus;
}

/** Who owns the run, and what is stored of it. */
export interface Ownership {
  run: OwnedRun;
  ledger: RunLedger;
  workerKey: string;
  /** Number of the last stored event. */
  eventSeq: number;
  /** The last message that was read, and the last that is stored as read. */
  seen: number;
  seenStored: number;
  /** Its crashes are forgiven with this flush. */
  mustClear: boolean;
  /** Outcomes that nobody reported, by node: they count unless a message says otherwise. */
  decisions: ReadonlyMap<number, OwnerOutcome>;
  standing: Standing;
}

/** Takes what the ledger has to store, with what `rest` makes of the run. */
export function flushDraft(own: Ownership, rest: Rest): FlushDraft {
  const { run, ledger } = own;
  const tail = rest === "keep" && own.decisions.size === 0 ? undefined : tailOf(own, rest);
  // Every flush moves event_seq, or one that is sent again could not be told from one that was stored.
  if (rest === "keep" && ledger.seq === own.eventSeq) ledger.statusSet(ledger.status);
  const pending = ledger.take();
  const row = runRow(own, rest, tail, pending);
  const isPlain = rest === "keep" && pending.isPlain && own.seen === own.seenStored && !row.clear;
  const { open, waiting } = own.standing.graph;
  const withdraws = pending.withdrawn.length > 0 || (rest === "end" && open.size > waiting);
  return { run, row, pending, tail, isPlain, withdraws };
}

function tailOf({ ledger, decisions, standing }: Ownership, rest: Rest): Tail {
  const tail: Tail = {
    nodes: new Map(),
    events: [],
    decided: [...decisions],
    seqBefore: ledger.seq,
    status: statusAtRest(standing, rest, ledger.status),
  };
  if (rest === "end") {
    const end = openNodesEnd(standing);
    // Not the graph's open ones: a node that a dead owner had begun is ready again there, and its row still says RUNNING.
    for (const [index, node] of ledger.open) tail.nodes.set(index, ledger.finishedRow(node, end));
  } else {
    for (const [index, outcome] of decisions) {
      // A copy: the row may be refused, and then the node has no event yet.
      if (outcome.kind !== "waiting") tail.nodes.set(index, ledger.finishedRow({ ...ledger.node(index) }, outcome));
    }
  }
  if (tail.status !== ledger.status) {
    const status = runStatusNumber(tail.status);
    tail.events.push(eventRow({ seq: ledger.nextSeq(), type: 0, atMs: ledger.clock.nowMs(), status }));
  }
  return tail;
}

function runRow(own: Ownership, rest: Rest, tail: Tail | undefined, pending: Pending): RunRow {
  const { run, ledger, standing } = own;
  const row: RunRow = {
    id: run.runId,
    lease: run.lease,
    e0: own.eventSeq,
    e1: ledger.seq,
    seen: own.seen,
    calm: rest === "end" || rest === "wait" || own.decisions.size > 0,
    rest,
    status: runStatusNumber(tail?.status ?? ledger.status),
    wk: own.workerKey,
    clear: own.mustClear,
    calls: pending.usage.modelCalls,
    ptok: pending.usage.promptTokens,
    ctok: pending.usage.completionTokens,
  };
  if (ledger.startedMs !== undefined) row.started = ledger.startedMs;
  if (pending.hasState) row.state = ledger.graph.state;
  if (rest === "wait" && !standing.isManual && ledger.due.size > 0) row.due = Math.min(...ledger.due.values());
  if (rest === "end") endFill(row, ledger, standing);
  return row;
}

function endFill(row: RunRow, ledger: RunLedger, { graph, ending }: Standing): void {
  row.ended = ledger.clock.nowMs();
  row.started ??= row.ended;
  const { failure } = graph;
  if (ending?.reason) row.creason = storableText(ending.reason);
  if (ending?.code !== undefined) {
    row.ecode = ending.code;
    row.emsg = ending.message ?? "";
  } else if (ending === undefined && failure !== undefined) {
    row.ecode = storableText(failure.code);
    row.emsg = storableText(`The node ${failure.nodeId} failed: ${failure.message}`);
  }
  if (row.status !== runStatusNumber("COMPLETED")) return;
  const { outputText, outputJson } = runOutput(graph);
  if (outputText !== null) row.otext = outputText;
  if (outputJson !== null) row.ojson = outputJson;
}
