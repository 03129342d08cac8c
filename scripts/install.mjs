/**
 * Brings node_modules to what package-lock.json says, when it is not so already: what the platform runs on, and with `--all` what tests and checks need
 * too. Every npm script starts with it, so that one command is enough on a fresh clone. Where the system's Node is too old for the platform, and for tests
 * everywhere, it brings the pinned Node as well (scripts/node). Runs on the system's Node 20, before that one is there: plain JavaScript, no packages.
 *
 * Not compared: the running Node. The first call runs on the system's, later ones on the pinned one, and native packages are built on Node-API.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isNewEnough, leastVersion } from "../cli/node-version.mjs";
import { underLock } from "./install/lock.mjs";
import { hasPinnedNode, installPinnedNode, isNodePinnable, isPinnedNodeInstalled, linkPinnedNode } from "./install/pinned-node.mjs";
import { isInstalled, npmCi, root, say } from "./install/packages.mjs";

const stampFile = join(root, "node_modules/.agent-platform-stamp");
const content = contentHash();
// Whoever has run the tests here will again: what they need stays when the lock has changed.
const kind = process.argv.includes("--all") || stamped().kind === "all" ? "all" : "production";
const wantsNode = !isNewEnough(process.versions.node) || (kind === "all" && isNodePinnable);

if (!isUpToDate()) await underLock(root, (name) => (isUpToDate() ? undefined : bringUpToDate(name)));

function isUpToDate() {
  const found = stamped();
  return found.content === content && (found.kind === "all" || found.kind === kind) && (!wantsNode || hasPinnedNode());
}

/** @param {(pid: number) => void} name  names a process in the lock. */
async function bringUpToDate(name) {
  const flag = kind === "all" ? "--include=dev" : "--omit=dev";
  const startedAt = Date.now();
  const steps = [
    ...(isInstalled(root, kind) ? [] : [npmCi(root, [flag], name)]),
    ...(wantsNode && !isPinnedNodeInstalled() ? [installPinnedNode(name)] : []),
  ];
  if (steps.length > 0) say("installing packages (once; some seconds on a fast line) …");
  const ticker = setInterval(() => say(`still installing … ${seconds(startedAt)} s`), 10_000);
  const failure = (await Promise.all(steps)).find((code) => code !== 0);
  clearInterval(ticker);
  if (failure !== undefined) return fail(failure);
  if (steps.length > 0) say(`packages installed in ${seconds(startedAt)} s`);
  if (wantsNode) linkPinnedNode();
  writeFileSync(stampFile, `${content} ${kind}`);
}

/** @returns {{ content?: string, kind?: string }} */
function stamped() {
  if (!existsSync(stampFile)) return {};
  const [hash, platform, installed] = readFileSync(stampFile, "utf8").split(" ");
  return { content: `${hash} ${platform}`, kind: installed };
}

function contentHash() {
  const hash = createHash("sha256");
  for (const file of ["package-lock.json", ".npmrc"]) hash.update(readFileSync(join(root, file)));
  return `${hash.digest("hex")} ${process.platform}-${process.arch}`;
}

/** @param {number} code */
function fail(code) {
  console.error(
    wantsNode && !isNodePinnable
      ? `\nNode ${leastVersion} or newer is needed; this is ${process.versions.node}, and no package brings one for ${process.platform}-${process.arch}. Install it, then run the same command again.`
      : "\nThe packages could not be installed. Check the network and the free disk space, then run the same command again.",
  );
  process.exitCode = code;
}

/** @param {number} since */
function seconds(since) {
  return Math.round((Date.now() - since) / 1000);
}
