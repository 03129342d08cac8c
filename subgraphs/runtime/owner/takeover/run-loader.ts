/**
 * Loads claimed runs that somebody has begun. What they weigh is asked first: light ones are loaded together, the lightest first, a heavy one by itself, one at a
 * time in the process; and none for which there is no room. What cannot be loaded is given back alone, and counts no crash.
 */
import { setTimeout } from "node:timers/promises";
import type { Log } from "#shared/log.ts";
import type { ClaimedRun } from "../../queue/claim.sql.ts";
import { failureKind, isDamage, isTimeOut } from "../../queue/failure.ts";
import { bytesOfRow, outputsLoad, pages, planIdsOf, runsLoad, runsWeigh, type LoadedRun } from "../../queue/load.sql.ts";
import type { Queryable } from "../../queue/statement.ts";
import { monotonicMs } from "../clock.ts";
import type { CompiledPlan } from "../../engine/plan.ts";
import type { PlanCache } from "../../plan/frozen-plan.ts";
import type { HeldBytes } from "../held/held-bytes.ts";
import { itemsLoad, nestedLoad } from "./nested-load.ts";
import { readStoredOutputs } from "../calls/read-outputs.ts";

/** Why a run was not loaded. `isAlone`: what failed was asked for it alone, in the way that its plan asks for, so the same cause comes again; else another try may do. */
export type NotLoaded = { kind: "no-room"; bytes: number } | { kind: "failed"; cause: Error; isAlone: boolean };

/** What becomes of the runs that are to be loaded. Each is told of once. */
export interface LoadListener<Claim> {
  /** undefined: there is no such run. What it weighs is counted until the promise settles. */
  loaded(claim: Claim, run: LoadedRun | undefined): Promise<void>;
  notLoaded(claim: Claim, why: NotLoaded): Promise<void>;
}

/** Runs that are loaded together have so many bytes at most, or are one. */
const togetherBytes = 4 * 1024 * 1024;
/** The weights of so many runs are asked in one statement; by the number of their events, which is about that of their rows. */
const weighedRows = 20_000;
const againMs = 100;

/** A run with composites and more events than these is loaded by what of it goes on; any other whole, which takes fewer statements. */
const longEvents = 500;

type LongClaim = ClaimedRun & { eventSeq: number };

interface Weighed<Claim> {
  claim: Claim;
  rowBytes: number;
  bytes: number;
}

interface Admitted<Claim> extends ClaimedRun {
  claim: Claim;
  run: LoadedRun;
  isLeaving: boolean;
}

