/**
 * A run in its owner's hands: the one place that decides about it and the one writer of its rows. Everything here is memory; what is to be
 * stored collects in `#pending` and leaves with the next flush, one flush at a time.
 *
 * A flush may have a tail: rows that hold only if nobody posted to the run meanwhile (its end, its rest, a time-out). While one is under way
 * nothing else is decided (`#isBlocked`), so when it is refused the tail is forgotten, the mail is read, and it is decided again.
 */
import type { JsonObject } from "#shared/json.ts";
import { applyCompleted, applyFailed, applyOpened, applyReopened, applySkipped } from "../engine/apply.ts";
import { runOutput } from "../engine/output.ts";
import type { CompiledPlan } from "../engine/plan.ts";
import { retryDelayMs } from "../engine/retry.ts";
import { nodeAt, type RunState } from "../engine/run-state.ts";
import { runStatus } from "../engine/status.ts";
import type { NodeOutcome, NodeUsage } from "../nodes/executor.ts";
import type { ClaimedRun } from "../queue/claim.sql.ts";
import type { FlushAnswer, FlushRun, Rest } from "../queue/flush.sql.ts";
import type { InboxMessage, LoadedRun } from "../queue/load.sql.ts";
import { nodeRunId } from "../queue/node-run-id.ts";
import { inboxKinds, nodeRunStatusNumber, runStatusNumber, runStatusWord, type RunStatus } from "../queue/statuses.ts";
import { DatabaseClock, monotonicMs } from "./clock.ts";
import { defaultTimeoutMs, execute, executorFailed, type Execution, type StopCause } from "./execution.ts";
import { inboxBodies, type OutcomeBody, type OwnerOutcome } from "./inbox-message.ts";
import { NodeRunContext, type RunEnvironment, type SpanRecord } from "./node-context.ts";
import { eventRow, nodeRow, noOutput, NotStorable, outputColumns, spanRow, storableText, type NodeRecord } from "./node-rows.ts";
import { outsideOutcome } from "./outside-outcome.ts";
import { Pending } from "./pending.ts";
import type { Policy, RunHost } from "./run-host.ts";
import { replayLoaded } from "./run-rebuild.ts";
import { nodeSpanId, runSpanId } from "./span-ids.ts";

/** A node run that is open, or open again. */
export interface OpenNode extends NodeRecord {
  dueMs?: number | undefined;
  waitReason?: string | undefined;
  alone?: boolean | undefined;
}

/** A flush of one run, until it is answered. */
export interface FlushDraft {
  run: OwnedRun;
  /** Without `k`, which is the run's place in the statement. */
  row: Omit<FlushRun, "k">;
  pending: Pending;
  /** Rows that hold only with this flush's calm. */
  tail: Tail | undefined;
  isPlain: boolean;
}

interface Tail {
  nodes: Map<number, string>;
  events: string[];
  /** What is true once it is stored. */
  decided: [index: number, outcome: OwnerOutcome][];
  /** The number of the last event before it. */
  seqBefore: number;
  status: RunStatus;
}

/** An outcome as it is stored: itself, or the failure that takes its place. */
interface Storable {
  outcome: OwnerOutcome;
  columns: string;
  artifactId: string | undefined;
}

interface Ending {
  status: "COMPLETED" | "FAILED" | "CANCELLED";
  code?: string;
  message?: string;
  reason?: string | null;
}

/** Pure nodes go on for this long before other runs get a turn. */
const turnMs = 10;
/** A state above this fails the assigner that made it so. */
const stateBytes = 1024 * 1024;

const number = nodeRunStatusNumber;

