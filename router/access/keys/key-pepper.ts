/**
 * The secret under which keys are stored: a stolen table of keys is worth nothing without it. It is a random row of the database, encrypted with
 * AGENT_PLATFORM_ENCRYPTION_KEY. Keys name the version that they were made under.
 */
import { createHmac, createSecretKey, randomBytes, type KeyObject } from "node:crypto";
import type pg from "pg";
import type { SecretBox } from "#shared/secret/secrets.ts";
import { keyErrors } from "../errors.ts";

/** The peppers of a platform, the newest of which new keys are made under. */
export interface Peppers {
  readonly newest: number;
  /** Of the chains of audits. It follows from the first pepper, which never changes. */
  readonly auditKey: KeyObject;
  /** The stored form of a key; undefined where there is no pepper of that version. */
  hash(key: string, version: number): Buffer | undefined;
}

/**
 * Reads the peppers, and makes the first.
 *
 * @param pool of the engine.
 * @throws AppError ENCRYPTION_KEY_DIFFERS
 */
export async function openPeppers(pool: pg.Pool, secrets: SecretBox): Promise<Peppers> {
  const first = secrets.seal(randomBytes(32).toString("hex"), binding(1));
  // One of many processes makes it; the others read that one.
  await pool.query({
    text: "insert into access.key_pepper (version, sealed) select 1, $1 where not exists (select from access.key_pepper) on conflict do nothing",
    values: [first],
  });
  const { rows } = await pool.query<{ version: number; sealed: string }>({ text: "select version, sealed from access.key_pepper" });
  const peppers = new Map(rows.map(({ version, sealed }) => [version, opened(secrets, version, sealed)]));
  return {
    newest: Math.max(...peppers.keys()),
    auditKey: createSecretKey(createHmac("sha256", peppers.get(1)!).update("agent-platform/audit-chain").digest()),
    hash(key, version) {
      const pepper = peppers.get(version);
      return pepper && createHmac("sha256", pepper).update(key).digest();
    },
  };
}

/** Encrypts the peppers anew with the newest key. @returns how many, and the versions that no key opens. */
export async function rewrapPeppers(pool: pg.Pool, secrets: SecretBox): Promise<{ rows: number; unreadable: string[] }> {
  const { rows } = await pool.query<{ version: number; sealed: string }>({
    text: "select version, sealed from access.key_pepper order by version",
  });
  const done = { rows: 0, unreadable: [] as string[] };
  for (const { version, sealed } of rows) {
    if (secrets.isCurrent(sealed)) continue;
    const anew = sealedAnew(secrets, version, sealed);
    if (anew === undefined) {
      done.unreadable.push(String(version));
      continue;
    }
    await pool.query({
      text: "update access.key_pepper set sealed = $3 where version = $1 and sealed = $2",
      values: [version, sealed, anew],
    });
    done.rows++;
  }
  return done;
}

/** undefined: no key opens it. */
function sealedAnew(secrets: SecretBox, version: number, sealed: string): string | undefined {
  try {
    return secrets.seal(secrets.open(sealed, binding(version)), binding(version));
  } catch {
    return undefined;
  }
}

/** A key object: of bytes node makes one for each hash, 10 µs a request instead of 2 (Node 24, November 2026). */
function opened(secrets: SecretBox, version: number, sealed: string): KeyObject {
  try {
    return createSecretKey(Buffer.from(secrets.open(sealed, binding(version)), "hex"));
  } catch (cause) {
    throw keyErrors.ENCRYPTION_KEY_DIFFERS({}, { cause });
  }
}

const binding = (version: number) => `access.key_pepper:${version}`;
