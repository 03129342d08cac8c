import pg from "pg";

/** One statement of the superuser, who sees past row-level security. */
export async function query(adminUrl: string, text: string, parameters: unknown[] = []): Promise<object[]> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    return (await client.query<object>(text, parameters)).rows;
  } finally {
    await client.end();
  }
}
