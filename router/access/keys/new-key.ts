import { newId } from "#shared/ids.ts";
import { newKey } from "./key-format.ts";
import type { Peppers } from "./key-pepper.ts";
import { keyInsert, type RunStatement } from "./key.sql.ts";

/** A key that is to be made; checked by whoever asks. */
export interface NewKey {
  tenantId: string;
  name: string;
  /** Null: all that the tenant has. */
  scopes: readonly string[] | null;
  isAdmin?: boolean;
  expiresAt: Date | null;
  /** The key that makes it; null: nobody's. */
  createdBy: string | null;
}

/** Makes and stores a key. @returns its id, and the key itself, which is nowhere else. */
export async function storeNewKey(run: RunStatement, peppers: Peppers, made: NewKey): Promise<{ id: string; secret: string }> {
  const { key, prefix } = newKey();
  const id = newId();
  const { newest } = peppers;
  const { tenantId, name, scopes, isAdmin = false, createdBy, expiresAt } = made;
  await run(keyInsert, [id, tenantId, name, prefix, peppers.hash(key, newest), newest, scopes, isAdmin, createdBy, expiresAt]);
  return { id, secret: key };
}
