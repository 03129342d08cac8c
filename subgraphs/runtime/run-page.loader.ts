import DataLoader from "dataloader";
import type { Db } from "#shared/db/database.ts";
import { checkSequenceCursors, pageWindow, type Connection, type PageArgs } from "#shared/pagination.ts";
import { keyedPage, runPageRows, type RunList, type RunScope } from "./run-pages.sql.ts";

/** Which page of whose list. */
export interface RunPageKey extends RunScope {
  page: PageArgs;
}

/** Loads pages of a list beneath runs: one statement for all runs (and node runs) that are asked for the same page. */
export function runPageLoader<Row extends object, Item>(
  db: Db,
  list: RunList<Row, Item>,
): DataLoader<RunPageKey, Connection<Item>, string> {
  return new DataLoader(
    (keys) =>
      byPage(keys, pageArguments, async (group) => {
        const window = pageWindow(group[0]!.page);
        if (list.keyType === "integer") checkSequenceCursors(window);
        const rows = await db.read((tx) => runPageRows(tx, list, { window }, group));
        return rows.map((page) => keyedPage(page, window));
      }),
    { cacheKeyFn: (key) => `${key.runId}:${key.path ?? ""} ${pageArguments(key)}` },
  );
}

/** Which of the pages are the same for different parents. */
export function pageArguments({ page: { first, after, last, before } }: RunPageKey): string {
  return JSON.stringify([first, after, last, before]);
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
