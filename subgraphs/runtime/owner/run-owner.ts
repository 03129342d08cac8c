/**
 * The runs that a process owns, and what they share: slots, the group commit, mail. Both the worker and the API own runs through it, so every
 * way to execute is the same path.
 */
import { ByteRoom } from "#shared/byte-room.ts";
import type { HintChannel } from "#shared/hints.ts";
import type { Log } from "#shared/log.ts";
import { readGauge } from "#shared/metrics/instruments.ts";
import type { NodePorts } from "../nodes/executor.ts";
import type { ClaimedRun, RunClaim } from "../queue/claim.sql.ts";
import { driverVersion } from "../engine/composite.ts";
import { isDamage, isOwnError, isTooLarge } from "../queue/failure.ts";
import type { LoadedNode, LoadedRun } from "../queue/load.sql.ts";
import { runsRelease } from "../queue/release.sql.ts";
import type { HeldLease, Lease } from "../queue/renew.sql.ts";
import type { Queryable } from "../queue/statement.ts";
import { monotonicMs } from "./clock.ts";
import { DeadLetters } from "./dead-letters.ts";
import type { FlushDraft, FlushingRun } from "./flush/flush-draft.ts";
import { Flusher } from "./flush/flusher.ts";
import { resultReader, type ResultReader } from "./composites/frame-results.ts";
import type { Gates } from "./gates.ts";
import { HeldBytes, type Holder } from "./held/held-bytes.ts";
import { FailedTakeovers } from "./takeover/failed-takeovers.ts";
import { LeftToOthers } from "./takeover/left-to-others.ts";
import { answerBytesOfHeap, heldBytesOfHeap } from "./held/heap-share.ts";
import { IdleSignal } from "./idle-signal.ts";
import { PlanCache } from "../plan/frozen-plan.ts";
import { mailAhead } from "./mail/mail-ahead.ts";
import { MailDrain } from "./mail/mail-drain.ts";
import { OwnedRun } from "./owned-run.ts";
import type { Policy } from "./policy.ts";
import type { Executors, Release, RunHost } from "./run-host.ts";
import { RunLoader, type NotLoaded } from "./takeover/run-loader.ts";
import { SetBacks } from "./takeover/set-backs.ts";
import { Slots } from "./calls/slots.ts";

/** What an owner is made of. */
export interface RunOwnerOptions {
  db: Queryable;
  hints: HintChannel;
  log: Log;
  executors: Executors;
  ports: NodePorts;
  /** Told of runs that have ended for whose end others wait. */
  gates: Pick<Gates, "wanted">;
  slots: number;
  offersNodes: boolean;
  maxCrashes: number;
  /** What its runs may hold in memory together; a part of the heap's limit unless given. */
  heldBytes?: number | undefined;
  /** What it executes calls no model and no tool. */
  dryRun?: boolean;
  /** What its calls may have in flight together, half of it for one tenant; a part of the heap's limit unless given. */
  answerBytes?: number | undefined;
  flushed?: (runIds: readonly string[]) => void;
  /** A slot is free again. */
  slotFreed?: () => void;
  released?: (runId: string, release: Release) => void;
  /** Told which run the process is at, for whoever finds that it does not come back; undefined: none. */
  advancing?: (runId: string | undefined) => void;
  /** Whether metrics have what it does; they do unless given. */
  isGauged?: boolean;
}

/** How far runs are taken, for whom, and who is told when they leave the process. */
export interface Adoption {
  policy: Policy;
  workerKey: string;
  left?: (release: Release) => void;
  /** Fires when nobody waits for them any more: each is given back when what has begun of it has ended. */
  signal?: AbortSignal;
}

const ownedRuns = readGauge({ name: "owned_runs", help: "Runs that this process owns now." });
const heldBytes = readGauge({ name: "held_bytes", help: "What they hold in its memory, about." });
const heldLimit = readGauge({ name: "held_bytes_limit", help: "What they may hold together." });
const slotsUsed = readGauge({ name: "slots_used", help: "Nodes that wait for the outside now: models, tools, programs." });
const slotsTotal = readGauge({ name: "slots", help: "Nodes that may wait for the outside side by side." });

