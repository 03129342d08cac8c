/**
 * A run in its owner's hands: the one place that decides about it and the one writer of its rows. Everything here is memory; what is to be
 * stored collects in `#pending` and leaves with the next flush, one flush at a time.
 *
 * A flush may have a tail: rows that hold only if nobody posted to the run meanwhile (its end, its rest, a time-out). While one is under way
 * nothing else is decided (`#isBlocked`), so when it is refused the tail is forgotten, the mail is read, and it is decided again.
 */
import { applyReopened } from "../engine/apply.ts";
import { runOutput } from "../engine/output.ts";
import type { CompiledPlan } from "../engine/plan.ts";
import { nodeAt, type RunState } from "../engine/run-state.ts";
import { runStatus } from "../engine/status.ts";
import type { NodeOutcome } from "../nodes/executor.ts";
import type { ClaimedRun } from "../queue/claim.sql.ts";
import type { FlushAnswer, FlushRun, Rest } from "../queue/flush.sql.ts";
import type { InboxMessage, LoadedRun } from "../queue/load.sql.ts";
import { nodeRunId } from "../queue/node-run-id.ts";
import { inboxKinds, runStatusNumber, type RunStatus } from "../queue/statuses.ts";
import { DatabaseClock, monotonicMs } from "./clock.ts";
import { workerCrashed, type StopCause } from "./execution.ts";
import { inboxBodies, type OutcomeBody, type OwnerOutcome } from "./inbox-message.ts";
import { NodeCalls, type CallingRun } from "./node-calls.ts";
import { runEnvironment, type RunEnvironment, type SpanRecord } from "./node-context.ts";
import { eventRow, storableText } from "./node-rows.ts";
import { outsideOutcome } from "./outside-outcome.ts";
import type { Pending } from "./pending.ts";
import type { Policy, RunHost } from "./run-host.ts";
import { RunLedger } from "./run-ledger.ts";

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

interface Ending {
  status: "COMPLETED" | "FAILED" | "CANCELLED";
  code?: string;
  message?: string;
  reason?: string | null;
}

