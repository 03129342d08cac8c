import { toEntity, type Tx } from "./database.ts";

/** A table of versions, and the column that says whose. */
export interface VersionTable<T> {
  entity: new () => T;
  table: string;
  parent: string;
}

/** The versions that were published last, one for each parent. Index: (<parent>, published_at desc) where status = 'PUBLISHED'. */
export function publishedVersions<T extends object>(
  tx: Tx,
  { entity, table, parent }: VersionTable<T>,
  parentIds: readonly string[],
): Promise<(T | null)[]> {
  return onePerParent(
    tx,
    entity,
    parentIds,
    `select p.id as page_parent, v.* from unnest($1::text[]) as p(id) cross join lateral (
       select * from ${table} v where v.tenant_id = $2 and v.${parent} = p.id and v.status = 'PUBLISHED' order by v.published_at desc limit 1
     ) v`,
  );
}

/** The versions with the highest number, one for each parent. Index: unique (tenant_id, <parent>, version). */
export function latestVersions<T extends object>(
  tx: Tx,
  { entity, table, parent }: VersionTable<T>,
  parentIds: readonly string[],
): Promise<(T | null)[]> {
  return onePerParent(
    tx,
    entity,
    parentIds,
    `select p.id as page_parent, v.* from unnest($1::text[]) as p(id) cross join lateral (
       select * from ${table} v where v.tenant_id = $2 and v.${parent} = p.id order by v.version desc limit 1
     ) v`,
  );
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

async function onePerParent<T extends object>(
  tx: Tx,
  entity: new () => T,
  parentIds: readonly string[],
  text: string,
): Promise<(T | null)[]> {
  const rows = await tx.sql<{ page_parent: string }>(text, [[...parentIds], tx.tenantId]);
  const byParent = new Map(rows.map(({ page_parent, ...row }) => [page_parent, toEntity<T>(tx, entity, row)]));
  return parentIds.map((id) => byParent.get(id) ?? null);
}
