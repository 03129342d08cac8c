/**
 * The books of one run's owner: its open node runs, the numbers of its events, and the rows that changed since the last flush. Each row is
 * written together with the change of the graph that it stands for, so what is stored replays to what is in memory.
 */
import { applyCompleted, applyFailed, applyOpened, applySkipped } from "../engine/apply.ts";
import type { CompiledPlan } from "../engine/plan.ts";
import { retryDelayMs } from "../engine/retry.ts";
import type { NodeState, OpenPhase } from "../engine/frame.ts";
import type { RunState } from "../engine/run-state.ts";
import type { NodeOutcome } from "../nodes/executor.ts";
import { tooLargeFailure } from "../nodes/storable.ts";
import type { LoadedRun } from "../queue/load.sql.ts";
import type { NodeRunRow } from "../queue/rows.ts";
import { nodeRunStatusNumber, runStatusNumber, runStatusWord, type RunStatus } from "../queue/statuses.ts";
import type { AttemptEnd } from "./attempt-end.ts";
import type { DatabaseClock } from "./clock.ts";
import { HeldNodes, newHeldNode, type HeldNode } from "./held-node.ts";
import type { OwnerOutcome } from "./inbox-message.ts";
import type { SpanRecord } from "./node-context.ts";
import { eventRow, nodeRow, noOutput, offerRow, spanRow, storableSpan, type OutputColumns } from "./node-rows.ts";
import { failedAttemptSpan, finishedRow, storedOutcome, usageOf, type NodeEnd, type StoredOutcome } from "./outcome-rows.ts";
import { Pending } from "./pending.ts";
import { replayLoaded } from "./run-rebuild.ts";

/** A state above this fails the assigner that made it so. */
const maxStateBytes = 1024 * 1024;

type FailedOutcome = Extract<NodeOutcome, { kind: "failed" }>;

export class RunLedger {
  readonly runId: string;
  readonly graph: RunState;
  readonly clock: DatabaseClock;
  readonly held = new HeldNodes();
  /** Number of the run's last stored event. */
  storedSeq: number;
  #pending = new Pending();
  #seq: number;
  #status: RunStatus;
  #startedMs: number | undefined;
  /** At least as much as the state takes as JSON. */
  #stateBytes: number;

  constructor(loaded: LoadedRun, plan: CompiledPlan, clock: DatabaseClock) {
    this.runId = loaded.id;
    this.clock = clock;
    this.storedSeq = loaded.eventSeq;
    this.#seq = loaded.eventSeq;
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
  get status(): RunStatus {
    return this.#status;
  }
  get startedMs(): number | undefined {
    return this.#startedMs;
  }

  /** Hands over what has not been sent. */
  take(): Pending {
    const taken = this.#pending;
    this.#pending = new Pending();
    return taken;
  }

  /** Nothing of what was taken has been stored: it goes with the next flush. */
  takeBack(taken: Pending): void {
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

  /** The handle of a node run: the one that is held, or a new one that is not held yet. */
  hold(state: NodeState): HeldNode {
    return this.held.get(state.path) ?? newHeldNode(state, this.clock.nowMs());
  }

  /** Sets the run's status, or says it again. */
  statusSet(status: RunStatus): void {
    this.#status = status;
    if (status === "RUNNING") this.#startedMs ??= this.clock.nowMs();
    this.#pending.events.push(eventRow({ seq: ++this.#seq, type: 0, atMs: this.clock.nowMs(), status: runStatusNumber(status) }));
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
    this.#pending.nodes.set(path, nodeRow(held, fields));
    this.#pending.events.push(eventRow({ seq, type: 1, atMs: this.clock.nowMs(), status, attempt, path }));
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
    if (spans.length > 0) this.#spansStore(path, spans);
    const storable = this.#storable(path, outcome);
    for (const row of storable.artifacts) this.#pending.artifacts.push(row);
    this.held.due.delete(held);
    if (storable.outcome.kind === "waiting") return this.#wait(held, storable.outcome);
    if (storable.outcome.kind === "failed" && mayRetry && state.frame.failure === undefined) {
      const { atMostOnce, retry } = state.node;
      if (atMostOnce && storable.outcome.effectUnknown === true) return this.#askPerson(held, storable.outcome);
      const { retryable, retryAfterMs } = storable.outcome;
      const delayMs = retryDelayMs(retry, { attempt, retryable, retryAfterMs }, Math.random());
      if (delayMs !== undefined) return this.#retryLater(held, storable.outcome, delayMs);
    }
    this.#pending.nodes.set(path, this.finishedRow(held, storable.outcome, storable.columns));
    this.finished(held, storable.outcome);
  }

  /** Numbers the node's last event, which follows from its row. */
  finishedRow(held: HeldNode, end: NodeEnd, output: OutputColumns = noOutput): NodeRunRow {
    const doneSeq = ++this.#seq;
    held.seq ||= doneSeq;
    const usage = usageOf(end);
    if (usage !== undefined) this.#pending.usageAdd(usage);
    return finishedRow(held, end, output, { doneSeq, endedMs: this.clock.nowMs() });
  }

  /** The graph goes on from a node whose row is made. */
  finished(held: HeldNode, outcome: OwnerOutcome): void {
    const { state } = held;
    this.held.remove(held);
    if (outcome.kind === "failed") applyFailed(this.graph, state, outcome);
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
      this.#pending.nodes.set(held.path, this.finishedRow(held, { kind: "skipped" }));
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
  #askPerson(held: HeldNode, failed: FailedOutcome): void {
    if (failed.usage !== undefined) this.#pending.usageAdd(failed.usage);
    held.waitReason = "OUTCOME_UNKNOWN";
    held.dueMs = undefined;
    this.opened(held, "WAITING", { errorCode: failed.code, errorMessage: failed.message });
  }

  /** The failed attempt is over and has its span; the node waits for the next. */
  #retryLater(held: HeldNode, failed: FailedOutcome, delayMs: number): void {
    if (failed.usage !== undefined) this.#pending.usageAdd(failed.usage);
    const endedMs = this.clock.nowMs();
    this.#spansStore(held.path, [failedAttemptSpan(this.runId, held, failed, endedMs)]);
    held.attempt++;
    held.dueMs = endedMs + delayMs;
    held.waitReason = "RETRY";
    this.held.due.add(held);
    this.opened(held, "WAITING", { errorCode: failed.code, errorMessage: failed.message });
  }

  #wait(held: HeldNode, waiting: { reason: string; delayMs?: number }): void {
    held.waitReason = waiting.reason;
    held.dueMs = waiting.delayMs === undefined ? undefined : this.clock.nowMs() + waiting.delayMs;
    if (held.dueMs !== undefined) this.held.due.add(held);
    this.opened(held, "WAITING");
  }

  #spansStore(path: string, spans: readonly SpanRecord[]): void {
    for (const span of spans.map(storableSpan)) {
      this.#pending.events.push(eventRow({ seq: ++this.#seq, type: 2, atMs: span.endedMs, path, spanId: span.spanId }));
      this.#pending.spans.push(spanRow(path, span));
    }
  }
}

function jsonBytes(value: object): number {
  return Buffer.byteLength(JSON.stringify(value));
}
