import pg from "pg";
import { withOptions } from "./pool.ts";

/** Tenants of one answer; beyond them the question is asked again. */
const pageTenants = 10_000;

/** Rows of many tenants each: an index that begins with the tenant finds the next one at once. */
const nextTenants = (table: string) => `
  with recursive found as (
    (select tenant_id from ${table} where tenant_id > $1 order by tenant_id limit 1)
    union all
    select (select t.tenant_id from ${table} t where t.tenant_id > found.tenant_id order by t.tenant_id limit 1)
    from found where found.tenant_id is not null
  )
  select tenant_id "tenantId" from found where tenant_id is not null limit ${pageTenants}`;

/**
 * The tenants that have rows in a table, for an operator's command. Row-level security keeps them from everybody, the owner too; the owner lifts it in a
 * transaction that is rolled back, so that nobody else ever sees it lifted. Whoever uses the table meanwhile waits, for milliseconds.
 *
 * @param url    of the platform's role.
 * @param table  qualified; the code's own.
 * @throws Error where the table was not free within 5 s, because of a backup for example.
 */
export async function tenantsOf(url: string, table: string): Promise<string[]> {
  const client = new pg.Client({
    connectionString: withOptions(url, ["lock_timeout=5000", "statement_timeout=60000"]),
    connectionTimeoutMillis: 10_000,
  });
  client.on("error", () => {});
  await client.connect();
  try {
    const tenants: string[] = [];
    for (;;) {
      await client.query("begin");
      await client.query(`alter table ${table} no force row level security`);
      const { rows } = await client.query<{ tenantId: string }>({ text: nextTenants(table), values: [tenants.at(-1) ?? ""] });
      await client.query("rollback");
      tenants.push(...rows.map(({ tenantId }) => tenantId));
      if (rows.length < pageTenants) return tenants;
    }
  } finally {
    await client.end();
  }
}
