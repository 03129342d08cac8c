/**
 * A run in its owner's hands: the one place that decides about it and the one writer of its rows. Everything here is memory; all that is to be
 * stored collects in the ledger and leaves with the next flush, one flush at a time.
 */
import { statesOf } from "../engine/drive.ts";
import { isLeaf, isStopped, type NodeState } from "../engine/frame.ts";
import type { CompiledPlan } from "../engine/plan.ts";
import type { RunState } from "../engine/run-state.ts";
import type { Approval, NodeInterruption, NodeOutcome } from "../nodes/executor.ts";
import type { ClaimedRun } from "../queue/claim.sql.ts";
import type { FlushAnswer, Rest } from "../queue/flush.sql.ts";
import type { InboxMessage, LoadedRun } from "../queue/load.sql.ts";
import { endsToTell } from "./calls/attempt-end.ts";
import { DatabaseClock, earliest, monotonicMs } from "./clock.ts";
import { isAgentsEnd, openedBy } from "./composites/composite-opening.ts";
import { CrashForgiveness } from "./takeover/crash-forgiveness.ts";
import { decisionStored, dueDecide, endDecide, failedStop } from "./decisions.ts";
import { DeferredEnds } from "./calls/deferred-ends.ts";
import { DueTimer } from "./due-timer.ts";
import type { StopCause } from "./calls/execution.ts";
import { flushDraft, type FlushDraft, type FlushingRun, type Ownership } from "./flush/flush-draft.ts";
import { landingOf, RunFlight } from "./flush/run-flight.ts";
import type { Holder } from "./held/held-bytes.ts";
import type { HeldNode } from "./held/held-node.ts";
import type { OwnerOutcome } from "./mail/inbox-message.ts";
import { MailReader } from "./mail/mail-reader.ts";
import { mailTake, type TakingRun } from "./mail/mail-taking.ts";
import { NodeCalls, type CallingRun } from "./calls/node-calls.ts";
import { runEnvironment, type RunEnvironment, type SpanRecord } from "./calls/node-context.ts";
import { ReadyNodes } from "./calls/ready-nodes.ts";
import { Retelling } from "./takeover/retelling.ts";
import type { OwnerPhase } from "./owner-phase.ts";
import type { Policy } from "./policy.ts";
import { RunEnding } from "./run-ending.ts";
import type { RunHost } from "./run-host.ts";
import { RunLedger } from "./run-ledger.ts";
import { restOf, type Standing } from "./run-rest.ts";
import { startedReopen, type Takeover } from "./takeover/takeover.ts";

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
  readonly isGated: boolean;
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
  readonly #ledger: RunLedger;
  /** The ledger's. */
  readonly #graph: RunState;
  readonly #environment: RunEnvironment;
  readonly #calls: NodeCalls;
  readonly #ready: ReadyNodes;
  #loaded: Pick<LoadedRun, "inbox" | "mail">;
  readonly #retelling: Retelling;
  readonly #mail: MailReader;
  readonly #deferred = new DeferredEnds();
  #phase: OwnerPhase;
  #mustLeave = false;
  /** There is mail that it reads when it has stored what it has. */
  #hasUnread = false;
  /** How long it is left alone when it is given back; undefined: it is due at once. */
  #pauseMs: number | undefined;
  #executed: string[];
  readonly #flight: RunFlight;
  readonly #ending: RunEnding;
  /** A MANUAL run was set to RUNNING: so it stays until one of its node runs changes. */
  #isRunningOutside = false;
  #forgiveness = new CrashForgiveness(0, []);
  readonly #timer: DueTimer;

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
    this.isGated = plan.concurrency !== undefined;
    this.#executed = [...(takeover.executed ?? [])];
    const clock = new DatabaseClock(claimed.dbNowMs, this.confirmedAtMs);
    const ledger = new RunLedger(loaded, plan, clock);
    this.#ledger = ledger;
    this.#graph = ledger.graph;
    this.#ending = new RunEnding(ledger, plan.timeoutMs);
    this.#timer = new DueTimer(clock, () => this.advance());
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
    const taking = this.#takingRun();
    this.#mail = new MailReader({ log: host.log, runId: this.runId, addressee, take: (effect) => mailTake(taking, effect) });
    this.#flight = new RunFlight(ledger, this.#mail);
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
    return this.#flight.isResting;
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
      whenOpen: (end) => this.#defer(end),
      advance: () => this.advance(),
      allowed: () => this.#ready.refund(),
      strange: (held, interruption) => this.#strange(held, interruption),
      broken: (cause) => this.broken(cause),
    };
  }

  #takingRun(): TakingRun {
    return {
      ledger: this.#ledger,
      calls: this.#calls,
      ended: (ending) => this.#ending.told(ending),
      runningOutside: () => {
        this.#isRunningOutside = true;
      },
      outcome: (held, outcome, spans) => this.#outcome(held, outcome, spans),
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
    if (this.isReleased || this.#host.isStopping || this.#ending.ending !== undefined) return "forget";
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

  #reopenStarted(): void {
    const outcome = (held: HeldNode, came: OwnerOutcome): void => this.#outcome(held, came, []);
    startedReopen({ ledger: this.#ledger, crashes: this.crashes, maxCrashes: this.#host.maxCrashes, outcome });
  }

  /** Applies the messages of others. Safe to call with messages that were read before. */
  mailApply(messages: readonly InboxMessage[], mail: number): void {
    if (!this.#mayDecide()) return;
    this.#hasUnread = false;
    this.#mail.read(messages, mail);
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
    this.#ending.decide();
    if (this.#ending.ending === undefined) {
      if (!this.#isManual || this.#policy.kind !== "inbox") dueDecide(this.#ledger);
      this.#failedStop();
      if (this.#graph.root.failure === undefined && this.#phase === "open" && this.#ledger.held.decided.size === 0) {
        this.#ready.start();
        // An item that has ended just now may have failed what is around it. Where all else of that waits, nothing else would come to see it.
        this.#failedStop();
      }
    } else this.#calls.stop("cancelled");
    this.#flushIfNeeded();
  }

  #failedStop(): void {
    if (this.#graph.root.failure !== undefined) this.#calls.stop("sibling-failed");
    else failedStop(this.#ledger);
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
    const isStored = !this.#flight.isUnderWay && this.#ledger.pending.isEmpty;
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
    this.#deferred.takeAll();
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

  /** A bug must not take the other runs of the process with it: this one is left to its lease, and is over when that comes again and again. */
  broken(cause: unknown): void {
    this.#host.log.error({ err: cause, runId: this.runId }, "run dropped by a bug");
    if (this.isReleased) return;
    this.drop("lost");
    // A caller of the API may do what no worker does.
    if (this.#policy.kind === "worker") this.#host.dropped(this);
  }

  /** Stops calls whose answer nobody will wait for, before the process ends. */
  stopCalls(): void {
    this.#calls.stop("stopping");
  }

  #executedHere(held: HeldNode, outcome: NodeOutcome, spans: readonly SpanRecord[]): void {
    if (this.#ending.ending !== undefined) return;
    // A composite without items has no leaf that was executed, and was what was asked for all the same.
    if (isLeaf(held.state) || (this.#policy.kind === "node" && this.#policy.path === held.path)) this.#executed.push(held.path);
    if (isAgentsEnd(held.state) && outcome.kind === "completed") return endDecide(this.#ledger, held, outcome);
    this.#outcome(held, openedBy(held.state, outcome), spans);
  }

  #outcome(held: HeldNode, outcome: OwnerOutcome, spans: readonly SpanRecord[]): void {
    const { state } = held;
    this.#ledger.attemptEnded(held, { outcome, spans }, this.#ending.ending === undefined);
    if (state.drive === undefined) this.#forgiveness.ended(state);
    else
      this.#forgiveness.opened(
        state,
        [...state.drive.frames.values()].flatMap((frame) => statesOf(frame).filter(({ phase }) => phase === "READY")),
      );
  }

  #flushIfNeeded(): void {
    this.#timer.clear();
    this.#host.weighed(this, this.#ledger.heldBytes);
    const rest = restOf(this.#standing());
    if (!this.#flight.isUnderWay && this.#hasSomething(rest)) this.#host.flushWanted(this);
    const dueMs = rest === "keep" ? earliest(this.#ledger.held.firstDueMs(), this.#ending.deadlineMs) : undefined;
    if (dueMs !== undefined) this.#timer.arm(dueMs);
  }

  #standing(): Standing {
    const { held } = this.#ledger;
    return {
      graph: this.#graph,
      held,
      ending: this.#ending.ending,
      policy: this.#policy,
      isManual: this.#isManual,
      isBusy: this.#hasUnread || this.#calls.size > 0 || this.#ready.isInterrupted || held.decided.size > 0 || this.#phase === "retelling",
      isLeaving: this.#phase === "leaving",
      isRunningOutside: this.#isRunningOutside,
      deadlineMs: this.#ending.deadlineMs,
    };
  }

  /** About how many characters its next flush has. */
  get unsent(): number {
    return this.#ledger.pending.characters;
  }

  /** Whether it reads more of its mail now: what that brings is to be stored too. An end or a decision is not stored while there is unread mail. */
  get readsMail(): boolean {
    return this.unsent < mostUnsent || this.#ending.ending !== undefined || this.#ledger.held.decided.size > 0;
  }

  /** Takes what there is to store, as one run of a flush. undefined: nothing, or one is under way. */
  flushTake(): FlushDraft | undefined {
    if (this.#flight.isUnderWay || (this.#phase !== "retelling" && !this.#mayDecide())) return undefined;
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
    this.#flight.begin(draft);
    if (draft.tail !== undefined) this.#phaseSet("blocked");
    return draft;
  }

  #hasSomething(rest: Rest): boolean {
    return rest !== "keep" || !this.#ledger.pending.isEmpty || this.#ledger.held.decided.size > 0 || this.#forgiveness.isDue;
  }

  /** The database's answer to the flush. `wasSentBefore`: its outcome was unknown once, so that "applied" means this very flush. */
  flushSettle(draft: FlushDraft, answer: Omit<FlushAnswer, "k">, wasSentBefore: boolean): void {
    if (!this.#flight.end(draft) || this.isReleased) return;
    if (this.#phase === "blocked") this.#phaseSet("open");
    const landing = landingOf(answer, wasSentBefore);
    if (landing === "stored") return this.#stored(draft, answer.mail ?? this.#mail.seen);
    if (landing === "lost") {
      draft.pending.settled();
      return this.drop("lost");
    }
    this.#flight.refused(draft);
    this.#deferredTake();
    if (landing === "unread") this.#mailFirst();
    else setTimeout(() => this.advance(), 5).unref();
  }

  /** Its mail comes before its rest; but what it has to store before its mail, where that is much. */
  #mailFirst(): void {
    this.#hasUnread = !this.readsMail;
    if (this.#hasUnread) this.advance();
    else this.#host.drainWanted(this);
  }

  #stored(draft: FlushDraft, mail: number): void {
    this.#flight.stored(draft);
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
    this.#deferredTake();
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

  #defer(end: () => void): void {
    this.#deferred.add(end);
    if (this.isReleased) this.#deferred.takeAll();
    else this.#deferredTake();
  }

  #deferredTake(): void {
    this.#deferred.take(() => this.#phase !== "blocked" && !this.#ledger.isFull);
  }

  #release(cause: StopCause): void {
    this.#phaseSet("released");
    this.#timer.clear();
    this.#calls.forgetAll(cause);
    // Their outcomes do not count any more; they still have their slots.
    this.#deferred.takeAll();
    this.#flight.forget();
    this.#ledger.pending.settled();
  }
}
