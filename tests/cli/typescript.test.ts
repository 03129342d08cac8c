import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const project = fileURLToPath(new URL("../../", import.meta.url));

const roots: string[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true });
});

/** A checkout of one source file, with the platform's loader. */
function setup(source: string) {
  const root = mkdtempSync(join(tmpdir(), "agent-platform typescript-"));
  roots.push(root);
  for (const folder of ["cli", "codegen", "router", "shared", "subgraphs"]) mkdirSync(join(root, folder));
  for (const file of ["cli/typescript.mjs", "tsconfig.json", "package.json"]) cpSync(join(project, file), join(root, file));
  symlinkSync(join(project, "node_modules"), join(root, "node_modules"));
  const main = `const { registerTypescript } = await import("./typescript.mjs");
await registerTypescript();
const { said } = await import("#shared/said.ts");
console.log(said());`;
  writeFileSync(join(root, "cli/main.mjs"), main);
  const write = (text: string) => writeFileSync(join(root, "shared/said.ts"), text);
  write(source);
  return {
    root,
    write,
    outcomes: join(root, ".cache/typescript"),
    run: () => execFileSync(process.execPath, [join(root, "cli/main.mjs")], { encoding: "utf8", cwd: tmpdir() }).trim(),
  };
}

const said = (word: string) => `export const said = (): string => "${word}";`;

