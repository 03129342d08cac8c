/**
 * A run in its owner's hands: the one place that decides about it and the one writer of its rows. Everything here is memory; what is to be
 * stored collects in the ledger and leaves with the next flush, one flush at a time.
 *
 * A flush may have a tail: rows that hold only if nobody posted to the run meanwhile (its end, its rest, a time-out). While one is under way
 * nothing else is decided (`#isBlocked`), so when it is refused the tail is forgotten, the mail is read, and it is decided again.
 */
import { applyReopened } from "../engine/apply.ts";
import type { CompiledPlan } from "../engine/plan.ts";
import { nodeAt, type RunState } from "../engine/run-state.ts";
import type { NodeOutcome } from "../nodes/executor.ts";
import type { ClaimedRun } from "../queue/claim.sql.ts";
import type { FlushAnswer, Rest } from "../queue/flush.sql.ts";
import type { InboxMessage, LoadedRun } from "../queue/load.sql.ts";
import { DatabaseClock, monotonicMs } from "./clock.ts";
import { CrashForgiveness } from "./crash-forgiveness.ts";
import { Decisions } from "./decisions.ts";
import type { StopCause } from "./execution.ts";
import { flushDraft, type FlushDraft, type Ownership } from "./flush-draft.ts";
import type { OwnerOutcome } from "./inbox-message.ts";
import { messageApply, type Addressee } from "./message-apply.ts";
import { NodeCalls, type CallingRun } from "./node-calls.ts";
import { runEnvironment, type RunEnvironment, type SpanRecord } from "./node-context.ts";
import { ReadyNodes } from "./ready-nodes.ts";
import { endsToTell, Retelling, type TakenEnd } from "./retelling.ts";
import type { Policy, RunHost } from "./run-host.ts";
import { RunLedger } from "./run-ledger.ts";
import { restOf, type Ending, type Standing } from "./run-rest.ts";

/** How an owner takes a run. */
export interface Takeover {
  /** How far it takes it. */
  policy: Policy;
  workerKey: string;
  /** What happened to it in this very process and could not be stored together. */
  retold?: readonly TakenEnd[];
  /** Paths of the nodes that this owner has executed before. */
  executed?: readonly string[];
}

export class OwnedRun {
  readonly runId: string;
  readonly tenantId: string;
  readonly lease: string;
  readonly leaseMs: number;
  /** How many owners died with it, or let its lease run out. */
  readonly crashes: number;
  /** When the lease was last known to be ours, by the monotonic clock. */
  confirmedAtMs = monotonicMs();
  readonly #host: RunHost;
  readonly #policy: Policy;
  readonly #isManual: boolean;
  readonly #workerKey: string;
  readonly #ledger: RunLedger;
  /** The ledger's. */
  readonly #graph: RunState;
  readonly #environment: RunEnvironment;
  readonly #calls: NodeCalls;
  readonly #ready: ReadyNodes;
  readonly #decisions: Decisions;
  #executed: string[];
  readonly #loaded: Pick<LoadedRun, "inbox" | "mail">;
  readonly #retelling: Retelling;
  readonly #deferred: (() => void)[] = [];
  #eventSeq: number;
  #seen = 0;
  #seenStored = 0;
  #flight: FlushDraft | undefined;
  #ending: Ending | undefined;
  /** Its mail was read and what a dead owner had begun is begun again. */
  #isTakenOver = false;
  /** A MANUAL run was set to RUNNING: so it stays until one of its node runs changes. */
  #isRunningOutside = false;
  /** Its crashes are forgiven, and its owner took it no further than that: what has begun ends here, the rest is for others. */
  #isHandedOn = false;
  // What the mail ends that is read at the takeover was not ready then.
  #forgiveness = new CrashForgiveness(0, []);
  #isReleased = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(host: RunHost, claimed: ClaimedRun, loaded: LoadedRun, plan: CompiledPlan, takeover: Takeover) {
    this.runId = loaded.id;
    this.tenantId = loaded.tenantId;
    this.lease = claimed.lease;
    this.leaseMs = claimed.leaseMs;
    this.#isManual = loaded.execution === "MANUAL";
    this.#host = host;
    // A MANUAL run that a worker finds in the queue has mail that its poster could not apply; no more than that is the worker's business.
    this.#policy = this.#isManual && takeover.policy.kind === "worker" ? { kind: "inbox" } : takeover.policy;
    this.#workerKey = takeover.workerKey;
    this.#executed = [...(takeover.executed ?? [])];
    this.crashes = claimed.crashes;
    this.#eventSeq = loaded.eventSeq;
    const clock = new DatabaseClock(claimed.dbNowMs, this.confirmedAtMs);
    this.#ledger = new RunLedger(loaded, plan, clock);
    this.#graph = this.#ledger.graph;
    this.#decisions = new Decisions(this.#ledger);
    this.#environment = runEnvironment(host, loaded, clock);
    // Two owners have died with it: one of its nodes may be why.
    this.#calls = new NodeCalls(this.#callingRun(), claimed.crashes >= 2);
    this.#ready = new ReadyNodes({ policy: this.#policy, ledger: this.#ledger, calls: this.#calls, advance: () => this.advance() });
    this.#loaded = loaded;
    this.#retelling = new Retelling(takeover.retold ?? []);
    if (this.#retelling.left.length === 0) this.#takeOver();
  }

