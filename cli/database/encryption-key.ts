import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Env } from "#shared/config.ts";
import { makeFolder } from "#shared/folder.ts";
import type { PreparedEnv, ReadyEnv } from "../composition.ts";
import { cliErrors } from "../errors.ts";

/**
 * Asked before anything slow is started. A key that is made beside the data of one machine would be lost with it, and other machines would make others.
 *
 * @throws AppError ENCRYPTION_KEY_MISSING where the database is not the data folder's.
 */
export function requireEncryptionKey({
  encryptionKey,
  databaseUrl,
  dataDir,
}: Pick<Env, "encryptionKey" | "databaseUrl" | "dataDir">): void {
  if (encryptionKey !== undefined || databaseUrl === undefined) return;
  const path = resolve(dataDir, "encryption.key");
  throw cliErrors.ENCRYPTION_KEY_MISSING({ ...(existsSync(path) && { keptIn: path }) });
}

/** The environment with its key; without one, that of embedded mode. */
export function withKey(env: PreparedEnv): ReadyEnv {
  return { ...env, encryptionKey: env.encryptionKey ?? embeddedEncryptionKey(env.dataDir) };
}

/**
 * The key of embedded mode: made once, kept beside the data, readable by its owner only. Without it the stored secrets are lost, so it belongs in every
 * backup of the data folder.
 *
 * @throws AppError DATA_DIR_UNUSABLE
 */
export function embeddedEncryptionKey(dataDir: string): string {
  try {
    return madeOrFound(dataDir);
  } catch (cause) {
    throw cliErrors.DATA_DIR_UNUSABLE({ dataDir: resolve(dataDir), story: (cause as Error).message }, { cause });
  }
}

function madeOrFound(dataDir: string): string {
  const path = join(dataDir, "encryption.key");
  makeFolder(dataDir);
  try {
    writeFileSync(path, randomBytes(32).toString("hex"), { flag: "wx", mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  // A copied backup may have lost it.
  if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
  return readFileSync(path, "utf8").trim();
}
