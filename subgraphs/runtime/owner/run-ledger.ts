/**
 * The books of one run's owner: its open node runs, the numbers of its events, and the rows that changed since the last flush. Each row is
 * written together with the change of the graph that it stands for, so what is stored replays to what is in memory.
 */
import { applyCompleted, applyFailed, applyOpened, applySkipped, type FailedEnd } from "../engine/apply.ts";
import { handlingOf } from "../engine/handling.ts";
import type { CompiledPlan } from "../engine/plan.ts";
import { retryDelayMs } from "../engine/retry.ts";
import type { NodeState, OpenPhase } from "../engine/frame.ts";
import type { RunState } from "../engine/run-state.ts";
import type { NodeInterruption, NodeOutcome } from "../nodes/executor.ts";
import { rejectedCode } from "../nodes/retry-when.ts";
import { tooLargeFailure } from "../nodes/storable.ts";
import type { LoadedRun } from "../queue/load.sql.ts";
import { nodeRunId } from "../queue/node-run-id.ts";
import type { NodeRunRow } from "../queue/rows.ts";
import { nodeRunStatusNumber, runStatusNumber, runStatusWord, type RunStatus } from "../queue/statuses.ts";
import type { AttemptEnd } from "./attempt-end.ts";
import type { DatabaseClock } from "./clock.ts";
import { HeldNodes, newHeldNode, type HeldNode } from "./held-node.ts";
import type { OwnerOutcome } from "./inbox-message.ts";
import type { SpanRecord } from "./node-context.ts";
import { eventRow, nodeRow, noOutput, offerRow, spanRow, storableSpan, type OutputColumns } from "./node-rows.ts";
import {
  failedAttemptSpan,
  finishedRow,
  notedSpans,
  storedOutcome,
  usageOf,
  type NodeEnd,
  type NodeFailure,
  type StoredOutcome,
} from "./outcome-rows.ts";
import { Pending } from "./pending.ts";
import { replayLoaded } from "./run-rebuild.ts";

/** A run that has more unstored goes on when it is less: a statement that carries more than a few MiB does not end in its time. */
const maxUnstoredCharacters = 4 * 1024 * 1024;
const maxUnstoredRows = 2_000;

/** The pauses before an attempt that was interrupted is made again: the platform's own parts are back within seconds, as a rule. */
const firstPauseMs = 200;
const longestPauseMs = 5_000;

/** A state above this fails the assigner that made it so. */
const maxStateBytes = 1024 * 1024;

type FailedOutcome = Extract<NodeOutcome, { kind: "failed" }>;

export class RunLedger {
  readonly runId: string;
  readonly graph: RunState;
  readonly clock: DatabaseClock;
  readonly held = new HeldNodes();
  #pending = new Pending();
  /** Sent, and not answered. */
  #inFlight: Pending | undefined;
  #storedSeq: number;
  #seq: number;
  /** The time of the last event that has a number, or of the last row that was made of one. */
  #lastMs: number;
  #status: RunStatus;
  #startedMs: number | undefined;
  /** At least as much as the state takes as JSON. */
  #stateBytes: number;

  constructor(loaded: LoadedRun, plan: CompiledPlan, clock: DatabaseClock) {
    this.runId = loaded.id;
    this.clock = clock;
    this.#storedSeq = loaded.eventSeq;
    this.#seq = loaded.eventSeq;
    this.#lastMs = loaded.lastEventMs;
    this.#status = runStatusWord(loaded.status);
    this.#startedMs = loaded.startedMs ?? undefined;
    const { graph, open, unstoredSkips } = replayLoaded(plan, loaded);
    this.graph = graph;
    this.#stateBytes = jsonBytes(graph.state);
    for (const held of open) {
      this.held.add(held);
      if (held.dueMs !== undefined) this.held.due.add(held);
    }
    this.#skip(unstoredSkips);
  }

  /** What has not been sent. */
  get pending(): Pending {
    return this.#pending;
  }
  /** Number of the run's last event, stored or not. */
  get seq(): number {
    return this.#seq;
  }
  /** Number of the run's last stored event. */
  get storedSeq(): number {
    return this.#storedSeq;
  }
  get status(): RunStatus {
    return this.#status;
  }
  get startedMs(): number | undefined {
    return this.#startedMs;
  }

  /** Whether as much is unstored, sent or not, as a run may have: then nothing starts, and ends of calls wait. */
  get isFull(): boolean {
    const inFlight = this.#inFlight;
    const characters = this.#pending.characters + (inFlight?.characters ?? 0);
    return characters >= maxUnstoredCharacters || this.#pending.nodes.size + (inFlight?.nodes.size ?? 0) >= maxUnstoredRows;
  }

  /** Hands over all that has not been sent. */
  take(): Pending {
    const taken = this.#pending;
    this.#inFlight = taken;
    this.#pending = new Pending();
    return taken;
  }