  get isReleased(): boolean {
    return this.#isReleased;
  }
  /** A flush that lets go of it is under way. */
  get isResting(): boolean {
    return this.#flight !== undefined && this.#flight.row.rest !== "keep";
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
      epoch: this.crashes,
      storedSeq: () => this.#eventSeq,
      isWanted: (index) => this.#isWanted(index),
      mayCallOutside: () => this.#host.mayCallOutside(this),
      executed: (index, outcome, spans) => this.#executedHere(index, outcome, spans),
      whenOpen: (work) => this.#unblocked(work),
      advance: () => this.advance(),
      broken: (cause) => this.broken(cause),
    };
  }

  /** Nothing of it starts here any more. */
  get #isLeaving(): boolean {
    return this.#host.isStopping || this.#isHandedOn;
  }

  #addressee(): Addressee {
    return {
      ledger: this.#ledger,
      calls: this.#calls,
      isManual: this.#isManual,
      end: (ending) => {
        this.#ending ??= ending;
      },
      runningOutside: () => {
        this.#isRunningOutside = true;
        this.#ledger.statusSet("RUNNING");
      },
      outcome: (index, outcome, spans) => this.#outcome(index, outcome, spans),
    };
  }

  #isWanted(index: number): boolean {
    if (this.#isReleased || this.#host.isStopping || this.#ending !== undefined) return false;
    return this.#graph.phases[index] === "RUNNING" && this.#graph.failure === undefined;
  }

  #takeOver(): void {
    this.#isTakenOver = true;
    this.mailApply(this.#loaded.inbox, this.#loaded.mail);
    if (this.#policy.kind !== "inbox" || !this.#isManual) this.#reopenStarted();
    this.#forgiveness = new CrashForgiveness(this.crashes, this.#graph.ready);
  }

  /** Applies what others want of the run. Safe to call with messages that were read before. */
  mailApply(messages: readonly InboxMessage[], mail: number): void {
    if (this.#isReleased || this.#isBlocked() || !this.#isTakenOver) return;
    const addressee = this.#addressee();
    for (const message of messages) {
      if (message.seq <= this.#seen) continue;
      this.#seen = message.seq;
      try {
        messageApply(addressee, message);
      } catch (cause) {
        this.#host.log.error({ err: cause, runId: this.runId, seq: message.seq }, "inbox message dropped");
      }
    }
    this.#seen = Math.max(this.#seen, mail);
  }

  /** Decides what happens next, runs the pure nodes that are ready, and asks for a flush where there is something to store. */
  advance(): void {
    if (this.#isReleased || this.#isBlocked()) return;
    if (!this.#isTakenOver) return this.#retell();
    if (this.#ending === undefined) {
      if (!this.#isManual || this.#policy.kind !== "inbox") this.#decisions.dueFire();
      if (this.#graph.failure !== undefined) this.#calls.stop("sibling-failed");
      else if (!this.#isLeaving && this.#decisions.size === 0) this.#ready.start();
    } else this.#calls.stop("cancelled");
    this.#flushIfNeeded();
  }

  /** One end at a time, each stored before the next. */
  #retell(): void {
    const isStored = this.#flight === undefined && this.#ledger.pending.isEmpty;
    const undone = (index: number): void => {
      this.#executed = this.#executed.filter((path) => path !== this.#ledger.pathOf(index));
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
    this.#deferredRun();
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
    if (!this.#isReleased) this.drop("lost");
  }

  /** Stops calls whose answer nobody will wait for, before the process ends. */
  stopCalls(): void {
    this.#calls.stop("stopping");
  }

  /** What a dead owner had begun is begun again, unless it must not be, or is what killed it. */
  #reopenStarted(): void {
    for (const [index, node] of this.#ledger.open) {
      if (this.#graph.phases[index] !== "RUNNING" || node.waitReason === "EXTERNAL") continue;
      if (node.alone === true && this.crashes >= this.#host.maxCrashes) this.#decisions.crashed(index);
      else if (nodeAt(this.#ledger.plan, index).atMostOnce) this.#outcome(index, { kind: "waiting", reason: "OUTCOME_UNKNOWN" }, []);
      else applyReopened(this.#graph, index);
    }
  }

  #executedHere(index: number, outcome: NodeOutcome, spans: readonly SpanRecord[]): void {
    if (this.#ending !== undefined) return;
    this.#executed.push(this.#ledger.pathOf(index));
    this.#outcome(index, outcome, spans);
  }

  #outcome(index: number, outcome: OwnerOutcome, spans: readonly SpanRecord[]): void {
    this.#ledger.attemptEnded(index, { outcome, spans }, this.#ending === undefined);
    this.#forgiveness.ended(index);
  }

  #flushIfNeeded(): void {
    clearTimeout(this.#timer);
    const rest = restOf(this.#standing());
    if (this.#flight === undefined && this.#hasSomething(rest)) this.#host.flushWanted(this);
    if (rest === "keep" && this.#ledger.due.size > 0) this.#timerArm();
  }

  #timerArm(): void {
    const waitMs = Math.max(1, Math.min(...this.#ledger.due.values()) - this.#ledger.clock.nowMs());
    this.#timer = setTimeout(() => this.advance(), Math.min(waitMs, 60_000)).unref();
  }

  #standing(): Standing {
    return {
      graph: this.#graph,
      open: this.#ledger.open,
      ending: this.#ending,
      policy: this.#policy,
      isManual: this.#isManual,
      isBusy: this.#calls.size > 0 || this.#ready.isTurnDue || this.#decisions.size > 0 || !this.#isTakenOver,
      isLeaving: this.#isLeaving,
      isRunningOutside: this.#isRunningOutside,
    };
  }

  /** Takes what there is to store, as one run of a flush. undefined: nothing, or one is under way. */
  flushTake(): FlushDraft | undefined {
    if (this.#isReleased || this.#flight !== undefined) return undefined;
    const standing = this.#standing();
    const rest = restOf(standing);
    if (!this.#hasSomething(rest)) return undefined;
    this.#flight = flushDraft(this.#ownership(standing), rest);
    return this.#flight;
  }

  #hasSomething(rest: Rest): boolean {
    return rest !== "keep" || !this.#ledger.pending.isEmpty || this.#decisions.size > 0 || this.#forgiveness.isDue;
  }

  #ownership(standing: Standing): Ownership {
    return {
      run: this,
      ledger: this.#ledger,
      workerKey: this.#workerKey,
      eventSeq: this.#eventSeq,
      seen: this.#seen,
      seenStored: this.#seenStored,
      mustClear: this.#forgiveness.isDue,
      decisions: this.#decisions.outcomes,
      standing,
    };
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
      this.#forgiveness.stored();
      this.#calls.isCareful = false;
      this.#isHandedOn = this.#policy.kind === "worker" && this.#policy.untilForgiven === true;
    }
    if (draft.row.rest !== "keep") return this.#rested(draft);
    for (const [index, outcome] of draft.tail?.decided ?? []) {
      this.#decisions.stored(index, outcome);
      this.#forgiveness.ended(index);
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
      for (const [index] of draft.tail.decided) this.#decisions.refused(index);
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
