/** A project of somebody else, in a folder of its own, that has installed the client's package. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** How a program ended, and what it said. */
export interface Ran {
  code: number;
  output: string;
}

/** The project. */
export interface OutsideProject extends AsyncDisposable {
  folder: string;
  write(path: string, text: string): Promise<void>;
  /** Runs a program of node with arguments, in the project's folder. */
  node(...argv: string[]): Promise<Ran>;
  /** Runs a package's program, as npx does. */
  npx(program: keyof typeof programs, ...argv: string[]): Promise<Ran>;
}

/** What a user installs beside the client; linked, for tests need no network. */
const packages = [
  // What client-preset brings.
  "@graphql-typed-document-node/core",
  "graphql",
  "graphql-ws",
  "ws",
  "typescript",
  "@types/node",
  "@types/ws",
  "@graphql-codegen/cli",
  "@graphql-codegen/client-preset",
];
const programs = { tsc: "typescript/bin/tsc", "graphql-codegen": "@graphql-codegen/cli/esm/bin.js" };

/** Builds and packs the client, makes a project, and installs it there. */
export async function outsideProject(): Promise<OutsideProject> {
  const base = await mkdtemp(join(tmpdir(), "agent-platform-outside-"));
  const folder = join(base, "project");
  await mkdir(folder);
  const run = (file: string, argv: string[]) =>
    new Promise<Ran>((resolve) => {
      execFile(file, argv, { cwd: folder, env: { PATH: process.env["PATH"], HOME: base } }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr }),
      );
    });
  const done = async (ran: Promise<Ran>) => {
    const { code, output } = await ran;
    if (code !== 0) throw new Error(output);
    return output.trim();
  };
  const tarball = await done(run(process.execPath, [join(root, "scripts/build-client.mjs"), join(base, "build")]));
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "outside", private: true, type: "module" }));
  // Its peers are linked, not fetched.
  await done(run("npm", ["install", "--offline", "--legacy-peer-deps", "--no-audit", "--no-fund", tarball]));
  for (const name of packages) {
    const path = join(folder, "node_modules", name);
    await mkdir(dirname(path), { recursive: true });
    await symlink(join(root, "node_modules", name), path);
  }
  return {
    folder,
    async write(path, text) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), text);
    },
    node: (...argv) => run(process.execPath, argv),
    npx: (program, ...argv) => run(process.execPath, [join(root, "node_modules", programs[program]), ...argv]),
    [Symbol.asyncDispose]: () => rm(base, { recursive: true, force: true }),
  };
}

/** A file that the package's README shows: the block that begins with its name in a comment. */
export async function shownFile(name: string): Promise<string> {
  const readme = await readFile(join(root, "codegen/client/README.md"), "utf8");
  const block = [...readme.matchAll(/^ *```ts\n([^]*?)^ *```$/gm)].find(([, text]) => text!.trimStart().startsWith(`// ${name}\n`));
  if (block === undefined) throw new Error(`the README shows no ${name}`);
  return block[1]!.replace(/^ {3}/gm, "");
}

/** The compiler's flags that the package's README shows. */
export async function shownCompilerFlags(): Promise<string[]> {
  const readme = await readFile(join(root, "codegen/client/README.md"), "utf8");
  return /`npx tsc ([^`]+)`/.exec(readme)![1]!.split(" ");
}
