/**
 * Lets Node load the platform's TypeScript as it is. esbuild transforms all of it at once; the outcome is kept in `.cache/typescript` under a hash of
 * everything that goes into it, so it cannot be stale: a changed file is another outcome. Where nothing can be kept (a read-only checkout) it is made again.
 * A file that is no TypeScript fails whoever imports it, and nobody else.
 * What V8 compiles, packages included, is kept in `.cache/v8` by Node, which compares the source text.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { enableCompileCache, registerHooks, setSourceMapsSupport } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folders = ["cli", "codegen", "router", "shared", "subgraphs"];
const cacheFolder = join(root, ".cache/typescript");
/** Their outcomes are kept apart: they change more often, and push out none of the platform's. */
const moreCacheFolder = join(root, ".cache/typescript-more");
const compiledFolder = join(root, ".cache/v8");
/** Checkouts are switched between branches: the last few outcomes are worth their 2 MiB. */
const keptOutcomes = 4;

/**
 * JavaScript, and what is wrong with the files that have none, by the path of the source, relative to the root.
 *
 * @typedef {{ code: Record<string, string>, problems: Record<string, string> }} Outcome
 */

/**
 * Registers the loader in this thread; processes that are forked register their own.
 *
 * @param {string[]} [more]  folders beside the platform's own.
 */
export async function registerTypescript(more = []) {
  enableCompileCache(compiledFolder);
  // Threads and processes that this one starts enable it by their environment, and would compile their modules anew each time without.
  // oxlint-disable-next-line node/no-process-env -- Node's own, by which it tells its threads
  process.env["NODE_COMPILE_CACHE"] ??= compiledFolder;
  setSourceMapsSupport(true);
  const { code, problems } = await transformed(folders, cacheFolder);
  if (more.length > 0) {
    const others = await transformed(more, moreCacheFolder);
    Object.assign(code, others.code);
    Object.assign(problems, others.problems);
  }
  const rootUrl = pathToFileURL(`${root}/`).href;
  registerHooks({
    load(url, context, nextLoad) {
      const file = url.startsWith(rootUrl) ? decodeURI(url.slice(rootUrl.length)).replace(/\?.*$/, "") : "";
      if (problems[file] !== undefined) throw new SyntaxError(problems[file]);
      const source = code[file];
      return source === undefined ? nextLoad(url, context) : { format: "module", source, shortCircuit: true };
    },
  });
}

/**
 * @param {string[]} folders
 * @param {string} cache
 * @returns {Promise<Outcome>}
 */
async function transformed(folders, cache) {
  const files = sources(folders);
  const cacheFile = join(cache, `${hashOf(files)}.json`);
  const kept = read(cacheFile);
  if (kept) return kept;
  const outcome = await transform(files);
  keep(cacheFile, JSON.stringify(outcome));
  return outcome;
}

/**
 * @param {string[]} folders
 * @returns {string[]} paths relative to the root, in a fixed order.
 */
function sources(folders) {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts"))
      .sort()
      .map((file) => join(folder, file)),
  );
}

/** @param {string[]} files */
function hashOf(files) {
  const hash = createHash("sha256");
  for (const file of ["cli/typescript.mjs", "tsconfig.json", "node_modules/esbuild/package.json", ...files])
    hash.update(`\0${file}\0`).update(readFileSync(join(root, file)));
  return hash.digest("hex");
}

/**
 * @param {string[]} files
 * @returns {Promise<Outcome>}
 */
async function transform(files) {
  const esbuild = await import("esbuild");
  /** @type {Record<string, string>} */
  const problems = {};
  try {
    for (;;) {
      const sound = files.filter((file) => problems[file] === undefined);
      const code = await transformAll(esbuild, sound).catch((/** @type {unknown} */ failure) => {
        Object.assign(problems, problemsOf(sound, failure));
      });
      if (code) return { code, problems };
    }
  } finally {
    // It would keep its helper process for the next build.
    await esbuild.stop();
  }
}

/**
 * Where one of them fails, all do.
 *
 * @param {Pick<typeof import("esbuild"), "build">} esbuild
 * @param {string[]} files
 * @returns {Promise<Record<string, string>>}
 */
async function transformAll({ build }, files) {
  const { outputFiles } = await build({
    entryPoints: files,
    absWorkingDir: root,
    outbase: root,
    // Nothing is written; beside its source, a file's map names it rightly.
    outdir: root,
    write: false,
    format: "esm",
    target: "node22",
    sourcemap: "inline",
    sourcesContent: false,
    // Problems are told to whoever imports the file.
    logLevel: "silent",
  });
  return Object.fromEntries(outputFiles.map(({ path, text }) => [path.slice(root.length + 1).replace(/\.js$/, ".ts"), text]));
}

/**
 * What is wrong with each file that is to blame; a failure that names none of them is thrown.
 *
 * @param {string[]} files
 * @param {unknown} failure  esbuild's, a BuildFailure.
 * @returns {Record<string, string>}
 */
function problemsOf(files, failure) {
  const { errors = [] } = /** @type {Partial<import("esbuild").BuildFailure>} */ (failure);
  const found = errors.flatMap(({ text, location }) =>
    location && files.includes(location.file)
      ? [[location.file, `${location.file}:${location.line}:${location.column + 1}: ${text}\n${location.lineText}`]]
      : [],
  );
  if (found.length === 0) throw failure;
  // The first is the cause of the others.
  return Object.fromEntries(found.reverse());
}

/**
 * @param {string} file
 * @returns {Outcome | undefined}
 */
function read(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    // Not there, or not whole after a power cut.
    return undefined;
  }
}

/**
 * By rename, so that nobody reads half of it; whoever is at it at the same time has made the same.
 *
 * @param {string} file
 * @param {string} text
 */
function keep(file, text) {
  try {
    mkdirSync(dirname(file), { recursive: true });
    const unfinished = `${file}.${process.pid}`;
    writeFileSync(unfinished, text);
    renameSync(unfinished, file);
    forgetOld(dirname(file));
  } catch {
    // A read-only checkout or a full disk: the next start makes it again. What was half written is forgotten with the old.
  }
}

/** @param {string} cache */
function forgetOld(cache) {
  const found = readdirSync(cache).map((name) => ({
    path: join(cache, name),
    writtenAt: statSync(join(cache, name)).mtimeMs,
  }));
  found.sort((a, b) => b.writtenAt - a.writtenAt);
  for (const { path } of found.slice(keptOutcomes)) rmSync(path, { force: true });
}
