import type { Db } from "#shared/db/database.ts";
import { childPageLoader, rowByKeyLoader } from "#shared/graphql/loaders.ts";
import { Memory, MemoryScopeType } from "./memory.entity.ts";
import { unexpired } from "./memory.rules.ts";

/** The loaders of one operation. */
export type MemoryLoaders = ReturnType<typeof memoryLoaders>;

/** Makes them; each turns the keys of a tick into one statement. */
export function memoryLoaders(db: Db) {
  return {
    memory: rowByKeyLoader(db, Memory, "id", unexpired()),
    memoriesOfSession: scopeLoader(db, MemoryScopeType.SESSION),
    memoriesOfAgent: scopeLoader(db, MemoryScopeType.AGENT),
    memoriesOfTeam: scopeLoader(db, MemoryScopeType.TEAM),
  };
}

function scopeLoader(db: Db, scopeType: MemoryScopeType) {
  const condition = `c.scope_type = '${scopeType}' and (c.expires_at is null or c.expires_at > now())`;
  return childPageLoader(db, { entity: Memory, table: "memory.memory", parent: "scope_id", condition });
}