/** Calls that were stopped end within a second, and what they leave is stored then. */
const lastGraceMs = 3_000;
/** Events that an owner may store, each time, of a run that it has to drop. */
const littleProgress = 10;
/** Then the first of a claim are on their way to the database while the rest begin: runs that all wait together leave a processor idle. */
const runsPerTurn = 16;
const turnMs = 10;

export class RunOwner implements RunHost {
  readonly executors: Executors;
  readonly ports: NodePorts;
  readonly hints: HintChannel;
  readonly log: Log;
  readonly slots: Slots;
  readonly offersNodes: boolean;
  readonly maxCrashes: number;
  readonly held: HeldBytes;
  readonly dryRun: boolean;
  readonly results: ResultReader;
  readonly answers: ByteRoom;
  readonly plans: PlanCache;
  /** What this process does not know enough to go on with. */
  readonly leftToOthers = new LeftToOthers();
  readonly advancing: ((runId: string | undefined) => void) | undefined;
  isStopping = false;
  readonly #db: Queryable;
  readonly #flusher: Flusher;
  readonly #deadLetters: DeadLetters;
  readonly #owned = new Map<string, OwnedRun>();
  readonly #waiters = new Map<FlushingRun, (release: Release) => void>();
  readonly #onReleased: ((runId: string, release: Release) => void) | undefined;
  readonly #unsubscribe: () => void;
  readonly #mail: MailDrain;
  readonly #idle = new IdleSignal(() => this.size === 0);
  /** With when their leases were confirmed. */
  readonly #adopting = new Map<RunClaim, number>();
  readonly #loader: RunLoader;
  readonly #setBacks = new SetBacks();
  readonly #failed = new FailedTakeovers();
  readonly #unwatch: (() => void)[];
  #isReliefDue = false;
  #isClosed = false;

