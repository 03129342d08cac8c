/** Whose programs are: never root's, in an interpreter that everybody may enter, with the operator's packages. */
import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { openSandbox, type SandboxOptions } from "../../../subgraphs/runtime/sandbox/open-sandbox.ts";
import { askInterpreter } from "../../../subgraphs/runtime/sandbox/python-interpreter.ts";
import { describeWithJail, resultOf, runPython } from "./jail.ts";

const isRoot = process.getuid?.() === 0;

async function withSandbox<T>(options: Partial<SandboxOptions>, use: (own: ReturnType<typeof openSandbox>) => Promise<T>): Promise<T> {
  const own = openSandbox({ pythonBin: "python3", maxTimeoutMs: 100_000, ...options });
  try {
    return await use(own);
  } finally {
    await own.close();
  }
}

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "agent-platform-python-"));
  await chmod(folder, 0o755);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describeWithJail("a Python program", () => {
  it("is never root's", async () => {
    const [user, effective] = (await resultOf("import os\nresult = [os.getuid(), os.geteuid()]")) as number[];
    expect([user, effective]).not.toContain(0);
    // Who is nobody already stays who it is.
    if (!isRoot) expect(user).toBe(process.getuid?.());
  });

  it("is not root's either when whoever starts it has a root's identity but for the effective user", async () => {
    expect(await resultOf("import os\ntry: os.setuid(0)\nexcept OSError as error: result = type(error).__name__")).toBe("PermissionError");
  });

  // An interpreter below a folder that only root may enter: what a root's own installation often is. Only root makes one that it may enter itself.
  (isRoot ? it : it.skip)("runs in the system's Python where nobody may enter the configured one, and the banner says so", async () => {
    const { executable, libraries } = await askInterpreter("/usr/bin/python3");
    const secret = join(folder, "private");
    await mkdir(join(secret, "bin"), { recursive: true });
    await mkdir(join(secret, "lib"));
    await promisify(execFile)("cp", [executable, join(secret, "bin", "python3")]);
    for (const library of libraries) {
      const copy = join(secret, "lib", library.split("/").at(-1)!);
      await promisify(execFile)("cp", ["-a", library, copy]).catch(() => symlink(library, copy));
    }
    await chmod(secret, 0o700);
    const barred = join(secret, "bin", "python3");
    expect(await askInterpreter(barred)).toMatchObject({ isEnterable: false });
    await withSandbox({ pythonBin: barred }, async (own) => {
      expect(await own.notes()).toEqual([
        expect.stringMatching(/^programs in Python run in \/usr\/bin\/python3\S* 3\.\d+\.\d+: nobody, as which root's programs/),
      ]);
      expect(await runPython("import os, sys\nresult = [os.getuid() != 0, 'private' in sys.prefix]", {}, own)).toMatchObject({
        result: [true, false],
      });
    });
  });

  it("imports the packages that the operator gives, and writes none", async () => {
    await mkdir(join(folder, "greetings"));
    await writeFile(join(folder, "greetings", "__init__.py"), "def greet(name):\n    return 'Hello ' + name\n");
    await withSandbox({ pythonPackages: folder }, async (own) => {
      const code = `
from greetings import greet
import greetings, os
def refused(attempt):
    try: attempt()
    except OSError: return True
    return False
result = [greet("Ada"), refused(lambda: open(greetings.__file__, "a")), refused(lambda: os.listdir(os.path.dirname(os.path.dirname(os.path.dirname(greetings.__file__)))))]`;
      expect(await runPython(code, {}, own)).toMatchObject({ kind: "completed", result: ["Hello Ada", true, true] });
    });
  });

  it("has the standard library's modules before the packages'", async () => {
    await writeFile(join(folder, "json.py"), "raise SystemExit(7)\n");
    await writeFile(join(folder, "textwrap.py"), "raise SystemExit(7)\n");
    await withSandbox({ pythonPackages: folder }, async (own) => {
      expect(await runPython("import textwrap\nresult = textwrap.dedent(' a')", {}, own)).toMatchObject({ result: "a" });
    });
  });

  it("has none of them where none are given", async () => {
    expect(await runPython("import greetings")).toMatchObject({
      code: "CODE_ERROR",
      message: expect.stringMatching(/^ModuleNotFoundError/),
    });
  });
});

describeWithJail("a folder of packages that cannot be used", () => {
  it.each([
    ["is not there", async () => join(folder, "absent"), /absent: there is no such folder/],
    [
      "is a file",
      async () => {
        await writeFile(join(folder, "file"), "");
        return join(folder, "file");
      },
      /file: there is no such folder/,
    ],
  ])("and %s is told at the start, by its variable", async (_what, make, message) => {
    const packages = await make();
    await withSandbox({ pythonPackages: packages }, async (own) => {
      const reason = await own.unavailableReason("python");
      expect(reason).toMatch(/^AGENT_PLATFORM_PYTHON_PACKAGES=/);
      expect(reason).toMatch(message);
      expect(await own.unavailableReason("javascript")).toBeNull();
    });
  });
});

describeWithJail("the main of a Python program", () => {
  it.each([
    ["is called with the payload where nothing sets result", "def main(payload):\n  return payload + 1", 2],
    ["gets the payload as the program left it", "payload = 41\ndef main(value):\n  return value + 1", 42],
    ["is not called where result is set", "def main(payload):\n  return 2\nresult = 1", 1],
    ["is not called where result is None", "def main(payload):\n  return 2\nresult = None", null],
    ["is not called where the program calls it", "def main(payload):\n  print('called')\nmain(payload)", null],
    ["is not called where the program hands it on", "def main(payload=0):\n  print('called')\nlist(map(main, [1]))", null],
    [
      "is not called where the program calls it as a script's",
      "def main():\n  print('called')\nif __name__ == '__main__':\n  main()",
      null,
    ],
    ["may call itself", "def main(n):\n  return 1 if n == 0 else 2 * main(n - 1)", 2],
    ["may be a lambda", "main = lambda payload: payload", 1],
    ["is not called when it is no function", "main = 3", null],
    ["is not called after an exit", "def main(payload):\n  return 2\nraise SystemExit(0)", null],
  ])("%s", async (_what, code, result) => {
    const outcome = await runPython(code, { payload: 1 });
    expect(outcome).toMatchObject({ kind: "completed", result, stdout: code.includes("print") ? "called\n" : "" });
  });

  it("fails with its own line", async () => {
    expect(await runPython("def main(payload):\n  return payload['absent']", { payload: {} })).toMatchObject({
      code: "CODE_ERROR",
      message: "KeyError: 'absent' (line 2)",
    });
  });
});