export class RunLoader {
  readonly #db: Queryable;
  readonly #log: Log;
  readonly #held: HeldBytes;
  readonly #plans: PlanCache;
  /** Heavy ones go one after the other. */
  #heavy: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: { db: Queryable; log: Log; held: HeldBytes; plans: PlanCache }) {
    this.#db = options.db;
    this.#log = options.log;
    this.#held = options.held;
    this.#plans = options.plans;
  }

  /** What is under way goes no further. */
  close(): void {
    this.#isClosed = true;
  }

  /** Loads them, each as soon as it may be. Resolves when all have been told of; never rejects for a run that cannot be loaded. */
  async load<Claim extends LongClaim>(claims: readonly Claim[], listener: LoadListener<Claim>): Promise<void> {
    const { nested, unknown } = await this.#nestedOf(claims.filter(({ eventSeq }) => eventSeq > longEvents));
    const flat = claims.filter((claim) => !nested.has(claim) && !unknown.includes(claim));
    const guessing: LoadListener<Claim> = {
      loaded: (claim, run) => listener.loaded(claim, run),
      notLoaded: (claim, why) => listener.notLoaded(claim, why.kind === "failed" ? { ...why, isAlone: false } : why),
    };
    const loading = [...nested].map(([claim, plan]) => this.#inTurn(() => this.#nested(claim, plan, listener)));
    await Promise.all([this.#flat(flat, listener), this.#flat(unknown, guessing), ...loading]);
  }

  async #flat<Claim extends LongClaim>(claims: readonly Claim[], listener: LoadListener<Claim>): Promise<void> {
    const weighed: Weighed<Claim>[] = [];
    for (const some of pages(claims, ({ eventSeq }) => eventSeq, weighedRows)) weighed.push(...(await this.#weigh(some, listener)));
    weighed.sort((a, b) => a.bytes - b.bytes);
    const groups = pages(weighed, ({ bytes }) => bytes, togetherBytes);
    const isHeavy = ([first]: Weighed<Claim>[]): boolean => (first?.bytes ?? 0) > togetherBytes;
    for (const group of groups.filter((group) => !isHeavy(group))) await this.#group(group, listener);
    await Promise.all(groups.filter(isHeavy).map((group) => this.#inTurn(() => this.#group(group, listener))));
  }

  /** Loads a run that is owned already, and counted. @throws what its statements threw */
  async again({ runId, leaseMs }: Pick<ClaimedRun, "runId" | "leaseMs">): Promise<LoadedRun | undefined> {
    const [run] = await this.#persistently(leaseMs, () => runsLoad(this.#db, [runId]));
    if (run === undefined) return undefined;
    await this.#leaveUnread(run);
    await this.#persistently(leaseMs, () => outputsLoad(this.#db, [run]));
    return run;
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#heavy = this.#heavy.then(work, work);
    return this.#heavy;
  }

  /** Those with composites in their plans; and those of which nobody can say now, which are loaded as any other. */
  async #nestedOf<Claim extends ClaimedRun>(claims: readonly Claim[]): Promise<{ nested: Map<Claim, CompiledPlan>; unknown: Claim[] }> {
    const nested = new Map<Claim, CompiledPlan>();
    const unknown: Claim[] = [];
    if (claims.length === 0) return { nested, unknown };
    const ids = await planIdsOf(this.#db, idsOf(claims)).catch(() => new Map<string, string>());
    for (const claim of claims) {
      const id = ids.get(claim.runId);
      const plan = id === undefined ? undefined : await this.#plans.get(id).catch(() => undefined);
      if (plan === undefined) unknown.push(claim);
      else if (plan.nodes.some(({ composite }) => composite !== undefined)) nested.set(claim, plan);
    }
    return { nested, unknown };
  }

  /** One that has composites, and many rows: what of it goes on is found first, then there is room for it or not. */
  async #nested<Claim extends LongClaim>(claim: Claim, plan: CompiledPlan, listener: LoadListener<Claim>): Promise<void> {
    const [found] = await this.#halving([claim], listener, () => nestedLoad(this.#db, claim.runId, plan));
    if (found === undefined) return;
    const run = found.result;
    if (run?.lease !== claim.lease) return listener.loaded(claim, run);
    const admitted = await this.#admitted({ claim, run }, rowBytesOf(run), listener);
    try {
      const told = { loaded: async () => {}, notLoaded: (one: Admitted<Claim>, why: NotLoaded) => listener.notLoaded(one.claim, why) };
      const read = await this.#halving(admitted, told, () => itemsLoad(this.#db, run));
      await this.#outputs(
        read.flatMap(({ claims }) => claims),
        listener,
      );
    } finally {
      for (const one of admitted) this.#held.remove(one);
    }
  }

  async #weigh<Claim extends ClaimedRun>(claims: readonly Claim[], listener: LoadListener<Claim>): Promise<Weighed<Claim>[]> {
    const found = await this.#halving(claims, listener, (some) => runsWeigh(this.#db, idsOf(some)));
    return found.flatMap(({ claims: some, result }) => {
      const weights = new Map(result.map((weight) => [weight.id, weight]));
      return some.map((claim) => {
        const { rowBytes = 0, outputBytes = 0 } = weights.get(claim.runId) ?? {};
        return { claim, rowBytes, bytes: rowBytes + outputBytes };
      });
    });
  }

  async #group<Claim extends ClaimedRun>(group: readonly Weighed<Claim>[], listener: LoadListener<Claim>): Promise<void> {
    const rowBytes = new Map(group.map(({ claim, rowBytes: bytes }) => [claim, bytes]));
    const claims: Claim[] = [];
    for (const [claim, bytes] of rowBytes) {
      if (this.#held.hasRoom(claim.tenantId, bytes)) claims.push(claim);
      else await listener.notLoaded(claim, { kind: "no-room", bytes });
    }
    for (const { claims: some, result } of await this.#halving(claims, listener, (part) => runsLoad(this.#db, idsOf(part)))) {
      const runs = new Map(result.map((run) => [run.id, run]));
      const admitted: Admitted<Claim>[] = [];
      try {
        for (const claim of some) {
          const run = runs.get(claim.runId);
          if (run?.lease !== claim.lease) await listener.loaded(claim, run);
          else admitted.push(...(await this.#admitted({ claim, run }, rowBytes.get(claim) ?? 0, listener)));
        }
        await this.#outputs(admitted, listener);
      } finally {
        for (const one of admitted) this.#held.remove(one);
      }
    }
  }

  /** Takes the room that it needs. @returns nothing where there is none */
  async #admitted<Claim extends ClaimedRun>(
    { claim, run }: { claim: Claim; run: LoadedRun },
    rowBytes: number,
    listener: LoadListener<Claim>,
  ): Promise<Admitted<Claim>[]> {
    const bytes = rowBytes + (await this.#leaveUnread(run));
    const admitted = { ...claim, claim, run, isLeaving: true };
    if (this.#held.hasRoom(claim.tenantId, bytes)) {
      this.#held.set(admitted, bytes);
      return [admitted];
    }
    await listener.notLoaded(claim, { kind: "no-room", bytes });
    return [];
  }

  async #outputs<Claim extends ClaimedRun>(
    admitted: readonly Admitted<Claim>[],
    { loaded, notLoaded }: LoadListener<Claim>,
  ): Promise<void> {
    const told = { loaded: async () => {}, notLoaded: (one: Admitted<Claim>, why: NotLoaded) => notLoaded(one.claim, why) };
    const done = await this.#halving(admitted, told, (some) =>
      outputsLoad(
        this.#db,
        some.map(({ run }) => run),
      ),
    );
    for (const { claim, run } of done.flatMap(({ claims }) => claims)) await loaded(claim, run);
  }

  /** Outputs that nobody reads any more are not loaded. @returns the bytes of the others */
  async #leaveUnread(run: LoadedRun): Promise<number> {
    const large = run.nodes.filter(({ outputArtifactId }) => outputArtifactId !== null);
    if (large.length === 0) return 0;
    // A plan that cannot be read is found out where the run is taken on.
    const plan = await this.#plans.get(run.planId).catch(() => undefined);
    const read = plan === undefined ? "any" : readStoredOutputs(plan, run.nodes);
    let bytes = 0;
    for (const node of large) {
      if (read === "any" || read.has(node.nodeId)) bytes += node.outputBytes ?? 0;
      else Object.assign(node, { outputArtifactId: null, outputBytes: 0 });
    }
    return bytes;
  }

  /** Does it for all together; for halves of them where it fails for what they are. What fails for one alone is told of it. */
  async #halving<Claim extends ClaimedRun, Result>(
    claims: readonly Claim[],
    listener: LoadListener<Claim>,
    work: (claims: readonly Claim[]) => Promise<Result>,
  ): Promise<{ claims: readonly Claim[]; result: Result }[]> {
    const [first] = claims;
    if (first === undefined) return [];
    try {
      return [{ claims, result: await this.#persistently(first.leaseMs, () => work(claims)) }];
    } catch (cause) {
      if (claims.length > 1 && !this.#isClosed && isAboutWhatItIs(cause)) {
        const middle = Math.ceil(claims.length / 2);
        const before = await this.#halving(claims.slice(0, middle), listener, work);
        return [...before, ...(await this.#halving(claims.slice(middle), listener, work))];
      }
      const error = cause instanceof Error ? cause : new Error("runs not loaded", { cause });
      const why: NotLoaded = { kind: "failed", cause: error, isAlone: claims.length === 1 };
      for (const claim of claims) await listener.notLoaded(claim, why);
      return [];
    }
  }

  /** Again and again for half a lease, where another try may do. */
  async #persistently<Result>(leaseMs: number, work: () => Promise<Result>): Promise<Result> {
    const until = monotonicMs() + leaseMs / 2;
    for (;;) {
      try {
        return await work();
      } catch (cause) {
        if (isAboutWhatItIs(cause) || monotonicMs() > until || this.#isClosed) throw cause;
        this.#log.warn({ err: cause }, "runs not loaded, trying again");
        await setTimeout(againMs);
      }
    }
  }
}

/** About what the rows of a run take, and the items that they work on. */
function rowBytesOf({ nodes, input, state, inbox }: LoadedRun): number {
  const rows = nodes.reduce((sum, { chunkBytes, outputText }) => sum + bytesOfRow + (chunkBytes ?? 0) + (outputText?.length ?? 0), 0);
  return rows + JSON.stringify([input, state, inbox]).length;
}

function idsOf(claims: readonly ClaimedRun[]): string[] {
  return claims.map(({ runId }) => runId);
}

/** Too much for the time that a statement has, or refused, or nothing that can be read: no other try of the same does better. */
function isAboutWhatItIs(cause: unknown): boolean {
  return isTimeOut(cause) || failureKind(cause) === "refused" || isDamage(cause);
}
