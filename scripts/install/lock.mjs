/** Two npm commands on one fresh clone install once; the second waits. */
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { say } from "./packages.mjs";

const lockMaxAgeMs = 20 * 60_000;

/**
 * Does the work while nobody else does it in this checkout.
 *
 * @param {string} root
 * @param {(name: (pid: number) => void) => Promise<void> | undefined} work  names the processes that go on when this one is killed: the next one waits for them.
 */
export async function underLock(root, work) {
  // Not in node_modules: npm ci removes that.
  const file = join(root, ".cache/install.lock");
  mkdirSync(dirname(file), { recursive: true });
  let hasSaid = false;
  while (!take(file)) {
    if (!hasSaid) say("another install is under way; waiting for it …");
    hasSaid = true;
    await sleep(300);
  }
  const pids = [process.pid];
  try {
    await work((pid) => {
      pids.push(pid);
      writeFileSync(file, pids.join(" "));
    });
  } finally {
    rmSync(file, { force: true });
  }
}

/** @param {string} file */
function take(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
    return true;
  } catch {
    if (isStale(file)) rmSync(file, { force: true });
    return false;
  }
}

/** @param {string} file */
function isStale(file) {
  try {
    const age = Date.now() - statSync(file).mtimeMs;
    const pids = readFileSync(file, "utf8").split(" ").filter(Boolean).map(Number);
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
