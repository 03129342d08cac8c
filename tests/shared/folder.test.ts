import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeFolder } from "#shared/folder.ts";

let base: string;
beforeEach(() => void (base = mkdtempSync(join(tmpdir(), "agent-platform-folder-"))));
afterEach(() => rmSync(base, { recursive: true }));

/** In a process of its own: what never returns is ended. */
const outcomeOf = (path: string): Promise<string> =>
  new Promise((resolve) => {
    const program = `import(${JSON.stringify(new URL("../../shared/folder.ts", import.meta.url).href)}).then(({ makeFolder }) => makeFolder(process.argv[1]))
      .then(() => console.log("made"), (error) => console.log(error.code));`;
    const argv = ["--disable-warning=ExperimentalWarning", "--eval", program, path];
    execFile(process.execPath, argv, { timeout: 60_000, killSignal: "SIGKILL" }, (_error, stdout) => resolve(stdout.trim()));
  });

describe("makeFolder", () => {
  it("makes it with those above it, and takes one that is there, also by a link", () => {
    makeFolder(join(base, "a/b/c"));
    makeFolder(join(base, "a/b/c"));
    symlinkSync(join(base, "a/b"), join(base, "link"));
    makeFolder(join(base, "link"));
    makeFolder(join(base, "link/d"));
    expect(existsSync(join(base, "a/b/d"))).toBe(true);
  });

  it.each([
    ["a file of that name", "file", "EEXIST"],
    ["a file above it", "file/x", "ENOTDIR"],
    ["a link that leads nowhere", "gone", "ENOENT"],
    ["such a link above it", "gone/x/y", "ENOENT"],
  ])("is refused by %s", (_what, path, code) => {
    writeFileSync(join(base, "file"), "");
    symlinkSync(join(base, "nowhere"), join(base, "gone"));
    expect(() => makeFolder(join(base, path))).toThrow(expect.objectContaining({ code }));
  });

  const onLinux = process.platform === "linux" ? ["/proc/x", "/proc/self/x/y", "/dev/fd/x"] : [];
  it.each([...onLinux, "/dev/null/x"])("comes back with the system's refusal of %s", async (path) => {
    expect(await outcomeOf(path)).toMatch(/^E[A-Z]+$/);
  });
});
