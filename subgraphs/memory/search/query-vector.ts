/** The query of a search as a vector, where the tenant has some to compare it with. */
import { requestInfoOf } from "#shared/request-info.ts";
import { embeddingLookWanted, embeddingSpace, embeddingSpaceSet } from "../embedding/embedding-queue.sql.ts";
import { spaceOf } from "../embedding/embedder.ts";
import { memoryErrors } from "../errors.ts";
import { MemorySearchMode } from "./memory-search-mode.ts";
import type { MemoryContext } from "../memory.context.ts";
import { embed, embeddingModelOf } from "../embedding/model.client.ts";
import { unitVectors, type UnitVector } from "../embedding/vector.ts";

/** A query among the vectors of a space. */
export interface QueryVector {
  space: string;
  vector: UnitVector;
}

/** Models read some thousand tokens. */
const embeddedCharacters = 8_000;

/**
 * Has the model embed a query.
 *
 * @returns undefined: the search is by words alone. So is one of mode AUTO whose model does not answer.
 * @throws AppError NOT_AVAILABLE where nothing can be compared; EMBEDDING_TOO_SLOW; what the model subgraph refuses
 */
export async function queryVector(context: MemoryContext, mode: MemorySearchMode, query: string): Promise<QueryVector | undefined> {
  if (mode === MemorySearchMode.TEXT) return undefined;
  const isAuto = mode === MemorySearchMode.AUTO;
  const { deadlines } = context.services;
  const known = await embeddingSpace(context.db);
  if (known?.space == null || (isAuto && known.problem !== null)) {
    if (isAuto) return undefined;
    throw memoryErrors.NOT_AVAILABLE({ field: "mode", value: mode });
  }
  try {
    return await inTime(context, isAuto ? deadlines.autoMs : deadlines.vectorMs, (signal) =>
      embedded(context, mode, { query, known: known.space!, signal }),
    );
  } catch (cause) {
    if (!isAuto || context.signal?.aborted === true) throw cause;
    context.log.warn({ err: cause, tenantId: context.tenantId }, "a query was not embedded; it is searched by its words");
    return undefined;
  }
}

/** @throws AppError EMBEDDING_TOO_SLOW: nobody has gone, but the time is over */
async function inTime<T>({ signal: caller }: MemoryContext, limitMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = AbortSignal.timeout(limitMs);
  try {
    return await work(caller ? AbortSignal.any([caller, late]) : late);
  } catch (cause) {
    if (late.aborted && caller?.aborted !== true) throw memoryErrors.EMBEDDING_TOO_SLOW({ limitMs, retryable: true }, { cause });
    throw cause;
  }
}

async function embedded(
  context: MemoryContext,
  mode: Exclude<MemorySearchMode, MemorySearchMode.TEXT>,
  { query, known, signal }: { query: string; known: string; signal: AbortSignal },
): Promise<QueryVector> {
  const { call, db, services } = context;
  const info = { ...requestInfoOf(context), signal };
  const model = await embeddingModelOf(call, info);
  if (model === undefined) {
    await db.transaction(embeddingLookWanted);
    services.embedder.wanted();
    throw memoryErrors.NOT_AVAILABLE({ field: "mode", value: mode });
  }
  const [vector] = unitVectors(await embed(call, info, model, [query.slice(0, embeddedCharacters).toWellFormed()]));
  if (vector === undefined) throw new Error("no vector came for a query");
  const space = spaceOf(model, vector.length);
  if (space !== known) {
    await db.transaction((tx) => embeddingSpaceSet(tx, { space, model: model.model, dimension: vector.length }));
    services.embedder.wanted();
  }
  return { space, vector };
}
