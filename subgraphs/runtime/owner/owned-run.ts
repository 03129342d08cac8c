/**
 * A run in its owner's hands: the one place that decides about it and the one writer of its rows. Everything here is memory; all that is to be
 * stored collects in the ledger and leaves with the next flush, one flush at a time.
 */
import { applyReopened } from "../engine/apply.ts";
import { agentInput, statesOf } from "../engine/drive.ts";
import { isLeaf, isStopped, type NodeState } from "../engine/frame.ts";
import { isPoisonous } from "../engine/handling.ts";
import type { CompiledPlan } from "../engine/plan.ts";
import type { RunState } from "../engine/run-state.ts";
import { runStatus } from "../engine/status.ts";
import type { Approval, NodeInterruption, NodeOutcome } from "../nodes/executor.ts";
import type { ClaimedRun } from "../queue/claim.sql.ts";
import type { FlushAnswer, Rest } from "../queue/flush.sql.ts";
import type { InboxMessage, LoadedRun } from "../queue/load.sql.ts";
import { nodeRunId } from "../queue/node-run-id.ts";
import { endsToTell, type TakenEnd } from "./attempt-end.ts";
import { DatabaseClock, earliest, monotonicMs } from "./clock.ts";
import { CrashForgiveness } from "./crash-forgiveness.ts";
import { approvedReason, rejected } from "./approvals.ts";
import { crashedDecide, decisionForget, decisionRefused, decisionStored, dueDecide, endDecide, stoppedDecide } from "./decisions.ts";
import { workerCrashed, type StopCause } from "./execution.ts";
import { flushDraft, type FlushDraft, type FlushingRun, type Ownership } from "./flush-draft.ts";
import type { Holder } from "./held-bytes.ts";
import type { HeldNode } from "./held-node.ts";
import type { OutcomeBody, OwnerOutcome } from "./inbox-message.ts";
import type { MailEffect } from "./mail-effect.ts";
import { MailReader } from "./mail-reader.ts";
import { NodeCalls, type CallingRun } from "./node-calls.ts";
import { runEnvironment, type RunEnvironment, type SpanRecord } from "./node-context.ts";
import { ReadyNodes } from "./ready-nodes.ts";
import { Retelling } from "./retelling.ts";
import type { OwnerPhase } from "./owner-phase.ts";
import type { Policy } from "./policy.ts";
import type { RunHost } from "./run-host.ts";
import { RunLedger } from "./run-ledger.ts";
import { overdueEnd, restOf, type Ending, type Standing } from "./run-rest.ts";

/** How an owner takes a run. */
export interface Takeover {
  /** How far it takes it. */
  policy: Policy;
  workerKey: string;
  /** Ends of attempts that happened in this very process and could not be stored together. */
  retold?: readonly TakenEnd[];
  /** Paths of the nodes that this owner has executed before. */
  executed?: readonly string[];
}

/** Nothing outside is called when the lease was not confirmed for two thirds of its length. */
const confidence = 2 / 3;
/** A run that has more characters to store reads no mail. */
const mostUnsent = 8 * 1024 * 1024;

