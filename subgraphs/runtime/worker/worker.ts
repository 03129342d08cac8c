/**
 * The loop of a worker process: claims what is due, owns runs, executes what others offer, renews, and gives back what it holds when it stops.
 * It has no port; any number of workers share the queue.
 */
import { EventEmitter } from "node:events";
import type pg from "pg";
import type { HintChannel } from "#shared/hints.ts";
import type { Log } from "#shared/log.ts";
import type { NodePorts } from "../nodes/executor.ts";
import { nodesClaim, runsClaim, type ClaimedNode, type ClaimedRun } from "../queue/claim.sql.ts";
import { runDeadLetter } from "../queue/dead-letter.sql.ts";
import { offersRelease } from "../queue/release.sql.ts";
import { monotonicMs } from "./clock.ts";
import { LeaseRenewer } from "./lease-renewer.ts";
import { OfferedNodes } from "./offered-nodes.ts";
import type { OwnedRun } from "./owned-run.ts";
import type { Executors, Release } from "./run-host.ts";
import { RunOwner } from "./run-owner.ts";
import { tenantShare } from "./slots.ts";

/** What a worker is made of. */
export interface WorkerOptions {
  /** openPool({ url, scope: "engine" }); 4 connections are enough. */
  pool: pg.Pool;
  /** Of the same database, for the renewal thread. */
  databaseUrl: string;
  hints: HintChannel;
  log: Log;
  executors: Executors;
  ports: NodePorts;
  /** Shown as worker_key; fences nothing. */
  workerKey: string;
  /** Nodes that wait for the outside side by side; 64. */
  slots?: number;
  /** Runs owned at once; 200. */
  runs?: number;
  /** The crash that is a dead letter; 3. */
  maxCrashes?: number;
  /** 30,000. */
  leaseMs?: number;
  /** Takes only offered node runs of these types, and no runs. */
  only?: readonly string[];
}

/** What a worker tells whoever waits for it: `signals.once("flushed", …)`, or events.once(worker.signals, "idle"). */
export interface WorkerSignals {
  claimed: [keys: readonly string[]];
  flushed: [runIds: readonly string[]];
  released: [runId: string, release: Release];
  /** A claim found nothing. */
  idle: [];
}

/** Without a hint, work is looked for this often. */
const pollMs = 500;
const stopGraceMs = 22_000;

