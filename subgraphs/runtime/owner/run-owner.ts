/**
 * The runs that a process owns, and what they share: slots, the group commit, mail. Both the worker and the API own runs through it, so every
 * way to execute is the same path.
 */
import { setTimeout } from "node:timers/promises";
import type { HintChannel } from "#shared/hints.ts";
import type { Log } from "#shared/log.ts";
import type { NodePorts } from "../nodes/executor.ts";
import type { ClaimedRun, RunClaim } from "../queue/claim.sql.ts";
import { mailDrain } from "../queue/drain.sql.ts";
import { runsLoad, type LoadedRun } from "../queue/load.sql.ts";
import type { HeldLease, Lease } from "../queue/renew.sql.ts";
import type { Queryable } from "../queue/statement.ts";
import { monotonicMs } from "./clock.ts";
import type { FlushDraft, FlushingRun } from "./flush-draft.ts";
import { Flusher } from "./flusher.ts";
import { IdleSignal } from "./idle-signal.ts";
import { PlanCache } from "../plan/frozen-plan.ts";
import { OwnedRun } from "./owned-run.ts";
import type { Policy } from "./policy.ts";
import type { Executors, Release, RunHost } from "./run-host.ts";
import { Slots } from "./slots.ts";

/** What an owner is made of. */
export interface RunOwnerOptions {
  db: Queryable;
  hints: HintChannel;
  log: Log;
  executors: Executors;
  ports: NodePorts;
  slots: number;
  offersNodes: boolean;
  maxCrashes: number;
  flushed?: (runIds: readonly string[]) => void;
  /** A slot is free again. */
  slotFreed?: () => void;
  released?: (runId: string, release: Release) => void;
  /** Told which run the process is at, for whoever finds that it does not come back; undefined: none. */
  advancing?: (runId: string | undefined) => void;
}

/** How far runs are taken, for whom, and who is told when they leave the process. */
export interface Adoption {
  policy: Policy;
  workerKey: string;
  left?: (release: Release) => void;
  /** Fires when nobody waits for them any more: each is given back when what has begun of it has ended. */
  signal?: AbortSignal;
}

/** Calls that were stopped end within a second, and what they leave is stored then. */
const lastGraceMs = 3_000;
/** Then the first of a claim are on their way to the database while the rest begin: runs that all wait together leave a processor idle. */
const runsPerTurn = 16;
const turnMs = 10;
const loadAgainMs = 100;
/** Without a word from the hints, mail is looked for this often. */
const drainEveryMs = 500;

