/**
 * The program that bundles GraphiQL: a process of its own, and one that yields to all others, because bundling keeps processors busy for seconds.
 * It hands the files to the process that has started it, and ends; it ends too when that one is gone. Its argument is a folder of its own for packages.
 */
import { readFile } from "node:fs/promises";
import { constants as os, setPriority } from "node:os";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants as zlib, gzip } from "node:zlib";
import { build, stop } from "esbuild";
import { withPackages } from "./packages.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const [scratch = ""] = process.argv.slice(2);
/** Fonts are compressed already. */
const compressible = new Set([".js", ".css", ".ttf"]);

setPriority(os.priority.PRIORITY_LOW);
process.on("disconnect", () => process.exit());
const outputFiles = await withPackages(scratch, bundle);
const files = new Map(await Promise.all(outputFiles.map(async ({ path, contents }) => [basename(path), await encode(path, contents)])));
process.send?.(files, () => process.disconnect());

/** @param {string} packages */
async function bundle(packages) {
  const { outputFiles } = await build({
    entryPoints: {
      page: join(here, "page.js"),
      "editor.worker": "monaco-editor/esm/vs/editor/editor.worker.js",
      "json.worker": "monaco-editor/esm/vs/language/json/json.worker.js",
      "graphql.worker": "monaco-graphql/esm/graphql.worker.js",
    },
    // Only for the names of the output files: nothing is written.
    outdir: here,
    write: false,
    absWorkingDir: join(packages, "graphiql"),
    nodePaths: [packages],
    bundle: true,
    minify: true,
    // Split, the workers share their code with the page, and what formats a text comes when somebody asks for it.
    format: "esm",
    splitting: true,
    target: "es2022",
    // The old names are of scripts that are no modules: of those, split off, an import gets no names.
    alias: { "prettier/parser-babel": "prettier/plugins/babel", "prettier/parser-graphql": "prettier/plugins/graphql" },
    loader: { ".svg": "dataurl" },
    plugins: [leanStyles()],
    define: { "process.env.NODE_ENV": '"production"' },
    logLevel: "silent",
  });
  // Else its helper process would stay and wait for another build.
  await stop();
  // Beside each script that imports a style sheet lies one, which is empty now.
  return outputFiles.filter(({ path }) => extname(path) !== ".css" || basename(path) === "page.css");
}

/**
 * GraphiQL's style sheet holds a second copy of the editor's, and all its fonts. As files, a browser loads those that the text on the page has letters of.
 *
 * @returns {import("esbuild").Plugin}
 */
function leanStyles() {
  /** @type {Map<string, Buffer>} */
  const fonts = new Map();
  return {
    name: "lean styles",
    setup({ onLoad, onResolve }) {
      onLoad({ filter: /[\\/]monaco-editor[\\/].*\.css$/ }, () => ({ contents: "", loader: "css" }));
      onLoad({ filter: /[\\/]graphiql[\\/]dist[\\/]style\.css$/ }, async ({ path }) => ({
        contents: (await readFile(path, "utf8")).replace(/url\(data:font\/(\w+);base64,([^)]+)\)/g, (_url, format, base64) => {
          const name = `font-${fonts.size}.${format}`;
          fonts.set(name, Buffer.from(base64, "base64"));
          return `url(font:${name})`;
        }),
        loader: "css",
      }));
      onResolve({ filter: /^font:/ }, ({ path }) => ({ path: path.slice("font:".length), namespace: "font" }));
      onLoad({ filter: /.*/, namespace: "font" }, ({ path }) => ({ contents: fonts.get(path) ?? "", loader: "file" }));
    },
  };
}

/**
 * @param {string} path
 * @param {Uint8Array} contents
 */
async function encode(path, contents) {
  if (!compressible.has(extname(path))) return { identity: contents };
  // The highest quality takes four times as long, for a twentieth less.
  const params = { [zlib.BROTLI_PARAM_QUALITY]: 9, [zlib.BROTLI_PARAM_SIZE_HINT]: contents.byteLength };
  const [gzipped, br] = await Promise.all([promisify(gzip)(contents, { level: 9 }), promisify(brotliCompress)(contents, { params })]);
  return { gzip: gzipped, br };
}
