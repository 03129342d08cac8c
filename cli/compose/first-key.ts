import { resolve } from "node:path";
import { defaultEnv, type Env } from "#shared/config.ts";
import { programName } from "../program-name.ts";

type KeyEnv = Pick<Env, "authRequired" | "dataDir">;

/** How the first key is made, for whoever reads the banner of a platform that asks for keys of which there is none; a line each, to be pasted. */
export function firstKeyNotes({ authRequired, dataDir }: KeyEnv, hasKeys: boolean): string[] {
  if (!authRequired || hasKeys) return [];
  // Beside another folder the command would make a database of its own, and the key in that.
  const isDefault = resolve(dataDir) === resolve(defaultEnv().dataDir);
  const folder = isDefault ? "" : `AGENT_PLATFORM_DATA_DIR='${resolve(dataDir)}' `;
  return [`no API key was made yet, and every request needs one. Make it: ${folder}${programName()} keys create --tenant t1`];
}
