/**
 * The Node that the platform is made for, as `scripts/node/package-lock.json` pins it: one package for each system, without a program that runs at the
 * install. npm scripts find it, for it is linked where npm puts programs.
 */
import { existsSync, mkdirSync, readlinkSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { isInstalled, npmCi, root } from "./packages.mjs";

const folder = join(root, "scripts/node");
const packageFolder = join(folder, `node_modules/node-${process.platform}-${process.arch}`);
const program = join(packageFolder, "bin/node");
const link = join(root, "node_modules/.bin/node");
const target = relative(dirname(link), program);

/** Whether there is a package for this system. */
export const isNodePinnable = process.platform === "linux" && (process.arch === "x64" || process.arch === "arm64");

/** Whether it is there. */
export function isPinnedNodeInstalled() {
  return existsSync(program) && isInstalled(folder, "all");
}

/** Whether it is there, and found by npm scripts. */
export function hasPinnedNode() {
  return isPinnedNodeInstalled() && isLinked();
}

/**
 * @param {(pid: number) => void} name  told npm's pid.
 * @returns {Promise<number>} npm's exit code; 1 where there is no package for this system.
 */
export async function installPinnedNode(name) {
  if (!isNodePinnable) return 1;
  const code = await npmCi(folder, ["--ignore-scripts"], name);
  if (code !== 0) return code;
  // Headers and manuals, 68 MB.
  for (const unneeded of ["include", "share"]) rmSync(join(packageFolder, unneeded), { recursive: true, force: true });
  // npm leaves out what it cannot fetch of optional packages, and says nothing.
  return existsSync(program) ? 0 : 1;
}

function isLinked() {
  try {
    return readlinkSync(link) === target;
  } catch {
    return false;
  }
}

/** Has npm scripts find it; after the install of all other packages, which empties the link's folder. */
export function linkPinnedNode() {
  mkdirSync(dirname(link), { recursive: true });
  rmSync(link, { force: true });
  symlinkSync(target, link);
}
