/**
 * What is to be stored of one run: its open node runs, the numbers of its events, and the rows that changed since the last flush. Each row is
 * written together with the change of the graph that it stands for, so what is stored replays to what is in memory.
 */
import { applyCompleted, applyFailed, applyOpened, applySkipped } from "../engine/apply.ts";
import type { CompiledPlan } from "../engine/plan.ts";
import { retryDelayMs } from "../engine/retry.ts";
import { nodeAt, type RunState } from "../engine/run-state.ts";
import type { NodeOutcome } from "../nodes/executor.ts";
import type { LoadedRun } from "../queue/load.sql.ts";
import { nodeRunStatusNumber, runStatusNumber, runStatusWord, type RunStatus } from "../queue/statuses.ts";
import type { DatabaseClock } from "./clock.ts";
import type { OwnerOutcome } from "./inbox-message.ts";
import type { SpanRecord } from "./node-context.ts";
import { eventRow, nodeRow, noOutput, NotStorable, spanRow, type StoredOutput } from "./node-rows.ts";
import {
  failedAttemptSpan,
  finishedRow,
  notStorableFailure,
  storableOutcome,
  usageOf,
  type NodeEnd,
  type StorableOutcome,
} from "./outcome-rows.ts";
import { Pending } from "./pending.ts";
import type { AttemptEnd } from "./retelling.ts";
import { replayLoaded, type OpenNode } from "./run-rebuild.ts";

/** A state above this fails the assigner that made it so. */
const maxStateBytes = 1024 * 1024;

type FailedOutcome = Extract<NodeOutcome, { kind: "failed" }>;

export class RunLedger {
  readonly runId: string;
  readonly plan: CompiledPlan;
  readonly graph: RunState;
  readonly clock: DatabaseClock;
  /** Node runs that have a row, or are about to, and are not finished. */
  readonly open: Map<number, OpenNode>;
  /** When nodes that wait for a time are due, by the database's clock. */
  readonly due = new Map<number, number>();
  #pending = new Pending();
  #seq: number;
  #status: RunStatus;
  #startedMs: number | undefined;
  /** At least as much as the state takes as JSON. */
  #stateBytes: number;

  constructor(loaded: LoadedRun, plan: CompiledPlan, clock: DatabaseClock) {
    this.runId = loaded.id;
    this.plan = plan;
    this.clock = clock;
    this.#seq = loaded.eventSeq;
    this.#status = runStatusWord(loaded.status);
    this.#startedMs = loaded.startedMs ?? undefined;
    const { graph, open, unstoredSkips } = replayLoaded(plan, loaded);
    this.graph = graph;
    this.#stateBytes = jsonBytes(graph.state);
    this.open = open;
    for (const [index, node] of open) if (node.dueMs !== undefined && node.dueMs !== null) this.due.set(index, node.dueMs);
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

  pathOf(index: number): string {
    return nodeAt(this.plan, index).id;
  }

  /** The node's open run, or a new one that is not among the open ones yet. */
  node(index: number): OpenNode {
    const known = this.open.get(index);
    if (known !== undefined) return known;
    const node = nodeAt(this.plan, index);
    return {
      path: node.id,
      nodeId: node.id,
      nodeType: node.type,
      attempt: 1,
      seq: 0,
      createdMs: this.clock.nowMs(),
      startedMs: undefined,
    };
  }

  /** Sets the run's status, or says it again. */
  statusSet(status: RunStatus): void {
    this.#status = status;
    if (status === "RUNNING") this.#startedMs ??= this.clock.nowMs();
    this.#pending.events.push(eventRow({ seq: ++this.#seq, type: 0, atMs: this.clock.nowMs(), status: runStatusNumber(status) }));
  }

  /** A node run is offered, called, or waits. */
  opened(
    index: number,
    node: OpenNode,
    phase: "QUEUED" | "RUNNING" | "WAITING",
    error: { errorCode?: string; errorMessage?: string } = {},
  ): void {
    if (this.#status !== "RUNNING" && phase !== "WAITING") this.statusSet("RUNNING");
    const seq = ++this.#seq;
    node.seq ||= seq;
    const status = nodeRunStatusNumber(phase);
    this.open.set(index, node);
    applyOpened(this.graph, index, phase);
    const { alone, dueMs, waitReason } = node;
    const fields = {
      status,
      ...error,
      ...(alone && { alone }),
      ...(phase === "WAITING" && dueMs !== undefined && { dueMs }),
      ...(waitReason !== undefined && { waitReason }),
    };
    this.#pending.nodes.set(index, nodeRow(node, fields));
    this.#pending.events.push(eventRow({ seq, type: 1, atMs: this.clock.nowMs(), status, attempt: node.attempt, path: node.path }));
  }

  /** Another worker may execute the node. */
  offered(index: number): void {
    const node = this.node(index);
    this.opened(index, node, "QUEUED");
    this.#pending.offers.push(`"p":${JSON.stringify(node.path)},"t":${JSON.stringify(node.nodeType)},"a":${node.attempt}}`);
  }

  /** The end of an attempt. `mayRetry`: false when the run ends whatever comes of it. */
  attemptEnded(index: number, end: AttemptEnd, mayRetry: boolean): void {
    const { outcome, spans, isSubstitute = false } = end;
    const node = this.node(index);
    const { attempt, startedMs, workerKey } = node;
    this.#pending.ends.push({ index, attempt, startedMs, workerKey, outcome, spans, isSubstitute });
    if (spans.length > 0) this.#spansStore(node.path, spans);
    const storable = this.#storable(node.path, outcome);
    for (const row of storable.artifacts) this.#pending.artifacts.push(row);
    this.due.delete(index);
    if (storable.outcome.kind === "waiting") return this.#wait(index, node, storable.outcome);
    if (storable.outcome.kind === "failed" && mayRetry && this.graph.failure === undefined) {
      const { atMostOnce, retry } = nodeAt(this.plan, index);
      if (atMostOnce && storable.outcome.effectUnknown === true) return this.#askPerson(index, node, storable.outcome);
      const { retryable, retryAfterMs } = storable.outcome;
      const delayMs = retryDelayMs(retry, { attempt, retryable, retryAfterMs }, Math.random());
      if (delayMs !== undefined) return this.#retryLater(index, node, storable.outcome, delayMs);
    }
    this.#pending.nodes.set(index, this.finishedRow(node, storable.outcome, storable));
    this.finished(index, storable.outcome);
  }

  /** Numbers the node's last event, which follows from its row. */
  finishedRow(node: OpenNode, end: NodeEnd, output: Pick<StoredOutput, "columns" | "artifactId"> = noOutput): string {
    const doneSeq = ++this.#seq;
    node.seq ||= doneSeq;
    const usage = usageOf(end);
    if (usage !== undefined) this.#pending.usageAdd(usage);
    return finishedRow(node, end, output, { doneSeq, endedMs: this.clock.nowMs() });
  }

  /** The graph goes on from a node whose row is made. */
  finished(index: number, outcome: OwnerOutcome): void {
    this.open.delete(index);
    if (outcome.kind === "failed") applyFailed(this.graph, index, outcome);
    else if (outcome.kind === "skipped") this.#skip(applySkipped(this.graph, index).slice(1));
    else if (outcome.kind === "completed") {
      const { outputText = null, outputJson = null, stateUpdates, route } = outcome;
      if (stateUpdates !== undefined) this.#pending.hasState = true;
      this.#skip(applyCompleted(this.graph, index, { outputText, outputJson, stateUpdates, route }));
    }
  }

  #skip(skipped: readonly number[]): void {
    for (const index of skipped) {
      this.#pending.nodes.set(index, this.finishedRow(this.node(index), { kind: "skipped" }));
      this.open.delete(index);
    }
  }

  #storable(path: string, outcome: OwnerOutcome): StorableOutcome {
    try {
      if (outcome.kind === "completed" && outcome.stateUpdates !== undefined) this.#stateMeasure(outcome.stateUpdates);
      return storableOutcome(path, outcome);
    } catch (cause) {
      return notStorableFailure(cause);
    }
  }

