import type { Env } from "#shared/config.ts";
import { openDatabase } from "#shared/subgraph.ts";
import { allSubgraphs, subgraphDatabaseUrl } from "./subgraphs.ts";

/**
 * Brings the schema of every subgraph to this version. The databases are prepared (roles, functions) already.
 *
 * @param only names; all when left out.
 */
export async function migrateAll(env: Pick<Env, "databaseUrl" | "databaseUrls">, only?: readonly string[]): Promise<void> {
  for (const [name, load] of Object.entries(allSubgraphs())) {
    if (only !== undefined && !only.includes(name)) continue;
    const definition = await load();
    const database = await openDatabase(definition, subgraphDatabaseUrl(env, name));
    try {
      await database.migrate(name);
    } finally {
      await database.close();
    }
  }
}
