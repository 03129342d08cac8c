import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

  it("makes anew what is not whole", () => {
    const t = setup(said("whole"));
    t.run();
    for (const file of readdirSync(t.outcomes)) truncateSync(join(t.outcomes, file), 100);
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

  it("tells errors by the lines of the source", () => {
    const t = setup(`interface Removed {
  field: string;
}
export const said = (): string => String(new Error("here").stack);`);
    expect(t.run()).toContain(`${join(t.root, "shared/said.ts")}:4:42`);
  });
});
