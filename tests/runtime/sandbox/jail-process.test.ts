import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { runJailed } from "../../../subgraphs/runtime/sandbox/jail-process.ts";

/** In a process of its own, which has no file descriptor left. */
const script = `
import { openSync } from "node:fs";
const { runJailed } = await import(process.env.JAIL_PROCESS);
const python = { executable: "/bin/true", version: "3", libraries: [], packages: null };
const program = { code: "", payload: null, timeoutMs: 5_000, signal: new AbortController().signal };
try { for (;;) openSync("/dev/null"); } catch {}
const { kind, code, message } = await runJailed(python, program, { memoryBytes: 1, stdoutBytes: 1, resultBytes: 1 });
process.stdout.write(JSON.stringify({ kind, code, message }));`;

describe("a program that cannot be started", () => {
  it("fails as the host's doing, and its worker lives on, when there are no file descriptors left", async () => {
    const env = {
      PATH: process.env["PATH"],
      JAIL_PROCESS: new URL("../../../subgraphs/runtime/sandbox/jail-process.ts", import.meta.url).href,
    };
    const command = ["-c", 'ulimit -n 64; exec "$0" --input-type=module --eval "$1"', process.execPath, script];
    const { stdout } = await promisify(execFile)("/bin/sh", command, { env });
    expect(JSON.parse(stdout)).toEqual({
      kind: "failed",
      code: "SANDBOX_UNAVAILABLE",
      message: expect.stringMatching(/could not be started: spawn .*EMFILE/),
    });
  });

  it("fails as the host's doing when its interpreter ends before it has begun", async () => {
    const python = { executable: "/bin/false", version: "3", libraries: [], packages: null, packagesProblem: null, isEnterable: true };
    const program = { code: "", payload: null, timeoutMs: 60_000, signal: new AbortController().signal };
    expect(await runJailed(python, program, { memoryBytes: 1, stdoutBytes: 1, resultBytes: 1 })).toMatchObject({
      kind: "failed",
      code: "SANDBOX_UNAVAILABLE",
      message: "Python ended before the program began: exit code 1.",
    });
  });
});
