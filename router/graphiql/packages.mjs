/**
 * The packages that GraphiQL is bundled from, 190 MB. Who has those of the tests has them; elsewhere npm brings them for as long as the bundling takes, as
 * package-lock.json pins them, so that nobody waits for them to start the platform or keeps them.
 */
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** Those that the page imports; graphql is what they share. */
const names = ["graphiql", "@graphiql/react", "@graphiql/toolkit", "graphql", "graphql-ws", "react", "react-dom"];

/**
 * Does the work where the packages are.
 *
 * @template T
 * @param {string} scratch  where they may be brought to; a folder of this program alone.
 * @param {(packages: string) => Promise<T>} work  told the folder that they lie in, a node_modules.
 */
export async function withPackages(scratch, work) {
  const found = installed();
  if (found !== undefined) return work(found);
  forgetDead(scratch);
  const folder = join(scratch, String(process.pid));
  try {
    await bring(folder);
    return await work(join(folder, "node_modules"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function installed() {
  try {
    return dirname(dirname(createRequire(join(root, "package.json")).resolve("graphiql/package.json")));
  } catch {
    return undefined;
  }
}

/** What was left by processes that were killed. @param {string} scratch */
function forgetDead(scratch) {
  mkdirSync(scratch, { recursive: true });
  for (const pid of readdirSync(scratch)) if (!isAlive(Number(pid))) rmSync(join(scratch, pid), { recursive: true, force: true });
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}

/** @param {string} folder */
async function bring(folder) {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const versions = { ...manifest.dependencies, ...manifest.devDependencies };
  const dependencies = Object.fromEntries(names.map((name) => [name, versions[name]]));
  const own = { name: "agent-platform-graphiql", version: "0.0.0", private: true, dependencies };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ ...own, overrides: manifest.overrides }));
  // The rest of it has no reader then, and npm leaves it out.
  writeFileSync(join(folder, "package-lock.json"), JSON.stringify({ ...lock, packages: { ...lock.packages, "": own } }));
  await npmInstall(folder);
}

/** @param {string} folder */
async function npmInstall(folder) {
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"];
  const child = spawn("npm", ["install", ...flags], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  // Node takes the pid of one that could not be started from memory that nobody has written.
  const end = () => child.pid !== undefined && child.kill();
  const endBoth = () => process.exit(1);
  process.once("exit", end).once("SIGTERM", endBoth);
  const problem = await new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(code === 0 ? undefined : `npm ended with ${signal ?? code}`));
  });
  process.off("exit", end).off("SIGTERM", endBoth);
  if (problem !== undefined)
    throw new Error(
      `GraphiQL's packages could not be fetched (${problem}). With a network, reload the page; or run: node scripts/install.mjs --all`,
    );
}
