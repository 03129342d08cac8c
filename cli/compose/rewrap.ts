/** Another master key: everything that the old one sealed is sealed anew, so that it can be given up. */
import type pg from "pg";
import { tenantsOf } from "#shared/db/tenants.ts";
import { openDatabase, type SubgraphDefinition } from "#shared/graphql/subgraph.ts";
import type { SealedTable } from "#shared/graphql/reseal.ts";
import type { Database } from "#shared/db/database.ts";
import { DataKeys } from "#shared/secret/data-keys.ts";
import { createSecretBox, type SecretBox } from "#shared/secret/secrets.ts";
import { openPool } from "#shared/db/pool.ts";
import { rewrapPeppers } from "../../router/access/keys/key-pepper.ts";
import type { ReadyEnv, Rewrapped } from "../composition.ts";
import { migrateAll } from "./migrate.ts";
import { accessSubgraphName, allSubgraphs, engineDatabaseUrl, subgraphDatabaseUrl } from "./subgraphs.ts";

/**
 * Seals anew with the newest master key: peppers, tenants' data keys; and, with those, values of before there were data keys. Each is a short transaction, so
 * that it may run beside the platform, and after an end half-way goes on where it was.
 */
export async function rewrapSecrets(env: ReadyEnv): Promise<Rewrapped[]> {
  const master = createSecretBox(env.encryptionKey);
  const all = await Promise.all(Object.values(allSubgraphs()).map((load) => load()));
  const keeping = all.filter(({ sealedTables }) => sealedTables !== undefined);
  await migrateAll(
    env,
    keeping.map(({ name }) => name),
  );
  const done: Rewrapped[] = [await peppers(env, master)];
  for (const definition of keeping)
    done.push(...(await rewrapSubgraph(definition, { url: subgraphDatabaseUrl(env, definition.name), master })));
  return done;
}

async function peppers(env: ReadyEnv, master: SecretBox): Promise<Rewrapped> {
  const pool: pg.Pool = openPool({
    url: engineDatabaseUrl(env, accessSubgraphName),
    max: 1,
    scope: "engine",
    applicationName: "agent-platform rewrap",
  });
  try {
    return { table: "access.key_pepper", ...(await rewrapPeppers(pool, master)) };
  } finally {
    await pool.end();
  }
}

interface Rewrapping {
  url: string;
  master: SecretBox;
}

async function rewrapSubgraph(definition: SubgraphDefinition, { url, master }: Rewrapping): Promise<Rewrapped[]> {
  const database = await openDatabase(definition, url);
  try {
    const keys = new DataKeys(master, definition.name);
    const done = [await rewrapKeys(database, keys, { url, table: `${definition.name}.data_key` })];
    for (const sealed of definition.sealedTables ?? []) done.push(await resealTable(database, keys, { url, sealed }));
    return done;
  } finally {
    await database.close();
  }
}

async function rewrapKeys(database: Database, keys: DataKeys, { url, table }: { url: string; table: string }): Promise<Rewrapped> {
  const found: Rewrapped = { table, rows: 0, unreadable: [] };
  for (const tenantId of await tenantsOf(url, table)) {
    // Under a key that is not given here: whoever asked is told of it.
    const isRewrapped = await keys.rewrap(database.forTenant(tenantId)).catch(isUnreadable);
    if (isRewrapped === undefined) found.unreadable.push(tenantId);
    else if (isRewrapped) found.rows++;
  }
  return found;
}

async function resealTable(database: Database, keys: DataKeys, { url, sealed }: { url: string; sealed: SealedTable }): Promise<Rewrapped> {
  const found: Rewrapped = { table: sealed.table, rows: 0, unreadable: [] };
  for (const tenantId of await tenantsOf(url, sealed.table)) {
    const db = database.forTenant(tenantId);
    const box = await keys.of(db).catch(isUnreadable);
    // Its data key cannot be read, of which its own table tells.
    if (box === undefined) continue;
    const { rows, unreadable } = await sealed.reseal(db, box);
    found.rows += rows;
    found.unreadable.push(...unreadable);
  }
  return found;
}

function isUnreadable(cause: unknown): undefined {
  if ((cause as { reason?: unknown }).reason !== "SECRETS_UNREADABLE") throw cause;
  return undefined;
}
