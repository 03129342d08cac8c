/**
 * The loop of a worker process: claims what is due, owns runs, executes what others offer, renews, and gives back what it holds when it stops.
 * It has no port; any number of workers share the queue.
 */
import { EventEmitter } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { whenOpen } from "#shared/db/pool.ts";
import type { HintChannel } from "#shared/hints.ts";
import type { Log } from "#shared/log.ts";
import { counter, secondsHistogram, sizeHistogram } from "#shared/metrics/instruments.ts";
import type { GuardSettings } from "#shared/process-guard.mjs";
import type { NodePorts } from "../nodes/executor.ts";
import {
  isSuspectDue,
  nodesClaim,
  runsClaim,
  type ClaimedNode,
  type ClaimedRun,
  type RunClaim,
  type ClaimLimits,
} from "../queue/claim.sql.ts";
import { isMarkGone } from "../queue/presence.sql.ts";
import { failureKind } from "../queue/failure.ts";
import { offersRelease } from "../queue/release.sql.ts";
import type { Lease } from "../queue/renew.sql.ts";
import { runsHintTenant } from "../queue/work-hints.ts";
import { monotonicMs } from "../owner/clock.ts";
import { HeapWatch } from "./heap-watch.ts";
import { LeaseRenewer } from "./lease-renewer.ts";
import { Gates } from "../owner/gates.ts";
import { OfferedNodes } from "../owner/calls/offered-nodes.ts";
import type { Executors, Release } from "../owner/run-host.ts";
import { RunOwner } from "../owner/run-owner.ts";
import { tenantShare } from "../owner/calls/slots.ts";
import { RunNote } from "./run-note.ts";
import { UnheldLeases } from "../owner/unheld-leases.ts";

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
  /** Runs owned at once; 400: so many that short ones are claimed, begun and stored side by side, half of each at a time. */
  runs?: number;
  /** The crash that is a dead letter; 3. */
  maxCrashes?: number;
  /** What its runs may hold in memory together, half of it for one tenant; a quarter of what the heap may have. */
  heldBytes?: number | undefined;
  /** What it executes calls no model and no tool. */
  dryRun?: boolean;
  /** What its calls may have in flight together, half of it for one tenant; a sixteenth of what the heap may have. */
  answerBytes?: number | undefined;
  /** 30,000. */
  leaseMs?: number;
  /** Without a hint, work is looked for this often; 500. */
  pollMs?: number;
  /** Takes only offered node runs of these types, and no runs. */
  only?: readonly string[];
  /** Takes only what has outlived two owners, some rows at a time: those among which one has killed its owner are halved. All other workers leave them alone. */
  suspects?: boolean;
  /** Guards the process, which is this worker's alone: the renewal thread ends it when its main loop hangs, or its parent is gone. */
  guard?: GuardSettings | undefined;
  /**
   * Written into each row that it claims, and shown to nobody: whoever made it up for this process alone finds by it what the process held when it died, and
   * others that it is there. The worker key unless given, which is no such thing: users choose some.
   */
  claimMark?: string | undefined;
}

/** What a worker tells whoever waits for it: `signals.once("flushed", …)`, or events.once(worker.signals, "idle"). */
export interface WorkerSignals {
  claimed: [keys: readonly string[]];
  flushed: [runIds: readonly string[]];
  released: [runId: string, release: Release];
  /** A claim found nothing. */
  idle: [];
  /** A suspect is due, and is not for this worker. At most once a second. */
  suspect: [];
}

const claimSeconds = secondsHistogram({
  name: "claim_seconds",
  help: "From a claim's sending to its answer, by what was asked for.",
  labels: ["lane"],
});
const claimRows = sizeHistogram({ name: "claim_rows", help: "What a claim brought: runs, or offered nodes.", labels: ["lane"] });
const leasesLost = counter({ name: "leases_lost_total", help: "Leases that ran out, or were taken, while this process held them." });
const crashes = counter({
  name: "crashes_total",
  help: "Claims of runs and offered nodes whose owner had died, and of which nothing has finished since.",
});

/** Runs of all tenants, or of some. */
interface Wanted {
  runs: "all" | ReadonlySet<string> | undefined;
  nodes: boolean;
}

/** Which queue a claim asks. */
type Lane = "runs" | "nodes" | "suspects";

async function counted<Claim extends { crashes: number }>(lane: Lane, claim: Promise<Claim[]>): Promise<Claim[]> {
  const answered = claimSeconds.startTimer({ lane });
  const claims = await claim;
  answered();
  claimRows.observe({ lane }, claims.length);
  crashes.inc(claims.filter((claimed) => claimed.crashes > 0).length);
  return claims;
}

