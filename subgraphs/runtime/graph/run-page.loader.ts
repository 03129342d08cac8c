import DataLoader from "dataloader";
import type { Db } from "#shared/db/database.ts";
import { byPage, pageArguments, pageGroup } from "#shared/graphql/loaders.ts";
import { checkSequenceCursors, pageWindow, type Connection, type PageArgs } from "#shared/graphql/pagination.ts";
import { keyedPage, placeIn, runPageRows, type RunList, type RunScope } from "./run-pages.sql.ts";

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
      byPage(
        keys,
        ({ page, runId }) => pageGroup(page, runId),
        async (group) => {
          const window = pageWindow(group[0]!.page, placeIn(list, group[0]!.runId));
          if (list.keyType === "integer") checkSequenceCursors(window);
          const rows = await db.read((tx) => runPageRows(tx, list, { window }, group));
          return rows.map((page, index) => keyedPage(page, { ...window, place: placeIn(list, group[index]!.runId) }));
        },
      ),
    { cacheKeyFn: (key) => `${key.runId}:${key.path ?? ""} ${pageArguments(key.page)}` },
  );
}
