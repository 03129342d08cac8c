import type { Tx } from "#shared/db/database.ts";

// Of runs with one plan it is read once. Served by the primary keys.
const mockKeys = `with asked as materialized (select r.id, r.plan_id from runtime.run r where r.tenant_id = $2 and r.id = any($1)),
  plans as materialized (select p.id, array(select json_object_keys(p.document -> 'mocks')) as keys from runtime.plan p
    where p.tenant_id = $2 and p.id in (select plan_id from asked))
  select asked.id, plans.keys from asked join plans on plans.id = asked.plan_id`;

/** The keys of the mocks that runs have, in the order of `runIds`; of most runs none. */
export async function mockKeysOfRuns(tx: Tx, runIds: readonly string[]): Promise<ReadonlySet<string>[]> {
  const rows = await tx.sql<{ id: string; keys: string[] }>(mockKeys, [[...new Set(runIds)], tx.tenantId]);
  const byRun = new Map(rows.map(({ id, keys }) => [id, new Set(keys)]));
  return runIds.map((id) => byRun.get(id) ?? new Set());
}
