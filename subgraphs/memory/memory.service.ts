import { LockMode } from "@mikro-orm/core";
import { databaseNow } from "#shared/database-time.ts";
import type { Tx } from "#shared/db/database.ts";
import { checkJson, checkRange, checkScopeId, checkStorableText, checkText, given } from "#shared/fields.ts";
import { checkIdempotencyKey, claimIdempotencyKey, idempotentResult, type KeyedCall } from "#shared/graphql/idempotency.ts";
import { newId } from "#shared/ids.ts";
import { embeddingWanted } from "./embedding/embedding-queue.sql.ts";
import { memoryErrors } from "./errors.ts";
import { expiredMemoriesDelete } from "./memory-expiry.sql.ts";
import { memoryWordsDelete, memoryWordsInsert } from "./search/memory-words.sql.ts";
import { checkOwnerThere } from "./memory-owner.ts";
import type { MemoryContext } from "./memory.context.ts";
import { Memory } from "./memory.entity.ts";
import type { CreateMemoryInput, UpdateMemoryInput } from "./memory.inputs.ts";
import { checkContent, checkExpiry, unexpired } from "./memory.rules.ts";
import { countWords } from "#shared/words.ts";

const metadataBytes = 16 * 1024;
const score = { min: 0, max: 100 };

/**
 * Remembers something; with a key that was used before it gives what was made then.
 *
 * @throws AppError IDEMPOTENCY_KEY_REUSED, MEMORY_NOT_FOUND (what the key made is gone), SESSION_NOT_FOUND, AGENT_NOT_FOUND, TEAM_NOT_FOUND, and
 *         BAD_USER_INPUT for what a memory may not hold
 */
export async function createMemory(context: MemoryContext, input: CreateMemoryInput): Promise<Memory> {
  const { db, services } = context;
  const fields = {
    scopeType: input.scopeType,
    scopeId: checkScopeId(input.scopeType, input.scopeId, db.tenantId),
    memoryType: checkMemoryType(input.memoryType ?? "fact"),
    contentText: checkContent(input.contentText),
    metadata: checkJson("metadata", input.metadata ?? {}, metadataBytes),
    importanceScore: checkRange("importanceScore", input.importanceScore ?? 50, score),
  };
  const call = keyedCall(input);
  const known = call && (await db.read((tx) => idempotentResult(tx, call)));
  // The same request again is answered by what it made, whatever became of its owner, and of its time, since.
  if (known === undefined) {
    checkExpiry(input.expiresAt);
    await checkOwnerThere(context, fields.scopeType, fields.scopeId);
  }
  const words = countWords(fields.contentText);
  const id = newId();
  const made = await db.transaction(async (tx) => {
    const first = call === undefined ? id : await claimIdempotencyKey(tx, call, id);
    if (first !== id) return lockMemory(tx, first);
    await expiredMemoriesDelete(tx);
    const now = databaseNow();
    const times = { createdAt: now, updatedAt: now, lastAccessedAt: null, expiresAt: checkExpiry(input.expiresAt) };
    const memory = tx.em.create(Memory, { ...fields, ...times, id, tenantId: db.tenantId, wordCount: totalOf(words) });
    await tx.em.flush();
    await memoryWordsInsert(tx, memory, words);
    await embeddingWanted(tx, memory);
    return memory;
  });
  services.embedder.wanted();
  return made;
}

/** Changes what is given. @throws AppError MEMORY_NOT_FOUND, and BAD_USER_INPUT for what a memory may not hold */
export async function updateMemory({ db }: MemoryContext, id: string, input: UpdateMemoryInput): Promise<Memory> {
  return db.transaction(async (tx) => {
    const memory = await lockMemory(tx, id);
    if (given(input.memoryType)) memory.memoryType = checkMemoryType(input.memoryType);
    if (given(input.metadata)) memory.metadata = checkJson("metadata", input.metadata, metadataBytes);
    if (given(input.importanceScore)) memory.importanceScore = checkRange("importanceScore", input.importanceScore, score);
    if (input.expiresAt !== undefined) memory.expiresAt = checkExpiry(input.expiresAt);
    if (given(input.contentText)) await replaceContent(tx, memory, checkContent(input.contentText));
    memory.updatedAt = databaseNow();
    return memory;
  });
}

/** Forgets a memory for good: what people want forgotten leaves nothing behind. @throws AppError MEMORY_NOT_FOUND */
export async function deleteMemory({ db }: MemoryContext, id: string): Promise<Memory> {
  return db.transaction(async (tx) => {
    const memory = await lockMemory(tx, id);
    tx.em.remove(memory);
    return memory;
  });
}

function keyedCall(input: CreateMemoryInput): KeyedCall | undefined {
  if (input.idempotencyKey == null) return undefined;
  return { schema: "memory", operation: "createMemory", key: checkIdempotencyKey(input.idempotencyKey), input };
}

async function lockMemory({ em }: Tx, id: string): Promise<Memory> {
  const memory = await em.findOne(Memory, { id, ...unexpired() }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (memory === null) throw memoryErrors.MEMORY_NOT_FOUND({ id });
  return memory;
}

async function replaceContent(tx: Tx, memory: Memory, contentText: string): Promise<void> {
  const words = countWords(contentText);
  memory.contentText = contentText;
  memory.wordCount = totalOf(words);
  await memoryWordsDelete(tx, memory);
  await memoryWordsInsert(tx, memory, words);
  await embeddingWanted(tx, memory);
}

function totalOf(words: ReadonlyMap<string, number>): number {
  return [...words.values()].reduce((sum, count) => sum + count, 0);
}

function checkMemoryType(memoryType: string): string {
  return checkStorableText("memoryType", checkText("memoryType", memoryType, { min: 1, max: 64 }));
}
