/**
 * Pages of what lies beneath runs: node runs, artifacts, spans. One statement gives the same page of many runs, or of many node
 * runs; all lists are oldest first.
 */
import type { Tx } from "#shared/db/database.ts";
import { makePage, mapPage, type Connection, type ListPlace, type PageWindow } from "#shared/graphql/pagination.ts";

/** Whose list: a run's, or of a run only what belongs to the node run at `path`; or, by their primary key, its node runs at `paths`. */
export interface RunScope {
  runId: string;
  path?: string;
  paths?: readonly string[];
}

/** SQL: the run of a row is there. Rows of a run that was deleted stay for some seconds, which nobody sees. */
export const ofStoredRun = (row: string): string =>
  `exists (select from runtime.run r where r.id = ${row}.run_id and r.tenant_id = ${row}.tenant_id)`;

/** A list beneath runs. */
export interface RunList<Row, Item> {
  /** The type of its items. */
  item: string;
  /** SQL of a row's columns; the table is `c`. */
  select: string;
  /** Qualified table or view with the columns run_id and tenant_id. */
  table: string;
  /** SQL of the key that orders the list, unique in a run. */
  key: string;
  keyType: "integer" | "text";
  /** SQL: that a row belongs to the node run at `p.path`. */
  ofPath: string;
  /** SQL of a further condition; $7 is the page's `filter`. */
  condition?: string;
  decode(row: Row): Item;
}

/** A page that is asked for. */
export interface RunPageQuestion {
  window: PageWindow;
  filter?: unknown;
}

/** An item with its place in its list. */
export interface Keyed<Item> {
  key: string;
  item: Item;
}

/** The rows of the pages, one more than the limit each, in reading order; the result is in the order of `scopes`. */
export async function runPageRows<Row extends object, Item>(
  tx: Tx,
  list: RunList<Row, Item>,
  question: RunPageQuestion,
  scopes: readonly RunScope[],
): Promise<Keyed<Item>[][]> {
  const pages = new Map<RunScope, Keyed<Item>[]>();
  for (const [kind, alike] of Map.groupBy(scopes, kindOf)) {
    const rows = await rowsAlike(tx, list, question, { kind, scopes: alike });
    for (const [index, scope] of alike.entries()) pages.set(scope, rows[index]!);
  }
  return scopes.map((scope) => pages.get(scope)!);
}

type ScopeKind = "run" | "path" | "paths";

const kindOf = ({ path, paths }: RunScope): ScopeKind => (paths !== undefined ? "paths" : path !== undefined ? "path" : "run");

/** No path has a space. */
const space = " ";

/** One statement for each kind: an index serves a condition only where no other stands beside it. */
async function rowsAlike<Row extends object, Item>(
  tx: Tx,
  list: RunList<Row, Item>,
  { window, filter }: RunPageQuestion,
  { kind, scopes }: { kind: ScopeKind; scopes: readonly RunScope[] },
): Promise<Keyed<Item>[][]> {
  const { key, keyType, ofPath } = list;
  const within = { run: "true", path: ofPath, paths: `c.path = any(string_to_array(p.path, '${space}'))` }[kind];
  const reading = window.backward ? "desc" : "asc";
  const rows = await tx.sql<Row & { page: number; page_key: string | number }>(
    `select p.page::int as page, c.* from unnest($1::text[], $2::text[]) with ordinality as p(run_id, path, page)
     cross join lateral (
       select ${list.select}, ${key} as page_key from ${list.table} c
       where c.tenant_id = $6 and c.run_id = p.run_id and ${within}
         and ($3::${keyType} is null or ${key} > $3::${keyType}) and ($4::${keyType} is null or ${key} < $4::${keyType})
         ${list.condition === undefined ? "" : `and ${list.condition}`}
       order by page_key ${reading} limit $5
     ) c
     order by c.page_key ${reading}`,
    [
      scopes.map((scope) => scope.runId),
      scopes.map(({ path, paths }) => paths?.join(space) ?? path ?? null),
      window.after ?? null,
      window.before ?? null,
      window.limit + 1,
      tx.tenantId,
      ...(list.condition === undefined ? [] : [filter ?? null]),
    ],
  );
  const pages = scopes.map((): Keyed<Item>[] => []);
  for (const row of rows) pages[row.page - 1]!.push({ key: String(row.page_key), item: list.decode(row) });
  return pages;
}

/** The list of one run. Its node runs' lists are parts of it, so they share its cursors. */
export const placeIn = ({ item }: Pick<RunList<never, never>, "item">, runId: string): ListPlace => ({ item, parentId: runId });

/** The page of rows that were read. */
export function keyedPage<Item>(rows: readonly Keyed<Item>[], window: PageWindow): Connection<Item> {
  return mapPage(
    makePage(rows, window, (row) => row.key),
    (row) => row.item,
  );
}
