/** Statements on keys. They run in a transaction of the key's tenant, or as the engine. */

/** Runs one statement and gives its rows. */
export type RunStatement = <Row extends object>(text: string, values: readonly unknown[]) => Promise<Row[]>;

/** A key as it is stored. */
export interface KeyRow {
  id: string;
  tenantId: string;
  prefix: string;
  hash: Buffer;
  pepperVersion: number;
  scopes: string[] | null;
  isAdmin: boolean;
  status: "ACTIVE" | "DISABLED" | "REVOKED";
  expiresAt: Date | null;
  epoch: string;
}

const columns = `id, tenant_id "tenantId", prefix, hash, pepper_version "pepperVersion", scopes, is_admin "isAdmin", status,
  expires_at "expiresAt", epoch`;

/** By what is sent of it: index api_key_prefix. */
export const keyByPrefix = `select ${columns} from access.api_key where prefix = $1`;

/** What has changed behind an epoch, in its order: index api_key_epoch. */
export const keysChanged = `select ${columns} from access.api_key where epoch > $1 order by epoch limit 1000`;

/** The one number, and whether there ever was a key. */
export const epochRead = `select epoch, first_key_at is not null "hasKeys" from access.key_epoch`;

/** The same, locked: whoever makes the first key is alone. */
export const epochLock = `${epochRead} for update`;

/** The number of a key's last change, as the transaction that made it sees it: primary key. */
export const keyEpoch = `select epoch from access.api_key where id = $1`;

/** Stores a new key. */
export const keyInsert = `insert into access.api_key
    (id, tenant_id, name, prefix, hash, pepper_version, scopes, is_admin, status, created_by, created_at, expires_at, epoch)
  values ($1, $2, $3, $4, $5, $6, $7, $8, 'ACTIVE', $9, now(), $10, 0)`;

/** When keys were used last, of many at once: primary key. */
export const keysUsed = `update access.api_key set last_used_at = used.at
  from unnest($1::text[], $2::timestamptz[]) as used(id, at)
  where api_key.id = used.id and (last_used_at is null or last_used_at < used.at)`;

/** A key as the operator sees it. */
export interface ListedKey {
  id: string;
  tenantId: string;
  name: string;
  prefix: string;
  status: string;
  isAdmin: boolean;
  scopes: string[] | null;
  expiresAt: Date | null;
  lastUsedAt: Date | null;
}

/** The newest keys, of one tenant where one is given. */
export const keysList = `select id, tenant_id "tenantId", name, prefix, status, is_admin "isAdmin", scopes, expires_at "expiresAt",
    last_used_at "lastUsedAt"
  from access.api_key where $1::text is null or tenant_id = $1 order by id desc limit 1000`;

/** Revokes a key by id or prefix. */
export const keyRevoke = `update access.api_key set status = 'REVOKED' where id = $1 or prefix = $1 returning id`;
