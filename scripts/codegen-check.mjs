/** Fails when `npm run codegen` would change what is committed. What it made stays, ready to be looked at and committed. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, "codegen");

const before = hashes();
execFileSync(process.execPath, ["--import", "tsx", "codegen.ts"], { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
const after = hashes();
const stale = [...new Set([...before.keys(), ...after.keys()])].filter((path) => before.get(path) !== after.get(path));
if (stale.length > 0) {
  console.error(`Generated files were out of date; they are made anew now. Commit them:\n${stale.map((path) => `  ${path}`).join("\n")}`);
  process.exitCode = 1;
}

/** @returns {Map<string, string>} a hash a file */
function hashes() {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name));
  return new Map(paths.map((path) => [relative(root, path), createHash("sha256").update(readFileSync(path)).digest("hex")]));
}
