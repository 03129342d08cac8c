/** GraphiQL's bundle where its packages are not installed: a checkout that was made to start, with an npm of the test. */
import { fork } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const source = fileURLToPath(new URL("../..", import.meta.url));

function checkout(npm: string) {
  const root = mkdtempSync(join(tmpdir(), "agent-platform-graphiql-"));
  for (const part of ["router/graphiql", "package.json", "package-lock.json"])
    cpSync(join(source, part), join(root, part), { recursive: true });
  for (const folder of ["node_modules", "bin", "scratch/999999999"]) mkdirSync(join(root, folder), { recursive: true });
  symlinkSync(join(source, "node_modules/esbuild"), join(root, "node_modules/esbuild"));
  writeFileSync(join(root, "bin/npm"), `#!${process.execPath}\n${npm}`);
  chmodSync(join(root, "bin/npm"), 0o755);
  return {
    root,
    async bundle() {
      const child = fork(join(root, "router/graphiql/bundling.mjs"), [join(root, "scratch")], {
        env: { PATH: `${join(root, "bin")}:${dirname(process.execPath)}`, ROOT: root, SOURCE: source },
        execArgv: [],
        serialization: "advanced",
        stdio: ["ignore", "ignore", "pipe", "ipc"],
      });
      let words = "";
      let files: Map<string, unknown> | undefined;
      child.stderr!.setEncoding("utf8").on("data", (text: string) => (words += text));
      child.on("message", (message) => (files = message as unknown as Map<string, unknown>));
      await once(child, "close");
      return { words, names: files && [...files.keys()] };
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true }),
  };
}

describe("GraphiQL's packages", () => {
  it("are brought for the bundling alone, as the lock pins them, and nothing of them stays", async () => {
    using t = checkout(`
      import { cpSync, symlinkSync } from "node:fs";
      for (const file of ["package.json", "package-lock.json"]) cpSync(file, process.env.ROOT + "/asked-" + file);
      symlinkSync(process.env.SOURCE + "/node_modules", "node_modules");
    `);
    const { names, words } = await t.bundle();
    expect(words).toBe("");
    expect(names).toEqual(expect.arrayContaining(["page.js", "page.css", "graphql.worker.js"]));
    const read = (name: string) => JSON.parse(readFileSync(join(t.root, name), "utf8")) as Record<string, unknown>;
    const { dependencies } = read("asked-package.json") as { dependencies: Record<string, string> };
    expect(Object.keys(dependencies)).toContain("graphiql");
    const packages = read("asked-package-lock.json")["packages"] as Record<string, { version?: string }>;
    for (const [name, version] of Object.entries(dependencies)) expect(packages[`node_modules/${name}`]).toMatchObject({ version });
    expect(readdirSync(join(t.root, "scratch"))).toEqual([]);
    expect(existsSync(join(source, "node_modules/graphiql"))).toBe(true);
  });

  it("that cannot be fetched are told as such, with what to do", async () => {
    using t = checkout(`console.error("npm error network"); process.exitCode = 1;`);
    const { names, words } = await t.bundle();
    expect(names).toBeUndefined();
    expect(words).toMatch(/npm error network[^]*packages could not be fetched \(npm ended with 1\)[^]*reload the page/);
    expect(readdirSync(join(t.root, "scratch"))).toEqual([]);
  });
});
