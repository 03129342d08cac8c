import { toEntity, type Db, type Tx } from "./database.ts";

/** A table of versions, and the column that says whose. */
export interface VersionTable<T> {
  entity: new () => T;
  table: string;
  parent: string;
}

/** Published last: index (<parent>, published_at desc) where status = 'PUBLISHED'. The highest number: unique (tenant_id, <parent>, version). */
const orders = {
  published: "and t.status = 'PUBLISHED' order by t.published_at desc",
  latest: "order by t.version desc",
};

/** One version of each parent, in the order of the parents; null where it has none. */
export async function versionsRead<T extends object>(
  db: Db,
  { entity, parent }: VersionTable<T>,
  { parentIds, which }: { parentIds: readonly string[]; which: keyof typeof orders },
): Promise<(T | null)[]> {
  const rows = await db.entities(entity, ({ table, columns }) => ({
    name: `${which}_of_${table}`,
    text: `select t.* from unnest($1::text[]) as p(id) cross join lateral (
       select ${columns} from ${table} t where t.tenant_id = $2 and t.${parent} = p.id ${orders[which]} limit 1
     ) t`,
    values: [[...parentIds], db.tenantId],
  }));
  const property = parent.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()) as keyof T;
  const byParent = new Map(rows.map((row) => [row[property] as string, row]));
  return parentIds.map((id) => byParent.get(id) ?? null);
}

/** The version of a parent with the highest number; null where it has none. */
export async function latestVersion<T extends object>(
  tx: Tx,
  { entity, table, parent }: VersionTable<T>,
  parentId: string,
): Promise<T | null> {
  const text = `select * from ${table} t where t.tenant_id = $2 and t.${parent} = $1 ${orders.latest} limit 1`;
  const [row] = await tx.sql<object>(text, [parentId, tx.tenantId]);
  return row === undefined ? null : toEntity<T>(tx, entity, row);
}

/** The number that the parent's next version gets. Call with the parent's row locked. */
export async function nextVersionNumber(
  tx: Tx,
  { table, parent }: Pick<VersionTable<never>, "table" | "parent">,
  parentId: string,
): Promise<number> {
  const [row] = await tx.sql<{ next: number }>(
    `select coalesce(max(version), 0) + 1 as next from ${table} where tenant_id = $2 and ${parent} = $1`,
    [parentId, tx.tenantId],
  );
  return row!.next;
}

/**
 * The moment of a publication: now, but after every earlier one of the parent's, so that "published last" has one answer even
 * within a millisecond or between machines whose clocks differ. Call with the parent's row locked.
 */
export async function nextPublishedAt(
  tx: Tx,
  { table, parent }: Pick<VersionTable<never>, "table" | "parent">,
  parentId: string,
): Promise<Date> {
  const [row] = await tx.sql<{ at: number }>(
    `select extract(epoch from greatest(date_trunc('milliseconds', clock_timestamp()), max(published_at) + interval '1 millisecond'))::float8 * 1000 as at
     from ${table} where tenant_id = $2 and ${parent} = $1`,
    [parentId, tx.tenantId],
  );
  return new Date(Math.round(row!.at));
}