describe("the TypeScript loader", () => {
  it("runs decorators, and leaves a class its name", () => {
    const t = setup(`
      const known: string[] = [];
      const know = (named: Function) => void known.push(named.name);
      @know
      export class Known {
        static readonly first = new Known();
        constructor(private readonly word = "one") {}
        say(): string { return this.word; }
      }
      export const said = () => known + " " + Known.first.say();`);
    expect(t.run()).toBe("Known one");
  });

  it("keeps what was transformed, and never runs what a file said before", () => {
    const t = setup(said("before"));
    expect([t.run(), t.run()]).toEqual(["before", "before"]);
    expect(readdirSync(t.outcomes)).toHaveLength(1);
    t.write(said("after"));
    expect(t.run()).toBe("after");
  });

  it("forgets what is old", () => {
    const t = setup(said("0"));
    for (let edit = 0; edit < 7; edit++) {
      t.write(said(String(edit)));
      expect(t.run()).toBe(String(edit));
    }
    expect(readdirSync(t.outcomes)).toHaveLength(4);
  });

  it.each([0, 30, -1])("makes anew what is not whole: cut at %s", (length) => {
    const t = setup(said("whole"));
    t.run();
    for (const file of readdirSync(t.outcomes)) {
      const path = join(t.outcomes, file);
      truncateSync(path, length < 0 ? statSync(path).size + length : length);
    }
    expect([t.run(), t.run()]).toEqual(["whole", "whole"]);
  });

  it("runs where nothing can be kept", () => {
    const t = setup(said("read-only"));
    writeFileSync(join(t.root, ".cache"), "in the way");
    expect(t.run()).toBe("read-only");
  });

  it("lets a file that is no TypeScript fail those alone that import it, and says where", () => {
    const t = setup(`export const said = () => import("#shared/broken.ts").catch((error) => error.name + " " + error.message);`);
    writeFileSync(join(t.root, "subgraphs/unneeded.ts"), "export const = 1;");
    writeFileSync(join(t.root, "shared/broken.ts"), "export const fine = 1;\nexport cons broken = 2;\nexport cons again = 3;");
    writeFileSync(join(t.root, "cli/main.mjs"), readFileSync(join(t.root, "cli/main.mjs"), "utf8").replace("said()", "await said()"));
    const problem = 'SyntaxError shared/broken.ts:2:8: Unexpected "cons"\nexport cons broken = 2;';
    expect([t.run(), t.run()]).toEqual([problem, problem]);
    expect(readdirSync(t.outcomes)).toHaveLength(1);
    writeFileSync(join(t.root, "shared/broken.ts"), `export const fine = 1;`);
    expect(t.run()).not.toContain("Unexpected");
  });

  it("finds what Node finds: packages by the folder that asks, the format of each file, and no module twice", () => {
    const t = setup(`import { dirname, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { name as fromHere } from "inner";
import { name, kinds, missed, urls } from "outer";
import * as direct from "./said.ts";
import * as named from "#shared/said.ts";
import * as other from "./said.ts?other";
const missing = (file: string) => import(file).catch(({ code }) => code);
export const said = () => fromHere;
export const all = async () => [fromHere, name, ...kinds, direct === named, direct === other, await missing("./missing.ts"), await missing("missing"), ...missed,
  ...urls.map((url) => relative(dirname(import.meta.dirname), fileURLToPath(url)))].join(" ");`);
    const main = join(t.root, "cli/main.mjs");
    writeFileSync(main, readFileSync(main, "utf8").replace("{ said }", "{ all }").replace("said()", "await all()"));
    rmSync(join(t.root, "node_modules"));
    const isModule = { type: "module", exports: "./index.js" };
    const files: Record<string, string | object> = {
      "inner/package.json": isModule,
      "inner/index.js": "export const name = 'top';",
      "outer/package.json": isModule,
      "outer/index.js": `export { name } from "./name.js";
import one from "./old/one.js";
import two from "./old/two.js";
import { url as three } from "./linked/three.js";
import { url as four } from "./linked/four.js";
import { url as five } from "./five.js";
import { url as six } from "./six%2B.js";
const missing = (file) => import(file).catch(({ code }) => code);
export const missed = [await missing("./missing.js"), await missing("./old/missing.js"), await missing("./name.js?other").then(({ name }) => name)];
export const kinds = [one, two, "require" in globalThis];
export const urls = [three, four, five, six];`,
      "outer/name.js": `export { name } from "inner";`,
      "outer/node_modules/inner/package.json": isModule,
      "outer/node_modules/inner/index.js": "export const name = 'nested';",
      "outer/old/package.json": { type: "commonjs" },
      "outer/old/one.js": "module.exports = typeof require;",
      "outer/old/two.js": "module.exports = typeof exports;",
      "elsewhere/package.json": isModule,
      "elsewhere/three.js": "export const { url } = import.meta;",
      "outer/six+.js": "export const { url } = import.meta;",
      "elsewhere/five.js": "export const { url } = import.meta;",
      "elsewhere/four.js": "export const { url } = import.meta;",
    };
    for (const [file, content] of Object.entries(files)) {
      mkdirSync(dirname(join(t.root, "node_modules", file)), { recursive: true });
      writeFileSync(join(t.root, "node_modules", file), typeof content === "string" ? content : JSON.stringify(content));
    }
    for (const name of ["esbuild", "@esbuild"]) symlinkSync(join(project, "node_modules", name), join(t.root, "node_modules", name));
    symlinkSync(join(t.root, "node_modules/elsewhere"), join(t.root, "node_modules/outer/linked"));
    symlinkSync(join(t.root, "node_modules/elsewhere/five.js"), join(t.root, "node_modules/outer/five.js"));
    const notFound = "ERR_MODULE_NOT_FOUND";
    expect(t.run().split(" ")).toEqual([
      ...["top", "nested", "function", "object", "false", "true", "false", notFound, notFound],
      ...[notFound, notFound, "nested"],
      ...["three.js", "four.js", "five.js"].map((file) => `node_modules/elsewhere/${file}`),
      "node_modules/outer/six+.js",
    ]);
  });

  it("tells errors by the lines of the source", () => {
    const t = setup(`interface Removed {
  field: string;
}
export const said = (): string => String(new Error("here").stack);`);
    expect(t.run()).toContain(`${join(t.root, "shared/said.ts")}:4:42`);
  });
});