  #stateMeasure(updates: object): void {
    const bytes = this.#stateBytes + jsonBytes(updates);
    this.#stateBytes = bytes <= maxStateBytes ? bytes : jsonBytes({ ...this.graph.state, ...updates });
    if (this.#stateBytes > maxStateBytes) throw new NotStorable("STATE_TOO_LARGE", "The run's state would be larger than 1 MiB.");
  }

  /** Nobody knows what the failed attempt has done outside, and it must not be made again: somebody has to say. */
  #askPerson(index: number, node: OpenNode, failed: FailedOutcome): void {
    if (failed.usage !== undefined) this.#pending.usageAdd(failed.usage);
    node.waitReason = "OUTCOME_UNKNOWN";
    node.dueMs = undefined;
    this.opened(index, node, "WAITING", { errorCode: failed.code, errorMessage: failed.message });
  }

  /** The failed attempt is over and has its span; the node waits for the next. */
  #retryLater(index: number, node: OpenNode, failed: FailedOutcome, delayMs: number): void {
    if (failed.usage !== undefined) this.#pending.usageAdd(failed.usage);
    const endedMs = this.clock.nowMs();
    this.#spansStore(node.path, [failedAttemptSpan(this.runId, node, failed, endedMs)]);
    node.attempt++;
    node.dueMs = endedMs + delayMs;
    node.waitReason = "RETRY";
    this.due.set(index, node.dueMs);
    this.opened(index, node, "WAITING", { errorCode: failed.code, errorMessage: failed.message });
  }

  #wait(index: number, node: OpenNode, waiting: { reason: string; delayMs?: number }): void {
    node.waitReason = waiting.reason;
    node.dueMs = waiting.delayMs === undefined ? undefined : this.clock.nowMs() + waiting.delayMs;
    if (node.dueMs !== undefined) this.due.set(index, node.dueMs);
    this.opened(index, node, "WAITING");
  }

  #spansStore(path: string, spans: readonly SpanRecord[]): void {
    for (const span of spans) {
      this.#pending.events.push(eventRow({ seq: ++this.#seq, type: 2, atMs: span.endedMs, path, spanId: span.spanId }));
      this.#pending.spans.push(spanRow(path, span));
    }
  }
}

function jsonBytes(value: object): number {
  return Buffer.byteLength(JSON.stringify(value));
}