export class OwnedRun implements FlushingRun, Holder {
  readonly runId: string;
  readonly tenantId: string;
  readonly lease: string;
  readonly leaseMs: number;
  /** How many owners have died with it. */
  readonly crashes: number;
  /** How many suspects this process has at once, at most; 0: it is no process for suspects. */
  readonly company: number;
  /** When the lease was last known to be ours, by the monotonic clock. */
  confirmedAtMs = monotonicMs();
  readonly #host: RunHost;
  readonly #policy: Policy;
  readonly #isManual: boolean;
  readonly #workerKey: string;
  /** Who is told of its end. */
  readonly #told: Pick<Ownership, "hasSession" | "isAwaited" | "hasOnFailure">;
  /** What its document says that it may take. */
  readonly #timeoutMs: number | undefined;
  readonly #ledger: RunLedger;
  /** The ledger's. */
  readonly #graph: RunState;
  readonly #environment: RunEnvironment;
  readonly #calls: NodeCalls;
  readonly #ready: ReadyNodes;
  #loaded: Pick<LoadedRun, "inbox" | "mail">;
  readonly #retelling: Retelling;
  readonly #mail: MailReader;
  /** Ends of calls that wait: a decision is being stored, or there is more to store than a run may have. */
  readonly #deferred: (() => void)[] = [];
  #phase: OwnerPhase;
  #mustLeave = false;
  /** There is mail that it reads when it has stored what it has. */
  #hasUnread = false;
  /** How long it is left alone when it is given back; undefined: it is due at once. */
  #pauseMs: number | undefined;
  #executed: string[];
  #flight: FlushDraft | undefined;
  #ending: Ending | undefined;
  /** Its ending is that its time is over. */
  #isOverdue = false;
  /** A MANUAL run was set to RUNNING: so it stays until one of its node runs changes. */
  #isRunningOutside = false;
  #forgiveness = new CrashForgiveness(0, []);
  #timer: NodeJS.Timeout | undefined;

  constructor(host: RunHost, claimed: ClaimedRun, loaded: LoadedRun, plan: CompiledPlan, takeover: Takeover) {
    this.runId = loaded.id;
    this.tenantId = loaded.tenantId;
    this.lease = claimed.lease;
    this.leaseMs = claimed.leaseMs;
    this.crashes = claimed.crashes;
    this.company = claimed.company;
    this.#isManual = loaded.execution === "MANUAL";
    this.#host = host;
    // A MANUAL run that a worker finds in the queue has mail that its poster could not apply; no more than that is the worker's business.
    this.#policy = this.#isManual && takeover.policy.kind === "worker" ? { kind: "inbox" } : takeover.policy;
    this.#workerKey = takeover.workerKey;
    this.#told = { hasSession: loaded.sessionId !== null, isAwaited: loaded.awaitedBy !== null, hasOnFailure: loaded.onFailure !== null };
    this.#timeoutMs = plan.timeoutMs;
    this.#executed = [...(takeover.executed ?? [])];
    const clock = new DatabaseClock(claimed.dbNowMs, this.confirmedAtMs);
    const ledger = new RunLedger(loaded, plan, clock);
    this.#ledger = ledger;
    this.#graph = ledger.graph;
    this.#environment = runEnvironment(host, loaded, clock);
    this.#calls = new NodeCalls({ process: host, ledger, environment: this.#environment, run: this.#callingRun(), claimed });
    const room = { mayGrow: () => this.#mayGrow(), once: (told: () => void) => host.held.onceRoom(this, told) };
    this.#ready = new ReadyNodes({
      policy: this.#policy,
      isManual: this.#isManual,
      ledger,
      calls: this.#calls,
      room,
      advance: () => this.advance(),
    });
    // Not all that was loaded: the outputs are the ledger's alone.
    this.#loaded = { inbox: loaded.inbox, mail: loaded.mail };
    this.#retelling = new Retelling(takeover.retold ?? []);
    const addressee = { graph: ledger.graph, held: ledger.held, isManual: this.#isManual };
    this.#mail = new MailReader({ log: host.log, runId: this.runId, addressee, take: (effect) => this.#take(effect) });
    this.#phase = "retelling";
    if (this.#retelling.left.length === 0) this.#takeOver();
  }

  get isReleased(): boolean {
    return this.#phase === "released";
  }
  /** It is to be given back when what has begun of it has ended. */
  get isLeaving(): boolean {
    return this.#mustLeave;
  }
  /** A flush that lets go of it is under way. */
  get isResting(): boolean {
    return this.#flight !== undefined && this.#flight.row.rest !== "keep";
  }
  /** Number of the last message that was read. */
  get seen(): number {
    return this.#mail.seen;
  }
  /** Number of its last stored event. */
  get eventSeq(): number {
    return this.#ledger.storedSeq;
  }
  /** For the scopes of its offered nodes that this very process executes. */
  get graph(): RunState {
    return this.#graph;
  }
  get environment(): RunEnvironment {
    return this.#environment;
  }
  /** The key of the open attempt at a path, where it is not the run's. */
  effectKeyOf(path: string): string | undefined {
    return this.#ledger.held.get(path)?.effectKey;
  }

  /** What a person decided of the call at a path. */
  approvalOf(path: string): Approval | undefined {
    return this.#ledger.held.get(path)?.approval;
  }

  #phaseSet(phase: OwnerPhase): void {
    if (this.#phase !== "released") this.#phase = phase;
  }

  /** Whether it is for this owner to decide. As good a moment as any to see that it is to leave. */
  #mayDecide(): boolean {
    if (this.#phase === "open" && (this.#mustLeave || this.#host.isStopping)) this.#phaseSet("leaving");
    return this.#phase === "open" || this.#phase === "leaving";
  }

  #callingRun(): CallingRun {
    return {
      verdict: (state) => this.#callVerdict(state),
      executed: (held, outcome, spans) => this.#executedHere(held, outcome, spans),
      whenOpen: (work) => this.#unblocked(work),
      advance: () => this.advance(),
      allowed: () => this.#ready.refund(),
      strange: (held, interruption) => this.#strange(held, interruption),
      broken: (cause) => this.broken(cause),
    };
  }

