/** The two loaders that every subgraph has: rows by id, and pages of children. Made per operation, so they cache nothing stale. */
import DataLoader from "dataloader";
import type { FilterQuery } from "@mikro-orm/postgresql";
import type { Db } from "./db/database.ts";
import { childPages, type ChildList, type Connection, type PageArgs } from "./pagination.ts";

/** Loads rows by id, all of a tick in one statement; null where there is none, or none of this tenant. */
export function rowLoader<T extends { id: string }>(db: Db, entity: new () => T): DataLoader<string, T | null> {
  return rowByKeyLoader(db, entity, "id");
}

/** Loads rows by another unique key, all of a tick in one statement. */
export function rowByKeyLoader<T extends object>(
  db: Db,
  entity: new () => T,
  key: keyof T & string,
  where: object = {},
): DataLoader<string, T | null> {
  return new DataLoader(async (keys) => {
    const filter = { ...where, [key]: { $in: [...keys] } } as FilterQuery<T>;
    const rows = (await db.read((tx) => tx.em.find(entity, filter as never))) as T[];
    const byKey = new Map(rows.map((row) => [row[key] as string, row]));
    return keys.map((value) => byKey.get(value) ?? null);
  });
}

/** Which page of whose children. */
export interface ChildPageKey {
  parentId: string;
  page: PageArgs;
}

/** Loads pages of children: one statement for all parents that are asked for the same page. */
export function childPageLoader<T extends { id: string }>(db: Db, list: ChildList<T>): DataLoader<ChildPageKey, Connection<T>, string> {
  const pageKey = ({ first, after, last, before }: PageArgs) => JSON.stringify([first, after, last, before]);
  return new DataLoader(
    async (keys) => {
      const groups = Map.groupBy(keys, (key) => pageKey(key.page));
      const found = new Map<string, Connection<T>>();
      await db.read(async (tx) => {
        for (const [page, group] of groups) {
          const pages = await childPages(
            tx,
            list,
            group[0]!.page,
            group.map((key) => key.parentId),
          );
          group.forEach((key, index) => found.set(`${key.parentId} ${page}`, pages[index]!));
        }
      });
      return keys.map((key) => found.get(`${key.parentId} ${pageKey(key.page)}`)!);
    },
    { cacheKeyFn: (key) => `${key.parentId} ${pageKey(key.page)}` },
  );
}