  constructor(options: RunOwnerOptions) {
    const { db, hints, log } = options;
    this.executors = options.executors;
    this.ports = options.ports;
    this.hints = hints;
    this.log = log;
    this.slots = new Slots(options.slots, options.slotFreed);
    this.offersNodes = options.offersNodes;
    this.maxCrashes = options.maxCrashes;
    this.dryRun = options.dryRun === true;
    this.held = new HeldBytes(options.heldBytes ?? heldBytesOfHeap());
    this.answers = new ByteRoom(options.answerBytes ?? answerBytesOfHeap());
    this.plans = new PlanCache(db);
    this.results = resultReader(db);
    this.#loader = new RunLoader({ db, log, held: this.held, plans: this.plans });
    this.advancing = options.advancing;
    this.#db = db;
    this.#onReleased = options.released;
    const listener = { flushed: (ids: readonly string[]) => options.flushed?.(ids), refused: (draft: FlushDraft) => this.#retell(draft) };
    const { gates, isGauged = true } = options;
    this.#deadLetters = new DeadLetters({ db, hints, gates });
    this.#flusher = new Flusher({ db, hints, log, listener, gates, deadLetters: this.#deadLetters, isGauged });
    this.#unsubscribe = hints.subscribe("inbox", "*", (runId) => {
      const run = this.#owned.get(runId);
      if (run !== undefined) this.drainWanted(run);
    });
    this.#mail = new MailDrain({ db, log, owned: this.#owned });
    this.#unwatch = isGauged ? this.#gauges() : [];
  }

  #gauges(): (() => void)[] {
    const one = (value: () => number) => () => [{ labels: {}, value: value() }];
    return [
      ownedRuns.add(one(() => this.size)),
      heldBytes.add(one(() => this.held.total)),
      heldLimit.add(one(() => this.held.limitBytes)),
      slotsUsed.add(one(() => this.slots.total - this.slots.free)),
      slotsTotal.add(one(() => this.slots.total)),
    ];
  }

  /** Runs that it owns, those included that it is just taking over. */
  get size(): number {
    return this.#owned.size + this.#adopting.size;
  }

  /** The run, when this process owns it. */
  get(runId: string): OwnedRun | undefined {
    return this.#owned.get(runId);
  }

  /** Runs of each tenant, those included that it is just taking over. */
  byTenant(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const { tenantId } of [...this.#owned.values(), ...this.#adopting.keys()]) counts.set(tenantId, (counts.get(tenantId) ?? 0) + 1);
    return counts;
  }

  leases(): HeldLease[] {
    const owned = [...this.#owned.values()].map(({ runId, lease, leaseMs, confirmedAtMs }) => ({
      key: runId,
      lease,
      leaseMs,
      confirmedAtMs,
    }));
    const adopting = [...this.#adopting].map(([{ runId, lease, leaseMs }, confirmedAtMs]) => ({
      key: runId,
      lease,
      leaseMs,
      confirmedAtMs,
    }));
    return [...owned, ...adopting];
  }

  /** Takes over runs that were just claimed: loads those that somebody has begun, replays them, and takes them as far as the policy goes. */
  async adopt(claims: readonly RunClaim[], options: Adoption): Promise<void> {
    const atMs = monotonicMs();
    // Before anything is waited for: what is in nobody's hands is not renewed, and given back.
    for (const claim of claims) this.#adopting.set(claim, atMs);
    // Their takeover has ended all who tried. Only a worker gives them up: a caller of the API may cancel or answer what workers still take.
    const isWorker = options.policy.kind === "worker";
    const { hopeless = [], others = [] } = Object.groupBy(claims, ({ crashes }) =>
      isWorker && crashes >= this.maxCrashes + 2 ? "hopeless" : "others",
    );
    try {
      await Promise.all([this.#adoptAll(others, atMs, options), this.#adoptHopeless(hopeless, atMs, options)]);
    } finally {
      for (const claim of claims) this.#adopting.delete(claim);
      this.#idle.changed();
    }
  }

  /** @param atMs  when they were claimed. */
  async #adoptAll(claims: readonly RunClaim[], atMs: number, options: Adoption): Promise<void> {
    const stored = claims.filter((claim) => freshRun(claim) === undefined);
    const loading = this.#loader.load(stored, {
      loaded: (claim, run) => this.#adoptLoaded(claim, run, atMs, options),
      notLoaded: (claim, why) => this.#giveBack(claim, why, options),
    });
    // Not behind the load of those that somebody has begun.
    await Promise.all([this.#adoptFresh(claims, options), loading]);
  }

  /** Fails them, one after another, but for those of which a node is known to be the culprit. */
  async #adoptHopeless(claims: readonly RunClaim[], atMs: number, options: Adoption): Promise<void> {
    const kept: RunClaim[] = [];
    for (const claim of claims) {
      const isOver = await this.#deadLetters.takeover(claim).catch((cause: unknown) => {
        this.log.error({ err: cause, runId: claim.runId }, "run left to its lease, whose takeover ends workers");
        return true;
      });
      if (!isOver) kept.push(claim);
      else {
        this.#adopting.delete(claim);
        options.left?.({ kind: "lost" });
      }
    }
    await this.#adoptAll(kept, atMs, options);
  }

  async #adoptFresh(claims: readonly RunClaim[], options: Adoption): Promise<void> {
    let turnAt = monotonicMs();
    let inTurn = 0;
    for (const claim of claims) {
      const row = freshRun(claim);
      if (row === undefined) continue;
      await this.#adoptOne(claim, row, options);
      this.#adopting.delete(claim);
      if (++inTurn < runsPerTurn && monotonicMs() - turnAt < turnMs) continue;
      await new Promise((resolve) => setImmediate(resolve));
      turnAt = monotonicMs();
      inTurn = 0;
    }
  }

  /** @param atMs  when it was claimed. */
  async #adoptLoaded(claim: RunClaim, row: LoadedRun | undefined, atMs: number, options: Adoption): Promise<void> {
    if (row !== undefined) await mailAhead(row.inbox);
    const confirmedAtMs = this.#adopting.get(claim);
    // Not ours any more: the lease ran out while we waited for the database.
    if (row === undefined || row.lease !== claim.lease || confirmedAtMs === undefined) options.left?.({ kind: "lost" });
    else await this.#adoptOne({ ...claim, dbNowMs: claim.dbNowMs + (monotonicMs() - atMs) }, row, options, confirmedAtMs);
    this.#adopting.delete(claim);
  }

  /** What cannot be loaded now is somebody else's, or due again after a pause; what can never be is over. */
  async #giveBack(claim: RunClaim, why: NotLoaded, options: Adoption): Promise<void> {
    if (why.kind === "failed" && why.isAlone && isTooLarge(why.cause) && (await this.#failUnloadable(claim, why.cause)))
      return options.left?.({ kind: "lost" });
    const isDamaged = why.kind === "failed" && why.isAlone && isDamage(why.cause);
    if (isDamaged && this.#isGivenUp(claim, options) && (await this.#failDamaged(claim))) return options.left?.({ kind: "lost" });
    const pauseMs = this.#setBacks.nextPauseMs(claim.runId);
    const facts = why.kind === "failed" ? { err: why.cause, isAlone: why.isAlone } : { bytes: why.bytes, held: this.held.total };
    this.log.warn({ runId: claim.runId, pauseMs, ...facts }, why.kind === "failed" ? "run not loaded" : "no room for a run");
    this.#adopting.delete(claim);
    await runsRelease(this.#db, [claim], pauseMs).catch((cause: unknown) => this.log.warn({ err: cause }, "run left to its lease"));
    options.left?.({ kind: "lost", why });
  }

  /** @returns false: it is to be given back. */
  async #failUnloadable(claim: RunClaim, cause: Error): Promise<boolean> {
    try {
      if (!(await this.#deadLetters.unloadable(claim))) return false;
    } catch (again) {
      this.log.warn({ err: again, runId: claim.runId }, "run not failed yet, which cannot be loaded");
      return false;
    }
    this.log.error({ err: cause, runId: claim.runId }, "run failed, which cannot be loaded");
    this.#adopting.delete(claim);
    return true;
  }

  weighed(run: Holder, bytes: number): void {
    this.held.set(run, bytes);
    if (this.held.total > this.held.limitBytes || this.held.of(run.tenantId) > this.held.tenantBytes) this.#relieveSoon();
  }

  /** Memory is short, whatever was counted: the run that came last of those that hold most is given back. */
  relieve(): void {
    this.#suspend(this.held.last());
  }

  // Not from within the run that grew: it is in the middle of something.
  #relieveSoon(): void {
    if (this.#isReliefDue) return;
    this.#isReliefDue = true;
    setImmediate(() => {
      this.#isReliefDue = false;
      for (let next = this.held.excess(); next !== undefined && this.#suspend(next); next = this.held.excess());
    });
  }

  /** @returns whether there was such a run. */
  #suspend(holder: Holder | undefined): boolean {
    if (!(holder instanceof OwnedRun)) return false;
    const pauseMs = this.#setBacks.nextPauseMs(holder.runId);
    this.log.info({ runId: holder.runId, pauseMs, held: this.held.total }, "run given back: what runs hold in memory is too much");
    holder.suspend(pauseMs);
    return true;
  }

  released(run: FlushingRun, release: Release): void {
    this.held.remove(run);
    if (release.kind === "rested" && release.rest !== "requeue") {
      this.#setBacks.forget(run.runId);
      this.#failed.forget(run.runId);
    }
    if (this.#owned.get(run.runId) === run) this.#owned.delete(run.runId);
    this.#idle.changed();
    this.#waiters.get(run)?.(release);
    this.#waiters.delete(run);
    if (!this.#isClosed) this.#onReleased?.(run.runId, release);
  }

  dropped(run: FlushingRun & { eventSeq: number }): void {
    if (this.#failed.add(run, littleProgress)) void this.#failDamaged(run);
  }

  flushWanted(run: FlushingRun): void {
    if (!this.#isClosed) this.#flusher.mark(run);
  }

  drainWanted(run: FlushingRun): void {
    this.#mail.wanted(run.runId);
  }

  /** Leases that a renewal sent at `sentAtMs` confirmed. */
  leasesConfirmed(leases: readonly Lease[], sentAtMs: number): void {
    for (const { key, lease } of leases) {
      const run = this.#owned.get(key);
      if (run?.lease === lease) run.confirmedAtMs = Math.max(run.confirmedAtMs, sentAtMs);
    }
    if (this.#adopting.size === 0) return;
    const confirmed = new Set(leases.map(({ key, lease }) => `${key} ${lease}`));
    for (const claim of this.#adopting.keys()) if (confirmed.has(`${claim.runId} ${claim.lease}`)) this.#adopting.set(claim, sentAtMs);
  }

  /**
   * Leases that are not ours any more; or not yet known to be given back: of a run whose last flush is under way, its answer tells.
   *
   * @returns how many of them this process held until now: a run that ends gives its lease back, and is asked about once more.
   */
  leasesLost(leases: readonly Lease[]): number {
    let held = 0;
    for (const { key, lease } of leases) {
      const run = this.#owned.get(key);
      if (run?.lease !== lease || run.isResting) continue;
      run.drop("lost");
      held++;
    }
    return held;
  }

  /** Starts no new node and gives back every run as soon as nothing of it executes; after `graceMs` stops what still does. */
  async stop(graceMs: number): Promise<void> {
    this.isStopping = true;
    for (const run of this.#owned.values()) run.advance();
    await this.#idle.within(graceMs);
    for (const run of this.#owned.values()) run.stopCalls();
    await this.#idle.within(lastGraceMs);
  }

  /** Forgets everything without a word, as a process that is killed does. */
  close(): void {
    this.#isClosed = true;
    this.#loader.close();
    this.#flusher.close();
    this.#mail.close();
    this.#unsubscribe();
    for (const unwatch of this.#unwatch) unwatch();
    for (const run of [...this.#owned.values()]) run.drop("lost");
  }

  async #adoptOne(claim: RunClaim, loaded: LoadedRun, options: Adoption, confirmedAtMs?: number): Promise<void> {
    try {
      const plan = await this.plans.get(loaded.planId);
      if (this.#isClosed) return;
      const stranger = strangerOf(loaded, this.executors);
      if (stranger !== undefined) return await this.#leave(claim, stranger, options);
      this.#owned.get(loaded.id)?.drop("lost");
      const run = new OwnedRun(this, claim, loaded, plan, options);
      if (confirmedAtMs !== undefined) run.confirmedAtMs = confirmedAtMs;
      if (options.left !== undefined) this.#waiters.set(run, options.left);
      this.#owned.set(run.runId, run);
      this.#leaveWith(claim, options.signal);
      run.advance();
    } catch (cause) {
      await this.#notTaken(claim, cause, options);
    }
  }

  /** Its plan cannot be read, or its rows are none of it: it is left to others for a lease, and is over when that comes again and again. */
  async #notTaken(claim: RunClaim, cause: unknown, options: Adoption): Promise<void> {
    const { runId, lease, leaseMs } = claim;
    this.log.error({ err: cause, runId }, "run not taken over");
    const begun = this.#owned.get(runId);
    if (begun?.lease === lease) begun.drop("lost");
    else options.left?.({ kind: "lost" });
    // What the database, or the way to it, says is nothing of the run's.
    const isDamaged = isDamage(cause) || isOwnError(cause);
    if (isDamaged && this.#isGivenUp(claim, options) && (await this.#failDamaged(claim))) return;
    const isWorker = options.policy.kind === "worker";
    if (isDamaged && isWorker) this.leftToOthers.add(runId, leaseMs);
    const pauseMs = isDamaged ? (isWorker ? undefined : leaseMs) : this.#setBacks.nextPauseMs(runId);
    await runsRelease(this.#db, [claim], pauseMs).catch((again: unknown) => this.log.warn({ err: again }, "run left to its lease"));
  }

  /** Only a worker gives runs up: a caller of the API may cancel or answer what workers still take. */
  #isGivenUp(claim: RunClaim, { policy }: Adoption): boolean {
    return policy.kind === "worker" && this.#failed.add(claim);
  }

  /** @returns false: it is to be given back. Never rejects. */
  async #failDamaged(run: Pick<ClaimedRun, "runId" | "lease">): Promise<boolean> {
    try {
      if (!(await this.#deadLetters.damaged(run))) return false;
    } catch (cause) {
      this.log.warn({ err: cause, runId: run.runId }, "run not failed yet, which nobody can take over");
      return false;
    }
    this.log.error({ runId: run.runId }, "run failed, which nobody can take over");
    this.#failed.forget(run.runId);
    return true;
  }

  /** It was begun by a newer version, and what stands beneath its composite means nothing here: nothing of it is touched. */
  async #leave(claim: ClaimedRun, stranger: LoadedNode, { left }: Adoption): Promise<void> {
    const { runId } = claim;
    const facts = { runId, path: stranger.path, nodeType: stranger.nodeType, driver: stranger.opened?.v };
    this.log.warn(facts, "run left to workers of a newer version, which opened this composite");
    this.leftToOthers.add(runId);
    await runsRelease(this.#db, [claim]).catch((cause: unknown) => this.log.warn({ err: cause }, "run left to its lease"));
    left?.({ kind: "lost" });
  }

  #leaveWith({ runId, lease }: ClaimedRun, signal: AbortSignal | undefined): void {
    const leave = (): void => {
      const run = this.#owned.get(runId);
      if (run?.lease === lease) run.leave();
    };
    if (signal?.aborted === true) leave();
    else signal?.addEventListener("abort", leave, { once: true });
  }

  /** Takes a run anew whose flush was refused, and lets it find out which of its nodes cannot be stored. */
  async #retell(draft: FlushDraft): Promise<boolean> {
    const run = this.#owned.get(draft.run.runId);
    if (run === undefined || run !== draft.run) return true;
    const { runId, tenantId, lease, leaseMs, crashes, company, environment, confirmedAtMs } = run;
    const row = await this.#loader.again(run);
    const plan = row === undefined ? undefined : await this.plans.get(row.planId);
    if (run.isReleased) return true;
    if (row?.lease !== lease || plan === undefined) {
      run.drop("lost");
      return true;
    }
    const takeover = run.supersede(draft);
    if (takeover === undefined) return false;
    const claimed = { runId, tenantId, lease, leaseMs, crashes, company, bound: null, dbNowMs: environment.nowMs() };
    const anew = new OwnedRun(this, claimed, row, plan, takeover);
    anew.confirmedAtMs = confirmedAtMs;
    this.#replace(run, anew);
    return true;
  }

  #replace(run: OwnedRun, anew: OwnedRun): void {
    const left = this.#waiters.get(run);
    this.#waiters.delete(run);
    this.held.remove(run);
    if (left !== undefined) this.#waiters.set(anew, left);
    this.#owned.set(anew.runId, anew);
    anew.advance();
  }
}

/** A composite that goes on, and that no driver here knows; undefined: there is none. */
function strangerOf({ nodes }: LoadedRun, executors: Executors): LoadedNode | undefined {
  return nodes.find(({ opened, doneSeq, nodeType }) => {
    if (opened === null || doneSeq !== null) return false;
    return (opened.v ?? driverVersion) > driverVersion || executors(nodeType) === undefined;
  });
}

/** The run of a claim that nobody has begun: all that a load would find. An owner that died with it may have begun it. */
function freshRun({ fresh, crashes }: RunClaim): LoadedRun | undefined {
  return fresh !== undefined && crashes === 0 ? { ...fresh, lastEventMs: 0, nodes: [], crashedNodes: 0, inbox: [] } : undefined;
}