const suspectLookMs = 1_000;
const stopGraceMs = 22_000;
const claimLimit = 200;
/** Suspects that are executed together at first. With each death that leaves open whose it was they are half as many, so six deaths prove one guilty. */
const mostSuspects = 64;
/** Runs of tenants of which a hint told, or that had their share, are claimed at once; those of all, which costs a step for each tenant, so often. */
const mostAllMs = 100;
/** Beyond that many it looks among all. */
const mostNamed = 50;
const goneLookMs = 10;
const goneLooks = 200;

/** A claim gives each tenant its share of the limit, so one that came back half empty may have left something behind. */
function againAfterMs(claimed: number, limit: number, pollMs: number): number {
  if (claimed === 0) return pollMs;
  return claimed * 2 >= limit ? 0 : 20;
}

function withMore(wanted: "all" | ReadonlySet<string> | undefined, tenants: readonly string[]): "all" | ReadonlySet<string> {
  if (wanted === "all") return wanted;
  const more = new Set([...(wanted ?? []), ...tenants]);
  return more.size > mostNamed ? "all" : more;
}

export class Worker {
  readonly signals = new EventEmitter<WorkerSignals>();
  readonly #options: WorkerOptions;
  readonly #leaseMs: number;
  readonly #pollMs: number;
  readonly #maxRuns: number;
  readonly #owner: RunOwner;
  readonly #gates: Gates;
  readonly #offered: OfferedNodes;
  readonly #renewer: LeaseRenewer;
  #unsubscribe: () => void = () => {};
  #timer: NodeJS.Timeout | undefined;
  #wakeAtMs = Number.POSITIVE_INFINITY;
  #isClaiming = false;
  #claiming: Promise<void> = Promise.resolve();
  #wantsRuns: "all" | ReadonlySet<string> | undefined;
  #wantsNodes = false;
  /** It has no room for any. */
  #isFull = false;
  /** Tenants that have their share, of which the last claim may have left some behind. */
  #capped: readonly string[] = [];
  /** Whose runs the last claim brought: each had its share of the limit, and may have more. */
  #brought: ReadonlySet<string> = new Set();
  /** From then on a claim looks for runs of all tenants, whosever it was asked for. */
  #allAtMs = Number.NEGATIVE_INFINITY;
  /** Then the first of the runs is due that this worker has put to sleep since it looked at all. */
  #dueAtMs = Number.POSITIVE_INFINITY;
  /** From then on offered nodes are looked for with whatever else is. */
  #nodesAtMs = Number.NEGATIVE_INFINITY;
  #nodesMayWait = false;
  /** Of the suspects that it has: how many may be together, and how many might have been. */
  #company = { now: 0, bound: 0 };
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #isStopping = false;
  #isPresent = false;
  /** Until then other owners get their leases back first: the database was away, and all leases ran out together. */
  #orphansFromMs = 0;
  #wasUnreachable = false;
  readonly #unheld: UnheldLeases;
  readonly #heap = new HeapWatch(() => this.#owner.relieve());

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#leaseMs = options.leaseMs ?? 30_000;
    this.#pollMs = options.pollMs ?? 500;
    this.#maxRuns = options.runs ?? 400;
    const advancing = options.guard === undefined ? undefined : new RunNote();
    this.#gates = new Gates({ db: options.pool, hints: options.hints, log: options.log });
    this.#owner = new RunOwner({
      ...(advancing && { advancing: (runId: string | undefined) => advancing.set(runId) }),
      db: options.pool,
      hints: options.hints,
      log: options.log,
      executors: options.executors,
      ports: options.ports,
      gates: this.#gates,
      slots: options.slots ?? 64,
      offersNodes: options.suspects !== true,
      maxCrashes: options.maxCrashes ?? 3,
      heldBytes: options.heldBytes,
      dryRun: options.dryRun === true,
      answerBytes: options.answerBytes,
      flushed: (runIds) => this.signals.emit("flushed", runIds),
      released: (runId, release) => this.#released(runId, release),
      slotFreed: () => this.#nodesMayWait && this.#claimSoon("nodes"),
    });
    const { pool: db, workerKey } = options;
    this.#offered = new OfferedNodes({
      owner: this.#owner,
      db,
      workerKey,
      finished: () => this.#claimSoon("nodes"),
    });
    const held = () => [...this.#owner.leases(), ...this.#offered.leases()];
    const answered = () => [...this.#owner.leases(), ...this.#offered.answered()];
    this.#unheld = new UnheldLeases({ db, log: options.log, claimMark: this.#claimMark, held: answered });
    this.#renewer = new LeaseRenewer({
      url: options.databaseUrl,
      leaseMs: this.#leaseMs,
      log: options.log,
      leases: held,
      guard: options.guard,
      presence: this.#claimMark,
      advancing,
      listener: {
        confirmed: (leases, sentAtMs) => this.#confirmed(leases, sentAtMs),
        lost: (leases) => leasesLost.inc(this.#owner.leasesLost(leases) + this.#offered.leasesLost(leases)),
        failed: () => this.#unreachable(),
      },
    });
  }

  /** Resolves when it claims, over connections that are all open; never where the database cannot be reached. */
  get ready(): Promise<void> {
    return Promise.all([this.#renewer.present, whenOpen(this.#options.pool)]).then(() => {});
  }

  /** What its runs hold in memory, about. */
  get heldBytes(): number {
    return this.#owner.held.total;
  }

  /** What its calls have in flight: answers that are read, or not stored yet. */
  get answerBytes(): number {
    return this.#owner.answers.held;
  }

  /** Begins to claim. */
  start(): void {
    this.#renewer.start();
    this.#heap.start();
    // No hint tells of suspects.
    if (this.#options.suspects !== true) this.#unsubscribe = this.#options.hints.subscribe("work", "*", (key) => this.#hinted(key));
    void this.#renewer.present.then(() => {
      this.#isPresent = true;
      this.#claimAfter(0);
    });
  }

  /** Finishes what it can within 25 s and gives back the rest, so that nothing counts as a crash. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#timer);
    this.#unsubscribe();
    this.#owner.isStopping = true;
    await this.#claiming;
    await Promise.all([this.#owner.stop(stopGraceMs), this.#offered.stop(stopGraceMs)]);
    this.#unheld.close();
    this.#owner.close();
    this.#heap.close();
    await this.#gates.close();
    await this.#renewer.close();
  }

  /** Stops at once and gives nothing back, as a process that is killed does, until the database has noticed. For tests. */
  async kill(): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#timer);
    this.#unsubscribe();
    this.#offered.close();
    this.#unheld.close();
    this.#owner.close();
    this.#heap.close();
    await this.#renewer.close();
    const isGone = () => isMarkGone(this.#options.pool, this.#claimMark).catch(() => true);
    for (let look = 0; look < goneLooks && !(await isGone()); look++) await sleep(goneLookMs);
  }

  get #claimMark(): string {
    return this.#options.claimMark ?? this.#options.workerKey;
  }

  #unreachable(): void {
    this.#wasUnreachable = true;
    this.#unheld.wanted();
  }

  #confirmed(leases: readonly Lease[], sentAtMs: number): void {
    if (this.#wasUnreachable) {
      this.#wasUnreachable = false;
      this.#orphansFromMs = monotonicMs() + this.#leaseMs;
    }
    this.#owner.leasesConfirmed(leases, sentAtMs);
    this.#offered.leasesConfirmed(leases, sentAtMs);
  }

  #released(runId: string, release: Release): void {
    // A run that was put to sleep here is due then; whoever claims first takes it.
    if (release.kind === "rested" && release.dueInMs !== undefined) {
      const dueInMs = Math.max(1, release.dueInMs + 2);
      this.#dueAtMs = Math.min(this.#dueAtMs, monotonicMs() + dueInMs);
      this.#claimAfter(dueInMs);
    }
    if (this.#isFull || this.#options.suspects === true) this.#claimSoon("runs");
    else if (this.#capped.length > 0) this.#claimSoon(this.#capped);
    this.signals.emit("released", runId, release);
  }

  #hinted(key: string): void {
    const tenantId = runsHintTenant(key);
    this.#claimSoon(tenantId === undefined ? (key === "nodes" ? "nodes" : "runs") : [tenantId]);
  }

  /** @param what  offered nodes, or runs: those of all tenants, or of some. */
  #claimSoon(what: "nodes" | "runs" | readonly string[]): void {
    if (what === "nodes") this.#wantsNodes = true;
    else if (what === "runs") this.#wantsRuns = "all";
    else this.#wantsRuns = withMore(this.#wantsRuns, what);
    if (!this.#isClaiming) this.#claimAfter(0);
  }

  #claimAfter(ms: number): void {
    const atMs = monotonicMs() + ms;
    if (this.#isStopping || !this.#isPresent || (this.#timer !== undefined && this.#wakeAtMs <= atMs)) return;
    clearTimeout(this.#timer);
    this.#wakeAtMs = atMs;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      // When that one has ended it looks again.
      if (this.#isClaiming) return;
      // A hint named what there is; on its own time it looks for everything, however many hints there are.
      const isPoll = this.#wantsRuns === undefined && !this.#wantsNodes;
      const nowMs = monotonicMs();
      const runs = this.#wantsRuns ?? (isPoll || this.#areAllDue(nowMs) ? this.#brought : undefined);
      this.#claiming = this.#claim({ runs, nodes: isPoll || this.#wantsNodes || nowMs >= this.#nodesAtMs });
    }, ms);
  }

  async #claim(wanted: Wanted): Promise<void> {
    if (this.#isClaiming || this.#isStopping) return;
    // What is released, or the poll, asks again.
    if (this.#heap.isShort) return this.#claimAfter(this.#pollMs);
    this.#isClaiming = true;
    this.#wantsRuns = undefined;
    this.#wantsNodes = false;
    let nextMs = this.#pollMs;
    // Not awaited: while it is not answered, claims go on.
    void this.#unheld.look();
    try {
      if (this.#options.suspects === true) nextMs = await this.#suspectClaim();
      else {
        nextMs = await this.#bothClaim(wanted);
        await this.#suspectLook();
      }
    } catch (cause) {
      // Not after every failure: orphans would wait for ever behind claims that fail now and then.
      if (failureKind(cause) === "unreachable") this.#unreachable();
      this.#options.log.warn({ err: cause }, "claim failed");
    } finally {
      this.#isClaiming = false;
    }
    this.#claimAfter(this.#wantsRuns !== undefined || this.#wantsNodes ? 0 : nextMs);
  }

  /** Ends when both have, though one has failed: no claim is under way then. @returns when to look again. */
  async #bothClaim({ runs, nodes }: Wanted): Promise<number> {
    const both = [...(runs ? [this.#runsClaim(runs)] : []), ...(nodes ? [this.#nodesClaim()] : [])];
    await Promise.allSettled(both);
    const nextMs = Math.min(this.#pollMs, ...(await Promise.all(both)));
    return runs === undefined ? Math.max(0, Math.min(nextMs, Math.min(this.#allAtMs, this.#dueAtMs) - monotonicMs())) : nextMs;
  }

  /** @returns when to look again. */
  async #runsClaim(wanted: "all" | ReadonlySet<string>): Promise<number> {
    const limit = Math.min(claimLimit, this.#maxRuns - this.#owner.size);
    this.#isFull = limit <= 0;
    if (limit <= 0 || this.#options.only !== undefined) {
      this.#allAtMs = monotonicMs() + mostAllMs;
      return this.#pollMs;
    }
    const share = tenantShare(this.#maxRuns);
    const held = this.#withFull(this.#owner.byTenant(), share);
    const tenants = wanted === "all" || this.#areAllDue(monotonicMs()) ? undefined : [...wanted];
    // Before it is sent: what is put to sleep meanwhile it may not see.
    if (tenants === undefined && monotonicMs() >= this.#dueAtMs) this.#dueAtMs = Number.POSITIVE_INFINITY;
    const limits = { ...this.#limits(limit, { held, share }), ...(tenants && { tenants }) };
    const claims = await counted("runs", runsClaim(this.#options.pool, limits));
    for (const { tenantId } of claims) held.set(tenantId, (held.get(tenantId) ?? 0) + 1);
    this.#brought = new Set(claims.map(({ tenantId }) => tenantId));
    // The next of its runs that is let go makes room for what was left.
    this.#capped = [...held].filter(([, count]) => count >= share).map(([tenantId]) => tenantId);
    // Not awaited: the next claim is under way while these are loaded.
    if (claims.length > 0)
      this.#runsAdopt(claims).catch((cause: unknown) => this.#options.log.error({ err: cause }, "claimed runs left to their leases"));
    else if (tenants === undefined) this.signals.emit("idle");
    const nextMs = againAfterMs(claims.length, limit, this.#pollMs);
    // What came up to the limit left tenants out.
    if (nextMs === 0) this.#allAtMs = Number.NEGATIVE_INFINITY;
    else if (tenants === undefined) this.#allAtMs = monotonicMs() + mostAllMs;
    const atMs = Math.min(this.#dueAtMs, tenants === undefined ? Infinity : this.#allAtMs);
    return Math.max(0, Math.min(nextMs, atMs - monotonicMs()));
  }

  #areAllDue(nowMs: number): boolean {
    return nowMs >= Math.min(this.#allAtMs, this.#dueAtMs);
  }

  /** While it stops too: then they are given back at once, and count no crash. */
  async #runsAdopt(claims: readonly RunClaim[]): Promise<void> {
    this.signals.emit(
      "claimed",
      claims.map(({ runId }) => runId),
    );
    const { workerKey, suspects = false } = this.#options;
    await this.#owner.adopt(claims, { policy: { kind: "worker", untilForgiven: suspects }, workerKey });
  }

  /** @returns when to look again. */
  async #nodesClaim(): Promise<number> {
    const { slots } = this.#owner;
    const limit = Math.min(claimLimit, slots.free);
    this.#nodesMayWait = limit <= 0;
    if (limit <= 0) return this.#pollMs;
    const held = { held: this.#withFull(slots.held(), slots.share), share: slots.share };
    const asked = { ...this.#limits(limit, held), ...this.#onlyTypes() };
    this.#nodesAtMs = monotonicMs() + this.#pollMs;
    const claims = await counted("nodes", nodesClaim(this.#options.pool, asked));
    this.#nodesMayWait = claims.length > 0 || slots.isCapped;
    if (claims.length === 0 || !(await this.#nodesAdopt(claims))) return this.#pollMs;
    return againAfterMs(claims.length, limit, this.#pollMs);
  }

  /** @returns false when the worker stops: then they are given back. */
  async #nodesAdopt(claims: readonly ClaimedNode[]): Promise<boolean> {
    if (this.#isStopping) {
      await offersRelease(this.#options.pool, claims);
      return false;
    }
    this.signals.emit(
      "claimed",
      claims.map(({ key }) => key),
    );
    // Runs of this worker may have taken the room meanwhile that the claim saw: then others execute them, or it does when there is room again.
    const taken = claims.filter(({ tenantId }) => this.#owner.slots.take(tenantId));
    void this.#offered.adopt(taken);
    await this.#nodesGiveBack(claims.filter((claim) => !taken.includes(claim)));
    return true;
  }

  async #nodesGiveBack(claims: readonly ClaimedNode[]): Promise<void> {
    if (claims.length === 0) return;
    await offersRelease(this.#options.pool, claims);
    this.#options.hints.publish("work", "nodes");
  }

  /** Takes suspects, runs or offered nodes, as many as may be together. @returns when to look again; what leaves makes room, and asks for the next. */
  async #suspectClaim(): Promise<number> {
    const runs = this.#owner.size;
    const nodes = this.#offered.size;
    if (runs + nodes === 0) this.#company = { now: 0, bound: 0 };
    const limits = this.#suspectLimits(runs + nodes);
    if (nodes === 0 && this.#options.only === undefined) {
      const claims = await counted("suspects", runsClaim(this.#options.pool, limits));
      this.#companySet(claims);
      if (claims.length > 0) await this.#runsAdopt(claims);
      if (claims.length + runs > 0) return this.#pollMs;
    }
    const claims = await counted("suspects", nodesClaim(this.#options.pool, { ...limits, ...this.#onlyTypes() }));
    this.#companySet(claims);
    if (claims.length > 0) await this.#nodesAdopt(claims);
    else if (nodes === 0) this.signals.emit("idle");
    return this.#pollMs;
  }

  #suspectLimits(held: number): ClaimLimits {
    // Those of one tenant may be all of them, and each needs a slot.
    const most = Math.max(1, Math.min(mostSuspects, this.#owner.slots.share));
    return { ...this.#limits(0, { held: new Map(), share: 1 }), company: { most, held, ...this.#company } };
  }

  #companySet([first]: readonly ClaimedRun[]): void {
    if (first !== undefined) this.#company = { now: first.company, bound: first.bound ?? 1 };
  }

  async #suspectLook(): Promise<void> {
    if (monotonicMs() - this.#lookedAtMs < suspectLookMs) return;
    this.#lookedAtMs = monotonicMs();
    if (await isSuspectDue(this.#options.pool, this.#options.only)) this.signals.emit("suspect");
  }

  /** Of a tenant whose runs hold as much memory as they may a claim brings nothing. */
  #withFull(held: ReadonlyMap<string, number>, share: number): Map<string, number> {
    return new Map([...held, ...this.#owner.held.full().map((tenantId) => [tenantId, share] as const)]);
  }

  #onlyTypes(): { only?: readonly string[] } {
    return this.#options.only === undefined ? {} : { only: this.#options.only };
  }

  #limits(limit: number, held: Pick<ClaimLimits, "held" | "share">): ClaimLimits {
    return {
      limit,
      worker: this.#claimMark,
      leaseMs: this.#leaseMs,
      orphansAllowed: !this.#wasUnreachable && monotonicMs() >= this.#orphansFromMs,
      suspectsAllowed: this.#options.suspects === true,
      without: this.#owner.leftToOthers.keys(),
      ...held,
    };
  }
}
