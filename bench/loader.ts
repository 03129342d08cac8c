import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { heapFlags } from "../cli/process/heap-flags.ts";

/** Arguments of a Node process that runs what is measured in a checkout as `npm start` does; an old one that cannot load it so loads it by tsx. */
export function loaderOf(folder: string): string[] {
  const own = join(folder, "bench/typescript.mjs");
  const flags = existsSync(join(folder, "cli/process/heap-flags.ts")) ? heapFlags : [];
  return [...flags, "--import", existsSync(own) ? pathToFileURL(own).href : "tsx"];
}

/** Those of this checkout. */
export const loader = loaderOf(fileURLToPath(new URL("..", import.meta.url)));
