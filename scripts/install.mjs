/**
 * Brings node_modules to what package-lock.json says, when it is not so already. Every npm script starts with it, so that one command is enough on a
 * fresh clone. Runs on the system's Node 20, before the pinned Node is there: plain JavaScript, no packages.
 *
 * Not compared: the running Node. The first call runs on the system's, later ones on the pinned one, and native packages are built on Node-API.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stampFile = join(root, "node_modules/.agent-platform-stamp");
// Not in node_modules: npm ci removes that.
const lockFile = join(root, ".cache/install.lock");
const lockMaxAgeMs = 20 * 60_000;

const stamp = wantedStamp();
if (!isStamped(stamp)) await underLock(() => (isStamped(stamp) ? undefined : bringUpToDate(stamp)));

/** @param {string} stamp */
async function bringUpToDate(stamp) {
  if (!isInstalled()) {
    const code = await npmCi();
    if (code !== 0) return fail(code);
  }
  writeFileSync(stampFile, stamp);
}

function wantedStamp() {
  const hash = createHash("sha256");
  for (const file of ["package-lock.json", ".npmrc"]) hash.update(readFileSync(join(root, file)));
  return `${hash.digest("hex")} ${process.platform}-${process.arch}`;
}

/** @param {string} stamp */
function isStamped(stamp) {
  return existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp;
}

/** Somebody may have run npm install by hand. npm writes its own record last, so an install that was killed has none. */
function isInstalled() {
  try {
    const wanted = readPackages("package-lock.json");
    const found = readPackages("node_modules/.package-lock.json");
    return Object.entries(wanted).every(([path, entry]) => {
      if (path === "" || (entry.optional && !found[path])) return true;
      return found[path]?.version === entry.version && found[path]?.integrity === entry.integrity;
    });
  } catch {
    return false;
  }
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, integrity?: string, optional?: boolean }>}
 */
function readPackages(file) {
  return JSON.parse(readFileSync(join(root, file), "utf8")).packages;
}

/** @returns {Promise<number>} npm's exit code */
function npmCi() {
  say("installing packages (once; about half a minute on a fast line) …");
  const startedAt = Date.now();
  // npm must not run on the Node that it is about to replace.
  const path = (process.env.PATH ?? "")
    .split(delimiter)
    .filter((folder) => !folder.endsWith(join("node_modules", ".bin")) && !folder.includes("node-gyp-bin"))
    .join(delimiter);
  const child = spawn("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    // NODE_ENV=production would leave out the compiler and the test tools.
    env: { ...process.env, PATH: path, NODE_ENV: "" },
  });
  // Named in the lock: when this process is killed, npm goes on, and the next one waits for it.
  if (child.pid) writeFileSync(lockFile, `${process.pid} ${child.pid}`);
  const ticker = setInterval(() => say(`still installing … ${seconds(startedAt)} s`), 10_000);
  return new Promise((resolve) => {
    const done = (/** @type {number} */ code) => {
      clearInterval(ticker);
      if (code === 0) say(`packages installed in ${seconds(startedAt)} s`);
      resolve(code);
    };
    child.on("error", (error) => {
      console.error(`npm could not be run: ${error.message}`);
      done(1);
    });
    child.on("exit", (code) => done(code ?? 1));
  });
}

/**
 * Two npm commands on one fresh clone install once; the second waits.
 *
 * @param {() => Promise<void> | undefined} work
 */
async function underLock(work) {
  mkdirSync(dirname(lockFile), { recursive: true });
  let hasSaid = false;
  while (!takeLock()) {
    if (!hasSaid) say("another install is under way; waiting for it …");
    hasSaid = true;
    await sleep(300);
  }
  try {
    await work();
  } finally {
    rmSync(lockFile, { force: true });
  }
}

function takeLock() {
  try {
    writeFileSync(lockFile, String(process.pid), { flag: "wx" });
    return true;
  } catch {
    if (isLockStale()) rmSync(lockFile, { force: true });
    return false;
  }
}

function isLockStale() {
  try {
    const age = Date.now() - statSync(lockFile).mtimeMs;
    const pids = readFileSync(lockFile, "utf8").split(" ").filter(Boolean).map(Number);
    // Just made and not yet written.
    if (pids.length === 0) return age > 5_000;
    return age > lockMaxAgeMs || !pids.some(isAlive);
  } catch {
    // It is gone: try again.
    return false;
  }
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

/** @param {number} code */
function fail(code) {
  console.error("\nThe packages could not be installed. Check the network and the free disk space, then run the same command again.");
  process.exitCode = code;
}

/** @param {number} since */
function seconds(since) {
  return Math.round((Date.now() - since) / 1000);
}

/** @param {string} text */
function say(text) {
  console.error(`agent-platform: ${text}`);
}
