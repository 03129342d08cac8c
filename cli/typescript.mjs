/**
 * Lets Node load the platform's TypeScript as it is. esbuild transforms all of it at once; the outcome is kept in `.cache/typescript` under a hash of
 * everything that goes into it, so it cannot be stale: a changed file is another outcome. Where nothing can be kept (a read-only checkout) it is made again.
 * A file that is no TypeScript fails whoever imports it, and nobody else.
 * What V8 compiles, packages included, is kept in `.cache/v8` by Node, which compares the source text.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { enableCompileCache, registerHooks, setSourceMapsSupport } from "node:module";
import { dirname, extname, join } from "node:path";
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
 * @typedef {{ code: Record<string, string | Buffer>, problems: Record<string, string> }} Outcome
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
    resolve: resolver(rootUrl, code),
    load(url, context, nextLoad) {
      const file = url.startsWith(rootUrl) ? decodeURI(url.slice(rootUrl.length)).replace(/\?.*/, "") : "";
      if (problems[file] !== undefined) throw new SyntaxError(problems[file]);
      const source = code[file];
      return source === undefined ? nextLoad(url, context) : { format: "module", source, shortCircuit: true };
    },
  });
}

/**
 * Finds what Node would, with fewer questions to the disk: a source names the file that is there, as does a package's module that imports another of its package,
 * and a package is looked for once in each folder. What is required is Node's to find, as is what is not there.
 *
 * @param {string} rootUrl
 * @param {Outcome["code"]} code
 * @returns {import("node:module").ResolveHookSync}
 */
function resolver(rootUrl, code) {
  const packagesUrl = `${rootUrl}node_modules/`;
  /** By folder and ending, on which alone the format of a package's file depends. @type {Map<string, string>} */
  const formats = new Map();
  /** Plain files by folder: a link loads under the name of its file, and what is not there is not found. @type {Map<string, Set<string>>} */
  const plainFiles = new Map();
  /** By the folder that asks, and what for. @type {Map<string, import("node:module").ResolveFnOutput>} */
  const packages = new Map();
  return (specifier, context, nextResolve) => {
    const { parentURL = "", conditions, importAttributes } = context;
    const isPlain = parentURL.startsWith(rootUrl) && !conditions.includes("require") && Object.keys(importAttributes).length === 0;
    if (!isPlain) return nextResolve(specifier, context);
    const isSource = !parentURL.startsWith(packagesUrl);
    const fileUrl = fileUrlOf(specifier, parentURL, isSource ? rootUrl : undefined);
    if (fileUrl === undefined) {
      const asked = `${isSource ? rootUrl : dirname(parentURL)} ${specifier}`;
      const known = packages.get(asked);
      if (known) return known;
      const found = nextResolve(specifier, context);
      packages.set(asked, { ...found, shortCircuit: true });
      return found;
    }
    if (isSource) {
      const isThere = fileUrl.startsWith(rootUrl) && code[decodeURI(fileUrl.slice(rootUrl.length))] !== undefined;
      return isThere ? { url: fileUrl, format: "module", shortCircuit: true } : nextResolve(specifier, context);
    }
    const folder = dirname(fileUrl);
    const kind = `${folder} ${extname(fileUrl)}`;
    const format = formats.get(kind);
    if (format !== undefined && plainFiles.get(folder)?.has(fileUrl.slice(folder.length + 1)))
      return { url: fileUrl, format, shortCircuit: true };
    const found = nextResolve(specifier, context);
    // Not by a link, whose neighbours are elsewhere.
    if (found.url === fileUrl && typeof found.format === "string") {
      formats.set(kind, found.format);
      if (!plainFiles.has(folder)) plainFiles.set(folder, plainFilesOf(folder));
    }
    return found;
  };
}

/**
 * The names of a folder's files as addresses have them; one that is written otherwise there is left to Node.
 *
 * @param {string} folderUrl
 */
function plainFilesOf(folderUrl) {
  const entries = readdirSync(fileURLToPath(folderUrl), { withFileTypes: true });
  return new Set(entries.filter((entry) => entry.isFile() && !/[%?#]/.test(entry.name)).map(({ name }) => name));
}

/**
 * @param {string} specifier
 * @param {string} parentUrl
 * @param {string} [rootUrl]  of the sources, whose names with a # are those of package.json: folders of the root.
 * @returns {string | undefined} nothing for the name of a package.
 */
function fileUrlOf(specifier, parentUrl, rootUrl) {
  if (/^\.\.?\//.test(specifier)) return new URL(specifier, parentUrl).href;
  return rootUrl !== undefined && specifier.startsWith("#") ? `${rootUrl}${specifier.slice(1)}` : undefined;
}

/**
 * @param {string[]} folders
 * @param {string} cache
 * @returns {Promise<Outcome>}
 */
async function transformed(folders, cache) {
  const files = sources(folders);
  const cacheFile = join(cache, hashOf(files));
  const kept = read(cacheFile);
  if (kept) return kept;
  const outcome = await transform(files);
  keep(cacheFile, outcome);
  return outcome;
}

/**
 * @param {string[]} folders
 * @returns {string[]} paths relative to the root, in a fixed order.
 */
function sources(folders) {
  // Node's own way down, `recursive`, takes four times as long.
  const within = (/** @type {string} */ folder) =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((/** @type {import("node:fs").Dirent} */ entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return within(path);
      return path.endsWith(".ts") ? [path] : [];
    });
  return folders.flatMap((folder) => within(folder).sort());
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
 * A line of JSON that tells the sizes, then the code of all files: what a process does not load it does not parse.
 *
 * @param {string} file
 * @returns {Outcome | undefined}
 */
function read(file) {
  try {
    const kept = readFileSync(file);
    let at = kept.indexOf("\n") + 1;
    const { problems, sizes } = JSON.parse(kept.toString("utf8", 0, at));
    /** @type {Record<string, Buffer>} */
    const code = {};
    for (const [source, size] of Object.entries(sizes)) code[source] = kept.subarray(at, (at += size));
    return at === kept.length ? { code, problems } : undefined;
  } catch {
    // Not there, or not whole after a power cut.
    return undefined;
  }
}

/**
 * By rename, so that nobody reads half of it; whoever is at it at the same time has made the same.
 *
 * @param {string} file
 * @param {Outcome} outcome
 */
function keep(file, { code, problems }) {
  try {
    mkdirSync(dirname(file), { recursive: true });
    const unfinished = `${file}.${process.pid}`;
    const sizes = Object.fromEntries(Object.entries(code).map(([source, text]) => [source, Buffer.byteLength(text)]));
    writeFileSync(unfinished, [`${JSON.stringify({ problems, sizes })}\n`, ...Object.values(code)].join(""));
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