export class Worker {
  readonly signals = new EventEmitter<WorkerSignals>();
  readonly #options: WorkerOptions;
  readonly #leaseMs: number;
  readonly #maxRuns: number;
  readonly #owner: RunOwner;
  readonly #offered: OfferedNodes;
  readonly #renewer: LeaseRenewer;
  readonly #suspects = new Set<string>();
  #unsubscribe: () => void = () => {};
  #timer: NodeJS.Timeout | undefined;
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #isClaiming = false;
  #isAskedAgain = false;
  #isStopping = false;
  /** Until then other owners get their leases back first: the database was away, and all leases ran out together. */
  #orphansFromMs = 0;
  #wasUnreachable = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#leaseMs = options.leaseMs ?? 30_000;
    this.#maxRuns = options.runs ?? 200;
    this.#owner = new RunOwner({
      db: options.pool,
      hints: options.hints,
      log: options.log,
      executors: options.executors,
      ports: options.ports,
      slots: options.slots ?? 64,
      offersNodes: true,
      maxCrashes: options.maxCrashes ?? 3,
      leaseMs: this.#leaseMs,
      flushed: (runIds) => this.signals.emit("flushed", runIds),
      released: (run, release) => this.#released(run, release),
    });
    const { pool: db, workerKey } = options;
    this.#offered = new OfferedNodes({ owner: this.#owner, db, workerKey, leaseMs: this.#leaseMs, finished: () => this.#claimSoon() });
    this.#renewer = new LeaseRenewer({
      url: options.databaseUrl,
      leaseMs: this.#leaseMs,
      log: options.log,
      leases: () => [...this.#owner.leases(), ...this.#offered.leases()],
      listener: {
        confirmed: (leases, sentAtMs) => this.#confirmed(leases, sentAtMs),
        lost: (leases) => {
          this.#owner.leasesLost(leases);
          this.#offered.leasesLost(leases);
        },
        failed: () => {
          this.#wasUnreachable = true;
        },
      },
    });
  }

  /** Begins to claim. */
  start(): void {
    this.#renewer.start();
    this.#unsubscribe = this.#options.hints.subscribe("work", "*", () => this.#claimSoon());
    this.#claimSoon();
  }

  /** Finishes what it can within 25 s and gives back the rest, so that nothing counts as a crash. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#timer);
    this.#unsubscribe();
    await Promise.all([this.#owner.stop(stopGraceMs), this.#offersStop()]);
    this.#owner.close();
    await this.#renewer.close();
  }

  /** Stops at once and gives nothing back, as a process that is killed does. For tests. */
  async kill(): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#timer);
    this.#unsubscribe();
    this.#offered.close();
    this.#owner.close();
    await this.#renewer.close();
  }

  async #offersStop(): Promise<void> {
    const until = monotonicMs() + stopGraceMs;
    while (this.#offered.size > 0 && monotonicMs() < until) await new Promise((resolve) => setTimeout(resolve, 10));
    const left = this.#offered.leases();
    this.#offered.close();
    await offersRelease(this.#options.pool, left).catch((cause: unknown) =>
      this.#options.log.warn({ err: cause }, "offered nodes not given back"),
    );
  }

  #confirmed(leases: readonly { key: string; lease: string }[], sentAtMs: number): void {
    if (this.#wasUnreachable) {
      this.#wasUnreachable = false;
      this.#orphansFromMs = monotonicMs() + this.#leaseMs;
    }
    this.#owner.leasesConfirmed(leases, sentAtMs);
    this.#offered.leasesConfirmed(leases, sentAtMs);
  }

  #released(run: OwnedRun, release: Release): void {
    this.#suspects.delete(run.runId);
    if (release.kind === "rested" && release.dueMs !== undefined) this.#wakeWithin(release.dueMs - run.environment.nowMs());
    this.signals.emit("released", run.runId, release);
    this.#claimSoon();
  }

  /** A run that was put to sleep here is due then; whoever claims first takes it. */
  #wakeWithin(ms: number): void {
    this.#claimAfter(Math.max(1, ms + 2));
  }

  #claimSoon(): void {
    if (this.#isClaiming) this.#isAskedAgain = true;
    else this.#claimAfter(0);
  }

  #claimAfter(ms: number): void {
    const atMs = monotonicMs() + ms;
    if (this.#isStopping || (this.#timer !== undefined && this.#wakeAtMs <= atMs)) return;
    clearTimeout(this.#timer);
    this.#wakeAtMs = atMs;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#claim();
    }, ms);
  }

  async #claim(): Promise<void> {
    if (this.#isClaiming || this.#isStopping) return;
    this.#isClaiming = true;
    this.#isAskedAgain = false;
    let isFull = false;
    try {
      const [runs, nodes] = await Promise.all([this.#runsClaim(), this.#nodesClaim()]);
      isFull = runs || nodes;
    } catch (cause) {
      this.#wasUnreachable = true;
      this.#options.log.warn({ err: cause }, "claim failed");
    } finally {
      this.#isClaiming = false;
    }
    this.#claimAfter(isFull || this.#isAskedAgain ? 0 : pollMs);
  }

  /** @returns whether there may be more. */
  async #runsClaim(): Promise<boolean> {
    const limit = this.#maxRuns - this.#owner.size;
    if (limit <= 0 || this.#options.only !== undefined) return false;
    const claims = await runsClaim(this.#options.pool, { ...this.#limits(limit), cappedTenants: this.#cappedTenants() });
    if (claims.length === 0) this.signals.emit("idle");
    else await this.#runsAdopt(claims);
    return claims.length > 0;
  }

  async #runsAdopt(claims: readonly ClaimedRun[]): Promise<void> {
    if (this.#isStopping) return;
    this.signals.emit(
      "claimed",
      claims.map(({ runId }) => runId),
    );
    for (const { runId, crashes } of claims) if (crashes >= 2) this.#suspects.add(runId);
    const kept: ClaimedRun[] = [];
    for (const claim of claims) {
      const isHopeless = claim.crashes >= this.#owner.maxCrashes + 2;
      if (isHopeless && (await runDeadLetter(this.#options.pool, claim))) this.#suspects.delete(claim.runId);
      else kept.push(claim);
    }
    await this.#owner.adopt(kept, { policy: { kind: "worker" }, workerKey: this.#options.workerKey });
  }

  async #nodesClaim(): Promise<boolean> {
    const limit = this.#owner.slots.free;
    if (limit <= 0) return false;
    const limits = { ...this.#limits(limit), cappedTenants: this.#owner.slots.capped() };
    const { only } = this.#options;
    const claims: ClaimedNode[] = await nodesClaim(this.#options.pool, { ...limits, ...(only !== undefined && { only }) });
    if (claims.length === 0 || this.#isStopping) return false;
    this.signals.emit(
      "claimed",
      claims.map(({ key }) => key),
    );
    void this.#offered.adopt(claims);
    return true;
  }

  #limits(limit: number): { limit: number; worker: string; leaseMs: number; orphansAllowed: boolean; suspectsAllowed: boolean } {
    return {
      limit: Math.min(limit, 200),
      worker: this.#options.workerKey,
      leaseMs: this.#leaseMs,
      orphansAllowed: !this.#wasUnreachable && monotonicMs() >= this.#orphansFromMs,
      // One that kills its owner must not find others here that it makes suspects in turn.
      suspectsAllowed: this.#suspects.size === 0 && !this.#offered.hasSuspect,
    };
  }

  #cappedTenants(): string[] {
    const share = tenantShare(this.#maxRuns);
    return [...this.#owner.byTenant()].filter(([, runs]) => runs >= share).map(([tenantId]) => tenantId);
  }
}
