/**
 * The keys by which the platform's processes know each other. Where one process starts all, it makes one at each start and hands it to its children; it lies in
 * the data folder for whoever is started beside them.
 */
import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Env } from "#shared/config.ts";
import { makeFolder } from "#shared/folder.ts";
import { InternalKeys, internalKeyPattern } from "#shared/trust/internal-keys.ts";
import { cliErrors } from "../errors.ts";

type KeyEnv = Pick<Env, "internalKeys" | "dataDir" | "databaseUrl">;

/** The keys of a platform that starts now, whose data folder the caller holds: those of the environment, else a new one. */
export function startingKeys({ internalKeys, dataDir }: KeyEnv): string[] {
  // An old one would mislead whoever is started beside.
  removeKey(dataDir);
  if (internalKeys.length > 0) return internalKeys;
  const key = randomBytes(32).toString("hex");
  keep(dataDir, key, "w");
  return [key];
}

/**
 * The keys of a part that is a process of its own: those of the environment, else that of the data folder, which is made where there is none.
 *
 * @throws AppError INTERNAL_KEY_MISSING where the database is not the data folder's: then nothing is shared but the environment.
 */
export function partKeys(env: KeyEnv): InternalKeys {
  requireKeys(env);
  const { internalKeys, dataDir } = env;
  if (internalKeys.length > 0) return new InternalKeys(internalKeys);
  const found = keptKeys(dataDir);
  return new InternalKeys(found.length > 0 ? found : [made(dataDir)], () => keptKeys(dataDir));
}

/** Those that a part was handed by its parent, which works beside a platform where `folder` is given. */
export function handedKeys({ internalKeys }: KeyEnv, folder: string | undefined): InternalKeys {
  return new InternalKeys(internalKeys, folder === undefined ? undefined : () => keptKeys(folder));
}

/** Removes that of the data folder: a platform that has ended has none. */
export function removeKey(dataDir: string): void {
  rmSync(keyPath(dataDir), { force: true });
}

/** Asked before anything slow is started. @throws AppError INTERNAL_KEY_MISSING */
export function requireKeys({ internalKeys, databaseUrl }: KeyEnv): void {
  if (internalKeys.length === 0 && databaseUrl !== undefined) throw cliErrors.INTERNAL_KEY_MISSING({});
}

/** That of the data folder, if it is there. */
function keptKeys(dataDir: string): string[] {
  try {
    const key = readFileSync(keyPath(dataDir), "utf8").trim();
    return internalKeyPattern.test(key) ? [key] : [];
  } catch {
    return [];
  }
}

/** Several parts may start at once: the first one's is everybody's. */
function made(dataDir: string): string {
  makeFolder(dataDir);
  try {
    keep(dataDir, randomBytes(32).toString("hex"), "wx");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  return readFileSync(keyPath(dataDir), "utf8").trim();
}

/** @param flag  `wx`: fails where there is one. */
function keep(dataDir: string, key: string, flag: "w" | "wx"): void {
  if (flag === "wx") return writeFileSync(keyPath(dataDir), key, { flag, mode: 0o600 });
  // Whole or not at all: somebody may read it just now.
  const next = `${keyPath(dataDir)}.${process.pid}`;
  writeFileSync(next, key, { mode: 0o600 });
  renameSync(next, keyPath(dataDir));
}

const keyPath = (dataDir: string): string => join(dataDir, "internal.key");
