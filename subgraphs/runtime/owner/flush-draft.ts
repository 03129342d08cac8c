/** One run's part of a flush. Made once: a flush that is sent again is the same bytes. */
import { runOutput } from "../engine/output.ts";
import type { FlushAnswer, FlushRun, Rest } from "../queue/flush.sql.ts";
import { runStatusNumber, type RunStatus } from "../queue/statuses.ts";
import type { StopCause } from "./execution.ts";
import type { HeldNode } from "./held-node.ts";
import type { OwnerOutcome } from "./inbox-message.ts";
import { eventRow, storableText } from "./node-rows.ts";
import type { Pending } from "./pending.ts";
import type { RunLedger } from "./run-ledger.ts";
import { openNodesEnd, statusAtRest, type Standing } from "./run-rest.ts";

/** A run as the group commit sees it. */
export interface FlushingRun {
  readonly runId: string;
  readonly tenantId: string;
  readonly lease: string;
  readonly leaseMs: number;
  /** When the lease was last known to be ours, by the monotonic clock. */
  readonly confirmedAtMs: number;
  /** Takes all that there is to store. undefined: nothing, or a flush of it is under way. */
  flushTake(): FlushDraft | undefined;
  flushSettle(draft: FlushDraft, answer: Omit<FlushAnswer, "k">, wasSentBefore: boolean): void;
  drop(cause: StopCause): void;
  broken(cause: unknown): void;
}

/** A flush of one run, until it is answered. */
export interface FlushDraft {
  run: FlushingRun;
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

/** The rows that hold only if nobody posted to the run meanwhile: its end, its rest, a time-out. */
export interface Tail {
  /** By path. */
  nodes: Map<string, string>;
  events: string[];
  /** Outcomes that are true once it is stored. */
  decided: [held: HeldNode, outcome: OwnerOutcome][];
  /** The number of the last event before it. */
  seqBefore: number;
  status: RunStatus;
}

/** Who stores the run, and how far its mail was read. */
export interface Ownership {
  run: FlushingRun;
  ledger: RunLedger;
  workerKey: string;
  /** The last message that was read, and the last that is stored as read. */
  seen: number;
  seenStored: number;
  /** Its crashes are forgiven with this flush. */
  mustClear: boolean;
  standing: Standing;
}

/** Takes all that the ledger has to store, with what `rest` makes of the run. */
export function flushDraft(own: Ownership, rest: Rest): FlushDraft {
  const { run, ledger } = own;
  const tail = rest === "keep" && ledger.held.decided.size === 0 ? undefined : tailOf(own, rest);
  // Every flush moves event_seq, or one that is sent again could not be told from one that was stored.
  if (rest === "keep" && ledger.seq === ledger.storedSeq) ledger.statusSet(ledger.status);
  const pending = ledger.take();
  const row = runRow(own, rest, tail, pending);
  const isPlain = rest === "keep" && pending.isPlain && own.seen === own.seenStored && !row.clear;
  const { open, waiting } = own.standing.graph;
  const withdraws = pending.withdrawn.length > 0 || (rest === "end" && open.size > waiting);
  return { run, row, pending, tail, isPlain, withdraws };
}

function tailOf({ ledger, standing }: Ownership, rest: Rest): Tail {
  const tail: Tail = {
    nodes: new Map(),
    events: [],
    decided: [...ledger.held.decided].flatMap((held) => (held.decided === undefined ? [] : [[held, held.decided]])),
    seqBefore: ledger.seq,
    status: statusAtRest(standing, rest, ledger.status),
  };
  if (rest === "end") {
    const end = openNodesEnd(standing);
    // Not the graph's open ones: a node that a dead owner had begun is ready again there, and its row still says RUNNING.
    for (const held of ledger.held.values()) tail.nodes.set(held.path, ledger.finishedRow(held, end));
  } else {
    for (const [held, outcome] of tail.decided) {
      // A copy: the row may be refused, and then the node has no event yet.
      if (outcome.kind !== "waiting") tail.nodes.set(held.path, ledger.finishedRow({ ...held }, outcome));
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
    e0: ledger.storedSeq,
    e1: ledger.seq,
    seen: own.seen,
    calm: rest === "end" || rest === "wait" || ledger.held.decided.size > 0,
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
  const dueMs = rest === "wait" && !standing.isManual ? ledger.held.firstDueMs() : undefined;
  if (dueMs !== undefined) row.due = dueMs;
  if (rest === "end") endFill(row, ledger, standing);
  return row;
}

function endFill(row: RunRow, ledger: RunLedger, { graph, ending }: Standing): void {
  row.ended = ledger.clock.nowMs();
  row.started ??= row.ended;
  const { failure } = graph.root;
  if (ending?.reason) row.creason = storableText(ending.reason);
  if (ending?.code !== undefined) {
    row.ecode = ending.code;
    row.emsg = ending.message ?? "";
  } else if (ending === undefined && failure !== undefined) {
    row.ecode = storableText(failure.code);
    row.emsg = storableText(`The node ${failure.nodeId} failed: ${failure.message}`);
  }
  if (row.status !== runStatusNumber("COMPLETED")) return;
  const { outputText, outputJson } = runOutput(graph.root);
  if (outputText !== null) row.otext = outputText;
  if (outputJson !== null) row.ojson = outputJson;
}
