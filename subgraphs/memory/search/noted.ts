import type { Db, Tx } from "#shared/db/database.ts";
import { memoriesTouch, type ScoredMemory } from "./memory-search.sql.ts";

/** Reads in a transaction: that of the whole search, or one of its own. */
export type Read = <T>(work: (tx: Tx) => Promise<T>) => Promise<T>;

/** How a search is noted. */
export interface Noting {
  /** It reads texts between its statements: no transaction is held for that, as a tenant has two connections. */
  isLong: boolean;
  at: Date;
}

/** What a search finds, which is noted as accessed then, where that may be in the transaction of the search. */
export async function noted(db: Db, { isLong, at }: Noting, find: (read: Read) => Promise<ScoredMemory[]>): Promise<ScoredMemory[]> {
  const note = async (tx: Tx, found: ScoredMemory[]) => {
    const ids = found.map(({ memory }) => memory.id);
    if (ids.length > 0) await memoriesTouch(tx, ids, at);
    return found;
  };
  if (!isLong) return db.transaction(async (tx) => note(tx, await find((work) => work(tx))));
  const found = await find((work) => db.read(work));
  return found.length === 0 ? found : db.transaction((tx) => note(tx, found));
}