  /** All that was taken is stored, up to the event with that number. */
  stored(seq: number): void {
    this.#inFlight = undefined;
    this.#storedSeq = seq;
  }

  /** Nothing of what was taken has been stored: it goes with the next flush. */
  takeBack(taken: Pending): void {
    this.#inFlight = undefined;
    taken.append(this.#pending);
    this.#pending = taken;
  }

  /** Forgets the numbers behind `seq`: they were given to rows that were refused and are not sent again. */
  numbersForget(seq: number): void {
    this.#seq = seq;
  }

  nextSeq(): number {
    return ++this.#seq;
  }

  /** The time of what is told now. Never before the run's last event, also where the database's clock was set back between two owners. */
  eventMs(): number {
    this.#lastMs = Math.max(this.#lastMs, this.clock.nowMs());
    return this.#lastMs;
  }

  /** The handle of a node run: the one that is held, or a new one that is not held yet. */
  hold(state: NodeState): HeldNode {
    return this.held.get(state.path) ?? newHeldNode(state, this.clock.nowMs());
  }

  /** Sets the run's status, or says it again. */
  statusSet(status: RunStatus): void {
    this.#status = status;
    const atMs = this.eventMs();
    if (status === "RUNNING") this.#startedMs ??= atMs;
    this.#pending.events.push(eventRow({ seq: ++this.#seq, type: 0, atMs, status: runStatusNumber(status) }));
  }

  /** A node run is offered, called, or waits. */
  opened(held: HeldNode, phase: OpenPhase, error: { errorCode?: string; errorMessage?: string } = {}): void {
    if (this.#status !== "RUNNING" && phase !== "WAITING") this.statusSet("RUNNING");
    const seq = ++this.#seq;
    held.seq ||= seq;
    const status = nodeRunStatusNumber(phase);
    this.held.add(held);
    applyOpened(this.graph, held.state, phase);
    const { path, attempt, alone, dueMs, waitReason } = held;
    const fields = {
      status,
      ...error,
      ...(alone && { alone }),
      ...(phase === "WAITING" && dueMs !== undefined && { dueMs }),
      ...(waitReason !== undefined && { waitReason }),
    };
    this.#pending.nodeSet(nodeRow(held, fields));
    this.#pending.events.push(eventRow({ seq, type: 1, atMs: this.eventMs(), status, attempt, path }));
  }

  /** Another worker may execute the node. */
  offered(state: NodeState): void {
    const held = this.hold(state);
    this.opened(held, "QUEUED");
    this.#pending.offers.push(offerRow(held));
  }

  /** The end of an attempt. `mayRetry`: false when the run ends whatever comes of it. */
  attemptEnded(held: HeldNode, end: AttemptEnd, mayRetry: boolean): void {
    const { outcome, spans, isSubstitute = false } = end;
    const { path, state, attempt, startedMs, workerKey } = held;
    this.#pending.ends.push({ path, attempt, startedMs, workerKey, outcome, spans, isSubstitute });
    const storable = this.#storable(path, outcome);
    const told = notedSpans(this.runId, held, { spans, outcome: storable.outcome }, this.eventMs());
    if (told.length > 0) this.#spansStore(path, told);
    this.#pending.artifactsAdd(storable.artifacts);
    this.held.due.delete(held);
    const { outcome: taken } = storable;
    if (taken.kind === "waiting") return this.#wait(held, taken);
    if (taken.kind === "failed" || taken.kind === "interrupted") {
      const mayGoOn = mayRetry && state.frame.failure === undefined;
      if (mayGoOn && state.node.atMostOnce && taken.effectUnknown === true) return this.#askPerson(held, taken);
      if (mayGoOn && taken.kind === "interrupted") return this.#callAgain(held, taken);
      if (mayGoOn && taken.kind === "failed") {
        const { retryable, retryAfterMs } = taken;
        const delayMs = retryDelayMs(state.node.retry, { attempt, retryable, retryAfterMs }, Math.random());
        if (delayMs !== undefined) return this.#retryLater(held, taken, delayMs);
      }
    }
    // In a run that ends anyway nobody waits for the part that was not there.
    const last = this.handled(state, taken.kind === "interrupted" ? { ...taken, kind: "failed", retryable: false } : taken);
    this.#pending.nodeSet(this.finishedRow(held, last, storable.columns));
    this.finished(held, last);
  }

  /** The end of a node, with what its `on_error` makes of a failure. */
  handled(state: NodeState, end: NodeEnd): NodeEnd {
    return end.kind === "failed" ? { ...end, handling: handlingOf(this.graph, state, end.code) } : end;
  }

  /** Numbers the node's last event, which follows from its row. */
  finishedRow(held: HeldNode, end: NodeEnd, output: OutputColumns = noOutput): NodeRunRow {
    const doneSeq = ++this.#seq;
    held.seq ||= doneSeq;
    const usage = usageOf(end);
    if (usage !== undefined) this.#pending.usageAdd(usage);
    return finishedRow(held, end, output, { doneSeq, endedMs: this.eventMs() });
  }

  /** The graph goes on from a node whose row is made. */
  finished(held: HeldNode, outcome: NodeEnd): void {
    const { state } = held;
    this.held.remove(held);
    if (outcome.kind === "failed") this.#skip(applyFailed(this.graph, state, failedEnd(outcome)));
    else if (outcome.kind === "skipped") this.#skip(applySkipped(this.graph, state).slice(1));
    else if (outcome.kind === "completed") {
      const { outputText = null, outputJson = null, stateUpdates, route } = outcome;
      if (stateUpdates !== undefined) this.#pending.hasState = true;
      this.#skip(applyCompleted(this.graph, state, { outputText, outputJson, stateUpdates, route }));
    }
  }

  #skip(skipped: readonly NodeState[]): void {
    for (const state of skipped) {
      const held = this.hold(state);
      this.#pending.nodeSet(this.finishedRow(held, { kind: "skipped" }));
      this.held.remove(held);
    }
  }

  /** What is stored of an outcome; of one that makes the state too large, a failure. */
  #storable(path: string, given: OwnerOutcome): StoredOutcome {
    const stored = storedOutcome(path, given);
    const { stateUpdates } = stored.columns;
    if (typeof stateUpdates !== "string" || stored.outcome.kind !== "completed") return stored;
    const bytes = this.#stateBytes + Buffer.byteLength(stateUpdates);
    const exact = bytes <= maxStateBytes ? bytes : jsonBytes({ ...this.graph.state, ...stored.outcome.stateUpdates });
    if (exact > maxStateBytes) {
      const failure = tooLargeFailure("STATE_TOO_LARGE", "The run's state would be larger than 1 MiB.", stored.outcome.usage);
      return { outcome: failure, columns: noOutput, artifacts: [] };
    }
    this.#stateBytes = exact;
    return stored;
  }

