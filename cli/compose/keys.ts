import { createSecretBox } from "#shared/secret/secrets.ts";
import { openKeyAdmin, type KeyAdmin } from "../../router/access/keys/key-admin.ts";
import type { ReadyEnv } from "../composition.ts";
import { migrateAll } from "./migrate.ts";
import { accessSubgraphName, engineDatabaseUrl } from "./subgraphs.ts";

/** Opens the keys of a prepared database, which is brought to this version's schema of them. */
export async function openKeys(env: ReadyEnv): Promise<KeyAdmin> {
  await migrateAll(env, [accessSubgraphName]);
  return openKeyAdmin({ databaseUrl: engineDatabaseUrl(env, accessSubgraphName), secrets: createSecretBox(env.encryptionKey) });
}
