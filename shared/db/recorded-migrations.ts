import pg from "pg";

/**
 * Which migrations a database says have run, by schema; one connection and two statements for any number of schemas, where asking the migrator needs an
 * ORM each. A schema that is not there has none.
 */
export async function recordedMigrations(url: string, schemas: readonly string[]): Promise<Map<string, Set<string>>> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000, statement_timeout: 30_000 });
  client.on("error", () => {});
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ schema: string }>(
      "select schemaname as schema from pg_tables where tablename = 'migration' and schemaname = any ($1)",
      [schemas],
    );
    const recorded = new Map(schemas.map((schema) => [schema, new Set<string>()]));
    if (tables.length === 0) return recorded;
    const each = tables.map(
      ({ schema }) => `select ${pg.escapeLiteral(schema)} as schema, name from ${pg.escapeIdentifier(schema)}.migration`,
    );
    const { rows } = await client.query<{ schema: string; name: string }>(each.join(" union all "));
    for (const { schema, name } of rows) recorded.get(schema)?.add(name);
    return recorded;
  } finally {
    await client.end();
  }
}