export class RunOwner implements RunHost {
  readonly executors: Executors;
  readonly ports: NodePorts;
  readonly hints: HintChannel;
  readonly log: Log;
  readonly slots: Slots;
  readonly offersNodes: boolean;
  readonly maxCrashes: number;
  readonly plans: PlanCache;
  readonly advancing: ((runId: string | undefined) => void) | undefined;
  isStopping = false;
  readonly #db: Queryable;
  readonly #flusher: Flusher;
  readonly #owned = new Map<string, OwnedRun>();
  readonly #waiters = new Map<FlushingRun, (release: Release) => void>();
  readonly #unread = new Set<FlushingRun>();
  readonly #onReleased: ((runId: string, release: Release) => void) | undefined;
  readonly #unsubscribe: () => void;
  readonly #poll: NodeJS.Timeout;
  readonly #idle = new IdleSignal(() => this.size === 0);
  #isDraining = false;
  readonly #adopting = new Set<ClaimedRun>();
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
    this.plans = new PlanCache(db);
    this.advancing = options.advancing;
    this.#db = db;
    this.#onReleased = options.released;
    const listener = { flushed: (ids: readonly string[]) => options.flushed?.(ids), refused: (draft: FlushDraft) => this.#retell(draft) };
    this.#flusher = new Flusher({ db, hints, log, listener });
    this.#unsubscribe = hints.subscribe("inbox", "*", (runId) => {
      const run = this.#owned.get(runId);
      if (run !== undefined) this.drainWanted(run);
    });
    this.#poll = setInterval(() => this.#drainAll(), drainEveryMs);
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
    for (const { tenantId } of [...this.#owned.values(), ...this.#adopting]) counts.set(tenantId, (counts.get(tenantId) ?? 0) + 1);
    return counts;
  }

  leases(): HeldLease[] {
    return [...this.#owned.values()].map(({ runId, lease, leaseMs, confirmedAtMs }) => ({ key: runId, lease, leaseMs, confirmedAtMs }));
  }

  /** Takes over runs that were just claimed: loads those that somebody has begun, replays them, and takes them as far as the policy goes. */
  async adopt(claims: readonly RunClaim[], options: Adoption): Promise<void> {
    for (const claim of claims) this.#adopting.add(claim);
    try {
      await this.#adoptAll(claims, options);
    } finally {
      for (const claim of claims) this.#adopting.delete(claim);
      this.#idle.changed();
    }
  }

  async #adoptAll(claims: readonly RunClaim[], options: Adoption): Promise<void> {
    const loaded = await this.#load(claims.filter((claim) => freshRun(claim) === undefined));
    let turnAt = monotonicMs();
    let inTurn = 0;
    for (const claim of claims) {
      const row = freshRun(claim) ?? loaded.get(claim.runId);
      // Not ours any more: the lease ran out while we waited for the database.
      if (row === undefined || row.lease !== claim.lease) options.left?.({ kind: "lost" });
      else await this.#adoptOne(claim, row, options);
      this.#adopting.delete(claim);
      if (++inTurn < runsPerTurn && monotonicMs() - turnAt < turnMs) continue;
      await new Promise((resolve) => setImmediate(resolve));
      turnAt = monotonicMs();
      inTurn = 0;
    }
  }

  released(run: FlushingRun, release: Release): void {
    if (this.#owned.get(run.runId) === run) this.#owned.delete(run.runId);
    this.#unread.delete(run);
    this.#idle.changed();
    this.#waiters.get(run)?.(release);
    this.#waiters.delete(run);
    if (!this.#isClosed) this.#onReleased?.(run.runId, release);
  }

  flushWanted(run: FlushingRun): void {
    if (!this.#isClosed) this.#flusher.mark(run);
  }

  drainWanted(run: FlushingRun): void {
    this.#unread.add(run);
    void this.#drain();
  }

  /** Leases that a renewal sent at `sentAtMs` confirmed. */
  leasesConfirmed(leases: readonly Lease[], sentAtMs: number): void {
    for (const { key, lease } of leases) {
      const run = this.#owned.get(key);
      if (run?.lease === lease) run.confirmedAtMs = Math.max(run.confirmedAtMs, sentAtMs);
    }
  }

  /** Leases that are not ours any more; or not yet known to be given back: of a run whose last flush is under way, its answer tells. */
  leasesLost(leases: readonly Lease[]): void {
    for (const { key, lease } of leases) {
      const run = this.#owned.get(key);
      if (run?.lease === lease && !run.isResting) run.drop("lost");
    }
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
    this.#flusher.close();
    clearInterval(this.#poll);
    this.#unsubscribe();
    for (const run of [...this.#owned.values()]) run.drop("lost");
  }

  async #load(claims: readonly Pick<ClaimedRun, "runId" | "leaseMs">[]): Promise<Map<string, LoadedRun>> {
    if (claims.length === 0) return new Map();
    const ids = claims.map(({ runId }) => runId);
    const until = monotonicMs() + Math.min(...claims.map(({ leaseMs }) => leaseMs)) / 2;
    for (;;) {
      try {
        return new Map((await runsLoad(this.#db, ids)).map((run) => [run.id, run]));
      } catch (cause) {
        if (monotonicMs() > until || this.#isClosed) throw cause;
        this.log.warn({ err: cause, runs: ids.length }, "runs not loaded, trying again");
        await setTimeout(loadAgainMs);
      }
    }
  }

  /** What cannot be taken over (its plan cannot be read) is left to its lease: the next owner tries, and the crash count ends it. */
  async #adoptOne(claim: ClaimedRun, loaded: LoadedRun, options: Adoption): Promise<void> {
    try {
      const plan = await this.plans.get(loaded.planId);
      if (this.#isClosed) return;
      this.#owned.get(loaded.id)?.drop("lost");
      const run = new OwnedRun(this, claim, loaded, plan, options);
      if (options.left !== undefined) this.#waiters.set(run, options.left);
      this.#owned.set(run.runId, run);
      this.#leaveWith(claim, options.signal);
      run.advance();
    } catch (cause) {
      this.log.error({ err: cause, runId: loaded.id }, "run not taken over");
      options.left?.({ kind: "lost" });
    }
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
    const row = (await this.#load([run])).get(runId);
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
    this.#unread.delete(run);
    if (left !== undefined) this.#waiters.set(anew, left);
    this.#owned.set(anew.runId, anew);
    anew.advance();
  }

  #drainAll(): void {
    for (const run of this.#owned.values()) this.#unread.add(run);
    void this.#drain();
  }

  async #drain(): Promise<void> {
    if (this.#isDraining || this.#unread.size === 0 || this.#isClosed) return;
    const runs = [...this.#unread].flatMap((run) => this.#owned.get(run.runId) ?? []);
    this.#unread.clear();
    if (runs.length === 0) return;
    this.#isDraining = true;
    try {
      const drained = await mailDrain(
        this.#db,
        runs.map(({ runId, seen }) => ({ id: runId, seen })),
      );
      for (const { id, mail, messages } of drained) {
        const run = this.#owned.get(id);
        run?.mailApply(messages, mail);
        run?.advance();
      }
      for (const run of runs) run.advance();
    } catch (cause) {
      this.log.warn({ err: cause }, "mail not read");
    } finally {
      this.#isDraining = false;
      if (this.#unread.size > 0) void this.#drain();
    }
  }
}

/** The run of a claim that nobody has begun: all that a load would find. An owner that died with it may have begun it. */
function freshRun({ fresh, crashes }: RunClaim): LoadedRun | undefined {
  return fresh !== undefined && crashes === 0 ? { ...fresh, lastEventMs: 0, nodes: [], inbox: [] } : undefined;
}
