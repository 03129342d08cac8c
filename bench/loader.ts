import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** Arguments of a Node process that loads what is measured in a checkout as `npm start` does; an old one that cannot loads it by tsx. */
export function loaderOf(folder: string): string[] {
  const own = join(folder, "bench/typescript.mjs");
  return ["--import", existsSync(own) ? pathToFileURL(own).href : "tsx"];
}

/** Those of this checkout. */
export const loader = loaderOf(fileURLToPath(new URL("..", import.meta.url)));