  /** What has begun of it ends here; the rest of it is for workers that know the type. The node waits meanwhile, and says for whom. */
  #strange(held: HeldNode, interruption: NodeInterruption): void {
    this.#host.log.warn({ runId: this.runId, path: held.path, nodeType: held.nodeType }, "run left to workers that know this node type");
    this.#host.leftToOthers.add(this.runId);
    this.#mustLeave ||= this.#policy.kind === "worker";
    this.#executedHere(held, interruption, []);
  }

  #callVerdict(state: NodeState): "call" | "forget" | "later" {
    if (this.isReleased || this.#host.isStopping || this.#ending !== undefined) return "forget";
    if (state.phase !== "RUNNING" || isStopped(state)) return "forget";
    return monotonicMs() - this.confirmedAtMs < this.leaseMs * confidence ? "call" : "later";
  }

  #mayGrow(): boolean {
    this.#host.weighed(this, this.#ledger.heldBytes);
    return this.#host.held.mayGrow(this);
  }

  /** Reads its mail, and begins again what a dead owner had begun. */
  #takeOver(): void {
    this.#phaseSet("open");
    this.mailApply(this.#loaded.inbox, this.#loaded.mail);
    this.#loaded = { inbox: [], mail: 0 };
    if (this.#policy.kind !== "inbox" || !this.#isManual) this.#reopenStarted();
    // Nodes that the mail of the takeover ends were not ready then, so they are no part of the frontier.
    this.#forgiveness = new CrashForgiveness(this.crashes, this.#graph.ready);
  }

  /** Applies the messages of others. Safe to call with messages that were read before. */
  mailApply(messages: readonly InboxMessage[], mail: number): void {
    if (!this.#mayDecide()) return;
    this.#hasUnread = false;
    this.#mail.read(messages, mail);
  }

  #take(effect: MailEffect): void {
    switch (effect.kind) {
      case "end":
        // The first ending stays, but for a time-out, which is not stored yet: a cancel that was accepted wins.
        if (this.#ending === undefined || this.#isOverdue) this.#ending = effect.ending;
        this.#isOverdue = false;
        return;
      case "running":
        this.#isRunningOutside = true;
        return this.#ledger.statusSet("RUNNING");
      case "outcome":
        return this.#outcomeElsewhere(effect.state, effect.body);
      case "decided":
        return this.#decidedByPerson(effect.state, effect.approval);
      case "taken":
        return this.#takenOutside(effect.state, effect.workerKey);
      case "input":
        return this.#agentTold(effect.state, effect);
      case "nothing":
    }
  }

  #outcomeElsewhere(state: NodeState, { outcome, startedMs, workerKey, spans = [] }: OutcomeBody): void {
    const { pending, held: nodes } = this.#ledger;
    if (state.phase === "QUEUED") pending.withdrawn.push(nodeRunId(this.runId, state.path));
    const held = this.#ledger.hold(state);
    this.#calls.forget(held, "answered");
    // The end of the attempt finds it there.
    nodes.add(held);
    if (startedMs !== undefined) held.startedMs = startedMs;
    if (workerKey !== undefined) held.workerKey = workerKey;
    this.#outcome(held, outcome, spans);
  }

  /** What was said to an agent is a node run of it, which has ended. That the agent has come to its end does not count, as it is not stored. */
  #agentTold(agent: NodeState, { text, inputId }: { text: string; inputId: string }): void {
    const held = this.#ledger.held.get(agent.path);
    if (held !== undefined) decisionForget(this.#ledger, held);
    const part = agentInput(this.#graph, agent);
    if (part === undefined) return;
    const told = this.#ledger.hold(part);
    this.#ledger.held.add(told);
    const outcome = { kind: "completed", outputText: text, outputJson: { input_id: inputId } } as const;
    this.#ledger.attemptEnded(told, { outcome, spans: [] }, true);
  }

  /** The decision is stored with its row, whoever owns the run then; what was approved of is ready, and starts as anything else does. */
  #decidedByPerson(state: NodeState, approval: Approval): void {
    const held = this.#ledger.hold(state);
    if (approval.decision === "REJECT") {
      held.approval = approval;
      return this.#outcome(held, rejected(approval), []);
    }
    this.#ledger.approved(held, approval);
    applyReopened(this.#graph, state);
  }

  #takenOutside(state: NodeState, workerKey: string | undefined): void {
    const held = this.#ledger.hold(state);
    held.startedMs = this.#ledger.clock.nowMs();
    held.workerKey = workerKey;
    held.waitReason = "EXTERNAL";
    this.#ledger.opened(held, "RUNNING");
  }

  /** Decides what happens next, runs the pure nodes that are ready, and asks for a flush where there is something to store. */
  advance(): void {
    this.#atIt(() => this.#advance());
  }

  /** Whoever finds that the process does not come back from `work` knows which run it was at. */
  #atIt(work: () => void): void {
    this.#host.advancing?.(this.runId);
    try {
      work();
    } finally {
      this.#host.advancing?.(undefined);
    }
  }

  #advance(): void {
    if (this.#phase === "retelling") return this.#retell();
    if (!this.#mayDecide()) return;
    this.#ready.rest();
    if (isPoisonous(this.#graph) && this.#graph.root.failure === undefined) this.#ending ??= poisonous;
    this.#overdueDecide();
    if (this.#ending === undefined) {
      if (!this.#isManual || this.#policy.kind !== "inbox") dueDecide(this.#ledger);
      if (this.#graph.root.failure !== undefined) this.#calls.stop("sibling-failed");
      else this.#stopFailed();
      if (this.#graph.root.failure === undefined && this.#phase === "open" && this.#ledger.held.decided.size === 0) this.#ready.start();
    } else this.#calls.stop("cancelled");
    this.#flushIfNeeded();
  }

  /** What is open in a frame or composite that has failed is stopped; what has stopped is cancelled, and then the scope ends. */
  #stopFailed(): void {
    if (this.#graph.failing.size === 0) return;
    const { held: nodes } = this.#ledger;
    for (const state of this.#graph.open) {
      const held = nodes.get(state.path);
      if (held === undefined || held.decided !== undefined || !isStopped(state)) continue;
      if (nodes.calling.has(held)) held.execution?.stop("sibling-failed");
      else stoppedDecide(this.#ledger, held);
    }
  }

  /** Its time is over: it ends as by a message, unless its nodes have ended it already. */
  #overdueDecide(): void {
    const deadlineMs = this.#deadlineMs();
    if (this.#ending !== undefined || deadlineMs === undefined || this.#ledger.clock.nowMs() < deadlineMs) return;
    if (this.#graph.root.failure !== undefined || runStatus(this.#graph) === "COMPLETED") return;
    this.#isOverdue = true;
    this.#ending = overdueEnd(this.#timeoutMs ?? 0);
  }

  /** From the stored time of its first node, so that every owner comes to the same. */
  #deadlineMs(): number | undefined {
    const { startedMs } = this.#ledger;
    return this.#timeoutMs === undefined || startedMs === undefined ? undefined : startedMs + this.#timeoutMs;
  }

  /** Starts nothing more and gives the run back when what has begun has ended: who asked for it does not wait any more. */
  leave(): void {
    this.#mustLeave = true;
    this.advance();
  }

  /** As {@link leave}, for somebody else, or for later: it takes too much memory now. */
  suspend(pauseMs: number): void {
    this.#pauseMs = pauseMs;
    this.leave();
  }

  /** One end at a time, each stored before the next. */
  #retell(): void {
    const isStored = this.#flight === undefined && this.#ledger.pending.isEmpty;
    const undone = (path: string): void => {
      this.#executed = this.#executed.filter((executed) => executed !== path);
    };
    if (isStored && !this.#retelling.tell(this.#ledger, undone)) {
      this.#takeOver();
      return this.advance();
    }
    this.#flushIfNeeded();
  }

  /**
   * How to take the run anew after `draft` was refused, with what came meanwhile. This one writes nothing more then.
   *
   * @returns undefined when no node is to blame; then nothing has changed.
   */
  supersede(draft: FlushDraft): Takeover | undefined {
    // All of it, however much: what is not taken now is lost with this one.
    for (const work of this.#deferred.splice(0)) work();
    const retold = endsToTell(draft.pending.ends, [...this.#ledger.pending.ends, ...this.#retelling.left]);
    if (retold === undefined) return undefined;
    this.#release("lost");
    const { kind } = this.#policy;
    const policy = kind === "steps" ? { kind, max: this.#policy.max - this.#executed.length } : this.#policy;
    return { policy, workerKey: this.#workerKey, retold, executed: this.#executed };
  }

  /** Forgets the run: somebody else owns it, or nobody knows. Nothing of it is written. */
  drop(cause: StopCause): void {
    this.#release(cause);
    this.#host.released(this, { kind: "lost" });
  }

  /** A bug must not take the other runs of the process with it: this one is left to its lease, and to the crash count. */
  broken(cause: unknown): void {
    this.#host.log.error({ err: cause, runId: this.runId }, "run dropped by a bug");
    if (!this.isReleased) this.drop("lost");
  }

  /** Stops calls whose answer nobody will wait for, before the process ends. */
  stopCalls(): void {
    this.#calls.stop("stopping");
  }

  /** A call that a dead owner had begun is begun again, unless it must not be, or is what killed it. */
  #reopenStarted(): void {
    for (const held of this.#ledger.held.values()) {
      const { state } = held;
      if (state.phase === "WAITING" && held.waitReason === approvedReason) applyReopened(this.#graph, state);
      if (state.phase !== "RUNNING" || held.waitReason === "EXTERNAL") continue;
      if (held.alone === true && this.crashes >= this.#host.maxCrashes) crashedDecide(this.#ledger, held);
      else if (state.node.atMostOnce) this.#outcome(held, { kind: "waiting", reason: "OUTCOME_UNKNOWN" }, []);
      else applyReopened(this.#graph, state);
    }
  }

  #executedHere(held: HeldNode, outcome: NodeOutcome, spans: readonly SpanRecord[]): void {
    if (this.#ending !== undefined) return;
    if (isLeaf(held.state)) this.#executed.push(held.path);
    if (isAgentsEnd(held.state) && outcome.kind === "completed") return endDecide(this.#ledger, held, outcome);
    this.#outcome(held, isOpening(held.state) ? openedBy(outcome) : outcome, spans);
  }

  #outcome(held: HeldNode, outcome: OwnerOutcome, spans: readonly SpanRecord[]): void {
    const { state } = held;
    this.#ledger.attemptEnded(held, { outcome, spans }, this.#ending === undefined);
    if (state.drive === undefined) this.#forgiveness.ended(state);
    else
      this.#forgiveness.opened(
        state,
        [...state.drive.frames.values()].flatMap((frame) => statesOf(frame).filter(({ phase }) => phase === "READY")),
      );
  }

  #flushIfNeeded(): void {
    clearTimeout(this.#timer);
    this.#host.weighed(this, this.#ledger.heldBytes);
    const rest = restOf(this.#standing());
    if (this.#flight === undefined && this.#hasSomething(rest)) this.#host.flushWanted(this);
    const dueMs = rest === "keep" ? earliest(this.#ledger.held.firstDueMs(), this.#deadlineMs()) : undefined;
    if (dueMs !== undefined) this.#timerArm(dueMs);
  }

  #timerArm(dueMs: number): void {
    const waitMs = Math.max(1, dueMs - this.#ledger.clock.nowMs());
    this.#timer = setTimeout(() => this.advance(), Math.min(waitMs, 60_000)).unref();
  }

  #standing(): Standing {
    const { held } = this.#ledger;
    return {
      graph: this.#graph,
      held,
      ending: this.#ending,
      policy: this.#policy,
      isManual: this.#isManual,
      isBusy: this.#hasUnread || this.#calls.size > 0 || this.#ready.isInterrupted || held.decided.size > 0 || this.#phase === "retelling",
      isLeaving: this.#phase === "leaving",
      isRunningOutside: this.#isRunningOutside,
      deadlineMs: this.#deadlineMs(),
    };
  }

  /** About how many characters its next flush has. */
  get unsent(): number {
    return this.#ledger.pending.characters;
  }

  /** Whether it reads more of its mail now: what that brings is to be stored too. An end or a decision is not stored while there is unread mail. */
  get readsMail(): boolean {
    return this.unsent < mostUnsent || this.#ending !== undefined || this.#ledger.held.decided.size > 0;
  }

  /** Takes what there is to store, as one run of a flush. undefined: nothing, or one is under way. */
  flushTake(): FlushDraft | undefined {
    if (this.#flight !== undefined || (this.#phase !== "retelling" && !this.#mayDecide())) return undefined;
    const standing = this.#standing();
    const rest = restOf(standing);
    if (!this.#hasSomething(rest)) return undefined;
    const draft = flushDraft(
      {
        run: this,
        ledger: this.#ledger,
        workerKey: this.#workerKey,
        ...this.#told,
        seen: this.#mail.seen,
        seenStored: this.#mail.seenStored,
        mustClear: this.#forgiveness.isDue,
        standing,
        pauseMs: this.#pauseMs,
      },
      rest,
    );
    this.#flight = draft;
    if (draft.tail !== undefined) this.#phaseSet("blocked");
    return draft;
  }

  #hasSomething(rest: Rest): boolean {
    return rest !== "keep" || !this.#ledger.pending.isEmpty || this.#ledger.held.decided.size > 0 || this.#forgiveness.isDue;
  }

  /** The database's answer to the flush. `wasSentBefore`: its outcome was unknown once, so that "applied" means this very flush. */
  flushSettle(draft: FlushDraft, answer: Omit<FlushAnswer, "k">, wasSentBefore: boolean): void {
    if (this.#flight !== draft) return;
    this.#flight = undefined;
    if (this.isReleased) return;
    if (this.#phase === "blocked") this.#phaseSet("open");
    if (answer.why === "ok" || (answer.why === "applied" && wasSentBefore)) return this.#stored(draft, answer.mail ?? this.#mail.seen);
    if (answer.why !== "mail" && answer.why !== "busy") {
      draft.pending.settled();
      return this.drop("lost");
    }
    this.#refused(draft);
    if (answer.why === "mail") this.#mailFirst();
    else setTimeout(() => this.advance(), 5).unref();
  }

  /** Its mail comes before its rest; but what it has to store before its mail, where that is much. */
  #mailFirst(): void {
    this.#hasUnread = !this.readsMail;
    if (this.#hasUnread) this.advance();
    else this.#host.drainWanted(this);
  }

  #stored(draft: FlushDraft, mail: number): void {
    draft.pending.settled();
    this.#ledger.stored(draft.row.e1);
    this.#mail.seenStored = draft.row.seen;
    if (draft.row.clear) {
      this.#forgiveness.stored();
      this.#calls.isCareful &&= draft.row.crashesLeft !== undefined;
      this.#mustLeave ||= this.#policy.kind === "worker" && this.#policy.untilForgiven === true;
    }
    if (draft.row.rest !== "keep") return this.#rested(draft);
    for (const [held, outcome] of draft.tail?.decided ?? []) {
      decisionStored(this.#ledger, held, outcome);
      this.#forgiveness.ended(held.state);
    }
    this.#atIt(() => {
      for (const held of draft.pending.starts) this.#calls.begin(held);
    });
    this.#deferredRun();
    if (mail > this.#mail.seen) this.#host.drainWanted(this);
    this.advance();
  }

  #rested(draft: FlushDraft): void {
    const rest = draft.row.rest as Exclude<Rest, "keep">;
    this.#release("lost");
    const { ready, open, waiting } = this.#graph;
    const dueInMs = draft.row.due === undefined ? undefined : draft.row.due - this.#ledger.clock.nowMs();
    const left = { executed: this.#executed, hasReady: ready.size > 0, dueInMs, hasOffers: open.size > waiting };
    this.#host.released(this, { kind: "rested", rest, ...left });
  }

  /** Nothing was stored: the rows wait for the next flush, the tail is forgotten. */
  #refused(draft: FlushDraft): void {
    if (draft.tail !== undefined) {
      this.#ledger.numbersForget(draft.tail.seqBefore);
      for (const [held] of draft.tail.decided) decisionRefused(this.#ledger, held);
    }
    this.#ledger.takeBack(draft.pending);
    this.#deferredRun();
  }

  #unblocked(work: () => void): void {
    this.#deferred.push(work);
    if (this.isReleased) for (const left of this.#deferred.splice(0)) left();
    else this.#deferredRun();
  }

  /** Takes the ends of calls that wait, in their order, for as long as they can be taken. */
  #deferredRun(): void {
    while (this.#phase !== "blocked" && !this.#ledger.isFull) {
      const work = this.#deferred.shift();
      if (work === undefined) return;
      work();
    }
  }

  #release(cause: StopCause): void {
    this.#phaseSet("released");
    clearTimeout(this.#timer);
    this.#calls.forgetAll(cause);
    // Their outcomes do not count any more; they still have their slots.
    for (const work of this.#deferred.splice(0)) work();
    this.#flight?.pending.settled();
    this.#ledger.pending.settled();
  }
}

const poisonous: Ending = {
  status: "FAILED",
  code: workerCrashed.code,
  message: "Three of its node runs ended the workers that executed them, so no more of it is tried.",
};

/** It is an agent that was opened: what it is executed for now is its end. */
function isAgentsEnd({ node, drive }: NodeState): boolean {
  return node.composite?.kind === "agent" && drive !== undefined;
}

/** It is ready to open. */
function isOpening({ node, drive }: NodeState): boolean {
  return node.composite !== undefined && drive === undefined;
}

/** What a composite's opening computed is no output: it opens with it. */
function openedBy(outcome: NodeOutcome): OwnerOutcome {
  if (outcome.kind !== "completed" || !Array.isArray(outcome.outputJson)) return outcome;
  return { kind: "opened", items: outcome.outputJson };
}