/** Pure nodes go on for this long before other runs get a turn. */
const turnMs = 10;

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
  readonly #ledger: RunLedger;
  /** The ledger's. */
  readonly #graph: RunState;
  readonly #environment: RunEnvironment;
  readonly #calls: NodeCalls;
  readonly #decisions = new Map<number, OwnerOutcome>();
  readonly #executed: string[] = [];
  readonly #deferred: (() => void)[] = [];
  #eventSeq: number;
  #seen = 0;
  #seenStored = 0;
  #flight: FlushDraft | undefined;
  #ending: Ending | undefined;
  /** A MANUAL run was set to RUNNING: so it stays until one of its node runs changes. */
  #isRunningOutside = false;
  #budget: number;
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
    this.#eventSeq = loaded.eventSeq;
    const clock = new DatabaseClock(claimed.dbNowMs, this.confirmedAtMs);
    this.#ledger = new RunLedger(loaded, plan, clock);
    this.#graph = this.#ledger.graph;
    this.#environment = runEnvironment(host, loaded, clock);
    // Two owners have died with it: one of its nodes may be why.
    this.#calls = new NodeCalls(this.#callingRun(), claimed.crashes >= 2);
    this.mailApply(loaded.inbox, loaded.mail);
    if (this.#policy.kind !== "inbox" || this.execution === "WORKERS") this.#reopenStarted();
    this.#frontier = new Set(claimed.crashes > 0 ? this.#graph.ready : []);
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

  #callingRun(): CallingRun {
    return {
      host: this.#host,
      ledger: this.#ledger,
      environment: this.#environment,
      epoch: this.#crashes,
      storedSeq: () => this.#eventSeq,
      isWanted: (index) => this.#isWanted(index),
      mayCallOutside: () => this.#host.mayCallOutside(this),
      executed: (index, outcome, spans) => this.#executedHere(index, outcome, spans),
      whenOpen: (work) => this.#unblocked(work),
      advance: () => this.advance(),
      broken: (cause) => this.broken(cause),
    };
  }

  #isWanted(index: number): boolean {
    if (this.#isReleased || this.#host.isStopping || this.#ending !== undefined) return false;
    return this.#graph.phases[index] === "RUNNING" && this.#graph.failure === undefined;
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
      if (this.#graph.failure !== undefined) this.#calls.stop("sibling-failed");
      else if (!this.#host.isStopping && this.#decisions.size === 0) this.#readyStart();
    } else this.#calls.stop("cancelled");
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
    this.#calls.stop("stopping");
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
    const index = this.#ledger.plan.indexById.get(message.path ?? "");
    if (index === undefined) return;
    const phase = this.#graph.phases[index];
    const open = this.#ledger.open.get(index);
    // The first outcome of an open attempt counts, whoever made it. A MANUAL run's node may also be finished before anybody opened it.
    const isOpenAttempt = open !== undefined && this.#graph.open.has(index) && (message.attempt ?? open.attempt) === open.attempt;
    if (!isOpenAttempt && !(phase === "READY" && this.execution === "MANUAL")) return;
    if (phase === "QUEUED") this.#ledger.pending.withdrawn.push(nodeRunId(this.runId, this.#ledger.pathOf(index)));
    this.#calls.forget(index, "answered");
    const node = this.#ledger.node(index);
    if (body.startedMs !== undefined) node.startedMs = body.startedMs;
    if (body.workerKey !== undefined) node.workerKey = body.workerKey;
    // Workers say when they began; whoever answers from outside does not.
    const outcome = body.startedMs === undefined ? outsideOutcome(nodeAt(this.#ledger.plan, index), body.outcome) : body.outcome;
    this.#outcome(index, outcome, body.spans ?? []);
  }

  #markApply(path: string, workerKey: string | null): void {
    const index = this.#ledger.plan.indexById.get(path);
    if (index === undefined || this.execution !== "MANUAL" || this.#graph.phases[index] !== "READY") return;
    const node = this.#ledger.node(index);
    node.startedMs = this.#ledger.clock.nowMs();
    node.workerKey = workerKey ?? undefined;
    node.waitReason = "EXTERNAL";
    this.#ledger.opened(index, node, "RUNNING");
  }

  #runStatusApply(status: "RUNNING" | "COMPLETED" | "FAILED" | "CANCELLED"): void {
    if (this.execution !== "MANUAL") return;
    if (status === "RUNNING") {
      this.#isRunningOutside = true;
      this.#ledger.statusSet("RUNNING");
    } else
      this.#ending ??= {
        status,
        ...(status === "FAILED" && { code: "FAILED_OUTSIDE", message: "The run was set to FAILED from outside." }),
      };
  }

  // ---- starting nodes

  /** What a dead owner had begun is begun again, unless it must not be, or is what killed it. */
  #reopenStarted(): void {
    for (const [index, node] of this.#ledger.open) {
      if (this.#graph.phases[index] !== "RUNNING" || node.waitReason === "EXTERNAL") continue;
      if (node.alone === true && this.#crashes >= this.#host.maxCrashes) this.#decisions.set(index, workerCrashed);
      else if (nodeAt(this.#ledger.plan, index).atMostOnce) this.#outcome(index, { kind: "waiting", reason: "OUTCOME_UNKNOWN" }, []);
      else applyReopened(this.#graph, index);
    }
  }

  #dueFire(): void {
    if (this.execution === "MANUAL" && this.#policy.kind === "inbox") return;
    const nowMs = this.#ledger.clock.nowMs();
    for (const [index, dueMs] of this.#ledger.due) {
      if (dueMs > nowMs) continue;
      this.#ledger.due.delete(index);
      if (this.#ledger.open.get(index)?.waitReason === "RETRY") applyReopened(this.#graph, index);
      else this.#decisions.set(index, { kind: "completed" });
    }
  }

  #readyStart(): void {
    if (this.#policy.kind === "node") return this.#nodeStart(this.#policy.path);
    const until = monotonicMs() + turnMs;
    let started = 0;
    for (const index of this.#graph.ready) {
      if (this.#budget <= 0 || this.#graph.failure !== undefined) return;
      if (this.#calls.isCareful && this.#calls.size > 0) return;
      if (++started % 32 === 0 && monotonicMs() > until) return this.#turnLater();
      this.#start(index);
    }
  }

  #nodeStart(path: string): void {
    const index = this.#ledger.plan.indexById.get(path);
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
    if (this.#ledger.status !== "RUNNING") this.#ledger.statusSet("RUNNING");
    this.#budget--;
    this.#calls.start(index);
  }

  // ---- outcomes

  #executedHere(index: number, outcome: NodeOutcome, spans: readonly SpanRecord[]): void {
    if (this.#ending !== undefined) return;
    this.#executed.push(this.#ledger.pathOf(index));
    this.#outcome(index, outcome, spans);
  }

  #outcome(index: number, outcome: OwnerOutcome, spans: readonly SpanRecord[]): void {
    this.#ledger.attemptEnded(index, outcome, spans, this.#ending === undefined);
    this.#frontierDone(index);
  }

  #frontierDone(index: number): void {
    if (this.#frontier.delete(index) && this.#frontier.size === 0) this.#mustClear = true;
  }

  // ---- flushing

  #flushIfNeeded(): void {
    clearTimeout(this.#timer);
    const rest = this.#restNow();
    const hasSomething = !this.#ledger.pending.isEmpty || this.#decisions.size > 0 || rest !== "keep" || this.#mustClear;
    if (hasSomething && this.#flight === undefined) this.#host.flushWanted(this);
    if (rest === "keep" && this.#ledger.due.size > 0) this.#timerArm();
  }

  #timerArm(): void {
    const waitMs = Math.max(1, Math.min(...this.#ledger.due.values()) - this.#ledger.clock.nowMs());
    this.#timer = setTimeout(() => this.advance(), Math.min(waitMs, 60_000)).unref();
  }

  /** What the ownership comes to, as things stand. */
  #restNow(): Rest {
    if (this.#ending !== undefined) return "end";
    if (this.#calls.size > 0 || this.#isTurnDue || this.#decisions.size > 0) return "keep";
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
      (index) => this.#graph.phases[index] === "RUNNING" && this.#ledger.open.get(index)?.waitReason !== "EXTERNAL",
    );
  }

  /** Takes what there is to store, as one run of a flush. undefined: nothing, or one is under way. */
  flushTake(): FlushDraft | undefined {
    if (this.#isReleased || this.#flight !== undefined) return undefined;
    const rest = this.#restNow();
    if (rest === "keep" && this.#ledger.pending.isEmpty && this.#decisions.size === 0 && !this.#mustClear) return undefined;
    const tail = rest === "keep" && this.#decisions.size === 0 ? undefined : this.#tailMake(rest);
    if (rest === "keep" && this.#ledger.seq === this.#eventSeq) this.#ledger.statusSet(this.#ledger.status);
    const pending = this.#ledger.take();
    const row = this.#flushRow(rest, tail, pending);
    const isPlain = rest === "keep" && pending.isPlain && this.#seen === this.#seenStored && !row.clear;
    this.#flight = { run: this, row, pending, tail, isPlain };
    return this.#flight;
  }

  #tailMake(rest: Rest): Tail {
    const tail: Tail = {
      nodes: new Map(),
      events: [],
      decided: [...this.#decisions],
      seqBefore: this.#ledger.seq,
      status: this.#restStatus(rest),
    };
    if (rest === "end") {
      for (const index of this.#graph.open) tail.nodes.set(index, this.#ledger.finishedRow(this.#ledger.node(index), this.#cancelled()));
    } else {
      for (const [index, outcome] of this.#decisions) {
        if (outcome.kind !== "waiting") tail.nodes.set(index, this.#ledger.finishedRow({ ...this.#ledger.node(index) }, outcome));
      }
    }
    if (tail.status !== this.#ledger.status) {
      const status = runStatusNumber(tail.status);
      tail.events.push(eventRow({ seq: this.#ledger.nextSeq(), type: 0, atMs: this.#ledger.clock.nowMs(), status }));
    }
    return tail;
  }

  #cancelled(): { kind: "cancelled"; code: string; message: string } {
    if (this.#ending?.status === "CANCELLED") return { kind: "cancelled", code: "RUN_CANCELLED", message: "The run was cancelled." };
    if (this.#ending !== undefined) return { kind: "cancelled", code: "RUN_ENDED", message: `The run ended as ${this.#ending.status}.` };
    return { kind: "cancelled", code: "SIBLING_FAILED", message: `The node ${this.#graph.failure?.nodeId ?? ""} failed.` };
  }

  #restStatus(rest: Rest): RunStatus {
    if (rest === "keep") return this.#ledger.status;
    if (this.#ending !== undefined) return this.#ending.status;
    // The tail of this very flush cancels what is open.
    if (rest === "end") return this.#graph.failure === undefined ? "COMPLETED" : "FAILED";
    if (this.#isRunningOutside) return "RUNNING";
    const status = runStatus(this.#graph);
    // Given back by a worker that stops it is still under way; left by an owner for a few steps it is queued again.
    if (rest === "requeue" && this.#policy.kind === "worker") return this.#ledger.status;
    return this.#graph.ready.size > 0 && this.#graph.open.size === this.#graph.waiting ? "QUEUED" : status;
  }

  #flushRow(rest: Rest, tail: Tail | undefined, pending: Pending): Omit<FlushRun, "k"> {
    const row: Omit<FlushRun, "k"> = {
      id: this.runId,
      lease: this.lease,
      e0: this.#eventSeq,
      e1: this.#ledger.seq,
      seen: this.#seen,
      calm: rest === "end" || rest === "wait" || this.#decisions.size > 0,
      rest,
      status: runStatusNumber(tail?.status ?? this.#ledger.status),
      wk: this.#workerKey,
      clear: this.#mustClear,
      calls: pending.usage.modelCalls,
      ptok: pending.usage.promptTokens,
      ctok: pending.usage.completionTokens,
    };
    if (this.#ledger.startedMs !== undefined) row.started = this.#ledger.startedMs;
    if (pending.hasState) row.state = this.#graph.state;
    const dueMs = this.#dueAtRest();
    if (rest === "wait" && dueMs !== undefined) row.due = dueMs;
    if (rest === "end") this.#endFill(row);
    return row;
  }

  #dueAtRest(): number | undefined {
    return this.execution === "MANUAL" || this.#ledger.due.size === 0 ? undefined : Math.min(...this.#ledger.due.values());
  }

  #endFill(row: Omit<FlushRun, "k">): void {
    row.ended = this.#ledger.clock.nowMs();
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
      this.#calls.isCareful = false;
    }
    if (draft.row.rest !== "keep") return this.#rested(draft);
    for (const [index, outcome] of draft.tail?.decided ?? []) {
      this.#decisions.delete(index);
      this.#ledger.finished(index, outcome);
      this.#frontierDone(index);
    }
    for (const index of draft.pending.starts) this.#calls.begin(index);
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
      this.#ledger.numbersForget(draft.tail.seqBefore);
      // A time-out that was refused is decided again, after the mail.
      for (const [index] of draft.tail.decided) {
        this.#decisions.delete(index);
        const node = this.#ledger.open.get(index);
        if (node?.dueMs !== undefined) this.#ledger.due.set(index, node.dueMs);
        else if (node?.alone === true) this.#decisions.set(index, workerCrashed);
      }
    }
    this.#ledger.takeBack(draft.pending);
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
    this.#calls.forgetAll(cause);
  }
}
