/** Keys as the operator has them, beside a running platform or without one: by the database. Routers hear of what changes as of any change. */
import { openPool } from "#shared/db/pool.ts";
import { checkName } from "#shared/fields.ts";
import type { SecretBox } from "#shared/secret/secrets.ts";
import { keyErrors } from "../errors.ts";
import { openPeppers } from "./key-pepper.ts";
import { keyRevoke, keysList, type ListedKey, type RunStatement } from "./key.sql.ts";
import { storeNewKey, type NewKey } from "./new-key.ts";

/** What the operator may do. */
export interface KeyAdmin {
  /** Makes a key; with `isAdmin` one that may act for any tenant. */
  create(made: Omit<NewKey, "createdBy">): Promise<{ id: string; secret: string }>;
  /** The newest keys of a tenant, or of all; 1,000 at most. */
  list(tenantId: string | undefined): Promise<ListedKey[]>;
  /** Revokes one by id or prefix, for good. @throws AppError API_KEY_NOT_FOUND */
  revoke(idOrPrefix: string): Promise<void>;
  close(): Promise<void>;
}

/** Opens it on a database whose schema is current, and which has told its time by then (database-time.ts): keys end by that. */
export async function openKeyAdmin({ databaseUrl, secrets }: { databaseUrl: string; secrets: SecretBox }): Promise<KeyAdmin> {
  const pool = openPool({ url: databaseUrl, max: 1, scope: "engine", applicationName: "agent-platform keys" });
  try {
    // A new connection tells it.
    (await pool.connect()).release();
  } catch (error) {
    await pool.end();
    throw error;
  }
  const run: RunStatement = async <Row extends object>(text: string, values: readonly unknown[]) =>
    (await pool.query<Row>({ text, values: [...values] })).rows;
  return {
    create: async (made) => storeNewKey(run, await openPeppers(pool, secrets), { ...made, name: checkName(made.name), createdBy: null }),
    list: (tenantId) => run<ListedKey>(keysList, [tenantId ?? null]),
    async revoke(idOrPrefix) {
      const revoked = await run(keyRevoke, [idOrPrefix]);
      if (revoked.length === 0) throw keyErrors.API_KEY_NOT_FOUND({ id: idOrPrefix });
    },
    close: () => pool.end(),
  };
}
