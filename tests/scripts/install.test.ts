/** What npm scripts do first, on checkouts of its own with an npm that writes down what it is asked for. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const source = fileURLToPath(new URL("../..", import.meta.url));

/** npm, as far as its effects are looked at. `broken`: it dies halfway; `lame`: it leaves out what is optional. */
const fakeNpm = `#!${process.execPath}
const { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync, existsSync } = require("node:fs");
const { basename, join } = require("node:path");
const checkout = process.env.CHECKOUT;
const isRoot = process.cwd() === checkout;
appendFileSync(join(checkout, "asked"), basename(process.cwd()) + " " + process.argv.slice(2).filter((word) => /^ci$|^--(omit|include|ignore)/.test(word)).join(" ") + "\\n");
rmSync("node_modules", { recursive: true, force: true });
mkdirSync("node_modules");
if (existsSync(join(checkout, "broken"))) process.exit(1);
const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));
const isWanted = ([path, entry]) => path !== "" && !(process.argv.includes("--omit=dev") && entry.dev);
if (!isRoot && !existsSync(join(checkout, "lame"))) {
  const bin = join("node_modules", "node-" + process.platform + "-" + process.arch, "bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, "node"), "");
}
writeFileSync("node_modules/.package-lock.json", JSON.stringify({ packages: Object.fromEntries(Object.entries(packages).filter(isWanted)) }));
`;

const lockOf = (version: string) => ({
  packages: {
    "": {},
    "node_modules/runs": { version, integrity: "a" },
    "node_modules/tests": { version: "1.0.0", integrity: "b", dev: true },
  },
});

function checkout() {
  const root = mkdtempSync(join(tmpdir(), "agent-platform-install-"));
  for (const part of ["scripts", "cli/node-version.mjs", ".npmrc"])
    cpSync(join(source, part), join(root, part), { recursive: true, filter: (path) => !path.endsWith("node_modules") });
  mkdirSync(join(root, "bin"));
  writeFileSync(join(root, "bin/npm"), fakeNpm);
  chmodSync(join(root, "bin/npm"), 0o755);
  const write = (name: string, text: string) => writeFileSync(join(root, name), text);
  const asked = () => (existsSync(join(root, "asked")) ? readFileSync(join(root, "asked"), "utf8").trim().split("\n") : []);
  write("package-lock.json", JSON.stringify(lockOf("1.0.0")));
  return {
    root,
    write,
    remove: (name: string) => rmSync(join(root, name), { recursive: true }),
    asked: () => asked().map((line) => line.replace(/^agent-platform-install-\w+/, "root")),
    async install(...flags: string[]) {
      const path = `${join(root, "bin")}:${dirname(process.execPath)}`;
      const child = spawn(process.execPath, [join(root, "scripts/install.mjs"), ...flags], {
        env: { PATH: path, CHECKOUT: root, npm_config_local_prefix: root },
        stdio: ["ignore", "ignore", "pipe"],
      });
      let words = "";
      child.stderr.setEncoding("utf8").on("data", (text: string) => (words += text));
      await once(child, "close");
      return { code: child.exitCode, words };
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true }),
  };
}

const node = "node ci --ignore-scripts";

describe("what npm scripts do first", () => {
  it("brings to a start what the platform runs on, once", async () => {
    using t = checkout();
    expect((await t.install()).code).toBe(0);
    expect(await t.install()).toEqual({ code: 0, words: "" });
    expect(t.asked()).toEqual(["root ci --omit=dev"]);
  });

  it("brings to tests all, and the pinned Node where npm scripts find it", async () => {
    using t = checkout();
    await t.install();
    expect((await t.install("--all")).code).toBe(0);
    expect(t.asked().sort()).toEqual(["root ci --omit=dev", "root ci --include=dev", node].sort());
    const link = readlinkSync(join(t.root, "node_modules/.bin/node"));
    expect(existsSync(join(t.root, "node_modules/.bin", link))).toBe(true);
  });

  it("takes nothing away from whoever has run the tests, also when the lock has changed", async () => {
    using t = checkout();
    await t.install("--all");
    await t.install();
    expect(t.asked()).toHaveLength(2);
    t.write("package-lock.json", JSON.stringify(lockOf("1.0.1")));
    await t.install();
    expect(t.asked()).toHaveLength(3);
    expect(t.asked().at(-1)).toBe("root ci --include=dev");
    expect(existsSync(join(t.root, "node_modules/.bin/node"))).toBe(true);
  });

  it("goes on after an install that was killed", async () => {
    using t = checkout();
    t.write("broken", "");
    const broken = await t.install("--all");
    expect([broken.code, broken.words]).toEqual([1, expect.stringContaining("run the same command again")]);
    t.remove("broken");
    expect((await t.install("--all")).code).toBe(0);
    expect(t.asked()).toHaveLength(4);
  });

  it("waits for nobody who is dead, and two at once install once", async () => {
    using t = checkout();
    mkdirSync(join(t.root, ".cache"));
    t.write(".cache/install.lock", "999999999");
    const both = await Promise.all([t.install(), t.install()]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(t.asked()).toEqual(["root ci --omit=dev"]);
  });

  it("is content with what somebody has installed by hand", async () => {
    using t = checkout();
    mkdirSync(join(t.root, "node_modules"));
    t.write("node_modules/.package-lock.json", JSON.stringify(lockOf("1.0.0")));
    expect(await t.install()).toEqual({ code: 0, words: "" });
    expect(t.asked()).toEqual([]);
  });

  it("says so when npm has left out the pinned Node, which is optional to npm", async () => {
    using t = checkout();
    t.write("lame", "");
    const lame = await t.install("--all");
    expect([lame.code, lame.words]).toEqual([1, expect.stringContaining("could not be installed")]);
  });
});