export class OwnedRun {
  readonly runId: string;
  readonly tenantId: string;
  readonly lease: string;
  readonly execution: "WORKERS" | "MANUAL";
  /** When the lease was last known to be ours, by the monotonic clock. */
  confirmedAtMs = monotonicMs();
  readonly #host: RunHost;
  readonly #policy: Policy;
  readonly #workerKey: string;
  readonly #crashes: number;
  readonly #clock: DatabaseClock;
  readonly #plan: CompiledPlan;
  readonly #graph: RunState;
  readonly #environment: RunEnvironment;
  readonly #open: Map<number, OpenNode>;
  readonly #due = new Map<number, number>();
  readonly #executions = new Map<number, Execution>();
  /** Nodes whose started mark is not stored yet. */
  readonly #starting = new Set<number>();
  readonly #decisions = new Map<number, OwnerOutcome>();
  readonly #executed: string[] = [];
  readonly #deferred: (() => void)[] = [];
  #pending = new Pending();
  #eventSeq: number;
  #seq: number;
  #seen = 0;
  #seenStored = 0;
  #status: RunStatus;
  #startedMs: number | undefined;
  #stateBytes = 0;
  #flight: FlushDraft | undefined;
  #ending: Ending | undefined;
  /** A MANUAL run was set to RUNNING: so it stays until one of its node runs changes. */
  #isRunningOutside = false;
  #budget: number;
  /** Set while one node at a time is executed, because owners have died with this run. */
  #isCareful: boolean;
  /** Nodes that could go on when this owner took over a run that crashed; once they are done its crashes are forgiven. */
  #frontier = new Set<number>();
  #mustClear = false;
  #isTurnDue = false;
  #isReleased = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(host: RunHost, claimed: ClaimedRun, loaded: LoadedRun, plan: CompiledPlan, options: { policy: Policy; workerKey: string }) {
    this.runId = loaded.id;
    this.tenantId = loaded.tenantId;
    this.lease = claimed.lease;
    this.execution = loaded.execution;
    this.#host = host;
    // A MANUAL run that a worker finds in the queue has mail that its poster could not apply; no more than that is the worker's business.
    this.#policy = loaded.execution === "MANUAL" && options.policy.kind === "worker" ? { kind: "inbox" } : options.policy;
    this.#budget = { worker: Number.POSITIVE_INFINITY, inbox: 0, node: 1, steps: 0 }[this.#policy.kind];
    if (this.#policy.kind === "steps") this.#budget = this.#policy.max;
    this.#workerKey = options.workerKey;
    this.#crashes = claimed.crashes;
    this.#isCareful = claimed.crashes >= 2;
    this.#clock = new DatabaseClock(claimed.dbNowMs, this.confirmedAtMs);
    this.#plan = plan;
    this.#eventSeq = loaded.eventSeq;
    this.#seq = loaded.eventSeq;
    this.#status = runStatusWord(loaded.status);
    this.#startedMs = loaded.startedMs ?? undefined;
    const { graph, open, unstoredSkips } = replayLoaded(plan, loaded);
    this.#graph = graph;
    this.#open = open;
    for (const [index, node] of open) if (node.dueMs !== undefined && node.dueMs !== null) this.#due.set(index, node.dueMs);
    this.#environment = {
      runId: loaded.id,
      tenantId: loaded.tenantId,
      requestId: loaded.requestId,
      traceId: loaded.traceId,
      dryRun: loaded.dryRun,
      input: loaded.input,
      effectKeys: loaded.effectKeys,
      ports: host.ports,
      hints: host.hints,
      nowMs: () => this.#clock.nowMs(),
    };
    this.#skipsStore(unstoredSkips);
    this.mailApply(loaded.inbox, loaded.mail);
    if (this.#policy.kind !== "inbox" || this.execution === "WORKERS") this.#reopenStarted();
    this.#frontier = new Set(claimed.crashes > 0 ? graph.ready : []);
    if (claimed.crashes > 0 && this.#frontier.size === 0) this.#mustClear = true;
  }

  get isReleased(): boolean {
    return this.#isReleased;
  }
  get seen(): number {
    return this.#seen;
  }
  /** Number of its last stored event. */
  get eventSeq(): number {
    return this.#eventSeq;
  }
  /** For the scopes of its offered nodes that this very process executes. */
  get graph(): RunState {
    return this.#graph;
  }
  get environment(): RunEnvironment {
    return this.#environment;
  }

  /** Applies what others want of the run. Safe to call with messages that were read before. */
  mailApply(messages: readonly InboxMessage[], mail: number): void {
    if (this.#isReleased || this.#isBlocked()) return;
    for (const message of messages) {
      if (message.seq <= this.#seen) continue;
      this.#seen = message.seq;
      try {
        this.#messageApply(message);
      } catch (cause) {
        this.#host.log.error({ err: cause, runId: this.runId, seq: message.seq }, "inbox message dropped");
      }
    }
    this.#seen = Math.max(this.#seen, mail);
  }

  /** Decides what happens next, runs the pure nodes that are ready, and asks for a flush where there is something to store. */
  advance(): void {
    if (this.#isReleased || this.#isBlocked()) return;
    if (this.#ending === undefined) {
      this.#dueFire();
      if (this.#graph.failure !== undefined) this.#executionsStop("sibling-failed");
      else if (!this.#host.isStopping && this.#decisions.size === 0) this.#readyStart();
    } else this.#executionsStop("cancelled");
    this.#flushIfNeeded();
  }

  /** Forgets the run: somebody else owns it, or nobody knows. Nothing of it is written. */
  drop(cause: StopCause): void {
    this.#release(cause);
    this.#host.released(this, { kind: "lost" });
  }

  /** A bug must not take the other runs of the process with it: this one is left to its lease, and to the crash count. */
  broken(cause: unknown): void {
    this.#host.log.error({ err: cause, runId: this.runId }, "run dropped by a bug");
    if (!this.#isReleased) this.drop("lost");
  }

  /** Stops calls whose answer nobody will wait for, before the process ends. */
  stopCalls(): void {
    this.#executionsStop("stopping");
  }

  // ---- mail

  #messageApply(message: InboxMessage): void {
    switch (message.kind) {
      case inboxKinds.cancel:
        this.#ending ??= { status: "CANCELLED", reason: inboxBodies.cancel(message.body).reason };
        return;
      case inboxKinds.outcome:
        this.#outcomeApply(message, inboxBodies.outcome(message.body));
        return;
      case inboxKinds.mark:
        this.#markApply(message.path ?? "", inboxBodies.mark(message.body).workerKey);
        return;
      case inboxKinds.runStatus:
        this.#runStatusApply(inboxBodies.runStatus(message.body).status);
        return;
      default:
        throw new Error(`no message has the kind ${message.kind}`);
    }
  }

  #outcomeApply(message: InboxMessage, body: OutcomeBody): void {
    const index = this.#plan.indexById.get(message.path ?? "");
    if (index === undefined) return;
    const phase = this.#graph.phases[index];
    const open = this.#open.get(index);
    // The first outcome of an open attempt counts, whoever made it. A MANUAL run's node may also be finished before anybody opened it.
    const isOpenAttempt = open !== undefined && this.#graph.open.has(index) && (message.attempt ?? open.attempt) === open.attempt;
    if (!isOpenAttempt && !(phase === "READY" && this.execution === "MANUAL")) return;
    if (phase === "QUEUED") this.#pending.withdrawn.push(nodeRunId(this.runId, this.#pathOf(index)));
    this.#executionForget(index, "answered");
    const node = this.#nodeRecord(index);
    if (body.startedMs !== undefined) node.startedMs = body.startedMs;
    if (body.workerKey !== undefined) node.workerKey = body.workerKey;
    // Workers say when they began; whoever answers from outside does not.
    const outcome = body.startedMs === undefined ? outsideOutcome(nodeAt(this.#plan, index), body.outcome) : body.outcome;
    this.#outcome(index, outcome, body.spans ?? []);
  }

  #markApply(path: string, workerKey: string | null): void {
    const index = this.#plan.indexById.get(path);
    if (index === undefined || this.execution !== "MANUAL" || this.#graph.phases[index] !== "READY") return;
    const node = this.#nodeRecord(index);
    node.startedMs = this.#clock.nowMs();
    node.workerKey = workerKey ?? undefined;
    node.waitReason = "EXTERNAL";
    this.#openedStore(index, node, "RUNNING");
  }

  #runStatusApply(status: "RUNNING" | "COMPLETED" | "FAILED" | "CANCELLED"): void {
    if (this.execution !== "MANUAL") return;
    if (status === "RUNNING") {
      this.#isRunningOutside = true;
      this.#statusStore("RUNNING");
    } else
      this.#ending ??= {
        status,
        ...(status === "FAILED" && { code: "FAILED_OUTSIDE", message: "The run was set to FAILED from outside." }),
      };
  }

  // ---- starting nodes

  /** What a dead owner had begun is begun again, unless it must not be, or is what killed it. */
  #reopenStarted(): void {
    for (const [index, node] of this.#open) {
      if (this.#graph.phases[index] !== "RUNNING" || node.waitReason === "EXTERNAL") continue;
      if (node.alone === true && this.#crashes >= this.#host.maxCrashes) this.#decisions.set(index, workerCrashed);
      else if (nodeAt(this.#plan, index).atMostOnce) this.#outcome(index, { kind: "waiting", reason: "OUTCOME_UNKNOWN" }, []);
      else applyReopened(this.#graph, index);
    }
  }

  #dueFire(): void {
    if (this.execution === "MANUAL" && this.#policy.kind === "inbox") return;
    const nowMs = this.#clock.nowMs();
    for (const [index, dueMs] of this.#due) {
      if (dueMs > nowMs) continue;
      this.#due.delete(index);
      if (this.#open.get(index)?.waitReason === "RETRY") applyReopened(this.#graph, index);
      else this.#decisions.set(index, { kind: "completed" });
    }
  }

  #readyStart(): void {
    if (this.#policy.kind === "node") return this.#nodeStart(this.#policy.path);
    const until = monotonicMs() + turnMs;
    let started = 0;
    for (const index of this.#graph.ready) {
      if (this.#budget <= 0 || this.#graph.failure !== undefined) return;
      if (this.#isCareful && this.#executions.size + this.#starting.size > 0) return;
      if (++started % 32 === 0 && monotonicMs() > until) return this.#turnLater();
      this.#start(index);
    }
  }

  #nodeStart(path: string): void {
    const index = this.#plan.indexById.get(path);
    if (index !== undefined && this.#budget > 0 && this.#graph.phases[index] === "READY") this.#start(index);
  }

  #turnLater(): void {
    this.#isTurnDue = true;
    setImmediate(() => {
      this.#isTurnDue = false;
      this.advance();
    });
  }

  #start(index: number): void {
    const node = nodeAt(this.#plan, index);
    const executor = this.#host.executors(node.type);
    if (this.#status !== "RUNNING") this.#statusStore("RUNNING");
    this.#budget--;
    if (executor === undefined) {
      const message = `No executor for nodes of type ${node.type}.`;
      this.#executedHere(index, { kind: "failed", code: "NODE_TYPE_UNKNOWN", message, retryable: false }, []);
    } else if (executor.effect === "pure" && !this.#isCareful) this.#pureRun(index);
    else this.#outsideStart(index);
  }

  #pureRun(index: number): void {
    const { type } = nodeAt(this.#plan, index);
    const executor = this.#host.executors(type);
    if (executor === undefined) return;
    const record = this.#nodeRecord(index);
    record.startedMs = this.#clock.nowMs();
    this.#open.set(index, record);
    const context = this.#contextOf(index, record.attempt);
    let outcome: NodeOutcome | Promise<NodeOutcome>;
    try {
      outcome = executor.run(context);
    } catch (cause) {
      outcome = executorFailed(context, cause, this.#host.log);
    }
    if (outcome instanceof Promise) {
      const promised = outcome;
      applyOpened(this.#graph, index, "RUNNING");
      return this.#executionFollow(
        index,
        execute({ effect: "pure", run: () => promised }, context, defaultTimeoutMs, this.#host.log),
        false,
      );
    }
    this.#executedHere(index, outcome, context.spans);
  }

  #outsideStart(index: number): void {
    const { slots } = this.#host;
    if (slots.take(this.tenantId)) return this.#startMark(index);
    if (this.#host.offersNodes && !this.#isCareful) return this.#offer(index);
    slots.takeAnyway(this.tenantId);
    this.#startMark(index);
  }

  #startMark(index: number): void {
    const node = this.#nodeRecord(index);
    node.startedMs = this.#clock.nowMs();
    node.workerKey = undefined;
    node.alone = this.#isCareful;
    node.waitReason = undefined;
    node.effectKey = this.#environment.effectKeys?.[node.path];
    this.#openedStore(index, node, "RUNNING");
    this.#starting.add(index);
    this.#pending.starts.push(index);
  }

  #offer(index: number): void {
    const node = this.#nodeRecord(index);
    this.#openedStore(index, node, "QUEUED");
    this.#pending.offers.push(`"p":${JSON.stringify(node.path)},"t":${JSON.stringify(node.nodeType)},"a":${node.attempt}}`);
  }

  /** Calls the outside: the started mark is stored. */
  #begin(index: number): void {
    if (!this.#starting.has(index)) return;
    const isWanted = this.#graph.phases[index] === "RUNNING" && this.#ending === undefined && this.#graph.failure === undefined;
    if (this.#isReleased || !isWanted || this.#host.isStopping) return this.#startForget(index);
    if (!this.#host.mayCallOutside(this)) {
      setTimeout(() => this.#begin(index), 1_000).unref();
      return;
    }
    this.#starting.delete(index);
    const node = nodeAt(this.#plan, index);
    const executor = this.#host.executors(node.type);
    const attempt = this.#open.get(index)?.attempt ?? 1;
    if (executor === undefined) return;
    this.#executionFollow(
      index,
      execute(executor, this.#contextOf(index, attempt), node.timeoutMs ?? defaultTimeoutMs, this.#host.log),
      true,
    );
  }

  #startForget(index: number): void {
    if (this.#starting.delete(index)) this.#host.slots.release(this.tenantId);
  }

  #contextOf(index: number, attempt: number): NodeRunContext {
    return new NodeRunContext(this.#environment, {
      node: nodeAt(this.#plan, index),
      path: this.#pathOf(index),
      attempt,
      epoch: this.#crashes,
      storedSeq: () => this.#eventSeq,
      state: this.#graph.state,
      outputs: this.#graph.outputs,
    });
  }

  #executionFollow(index: number, execution: Execution, hasSlot: boolean): void {
    this.#executions.set(index, execution);
    const ended = (outcome: NodeOutcome): void => {
      if (hasSlot) this.#host.slots.release(this.tenantId);
      this.#unblocked(() => this.#executionEnded(index, execution, outcome));
    };
    execution.outcome.then(ended).catch((cause: unknown) => this.broken(cause));
  }

  #executionEnded(index: number, execution: Execution, outcome: NodeOutcome): void {
    if (this.#isReleased || this.#executions.get(index) !== execution) return;
    this.#executions.delete(index);
    // What was stopped has no outcome, but for what it completed all the same: that is true and cannot be taken back.
    const isWanted = execution.stopped === undefined || (outcome.kind === "completed" && execution.stopped !== "cancelled");
    if (isWanted && this.#ending === undefined) this.#executedHere(index, outcome, execution.context.spans);
    this.advance();
  }

  #executionsStop(cause: StopCause): void {
    for (const execution of this.#executions.values()) execution.stop(cause);
  }

  #executionForget(index: number, cause: StopCause): void {
    this.#startForget(index);
    this.#executions.get(index)?.stop(cause);
    this.#executions.delete(index);
  }

  // ---- outcomes

  #executedHere(index: number, outcome: NodeOutcome, spans: readonly SpanRecord[]): void {
    this.#executed.push(this.#pathOf(index));
    this.#outcome(index, outcome, spans);
  }

  /** Writes and applies the end of an attempt. */
  #outcome(index: number, outcome: OwnerOutcome, spans: readonly SpanRecord[]): void {
    const record = this.#nodeRecord(index);
    if (spans.length > 0) this.#spansStore(record.path, spans);
    const storable = this.#storable(record, outcome);
    this.#due.delete(index);
    const delayMs = this.#retryDelay(index, record, storable.outcome);
    if (delayMs !== undefined && storable.outcome.kind === "failed") this.#retryStore(index, record, storable.outcome, delayMs);
    else if (storable.outcome.kind === "waiting") this.#waitStore(index, record, storable.outcome);
    else {
      this.#pending.nodes.set(index, this.#doneRow(record, storable.outcome, storable));
      this.#doneApply(index, storable.outcome);
    }
    if (this.#frontier.delete(index) && this.#frontier.size === 0) this.#mustClear = true;
  }

  /** The outcome, or the failure that takes its place because it cannot be stored. */
  #storable(record: NodeRecord, outcome: OwnerOutcome): Storable {
    if (outcome.kind === "skipped") return { outcome, ...noOutput };
    try {
      if (outcome.kind === "completed" && outcome.stateUpdates !== undefined) this.#stateMeasure(outcome.stateUpdates);
      const { columns, artifactId, artifacts, outputJson } = outputColumns(record.path, outcome as NodeOutcome);
      for (const row of artifacts) this.#pending.artifacts.push(row);
      if (outcome.kind !== "completed") return { outcome, columns, artifactId };
      const { stateUpdates } = outcome;
      const asStored = stateUpdates === undefined ? undefined : (JSON.parse(JSON.stringify(stateUpdates)) as JsonObject);
      return { outcome: { ...outcome, outputJson, ...(asStored !== undefined && { stateUpdates: asStored }) }, columns, artifactId };
    } catch (cause) {
      if (!(cause instanceof NotStorable)) throw cause;
      return { outcome: { kind: "failed", code: cause.code, message: cause.message, retryable: false }, ...noOutput };
    }
  }

  #stateMeasure(updates: object): void {
    this.#stateBytes += JSON.stringify(updates).length;
    if (this.#stateBytes <= stateBytes) return;
    this.#stateBytes = JSON.stringify({ ...this.#graph.state, ...updates }).length;
    if (this.#stateBytes > stateBytes) throw new NotStorable("STATE_TOO_LARGE", "The run's state would be larger than 1 MiB.");
  }

  #retryDelay(index: number, { attempt }: NodeRecord, outcome: OwnerOutcome): number | undefined {
    if (outcome.kind !== "failed" || this.#graph.failure !== undefined || this.#ending !== undefined) return undefined;
    const { retryable, retryAfterMs } = outcome;
    return retryDelayMs(nodeAt(this.#plan, index).retry, { attempt, retryable, retryAfterMs }, Math.random());
  }

  /** The failed attempt is over and has its span; the node waits for the next. */
  #retryStore(index: number, record: OpenNode, failed: { code: string; message: string; usage?: NodeUsage }, delayMs: number): void {
    if (failed.usage !== undefined) this.#pending.usageAdd(failed.usage);
    const spanId = nodeSpanId(this.runId, record.path, record.attempt);
    const endedMs = this.#clock.nowMs();
    this.#spansStore(record.path, [
      {
        spanId,
        parentSpanId: runSpanId(this.runId),
        spanType: "NODE",
        name: record.nodeId,
        status: 2,
        startedMs: record.startedMs ?? endedMs,
        endedMs,
        attributes: { "node.type": record.nodeType, attempt: record.attempt },
        errorCode: failed.code,
        errorMessage: storableText(failed.message),
      },
    ]);
    record.attempt++;
    record.dueMs = endedMs + delayMs;
    record.waitReason = "RETRY";
    this.#due.set(index, record.dueMs);
    this.#openedStore(index, record, "WAITING", { errorCode: failed.code, errorMessage: failed.message });
  }

  #waitStore(index: number, record: OpenNode, waiting: { reason: string; delayMs?: number }): void {
    record.waitReason = waiting.reason;
    record.dueMs = waiting.delayMs === undefined ? undefined : this.#clock.nowMs() + waiting.delayMs;
    if (record.dueMs !== undefined) this.#due.set(index, record.dueMs);
    this.#openedStore(index, record, "WAITING");
  }

  #openedStore(
    index: number,
    node: OpenNode,
    phase: "QUEUED" | "RUNNING" | "WAITING",
    error: { errorCode?: string; errorMessage?: string } = {},
  ): void {
    if (this.#status !== "RUNNING" && phase !== "WAITING") this.#statusStore("RUNNING");
    const seq = ++this.#seq;
    node.seq ||= seq;
    const status = number(phase);
    this.#open.set(index, node);
    applyOpened(this.#graph, index, phase);
    const { alone, dueMs, waitReason } = node;
    const fields = {
      status,
      ...error,
      ...(alone && { alone }),
      ...(phase === "WAITING" && dueMs !== undefined && { dueMs }),
      ...(waitReason !== undefined && { waitReason }),
    };
    this.#pending.nodes.set(index, nodeRow(node, fields));
    this.#pending.events.push(eventRow({ seq, type: 1, atMs: this.#clock.nowMs(), status, attempt: node.attempt, path: node.path }));
  }

  /** Numbers the node's last event, which follows from its row. */
  #doneRow(
    record: NodeRecord,
    outcome: Exclude<OwnerOutcome, { kind: "waiting" }> | { kind: "cancelled"; code: string; message: string },
    output: Pick<Storable, "columns" | "artifactId">,
  ): string {
    const doneSeq = ++this.#seq;
    record.seq ||= doneSeq;
    const done = { doneSeq, endedMs: this.#clock.nowMs() };
    switch (outcome.kind) {
      case "completed": {
        const { route, stateUpdates, usage } = outcome;
        if (usage !== undefined) this.#pending.usageAdd(usage);
        const more = {
          ...(route !== undefined && { route }),
          ...(stateUpdates !== undefined && { stateUpdates }),
          ...(usage !== undefined && { usage }),
        };
        return nodeRow(record, { ...done, status: number("COMPLETED"), ...more }, output);
      }
      case "failed": {
        const { code, message, effectUnknown = false, usage } = outcome;
        if (usage !== undefined) this.#pending.usageAdd(usage);
        const fields = { ...done, status: number("FAILED"), errorCode: code, errorMessage: message, effectUnknown };
        return nodeRow(record, { ...fields, ...(usage !== undefined && { usage }) }, output);
      }
      case "skipped":
        return nodeRow(record, { ...done, status: number("SKIPPED") });
      default:
        return nodeRow(record, { ...done, status: number("CANCELLED"), errorCode: outcome.code, errorMessage: outcome.message });
    }
  }

  #doneApply(index: number, outcome: OwnerOutcome): void {
    this.#open.delete(index);
    if (outcome.kind === "failed") applyFailed(this.#graph, index, outcome);
    else if (outcome.kind === "skipped") this.#skipsStore(applySkipped(this.#graph, index).slice(1));
    else if (outcome.kind === "completed") {
      const { outputText = null, outputJson = null, stateUpdates, route } = outcome;
      if (stateUpdates !== undefined) this.#pending.hasState = true;
      this.#skipsStore(applyCompleted(this.#graph, index, { outputText, outputJson, stateUpdates, route }));
    }
  }

  #skipsStore(skipped: readonly number[]): void {
    for (const index of skipped) {
      const record = this.#nodeRecord(index);
      this.#pending.nodes.set(index, this.#doneRow(record, { kind: "skipped" }, noOutput));
      this.#open.delete(index);
    }
  }

  #spansStore(path: string, spans: readonly SpanRecord[]): void {
    for (const span of spans) {
      this.#pending.events.push(eventRow({ seq: ++this.#seq, type: 2, atMs: span.endedMs, path, spanId: span.spanId }));
      this.#pending.spans.push(spanRow(path, span));
    }
  }

  #statusStore(status: RunStatus): void {
    this.#status = status;
    if (status === "RUNNING") this.#startedMs ??= this.#clock.nowMs();
    this.#pending.events.push(eventRow({ seq: ++this.#seq, type: 0, atMs: this.#clock.nowMs(), status: runStatusNumber(status) }));
  }

  #nodeRecord(index: number): OpenNode {
    const known = this.#open.get(index);
    if (known !== undefined) return known;
    const node = nodeAt(this.#plan, index);
    return {
      path: node.id,
      nodeId: node.id,
      nodeType: node.type,
      attempt: 1,
      seq: 0,
      createdMs: this.#clock.nowMs(),
      startedMs: undefined,
    };
  }

  #pathOf(index: number): string {
    return nodeAt(this.#plan, index).id;
  }

  // ---- flushing

  #flushIfNeeded(): void {
    clearTimeout(this.#timer);
    const rest = this.#restNow();
    const hasSomething = !this.#pending.isEmpty || this.#decisions.size > 0 || rest !== "keep" || this.#mustClear;
    if (hasSomething && this.#flight === undefined) this.#host.flushWanted(this);
    if (rest === "keep" && this.#due.size > 0) this.#timerArm();
  }

  #timerArm(): void {
    const waitMs = Math.max(1, Math.min(...this.#due.values()) - this.#clock.nowMs());
    this.#timer = setTimeout(() => this.advance(), Math.min(waitMs, 60_000)).unref();
  }

  /** What the ownership comes to, as things stand. */
  #restNow(): Rest {
    if (this.#ending !== undefined) return "end";
    if (this.#executions.size + this.#starting.size > 0 || this.#isTurnDue || this.#decisions.size > 0) return "keep";
    const status = runStatus(this.#graph);
    if (status === "FAILED" || status === "COMPLETED" || this.#graph.failure !== undefined) return "end";
    if (this.execution === "MANUAL") return "wait";
    if (this.#graph.ready.size === 0) return this.#hasStopped() ? "requeue" : "wait";
    return this.#host.isStopping || this.#policy.kind !== "worker" ? "requeue" : "keep";
  }

  /** Whether a node was begun and stopped, or never called, because this process ends: the next owner begins it again. */
  #hasStopped(): boolean {
    if (!this.#host.isStopping) return false;
    return [...this.#graph.open].some(
      (index) => this.#graph.phases[index] === "RUNNING" && this.#open.get(index)?.waitReason !== "EXTERNAL",
    );
  }

  /** Takes what there is to store, as one run of a flush. undefined: nothing, or one is under way. */
  flushTake(): FlushDraft | undefined {
    if (this.#isReleased || this.#flight !== undefined) return undefined;
    const rest = this.#restNow();
    if (rest === "keep" && this.#pending.isEmpty && this.#decisions.size === 0 && !this.#mustClear) return undefined;
    const tail = rest === "keep" && this.#decisions.size === 0 ? undefined : this.#tailMake(rest);
    if (rest === "keep" && this.#seq === this.#eventSeq) this.#statusStore(this.#status);
    const pending = this.#pending;
    const row = this.#flushRow(rest, tail, pending);
    const isPlain = rest === "keep" && pending.isPlain && this.#seen === this.#seenStored && !row.clear;
    this.#flight = { run: this, row, pending, tail, isPlain };
    this.#pending = new Pending();
    return this.#flight;
  }

  #tailMake(rest: Rest): Tail {
    const tail: Tail = {
      nodes: new Map(),
      events: [],
      decided: [...this.#decisions],
      seqBefore: this.#seq,
      status: this.#restStatus(rest),
    };
    if (rest === "end") {
      for (const index of this.#graph.open) tail.nodes.set(index, this.#doneRow(this.#nodeRecord(index), this.#cancelled(), noOutput));
    } else {
      for (const [index, outcome] of this.#decisions) {
        if (outcome.kind !== "waiting") tail.nodes.set(index, this.#doneRow({ ...this.#nodeRecord(index) }, outcome, noOutput));
      }
    }
    if (tail.status !== this.#status) {
      const status = runStatusNumber(tail.status);
      tail.events.push(eventRow({ seq: ++this.#seq, type: 0, atMs: this.#clock.nowMs(), status }));
    }
    return tail;
  }

  #cancelled(): { kind: "cancelled"; code: string; message: string } {
    if (this.#ending?.status === "CANCELLED") return { kind: "cancelled", code: "RUN_CANCELLED", message: "The run was cancelled." };
    if (this.#ending !== undefined) return { kind: "cancelled", code: "RUN_ENDED", message: `The run ended as ${this.#ending.status}.` };
    return { kind: "cancelled", code: "SIBLING_FAILED", message: `The node ${this.#graph.failure?.nodeId ?? ""} failed.` };
  }

  #restStatus(rest: Rest): RunStatus {
    if (rest === "keep") return this.#status;
    if (this.#ending !== undefined) return this.#ending.status;
    // The tail of this very flush cancels what is open.
    if (rest === "end") return this.#graph.failure === undefined ? "COMPLETED" : "FAILED";
    if (this.#isRunningOutside) return "RUNNING";
    const status = runStatus(this.#graph);
    // Given back by a worker that stops it is still under way; left by an owner for a few steps it is queued again.
    if (rest === "requeue" && this.#policy.kind === "worker") return this.#status;
    return this.#graph.ready.size > 0 && this.#graph.open.size === this.#graph.waiting ? "QUEUED" : status;
  }

  #flushRow(rest: Rest, tail: Tail | undefined, pending: Pending): Omit<FlushRun, "k"> {
    const row: Omit<FlushRun, "k"> = {
      id: this.runId,
      lease: this.lease,
      e0: this.#eventSeq,
      e1: this.#seq,
      seen: this.#seen,
      calm: rest === "end" || rest === "wait" || this.#decisions.size > 0,
      rest,
      status: runStatusNumber(tail?.status ?? this.#status),
      wk: this.#workerKey,
      clear: this.#mustClear,
      calls: pending.usage.modelCalls,
      ptok: pending.usage.promptTokens,
      ctok: pending.usage.completionTokens,
    };
    if (this.#startedMs !== undefined) row.started = this.#startedMs;
    if (pending.hasState) row.state = this.#graph.state;
    const dueMs = this.#dueAtRest();
    if (rest === "wait" && dueMs !== undefined) row.due = dueMs;
    if (rest === "end") this.#endFill(row);
    return row;
  }

  #dueAtRest(): number | undefined {
    return this.execution === "MANUAL" || this.#due.size === 0 ? undefined : Math.min(...this.#due.values());
  }

  #endFill(row: Omit<FlushRun, "k">): void {
    row.ended = this.#clock.nowMs();
    row.started ??= row.ended;
    const failure = this.#graph.failure;
    if (this.#ending?.reason) row.creason = storableText(this.#ending.reason);
    if (this.#ending?.code !== undefined) {
      row.ecode = this.#ending.code;
      row.emsg = this.#ending.message ?? "";
    } else if (this.#ending === undefined && failure !== undefined) {
      row.ecode = storableText(failure.code);
      row.emsg = storableText(`The node ${failure.nodeId} failed: ${failure.message}`);
    }
    if (row.status !== runStatusNumber("COMPLETED")) return;
    const { outputText, outputJson } = runOutput(this.#graph);
    if (outputText !== null) row.otext = outputText;
    if (outputJson !== null) row.ojson = outputJson;
  }

  /** What the database made of the flush. `wasSentBefore`: its outcome was unknown once, so that "applied" means this very flush. */
  flushSettle(draft: FlushDraft, answer: Omit<FlushAnswer, "k">, wasSentBefore: boolean): void {
    if (this.#flight !== draft) return;
    this.#flight = undefined;
    if (this.#isReleased) return;
    if (answer.why === "ok" || (answer.why === "applied" && wasSentBefore)) return this.#stored(draft, answer.mail ?? this.#seen);
    if (answer.why !== "mail" && answer.why !== "busy") return this.drop("lost");
    this.#refused(draft);
    if (answer.why === "mail") this.#host.drainWanted(this);
    else setTimeout(() => this.advance(), 5).unref();
  }

  #stored(draft: FlushDraft, mail: number): void {
    this.#eventSeq = draft.row.e1;
    this.#seenStored = draft.row.seen;
    if (draft.row.clear) {
      this.#mustClear = false;
      this.#isCareful = false;
    }
    if (draft.row.rest !== "keep") return this.#rested(draft);
    for (const [index, outcome] of draft.tail?.decided ?? []) {
      this.#decisions.delete(index);
      this.#doneApply(index, outcome);
      if (this.#frontier.delete(index) && this.#frontier.size === 0) this.#mustClear = true;
    }
    for (const index of draft.pending.starts) this.#begin(index);
    this.#deferredRun();
    if (mail > this.#seen) this.#host.drainWanted(this);
    this.advance();
  }

  #rested(draft: FlushDraft): void {
    const rest = draft.row.rest as Exclude<Rest, "keep">;
    this.#release("lost");
    const hasOffers = this.#graph.open.size > this.#graph.waiting;
    const release = { executed: this.#executed, hasReady: this.#graph.ready.size > 0, dueMs: draft.row.due, hasOffers };
    this.#host.released(this, { kind: "rested", rest, ...release });
  }

  /** Nothing was stored: the rows wait for the next flush, the tail is forgotten. */
  #refused(draft: FlushDraft): void {
    if (draft.tail !== undefined) {
      this.#seq = draft.tail.seqBefore;
      // A time-out that was refused is decided again, after the mail.
      for (const [index] of draft.tail.decided) {
        this.#decisions.delete(index);
        const node = this.#open.get(index);
        if (node?.dueMs !== undefined) this.#due.set(index, node.dueMs);
        else if (node?.alone === true) this.#decisions.set(index, workerCrashed);
      }
    }
    draft.pending.append(this.#pending);
    this.#pending = draft.pending;
    this.#deferredRun();
  }

  #isBlocked(): boolean {
    return this.#flight?.tail !== undefined;
  }

  #unblocked(work: () => void): void {
    if (this.#isBlocked()) this.#deferred.push(work);
    else work();
  }

  #deferredRun(): void {
    for (const work of this.#deferred.splice(0)) work();
  }

  #release(cause: StopCause): void {
    this.#isReleased = true;
    clearTimeout(this.#timer);
    for (const index of [...this.#starting]) this.#startForget(index);
    this.#executionsStop(cause);
  }
}

const workerCrashed: OwnerOutcome = {
  kind: "failed",
  code: "WORKER_CRASHED",
  message: "The workers that executed the node ended before it did.",
  retryable: false,
  effectUnknown: true,
};
