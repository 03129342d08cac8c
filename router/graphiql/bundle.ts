/**
 * GraphiQL as files: bundled from node_modules the first time that somebody opens the page, kept in a cache folder after that.
 * Nothing is fetched from elsewhere, so it works without a network.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Log } from "#shared/log.ts";

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);

/** Makes sure that the bundle is there; returns its folder. */
export async function bundleGraphiql(cacheFolder: string, log: Log): Promise<string> {
  const folder = join(cacheFolder, `graphiql-${await fingerprint()}`);
  if (existsSync(folder)) return folder;
  await mkdir(cacheFolder, { recursive: true });
  const unfinished = await mkdtemp(join(cacheFolder, "graphiql-unfinished-"));
  const began = performance.now();
  await build(unfinished);
  // By rename, for another process may be at it too; whoever is later has made the same.
  await rename(unfinished, folder).catch(() => rm(unfinished, { recursive: true, force: true }));
  log.info({ folder, ms: Math.round(performance.now() - began) }, "graphiql bundled");
  return folder;
}

async function build(outdir: string): Promise<void> {
  // Loaded here: who never opens the page need not pay for esbuild.
  const esbuild = await import("esbuild");
  await esbuild.build({
    entryPoints: {
      page: join(here, "page.js"),
      "editor.worker": "monaco-editor/esm/vs/editor/editor.worker.js",
      "json.worker": "monaco-editor/esm/vs/language/json/json.worker.js",
      "graphql.worker": "monaco-graphql/esm/graphql.worker.js",
    },
    outdir,
    absWorkingDir: dirname(require.resolve("graphiql/package.json")),
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    loader: { ".ttf": "dataurl", ".woff": "dataurl", ".woff2": "dataurl", ".svg": "dataurl" },
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "silent",
  });
  // It would keep its helper process for the next build.
  await esbuild.stop();
}

/** Changes with the page's code and with the version of what it bundles. */
async function fingerprint(): Promise<string> {
  const parts = await Promise.all([join(here, "page.js"), require.resolve("graphiql/package.json")].map((file) => readFile(file)));
  return createHash("sha256").update(Buffer.concat(parts)).digest("hex").slice(0, 16);
}
