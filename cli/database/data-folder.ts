import { accessSync, constants } from "node:fs";
import { resolve } from "node:path";
import { makeFolder } from "#shared/folder.ts";
import { cliErrors } from "../errors.ts";

/** Asked before anything slow is started: a router keeps audits there that the database does not take. @throws AppError DATA_DIR_UNUSABLE */
export function requireDataFolder(dataDir: string): void {
  try {
    makeFolder(dataDir);
    accessSync(dataDir, constants.W_OK);
  } catch (cause) {
    throw cliErrors.DATA_DIR_UNUSABLE({ dataDir: resolve(dataDir), story: (cause as Error).message }, { cause });
  }
}
