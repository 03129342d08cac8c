/**
 * Relay pages by keyset. Ids are uuidv7, so the order of ids is the order of creation and a cursor is an id in disguise, with the list that it
 * belongs to: a page costs the same however far back it is, and rows that come or go shift nothing.
 */
// Decorators ask for it when their file is loaded, which may be before any entity's, whose decorators bring it.
import "reflect-metadata";
import type { FilterQuery } from "@mikro-orm/postgresql";
import { ArgsType, Field, Int, ObjectType, Directive } from "type-graphql";
import { defineErrors, type AppError } from "#shared/errors.ts";
import { defaultPageSize, maxPageSize } from "#shared/page-size.ts";
import { toEntity, type TenantEntityManager, type Tx } from "#shared/db/database.ts";

const pageErrors = defineErrors({
  PAGE_DIRECTION_INVALID: {
    code: "BAD_USER_INPUT",
    message: (_: { first: number; last: number }) => "first and last were both given. Give one of them.",
  },
  PAGE_SIZE_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { argument: string; value: number; max: number }) =>
      `${f.argument} is ${f.value}. Ask for 0 to ${f.max} items and page on with cursors.`,
  },
  CURSOR_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { argument: string; value: string }) =>
      `${f.argument} is not a cursor of this list: ${JSON.stringify(f.value)}. Use a cursor from an earlier page.`,
  },
});

/** first/after go forward, last/before backward. 20 items unless asked, 200 at most; null means the default. */
@ArgsType()
export class PageArgs {
  @Field(() => Int, {
    nullable: true,
    description:
      "How many items from the start of the list, or behind `after`: 0 to 200; 20 where neither first nor last is given. Not beside last.",
  })
  first?: number | null;

  @Field(() => String, { nullable: true, description: "A cursor of this list: the page begins behind it." })
  after?: string | null;

  @Field(() => Int, {
    nullable: true,
    description: "How many items from the end of the list, or before `before`: 0 to 200. Not beside first.",
  })
  last?: number | null;

  @Field(() => String, { nullable: true, description: "A cursor of this list: the page ends before it." })
  before?: string | null;
}

/** Where a page lies in its list. */
@ObjectType({ description: "Where a page lies in its list." })
@Directive("@shareable")
export class PageInfo {
  @Field(() => Boolean, { description: "Whether more items follow this page." })
  hasNextPage!: boolean;

  @Field(() => Boolean, { description: "Whether items come before this page." })
  hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true, description: "Cursor of the page's first item; null on an empty page." })
  startCursor!: string | null;

  @Field(() => String, { nullable: true, description: "Cursor of the page's last item; null on an empty page." })
  endCursor!: string | null;
}

/** One item of a page with its cursor. */
export interface Edge<T> {
  node: T;
  cursor: string;
}

/** A page. */
export interface Connection<T> {
  edges: Edge<T>[];
  /** Those of the edges. */
  nodes: T[];
  pageInfo: PageInfo;
}

/** Makes the GraphQL types `<name>Edge` and `<name>Connection`; give the result to `@Field` and `@Query`. */
export function connectionType<T extends object>(name: string, node: () => new () => T): new () => Connection<T> {
  @ObjectType(`${name}Edge`, { description: `One ${name} of a page, with its cursor.` })
  class EdgeType implements Edge<T> {
    @Field(node, { description: "The item." })
    node!: T;

    @Field(() => String, { description: "Give it to `after` or `before` to go on from here." })
    cursor!: string;
  }

  @ObjectType(`${name}Connection`, { description: `A page of ${name} items.` })
  class ConnectionType implements Connection<T> {
    @Field(() => [EdgeType], { description: "The page's items, in the list's order." })
    edges!: EdgeType[];

    @Field(() => [node()], { description: "The items without their cursors, for those who only read on from pageInfo." })
    nodes!: T[];

    @Field(() => PageInfo, { description: "Where the page lies." })
    pageInfo!: PageInfo;
  }
  return ConnectionType;
}

