/**
 * Embeds memories in the background, for all tenants: a few tenants side by side, a batch of one at a time, so that a slow provider holds up its tenant's
 * memories alone. What waits are rows (embedding-queue.sql.ts): a process that ends forgets nothing, and several do no harm.
 */
import type pg from "pg";
import type { Database } from "#shared/db/database.ts";
import { openPool } from "#shared/db/pool.ts";
import type { SubgraphCaller } from "#shared/endpoint/caller.ts";
import { AppError } from "#shared/errors.ts";
import { newId } from "#shared/ids.ts";
import type { Log } from "#shared/log.ts";
import type { RequestInfo } from "#shared/request-info.ts";
import {
  embeddingRetryMs,
  embeddingsDefer,
  embeddingsRefuse,
  embeddingsStore,
  embeddingSpaceSet,
  embeddingsWaiting,
  type WaitingMemory,
} from "./embedding-queue.sql.ts";
import { embeddingTenantClaim, embeddingTenantRelease, type ClaimedTenant } from "./embedding-tenants.sql.ts";
import { memoryErrors } from "../errors.ts";
import { isolated, isRefusal, probed, type Ask, type Embedded } from "./isolation.ts";
import { embed, embeddingModelOf, type EmbeddingModel } from "./model.client.ts";
import { checkDimension, unitVectors } from "./vector.ts";
import type { VectorColumn } from "./vector-column.ts";

/** What an embedder is made of. */
export interface EmbedderOptions {
  databaseUrl: string;
  database: Database;
  call: SubgraphCaller;
  log: Log;
  column: VectorColumn;
  /** For all requests of a batch together. */
  batchMs: number;
  /** How often it looks by itself; 2 s. */
  pollMs?: number;
}

const tenantsAtOnce = 3;
const batchTexts = 64;
/** After so many failures in a row a batch is halved: it may be one of its texts that the model fails by. */
const failuresUntilHalved = 2;
/** Of a batch that is refused so many texts are tried one by one. */
const triedAlone = 8;
const firstPauseMs = 5_000;
const longestPauseMs = 10 * 60_000;
const idlePauseMs = 60_000;
const longestIdleMs = 6 * 3_600_000;
const heldPauseMs = 1_000;

/** What came of a batch. more: there may be another. idle: nothing waits, or not for a while. held: all that was embedded has changed since, or is being changed. problem: try again later, for this reason. */
type Looked = { kind: "more" } | { kind: "idle"; retryMs: number | null } | { kind: "held" } | { kind: "problem"; reason: string };

