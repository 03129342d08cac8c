/**
 * Tenants' data keys: a tenant's secrets are sealed with a random key of its own, which is a row, sealed with the master key. So another master key is a
 * matter of those rows alone. Each subgraph that keeps secrets has a table `data_key` of its own: its database may be its own, too.
 */
import { randomBytes } from "node:crypto";
import type { Db } from "#shared/db/database.ts";
import { defineErrors } from "#shared/errors.ts";
import { LruCache } from "#shared/lru-cache.ts";
import { createTenantBox, type SecretBox } from "./secrets.ts";

const secretErrors = defineErrors({
  SECRETS_UNREADABLE: {
    code: "DOWNSTREAM_UNAVAILABLE",
    message: (_: { retryable: true; effectUnknown: false; platformFault: true }) =>
      "Secrets cannot be read here: they were sealed under another AGENT_PLATFORM_ENCRYPTION_KEY. The operator starts with that one, or with new,old.",
  },
});

/** The statements that make the table of a schema, for its migration; policies are the caller's. */
export function dataKeyTable(schema: string): string {
  return `create table ${schema}.data_key (
    tenant_id text primary key,
    sealed text not null,
    created_at timestamptz not null default now()
  )`;
}

const keptTenants = 10_000;

/** The data keys of one schema. */
export class DataKeys {
  readonly #master: SecretBox;
  readonly #schema: string;
  readonly #boxes = new LruCache<SecretBox>({ entries: keptTenants });

  /** @param schema its name is the code's own. */
  constructor(master: SecretBox, schema: string) {
    this.#master = master;
    this.#schema = schema;
  }

  /** The tenant's box; its key is made when it is needed first. @throws AppError SECRETS_UNREADABLE */
  async of(db: Db): Promise<SecretBox> {
    const known = this.#boxes.get(db.tenantId);
    if (known !== undefined) return known;
    const sealed = (await this.#read(db)) ?? (await this.#make(db));
    const box = createTenantBox(this.#opened(sealed, db.tenantId), this.#master);
    this.#boxes.set(db.tenantId, box);
    return box;
  }

  /** Seals the tenant's data key with the newest master key. @returns whether it was sealed with another. @throws AppError SECRETS_UNREADABLE */
  rewrap(db: Db): Promise<boolean> {
    return db.transaction(async (tx) => {
      const [found] = await tx.sql<{ sealed: string }>(`select sealed from ${this.#schema}.data_key where tenant_id = $1 for update`, [
        db.tenantId,
      ]);
      if (found === undefined || this.#master.isCurrent(found.sealed)) return false;
      const sealed = this.#seal(this.#opened(found.sealed, db.tenantId), db.tenantId);
      await tx.sql(`update ${this.#schema}.data_key set sealed = $2 where tenant_id = $1`, [db.tenantId, sealed]);
      return true;
    });
  }

  async #read(db: Db): Promise<string | undefined> {
    const text = `select sealed from ${this.#schema}.data_key where tenant_id = $1`;
    const [found] = await db.read((tx) => tx.sql<{ sealed: string }>(text, [db.tenantId]));
    return found?.sealed;
  }

  /** One of many processes makes it; the others read that one. */
  async #make(db: Db): Promise<string> {
    const text = `insert into ${this.#schema}.data_key (tenant_id, sealed) values ($1, $2) on conflict do nothing`;
    await db.transaction((tx) => tx.sql(text, [db.tenantId, this.#seal(randomBytes(32), db.tenantId)]));
    return (await this.#read(db))!;
  }

  #seal(key: Buffer, tenantId: string): string {
    return this.#master.seal(key.toString("base64url"), this.#binding(tenantId));
  }

  #opened(sealed: string, tenantId: string): Buffer {
    try {
      return Buffer.from(this.#master.open(sealed, this.#binding(tenantId)), "base64url");
    } catch (cause) {
      throw secretErrors.SECRETS_UNREADABLE({ retryable: true, effectUnknown: false, platformFault: true }, { cause });
    }
  }

  #binding(tenantId: string): string {
    return `${this.#schema}.data_key:${tenantId}`;
  }
}
