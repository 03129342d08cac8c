/** The two loaders that every subgraph has: rows by id, and pages of children. Made per operation, so they cache nothing stale. */
import DataLoader from "dataloader";
import type { FilterQuery } from "@mikro-orm/postgresql";
import type { Db } from "#shared/db/database.ts";
import { versionsRead, type VersionTable } from "#shared/db/versions.sql.ts";
import { childPages, type ChildList, type Connection, type PageArgs } from "./pagination.ts";

/** Loads rows by id, all of a tick in one statement; null where there is none, or none of this tenant. Index: the table's key. */
export function rowLoader<T extends { id: string }>(db: Db, entity: new () => T): DataLoader<string, T | null> {
  return new DataLoader(async (ids) => {
    const rows = await db.entities(entity, ({ table, columns }) => ({
      name: `row_of_${table}`,
      text: `select ${columns} from ${table} t where t.tenant_id = $1 and t.id = any($2::text[])`,
      values: [db.tenantId, [...ids]],
    }));
    const byId = new Map(rows.map((row) => [row.id, row]));
    return ids.map((id) => byId.get(id) ?? null);
  });
}

/** Loads the version of each parent that was published last; null where it has none. */
export function publishedLoader<T extends object>(db: Db, versions: VersionTable<T>): DataLoader<string, T | null> {
  return new DataLoader((parentIds) => versionsRead(db, versions, { parentIds, which: "published" }));
}

/** Loads the version of each parent with the highest number; null where it has none. */
export function latestLoader<T extends object>(db: Db, versions: VersionTable<T>): DataLoader<string, T | null> {
  return new DataLoader((parentIds) => versionsRead(db, versions, { parentIds, which: "latest" }));
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
  const load = (group: ChildPageKey[]) => {
    const parentIds = group.map((key) => key.parentId);
    return db.read((tx) => childPages(tx, list, group[0]!.page, parentIds));
  };
  return new DataLoader((keys) => byPage(keys, ({ parentId, page }) => pageGroup(page, parentId), load), {
    cacheKeyFn: ({ parentId, page }) => `${parentId} ${pageArguments(page)}`,
  });
}

/** The arguments of a page as a key. */
export function pageArguments({ first, after, last, before }: PageArgs): string {
  return JSON.stringify([first, after, last, before]);
}

/** The pages that are read together: those of equal arguments. A cursor is of one parent's list, so its page is read alone, or refused alone. */
export function pageGroup(page: PageArgs, parentId: string): string {
  const isBehind = page.after != null || page.before != null;
  return isBehind ? `${parentId} ${pageArguments(page)}` : pageArguments(page);
}

/** Loads keys group by group; the result is in the order of `keys`. A page that is refused fails its own group only. */
export async function byPage<K, Page>(
  keys: readonly K[],
  groupOf: (key: K) => string,
  load: (group: K[]) => Promise<Page[]>,
): Promise<(Page | Error)[]> {
  const found = new Map<K, Page | Error>();
  for (const group of Map.groupBy(keys, groupOf).values()) {
    const pages = await load(group).catch((error: unknown) => group.map(() => error as Error));
    group.forEach((key, index) => found.set(key, pages[index]!));
  }
  return keys.map((key) => found.get(key)!);
}