/** The embedder of one process. */
export class Embedder {
  readonly #options: EmbedderOptions;
  readonly #pool: pg.Pool;
  readonly #stop = new AbortController();
  readonly #working = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: EmbedderOptions) {
    this.#options = options;
    this.#pool = openPool({ url: options.databaseUrl, max: 1, applicationName: "agent-platform embedder" });
    this.#lookIn(options.pollMs ?? 2_000);
  }

  /** Something may wait. */
  wanted(): void {
    if (this.#working.size < tenantsAtOnce) this.#lookIn(0);
  }

  /** Ends what is under way; its memories wait for whoever comes next. */
  async close(): Promise<void> {
    this.#stop.abort(new Error("the embedder is closed"));
    clearTimeout(this.#timer);
    await Promise.all(this.#working);
    await this.#pool.end();
  }

  #lookIn(ms: number): void {
    if (this.#stop.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#begin();
      this.#lookIn(this.#options.pollMs ?? 2_000);
    }, ms);
  }

  #begin(): void {
    if (this.#stop.signal.aborted || this.#working.size >= tenantsAtOnce) return;
    const work = this.#work().finally(() => this.#working.delete(work));
    this.#working.add(work);
  }

  /** Looks after tenants that are due, one after another; where there is one there may be another, beside it. */
  async #work(): Promise<void> {
    try {
      while (!this.#stop.signal.aborted) {
        const tenant = await embeddingTenantClaim(this.#pool);
        if (tenant === undefined) return;
        this.#begin();
        await embeddingTenantRelease(this.#pool, tenant.tenantId, nextLook(tenant, await this.#look(tenant)));
      }
    } catch (cause) {
      if (!this.#stop.signal.aborted) this.#options.log.warn({ err: cause }, "memories that wait were not read");
    }
  }

  async #look(tenant: ClaimedTenant): Promise<Looked> {
    const { tenantId } = tenant;
    const late = AbortSignal.timeout(this.#options.batchMs);
    const info: RequestInfo = { tenantId, requestId: newId(), signal: AbortSignal.any([this.#stop.signal, late]) };
    try {
      return await this.#batch(info, tenant);
    } catch (cause) {
      // Nothing is wrong with the model: whoever comes next goes on.
      if (this.#stop.signal.aborted) return { kind: "more" };
      const told = cause instanceof AppError ? cause.reason : "EMBEDDING_FAILED";
      // Whoever is asked when the time is over says only that nobody waits any more.
      const reason = late.aborted ? "EMBEDDING_TOO_SLOW" : told;
      this.#options.log.warn({ err: cause, tenantId, reason }, "memories were not embedded");
      return { kind: "problem", reason };
    }
  }

  /** Embeds a batch of a tenant's memories. A part of the platform that is not there, and a provider that is down, are told by errors. */
  async #batch(info: RequestInfo, { space: known, attempts, problem: before }: ClaimedTenant): Promise<Looked> {
    const { call, database, column, batchMs } = this.#options;
    const db = database.forTenant(info.tenantId);
    const model = await embeddingModelOf(call, info);
    if (model === undefined) return { kind: "problem", reason: "NO_EMBEDDING_MODEL" };
    const isOther = known !== null && !known.startsWith(spacePrefix(model));
    const wanted = isOther ? spacePrefix(model) : known;
    const waiting = await db.read((tx) => embeddingsWaiting(tx, wanted, batchTexts));
    if (waiting.length === 0) return { kind: "idle", retryMs: await db.read((tx) => embeddingRetryMs(tx, wanted)) };
    const ask = this.#askOf(info, model);
    const isHalved = (before !== null && attempts >= failuresUntilHalved) || waiting.some(({ failures }) => failures > 0);
    const { vectors, dimension, refused, failed } = await (isHalved ? isolated(ask, waiting) : embedded(ask, waiting, batchMs));
    const space = spaceOf(model, dimension);
    const rows = [...vectors].map(([{ id, revision }, vector]) => ({ id, revision, vector: column.write(vector) }));
    const changed = await db.transaction(async (tx) => {
      await embeddingSpaceSet(tx, { space, model: model.model, dimension });
      const stored = await embeddingsStore(tx, column.read, { space, dimension, rows });
      const noted = await embeddingsRefuse(tx, space, refused);
      return stored + noted + (await embeddingsDefer(tx, space, failed));
    });
    return { kind: changed > 0 ? "more" : "held" };
  }

  #askOf(info: RequestInfo, model: EmbeddingModel): Ask {
    return async (texts, limitMs) => {
      const late = AbortSignal.timeout(limitMs);
      const signal = info.signal ? AbortSignal.any([info.signal, late]) : late;
      try {
        const vectors = unitVectors(await embed(this.#options.call, { ...info, signal }, model, texts));
        if (vectors.length !== texts.length) throw new Error(`${vectors.length} vectors came for ${texts.length} texts`);
        return vectors;
      } catch (cause) {
        if (late.aborted && info.signal?.aborted !== true) throw memoryErrors.EMBEDDING_TOO_SLOW({ limitMs, retryable: true });
        throw cause;
      }
    };
  }
}

/** Where a batch is refused by a model that takes another text, its first texts are embedded alone: what is refused then is so for what it is. */
async function embedded(ask: Ask, waiting: readonly WaitingMemory[], batchMs: number): Promise<Embedded> {
  try {
    const vectors = await ask(
      waiting.map(({ text }) => text),
      batchMs,
    );
    const ofMemory = new Map(waiting.map((memory, index) => [memory, vectors[index]!]));
    return { vectors: ofMemory, dimension: vectors[0]!.length, refused: [], failed: [] };
  } catch (cause) {
    if (!isRefusal(cause)) throw cause;
    return oneByOne(ask, waiting.slice(0, triedAlone), batchMs);
  }
}

async function oneByOne(ask: Ask, waiting: readonly WaitingMemory[], batchMs: number): Promise<Embedded> {
  const found: Embedded = { vectors: new Map(), dimension: await probed(ask), refused: [], failed: [] };
  for (const memory of waiting) {
    try {
      const [vector] = await ask([memory.text], batchMs);
      checkDimension(vector!, found.dimension);
      found.vectors.set(memory, vector!);
    } catch (alone) {
      if (!isRefusal(alone)) throw alone;
      found.refused.push({ memory, problem: alone.reason });
    }
  }
  return found;
}

/** Vectors of one model of one provider, of one dimension, are compared with each other. */
export function spaceOf(model: EmbeddingModel, dimension: number): string {
  return `${spacePrefix(model)}${dimension}`;
}

function spacePrefix({ providerId, model }: EmbeddingModel): string {
  return `${providerId}/${model}/`;
}

/** When a tenant is looked after again: each time later, where there is again nothing to do, or again a problem. */
function nextLook({ attempts, problem }: ClaimedTenant, looked: Looked): Parameters<typeof embeddingTenantRelease>[2] {
  switch (looked.kind) {
    case "more":
      return { pauseMs: 0, attempts: 0, problem: null };
    case "held":
      return { pauseMs: heldPauseMs, attempts: 0, problem: null };
    case "idle": {
      const looks = problem === null ? attempts : 0;
      // Never at once: what is due, and was not given, would be looked for without end.
      const retryMs = Math.max(looked.retryMs ?? Infinity, heldPauseMs);
      const pauseMs = Math.min(idlePauseMs * 2 ** looks, longestIdleMs, retryMs);
      return { pauseMs, attempts: Math.min(looks + 1, 20), problem: null };
    }
    case "problem": {
      const failures = problem === null ? 0 : attempts;
      return {
        pauseMs: Math.min(firstPauseMs * 2 ** failures, longestPauseMs),
        attempts: Math.min(failures + 1, 20),
        problem: looked.reason,
      };
    }
  }
}
