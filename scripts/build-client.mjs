/**
 * Makes the package `@agent-platform/client` of codegen/client: `npm run build:client`. In `.cache/client` lie its files, and what `npm install` takes:
 * `agent-platform-client-<version>.tgz`. Another folder may be named as the only argument.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const target = resolve(process.argv[2] ?? join(root, ".cache/client"));
const files = join(target, "package");

const { version, license } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const manifest = {
  name: "@agent-platform/client",
  version,
  description: "The typed client of the agent platform's graph: operations over HTTP, subscriptions that survive their connection.",
  license,
  type: "module",
  sideEffects: false,
  engines: { node: ">=20.3" },
  exports: {
    ".": { types: "./index.d.ts", default: "./index.js" },
    // What graphql-codegen reads.
    "./schema.graphql": "./schema.graphql",
    "./package.json": "./package.json",
  },
  // For compilers that know no exports.
  main: "./index.js",
  types: "./index.d.ts",
  peerDependencies: { graphql: "^16.8.0 || ^17.0.0", "graphql-ws": "^6.0.0" },
};

rmSync(target, { recursive: true, force: true });
mkdirSync(files, { recursive: true });
execFileSync(
  process.execPath,
  [join(root, "node_modules/typescript/bin/tsc"), "--project", join(root, "codegen/client"), "--outDir", files],
  {
    stdio: ["ignore", "inherit", "inherit"],
  },
);
// The compiler leaves them as they are in declarations, for it finds x.d.ts by "./x.ts"; not every tool does.
for (const name of readdirSync(files).filter((name) => name.endsWith(".d.ts")))
  writeFileSync(join(files, name), readFileSync(join(files, name), "utf8").replace(/(from "\.\/\w+)\.ts"/g, '$1.js"'));
writeFileSync(join(files, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
cpSync(join(root, "codegen/client/README.md"), join(files, "README.md"));
cpSync(join(root, "codegen/schema.graphql"), join(files, "schema.graphql"));
cpSync(join(root, "LICENSE"), join(files, "LICENSE"));
execFileSync("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", target], {
  cwd: files,
  stdio: ["ignore", "ignore", "inherit"],
});
console.log(join(target, `agent-platform-client-${version}.tgz`));
