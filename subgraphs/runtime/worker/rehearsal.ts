/**
 * Runs that nobody has made, executed before the first that somebody has: V8 is slow at what it has not executed yet, and the first fifty runs of a process cost it
 * four times what the thousandth does. Nothing is written: no row stands for them, so the flush of each is refused as that of an owner whose lease was lost.
 */
import { randomUUID } from "node:crypto";
import type pg from "pg";
import { databaseNowMs } from "#shared/database-time.ts";
import { whenOpen } from "#shared/db/pool.ts";
import { newId } from "#shared/ids.ts";
import type { JsonObject } from "#shared/json.ts";
import type { Release } from "../owner/run-host.ts";
import { RunOwner } from "../owner/run-owner.ts";
import { compileStored } from "../plan/compiled-plans.ts";
import { nobody, rehearsedInput, rehearsedPlan } from "../plan/rehearsed.ts";
import type { RunClaim } from "../queue/claim.sql.ts";
import type { Queryable } from "../queue/statement.ts";
import type { EngineParts } from "./engine-parts.ts";
import type { Worker } from "./worker.ts";

/** How long is rehearsed. */
export interface Rehearsal {
  /** Runs at most; {@link rehearsedRuns} unless given. */
  runs?: number;
  /** {@link longestMs} unless given. */
  withinMs?: number;
  /** Ends it before: there is work. */
  signal: AbortSignal;
}

/** More would take longer at the start than the first burst gains by it (docs/performance.md). */
const rehearsedRuns = 1024;
const runsAtOnce = 32;
/** The start of the platform does not wait for it. */
const longestMs = 1_500;

/**
 * Rehearses for a worker that has nothing to do yet, over its connections, once they are open. Ends with its first claim.
 *
 * @returns what ends it, and when it has.
 */
export function rehearseFor({ signals }: Pick<Worker, "signals">, parts: EngineParts): { stop(): void; ended: Promise<void> } {
  const busy = new AbortController();
  const stop = (): void => busy.abort();
  signals.once("claimed", stop);
  const ended = whenOpen(parts.pool)
    .then(() => rehearse(parts, { signal: busy.signal }))
    // A bug; the first runs are slow then, and that is all.
    .catch((cause: unknown) => parts.log.warn({ err: cause }, "nothing rehearsed"))
    .then(() => void signals.off("claimed", stop));
  return { stop, ended };
}

/**
 * Executes them, with the engine, the connections and the statements that the runs of others will have.
 *
 * @returns how many were executed.
 */
export async function rehearse(parts: EngineParts, { runs = rehearsedRuns, withinMs = longestMs, signal }: Rehearsal): Promise<number> {
  const { id: planId, document } = rehearsedPlan();
  compileStored(planId, document);
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), withinMs);
  const end = AbortSignal.any([signal, over.signal]);
  const db = withoutFailures(parts.pool, () => over.abort());
  const owner = new RunOwner({ ...parts, ...apart, db });
  let done = 0;
  try {
    while (done < runs && !end.aborted) {
      await together(owner, claims(planId), end);
      if (!end.aborted) done += runsAtOnce;
    }
    return done;
  } finally {
    clearTimeout(timer);
    owner.close();
  }
}

/** Apart from the worker's own runs: nobody hears of these, and no gauge counts them. */
const apart = {
  hints: { publish: () => {}, subscribe: () => () => {} },
  gates: { wanted: () => {} },
  slots: 1,
  offersNodes: false,
  maxCrashes: 1,
  isGauged: false,
};

/** A statement that fails has no answer: the rehearsal is over, and its owner repairs nothing, as it would for runs that there are. */
function withoutFailures(pool: EngineParts["pool"], failed: () => void): Queryable {
  const query = (config: pg.QueryConfig): Promise<pg.QueryResult> =>
    pool.query(config).catch(() => {
      failed();
      return new Promise<never>(() => {});
    });
  return { query: query as pg.Pool["query"] };
}

/** Ends when all of them have left their owner, or nobody waits for them. */
async function together(owner: RunOwner, some: readonly RunClaim[], end: AbortSignal): Promise<void> {
  const ended = Promise.withResolvers<void>();
  let open = some.length;
  const left = (_: Release): void => {
    if (--open === 0) ended.resolve();
  };
  const stop = (): void => ended.resolve();
  end.addEventListener("abort", stop, { once: true });
  owner.adopt(some, { policy: { kind: "worker" }, workerKey: nobody, left }).catch(ended.reject);
  await ended.promise.finally(() => end.removeEventListener("abort", stop));
}

function claims(planId: string): RunClaim[] {
  return Array.from({ length: runsAtOnce }, (_, place) => claim(planId, rehearsedInput(place)));
}

/** As a claim brings a run that nobody has begun. */
function claim(planId: string, input: JsonObject): RunClaim {
  const runId = newId();
  const lease = randomUUID();
  const dbNowMs = databaseNowMs();
  const fresh = {
    id: runId,
    tenantId: nobody,
    planId,
    execution: "WORKERS" as const,
    dryRun: false,
    sessionId: null,
    requestId: nobody,
    traceId: "0".repeat(32),
    initialNode: null,
    priority: 0,
    awaitedBy: null,
    depth: 0,
    childBytes: 0,
    onFailure: null,
    effectKeys: null,
    status: 0,
    lease,
    eventSeq: 1,
    mail: 0,
    input,
    state: {},
    history: null,
    startedMs: null,
    scopeNowMs: dbNowMs,
  };
  return { runId, tenantId: nobody, lease, leaseMs: 30_000, crashes: 0, company: 0, bound: null, dbNowMs, fresh, eventSeq: 1 };
}
