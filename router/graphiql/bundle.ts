/**
 * GraphiQL as files, bundled from packages and served from here: once it is made, it works without a network. A bundle is kept under a hash of
 * everything that goes into it, so it cannot be stale. Where nothing can be kept (a read-only checkout) each process makes its own.
 */
import { fork } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { deserialize, serialize } from "node:v8";
import type { Log } from "#shared/log.ts";

const here = dirname(fileURLToPath(import.meta.url));
const program = join(here, "bundling.mjs");
/** Checkouts are switched between branches: the last few bundles are worth their 4 MB. */
const keptBundles = 3;
/** On a busy machine it took 13 s, and it yields to everything else; its packages may have to come over a slow line. */
const deadlineMs = 900_000;
const maxErrorChars = 4_000;

/** A file by how it is encoded: as it is, or compressed only. */
export type BundledFile = { identity: Uint8Array } | { gzip: Uint8Array; br: Uint8Array };

/** A bundle, in memory: somebody may empty the cache folder at any time. */
export interface Bundle {
  /** Changes when any of the files may have changed. */
  version: string;
  files: ReadonlyMap<string, BundledFile>;
}

/** How a bundle is come by. */
export interface BundleOptions {
  cacheFolder: string;
  log: Log;
  /** Aborted, the bundling ends. */
  signal: AbortSignal;
}

/** Reads the bundle from the cache folder, or has it made and keeps it. */
export async function loadBundle({ cacheFolder, log, signal }: BundleOptions): Promise<Bundle> {
  const version = await fingerprint();
  const cacheFile = join(cacheFolder, version);
  const kept = await readKept(cacheFile).catch(() => undefined);
  if (kept !== undefined) return { version, files: kept };
  const began = performance.now();
  const files = await bundled(`${cacheFolder}-packages`, signal);
  log.info({ ms: Math.round(performance.now() - began) }, "graphiql bundled");
  await keep(cacheFile, files).catch((error: unknown) => log.warn({ err: error, cacheFile }, "graphiql's bundle cannot be kept"));
  return { version, files };
}

/** Makes it and keeps it. @throws Error when either cannot be. */
export async function prepareBundle({ cacheFolder, log, signal }: BundleOptions): Promise<void> {
  const { version } = await loadBundle({ cacheFolder, log, signal });
  await readKept(join(cacheFolder, version));
}

/** @throws where there is none, or one that is not whole after a power cut. */
async function readKept(cacheFile: string): Promise<Bundle["files"]> {
  return deserialize(await readFile(cacheFile)) as Bundle["files"];
}

/** By rename, so that nobody reads half of it; whoever is at it at the same time has made the same. */
async function keep(cacheFile: string, files: Bundle["files"]): Promise<void> {
  const folder = dirname(cacheFile);
  const unfinished = `${cacheFile}.${process.pid}`;
  await mkdir(folder, { recursive: true });
  await writeFile(unfinished, serialize(files));
  await rename(unfinished, cacheFile);
  const paths = (await readdir(folder)).map((name) => join(folder, name));
  const found = await Promise.all(paths.map(async (path) => ({ path, writtenAt: (await stat(path)).mtimeMs })));
  found.sort((a, b) => b.writtenAt - a.writtenAt);
  await Promise.all(found.slice(keptBundles).map(({ path }) => rm(path, { force: true })));
}

/** Has it made by a process of its own, which gets nothing of the platform's environment. */
async function bundled(scratch: string, signal: AbortSignal): Promise<Bundle["files"]> {
  const child = fork(program, [scratch], {
    env: surroundings(),
    execArgv: [],
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    signal,
    timeout: deadlineMs,
    // At once wherever it is, but while npm runs, which ends with it.
    killSignal: "SIGTERM",
  });
  let words = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (words = (words + text).slice(-maxErrorChars)));
  let files: Bundle["files"] | undefined;
  child.once("message", (message) => (files = message as unknown as Bundle["files"]));
  // By then all that it has sent and said has come.
  await Promise.all([once(child, "disconnect"), once(child, "close")]);
  if (files !== undefined) return files;
  throw new Error(`graphiql cannot be bundled (${child.signalCode ?? `exit code ${child.exitCode}`}): ${words.trim()}`);
}

/** How npm is found, and how it finds its registry. */
function surroundings(): NodeJS.ProcessEnv {
  // oxlint-disable-next-line node/no-process-env -- settings of npm and of the host, none of the platform's
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("AGENT_PLATFORM_")));
}

/** Changes with the page's code, with how it is bundled, and with the version of any package. */
async function fingerprint(): Promise<string> {
  const own = ["page.js", "page.css", "first-tab.ts", "event-log.ts", "bundle.ts", "bundling.mjs", "packages.mjs"].map((name) =>
    join(here, name),
  );
  const hash = createHash("sha256");
  for (const file of [...own, join(here, "../../package-lock.json")])
    hash.update(`\0${file.slice(here.length)}\0`).update(await readFile(file));
  return hash.digest("hex").slice(0, 16);
}
