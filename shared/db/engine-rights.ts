import pg from "pg";

/** What the engine lacks on the tables of a schema; a migration's table is none of its business. */
const lacking = `
select exists (
  select from pg_class c
  where c.relnamespace = to_regnamespace($1) and c.relkind in ('r', 'p', 'v') and c.relname <> 'migration'
    and not (has_table_privilege(app.engine_role(), c.oid, 'select') and has_table_privilege(app.engine_role(), c.oid, 'insert')
      and has_table_privilege(app.engine_role(), c.oid, 'update') and has_table_privilege(app.engine_role(), c.oid, 'delete'))
) or not has_schema_privilege(app.engine_role(), $1, 'usage') as lacking, app.engine_role() as role`;

/**
 * Gives the engine's role what it needs on the tables of a schema, and not more: it owns none of them. Nothing is written where it has all of it.
 *
 * @param url  of the platform, whose role owns the tables.
 */
export async function grantEngine(url: string, schema: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, statement_timeout: 30_000 });
  client.on("error", () => {});
  await client.connect();
  try {
    const { rows } = await client.query<{ lacking: boolean; role: string }>(lacking, [schema]);
    const [found] = rows;
    if (found?.lacking !== true) return;
    const [name, role] = [pg.escapeIdentifier(schema), pg.escapeIdentifier(found.role)];
    // One at a time: two that grant on the same table at once would fail with "tuple concurrently updated".
    await client.query(`
      begin;
      select pg_advisory_xact_lock(hashtextextended('agent-platform/engine-rights', 0));
      grant usage on schema ${name} to ${role};
      grant select, insert, update, delete on all tables in schema ${name} to ${role};
      grant usage, select on all sequences in schema ${name} to ${role};
      revoke all on ${name}.migration from ${role};
      commit`);
  } finally {
    await client.end();
  }
}