/** A list that cursors belong to: one that was made for another list would page from anywhere. */
export interface ListPlace {
  /** The type of its items. */
  item: string;
  /** What it hangs beneath; lists of the root hang beneath nothing, whatever they are narrowed by. */
  parentId?: string;
}

/** A page's arguments, checked. */
export interface PageWindow {
  place: ListPlace;
  limit: number;
  backward: boolean;
  after: string | undefined;
  before: string | undefined;
}

/** @throws AppError PAGE_SIZE_INVALID, CURSOR_INVALID, PAGE_DIRECTION_INVALID */
export function pageWindow(args: PageArgs, place: ListPlace): PageWindow {
  const { first, last } = args;
  if (first != null && last != null) throw pageErrors.PAGE_DIRECTION_INVALID({ first, last });
  const limit = last ?? first ?? defaultPageSize;
  if (limit < 0 || limit > maxPageSize) {
    throw pageErrors.PAGE_SIZE_INVALID({ argument: last != null ? "last" : "first", value: limit, max: maxPageSize });
  }
  const [after, before] = [decodeCursor(place, "after", args.after), decodeCursor(place, "before", args.before)];
  return { place, limit, backward: last != null, after, before };
}

/** The key of one item of a list as a cursor: opaque to clients. */
export function encodeCursor(place: ListPlace, key: string | number): string {
  return Buffer.from(`${placeText(place)}:${key}`, "utf8").toString("base64url");
}

function decodeCursor(place: ListPlace, argument: string, cursor: string | null | undefined): string | undefined {
  if (cursor == null) return undefined;
  const text = Buffer.from(cursor, "base64url").toString("utf8");
  const key = text.slice(placeText(place).length + 1);
  if (key === "" || encodeCursor(place, key) !== cursor || key.includes("\u0000") || key.includes("\ufffd")) {
    throw cursorInvalid(argument, cursor);
  }
  return key;
}

/** The end of an id is its random part; some of it tells two parents apart, and keeps the cursors of events short. */
const placeText = ({ item, parentId }: ListPlace) => (parentId === undefined ? item : `${item}/${parentId.slice(-6)}`);

function cursorInvalid(argument: string, cursor: string): AppError {
  return pageErrors.CURSOR_INVALID({ argument, value: cursor.slice(0, 100) });
}

