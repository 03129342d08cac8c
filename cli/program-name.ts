import { basename, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** How this program is called where it was called: `agent-platform` where npm has put it into the path, else by its file. */
export function programName(): string {
  if (basename(process.argv[1] ?? "") === "agent-platform") return "agent-platform";
  return `node ${relative("", fileURLToPath(new URL("bin.mjs", import.meta.url)))}`;
}
