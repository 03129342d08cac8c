/** The schemas of the subgraphs, each brought to this version by its own migrations. The databases are prepared (roles, functions) already. */
import type { Env } from "#shared/config.ts";
import { grantEngine } from "#shared/db/engine-rights.ts";
import { recordedMigrations } from "#shared/db/recorded-migrations.ts";
import { openDatabase } from "#shared/graphql/subgraph.ts";
import type { PendingMigrations } from "../composition.ts";
import { allSubgraphs, ofEngine, directDatabaseUrl, type AnySubgraph } from "./subgraphs.ts";

type DatabaseUrls = Pick<Env, "databaseUrl" | "databaseUrls"> & { databaseDirectUrl?: string | undefined };

/**
 * Brings the schemas to this version, and gives the engine's role what it needs on new tables.
 *
 * @param only names; all when left out.
 * @returns what has been done.
 */
export async function migrateAll(env: DatabaseUrls, only?: readonly string[]): Promise<PendingMigrations[]> {
  const definitions = await load(only);
  const pending = await pendingOf(env, definitions);
  const behind = new Set(pending.map(({ subgraph }) => subgraph));
  for (const [name, definition] of definitions) {
    const url = directDatabaseUrl(env, name);
    if (behind.has(name)) await migrate(definition, { name, url });
    // Before the next is migrated: an engine that is at work may use what is new, and the next may fail.
    if (ofEngine.includes(name)) await grantEngine(url, name);
  }
  return pending;
}

async function migrate(definition: AnySubgraph, { name, url }: { name: string; url: string }): Promise<void> {
  const database = await openDatabase(definition, url);
  try {
    await database.migrate(name);
  } finally {
    await database.close();
  }
}

/** What {@link migrateAll} would do now. */
export async function pendingMigrations(env: DatabaseUrls): Promise<PendingMigrations[]> {
  return pendingOf(env, await load());
}

async function load(only?: readonly string[]): Promise<Map<string, AnySubgraph>> {
  const named = Object.entries(allSubgraphs()).filter(([name]) => only === undefined || only.includes(name));
  return new Map(await Promise.all(named.map(async ([name, load]) => [name, await load()] as const)));
}

async function pendingOf(env: DatabaseUrls, definitions: ReadonlyMap<string, AnySubgraph>): Promise<PendingMigrations[]> {
  const byUrl = Map.groupBy(definitions.keys(), (name) => directDatabaseUrl(env, name));
  const recorded = new Map<string, Set<string>>();
  for (const [url, names] of byUrl) for (const [name, found] of await recordedMigrations(url, names)) recorded.set(name, found);
  return [...definitions].flatMap(([subgraph, { migrations }]) => {
    const missing = migrations.flatMap(({ name }) => (recorded.get(subgraph)?.has(name) ? [] : name));
    return missing.length === 0 ? [] : { subgraph, migrations: missing };
  });
}