  /** Nobody knows what the failed attempt has done outside, and it must not be made again: somebody has to say. */
  #askPerson(held: HeldNode, failed: FailedOutcome | NodeInterruption): void {
    const usage = usageOf(failed);
    if (usage !== undefined) this.#pending.usageAdd(usage);
    held.waitReason = "OUTCOME_UNKNOWN";
    held.dueMs = undefined;
    this.opened(held, "WAITING", { errorCode: failed.code, errorMessage: failed.message });
  }

  /** The failed attempt is over and has its span; the node waits for the next. */
  #retryLater(held: HeldNode, failed: FailedOutcome, delayMs: number): void {
    if (failed.usage !== undefined) this.#pending.usageAdd(failed.usage);
    this.#spansStore(held.path, [failedAttemptSpan(this.runId, held, failed, this.eventMs())]);
    held.attempt++;
    // The other side would answer the same key with the same answer, which was rejected.
    if (failed.code === rejectedCode) held.effectKey = `${nodeRunId(this.runId, held.path)}:${held.attempt}`;
    held.dueMs = this.clock.nowMs() + delayMs;
    held.waitReason = "RETRY";
    this.held.due.add(held);
    this.opened(held, "WAITING", { errorCode: failed.code, errorMessage: failed.message });
  }

  /** The attempt does not count: it is made again when the platform's part may be back. */
  #callAgain(held: HeldNode, interruption: NodeInterruption): void {
    const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** held.interruptions++);
    held.dueMs = this.clock.nowMs() + pauseMs * (1 + Math.random() / 4);
    held.waitReason = "RETRY";
    this.held.due.add(held);
    this.opened(held, "WAITING", { errorCode: interruption.code, errorMessage: interruption.message });
  }

  #wait(held: HeldNode, waiting: { reason: string; delayMs?: number }): void {
    held.waitReason = waiting.reason;
    held.dueMs = waiting.delayMs === undefined ? undefined : this.clock.nowMs() + waiting.delayMs;
    if (held.dueMs !== undefined) this.held.due.add(held);
    this.opened(held, "WAITING");
  }

  #spansStore(path: string, spans: readonly SpanRecord[]): void {
    // Told now. It may have ended long before: while its node ran, in another process, in a call whose end waited here.
    const atMs = this.eventMs();
    for (const span of spans.map(storableSpan)) {
      this.#pending.events.push(eventRow({ seq: ++this.#seq, type: 2, atMs, path, spanId: span.spanId }));
      this.#pending.spanAdd(spanRow(path, span));
    }
  }
}

/** As its row says it again. */
function failedEnd({ code, message, outputText, outputJson = null, handling }: NodeFailure): FailedEnd {
  const own = { outputText: outputText ?? null, outputJson };
  return { code, message, route: handling?.route, ...(handling?.output ?? own) };
}

function jsonBytes(value: object): number {
  return Buffer.byteLength(JSON.stringify(value));
}
