/** The packages of one folder with a package-lock.json, by npm. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The checkout. */
export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/**
 * Whether all is there. Somebody may have run npm by hand. npm writes its own record last, so an install that was killed has none.
 *
 * @param {string} folder
 * @param {"all" | "production"} kind
 */
export function isInstalled(folder, kind) {
  try {
    const wanted = readPackages(join(folder, "package-lock.json"));
    const found = readPackages(join(folder, "node_modules/.package-lock.json"));
    return Object.entries(wanted).every(([path, entry]) => {
      if (path === "" || (entry.optional && !found[path])) return true;
      if (kind === "production" && (entry.dev || entry.devOptional)) return true;
      return found[path]?.version === entry.version && found[path]?.integrity === entry.integrity;
    });
  } catch {
    return false;
  }
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, integrity?: string, optional?: boolean, dev?: boolean, devOptional?: boolean }>}
 */
function readPackages(file) {
  return JSON.parse(readFileSync(file, "utf8")).packages;
}

/**
 * Runs `npm ci`.
 *
 * @param {string} folder
 * @param {string[]} flags
 * @param {(pid: number) => void} name  told npm's pid.
 * @returns {Promise<number>} npm's exit code
 */
export function npmCi(folder, flags, name) {
  // npm must not run on the Node that it is about to replace.
  const path = (process.env.PATH ?? "")
    .split(delimiter)
    .filter((part) => !part.endsWith(join("node_modules", ".bin")) && !part.includes("node-gyp-bin"))
    .join(delimiter);
  const child = spawn("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error", ...flags], {
    cwd: folder,
    stdio: ["ignore", "inherit", "inherit"],
    // By NODE_ENV npm would leave out packages; by the other, which a script of the root inherits, it would work in the root.
    env: { ...process.env, PATH: path, NODE_ENV: "", npm_config_local_prefix: undefined },
  });
  if (child.pid) name(child.pid);
  return new Promise((resolve) => {
    child.on("error", (error) => {
      console.error(`npm could not be run: ${error.message}`);
      resolve(1);
    });
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

/** @param {string} text */
export function say(text) {
  console.error(`agent-platform: ${text}`);
}
