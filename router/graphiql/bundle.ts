/**
 * GraphiQL as files: bundled from node_modules the first time that somebody opens the page, kept in a cache folder after that.
 * Nothing is fetched from elsewhere, so it works without a network; where the folder cannot be written each process bundles anew.
 */
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Log } from "#shared/log.ts";

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);

/** The files that a bundle consists of. */
export const bundledFiles = ["page.js", "page.css", "editor.worker.js", "json.worker.js", "graphql.worker.js"] as const;

/** A bundle, in memory: somebody may empty the cache folder at any time. */
export interface Bundle {
  /** Changes when any of the files may have changed. */
  version: string;
  files: ReadonlyMap<string, Uint8Array>;
}

/** Reads the bundle from the cache folder, or makes and keeps it. */
export async function loadBundle(cacheFolder: string, log: Log): Promise<Bundle> {
  const version = await fingerprint();
  const folder = join(cacheFolder, `graphiql-${version}`);
  const kept = await readKept(folder).catch(() => undefined);
  if (kept !== undefined) return { version, files: kept };
  const began = performance.now();
  const files = await build();
  log.info({ folder, ms: Math.round(performance.now() - began) }, "graphiql bundled");
  await keep(files, folder).catch((error: unknown) => log.warn({ err: error, folder }, "graphiql's bundle cannot be kept"));
  return { version, files };
}

async function readKept(folder: string): Promise<Bundle["files"]> {
  return new Map(await Promise.all(bundledFiles.map(async (name) => [name, await readFile(join(folder, name))] as const)));
}

async function keep(files: Bundle["files"], folder: string): Promise<void> {
  const cacheFolder = dirname(folder);
  await mkdir(cacheFolder, { recursive: true });
  const unfinished = await mkdtemp(join(cacheFolder, "graphiql-unfinished-"));
  try {
    await Promise.all([...files].map(([name, content]) => writeFile(join(unfinished, name), content)));
    // A folder of that name is a bundle that could not be read.
    await rm(folder, { recursive: true, force: true });
    // Another process may keep its bundle now too. A rename is never half done, and both bundles are the same.
    await rename(unfinished, folder);
    const others = (await readdir(cacheFolder)).filter((name) => name.startsWith("graphiql-") && name !== basename(folder));
    await Promise.all(others.map((name) => rm(join(cacheFolder, name), { recursive: true, force: true })));
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

async function build(): Promise<Bundle["files"]> {
  // Imported here, so that a process whose page nobody opens never loads esbuild.
  const esbuild = await import("esbuild");
  const { outputFiles } = await esbuild.build({
    entryPoints: {
      page: join(here, "page.js"),
      "editor.worker": "monaco-editor/esm/vs/editor/editor.worker.js",
      "json.worker": "monaco-editor/esm/vs/language/json/json.worker.js",
      "graphql.worker": "monaco-graphql/esm/graphql.worker.js",
    },
    // Only for the names of the output files: nothing is written.
    outdir: here,
    write: false,
    absWorkingDir: dirname(require.resolve("graphiql/package.json")),
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    loader: { ".ttf": "dataurl", ".woff": "dataurl", ".woff2": "dataurl", ".svg": "dataurl" },
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "silent",
  });
  // Else its helper process would stay and wait for another build.
  await esbuild.stop();
  return new Map(outputFiles.map(({ path, contents }) => [basename(path), contents]));
}

/** Changes with the page's code, with how it is bundled, and with the version of any package. */
async function fingerprint(): Promise<string> {
  const own = ["page.js", "page.css", "first-tab.ts", "bundle.ts"].map((name) => join(here, name));
  const parts = await Promise.all([...own, join(here, "../../package-lock.json")].map((file) => readFile(file)));
  return createHash("sha256").update(Buffer.concat(parts)).digest("hex").slice(0, 16);
}