/** Makes the page of rows that were read with one more than `limit`, in reading order (backward pages read from the end). */
export function makePage<T>(rows: readonly T[], window: PageWindow, keyOf: (row: T) => string): Connection<T> {
  const more = rows.length > window.limit;
  const items = rows.slice(0, window.limit);
  if (window.backward) items.reverse();
  const edges = items.map((node) => ({ node, cursor: encodeCursor(window.place, keyOf(node)) }));
  return {
    edges,
    nodes: items,
    pageInfo: {
      hasNextPage: window.backward ? window.before !== undefined : more,
      hasPreviousPage: window.backward ? more : window.after !== undefined,
      startCursor: edges.at(0)?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

/** The same page of what `itemOf` takes from each item. */
export function mapPage<T, R>({ edges, nodes, pageInfo }: Connection<T>, itemOf: (item: T) => R): Connection<R> {
  const items = nodes.map(itemOf);
  return { edges: edges.map(({ cursor }, index) => ({ node: items[index]!, cursor })), nodes: items, pageInfo };
}

/** What a list is made of: its order by id, `desc` for newest first. */
export interface ListOptions<T> {
  where: FilterQuery<T>;
  order?: "asc" | "desc";
}

/** One page of one list. */
export async function listPage<T extends { id: string }>(
  em: TenantEntityManager,
  entity: new () => T,
  args: PageArgs,
  options: ListOptions<T>,
): Promise<Connection<T>> {
  const window = pageWindow(args, { item: entity.name });
  checkCursors(window, idPattern);
  const order = options.order ?? "desc";
  const [behind, ahead] = order === "desc" ? (["$lt", "$gt"] as const) : (["$gt", "$lt"] as const);
  const id = {
    ...(window.after !== undefined && { [behind]: window.after }),
    ...(window.before !== undefined && { [ahead]: window.before }),
  };
  const where = Object.keys(id).length === 0 ? options.where : { $and: [options.where, { id }] };
  const rows = await em.find(entity, where, {
    orderBy: { id: window.backward === (order === "desc") ? "asc" : "desc" } as never,
    limit: window.limit + 1,
  });
  return makePage(rows as T[], window, (row) => row.id);
}

/** A list that hangs beneath many parents, such as the versions of workflows. */
export interface ChildList<T> {
  entity: new () => T;
  /** Qualified table with a column tenant_id, such as `workflow.workflow_version`. */
  table: string;
  /** The column that names the parent; an index on (parent, id) serves the pages. */
  parent: string;
  /** An integer column, unique in its parent, that orders the list instead of the id; cursors hold it. An index on (parent, it) serves the pages. */
  sequence?: string;
  order?: "asc" | "desc";
  /** Further SQL condition on `c`, such as `c.deleted_at is null`. No values of users in it. */
  condition?: string;
}

/** The same page of many parents' lists, in one statement; with a cursor, of one parent's. The result is in the order of `parentIds`. */
export async function childPages<T extends { id: string }>(
  tx: Tx,
  list: ChildList<T>,
  args: PageArgs,
  parentIds: readonly string[],
): Promise<Connection<T>[]> {
  const placeOf = (parentId: string) => ({ item: list.entity.name, parentId });
  const window = pageWindow(args, placeOf(parentIds[0]!));
  checkCursors(window, list.sequence === undefined ? idPattern : sequencePattern);
  const [key, type] = list.sequence === undefined ? ["id", "text"] : [list.sequence, "integer"];
  const order = list.order ?? "desc";
  const [behind, ahead] = order === "desc" ? ["<", ">"] : [">", "<"];
  const reading = window.backward === (order === "desc") ? "asc" : "desc";
  const rows = await tx.sql<{ page_parent: string } & Record<string, unknown>>(
    `select p.id as page_parent, c.* from unnest($1::text[]) as p(id)
     cross join lateral (
       select * from ${list.table} c
       where c.tenant_id = $5 and c.${list.parent} = p.id ${list.condition === undefined ? "" : `and ${list.condition}`}
         and ($2::${type} is null or c.${key} ${behind} $2) and ($3::${type} is null or c.${key} ${ahead} $3)
       order by c.${key} ${reading} limit $4
     ) c
     order by c.${key} ${reading}`,
    [[...new Set(parentIds)], window.after ?? null, window.before ?? null, window.limit + 1, tx.tenantId],
  );
  const byParent = Map.groupBy(rows, (row) => row.page_parent);
  return parentIds.map((parentId) => {
    const items = (byParent.get(parentId) ?? []).map(({ page_parent: _, ...row }) => ({
      key: String(row[key]),
      node: toEntity<T>(tx, list.entity, row),
    }));
    return mapPage(
      makePage(items, { ...window, place: placeOf(parentId) }, (item) => item.key),
      (item) => item.node,
    );
  });
}

const idPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const sequencePattern = /^\d{1,9}$/;

/** The cursors of a list that is ordered by a number. @throws AppError CURSOR_INVALID */
export function checkSequenceCursors(cursors: Pick<PageWindow, "place" | "after" | "before">): void {
  checkCursors(cursors, sequencePattern);
}

/** @throws AppError CURSOR_INVALID for one whose key is none of the list */
export function checkCursors({ place, after, before }: Pick<PageWindow, "place" | "after" | "before">, pattern: RegExp): void {
  for (const [argument, key] of [
    ["after", after],
    ["before", before],
  ] as const) {
    if (key !== undefined && !pattern.test(key)) throw cursorInvalid(argument, encodeCursor(place, key));
  }
}

/** A cursor of a stream that is ordered by a number; 0 where none is given. @throws AppError CURSOR_INVALID */
export function sequenceCursor(place: ListPlace, argument: string, cursor: string | null | undefined): number {
  const after = decodeCursor(place, argument, cursor);
  checkSequenceCursors({ place, after, before: undefined });
  return Number(after ?? 0);
}
