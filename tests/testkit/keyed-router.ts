/** A router over the fixture subgraphs that asks for keys, on a database of its own: for limits that no environment can set. */
import { randomBytes } from "node:crypto";
import { createSecretBox } from "#shared/secret/secrets.ts";
import { openKeyAdmin } from "../../router/access/keys/key-admin.ts";
import { KeyRing } from "../../router/access/keys/key-ring.ts";
import { createTestDatabase, type TestDatabase } from "./database.ts";
import { fixtureRouter, memoryLog, type Answer, type Asked, type FixtureRouter, type FixtureRouterOptions } from "./fixture-router.ts";
import { localHints } from "./subgraph.ts";

export interface KeyedRouter extends FixtureRouter {
  database: TestDatabase;
  ring: KeyRing;
  /** Makes a key that may ask for all that the fixtures have. */
  keyOf(tenantId: string): Promise<string>;
  /** Asks with a key. */
  as(key: string, query: string, asked?: Asked): Promise<Answer>;
}

/** Starts it; dispose of it in the end. */
export async function keyedRouter(options: FixtureRouterOptions = {}): Promise<KeyedRouter> {
  const database = await createTestDatabase();
  const secrets = createSecretBox(randomBytes(32).toString("hex"));
  const admin = await openKeyAdmin({ databaseUrl: database.url, secrets });
  const ring = await KeyRing.open({ databaseUrl: database.url, secrets, hints: localHints(), log: memoryLog([]) });
  const t = await fixtureRouter({ ...options, keys: ring, env: { authRequired: true, ...options.env } });
  return {
    ...t,
    database,
    ring,
    keyOf: async (tenantId) =>
      // The fixtures declare no scopes: their fields are the operator's.
      (await admin.create({ tenantId, name: "test", scopes: null, isAdmin: true, expiresAt: null })).secret,
    as: (key, query, { headers, ...asked } = {}) => t.ask(query, { ...asked, headers: { "x-api-key": key, ...headers } }),
    async [Symbol.asyncDispose]() {
      await t[Symbol.asyncDispose]();
      await ring.close();
      await admin.close();
      await database.drop();
    },
  };
}
