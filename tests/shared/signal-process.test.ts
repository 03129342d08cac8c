import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { signalChild, signalProcess } from "#shared/signal-process.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Places that signal by themselves: what they name is their own process, their own child's group, or nobody (0 is no signal, it asks who lives). */
const others = {
  "router/graphiql/packages.mjs": "process.kill(pid, 0)",
  "scripts/install/lock.mjs": "process.kill(pid, 0)",
  "shared/process-guard.mjs": 'process.kill(process.pid, "SIGKILL")',
  "shared/signal-process.ts": "process.kill(pid, signal)",
  "subgraphs/runtime/sandbox/jail-process.ts": 'process.kill(-child.pid, "SIGKILL")',
  "tests/runtime/poison-worker.ts": 'process.kill(process.pid, "SIGKILL")',
  "tests/runtime/sandbox/python.test.ts": "process.kill(Number(outcome.stdout), 0)",
};

describe("a signal", () => {
  it("goes to the one process that is named", async () => {
    const child = spawn(process.execPath, ["--eval", "setInterval(() => {}, 1_000)"], { stdio: "ignore" });
    const ended = once(child, "exit");
    signalProcess(child.pid, "SIGKILL");
    expect(await ended).toEqual([null, "SIGKILL"]);
    expect(() => signalProcess(child.pid, "SIGKILL")).toThrow("ESRCH");
  });

  // SIGURG is ignored by whoever does not ask for it: were it sent, no harm is done, and nothing is thrown.
  it.each([undefined, 0, -0, 1, -1, -4_711, 1.5, NaN, Infinity])("is not sent where the pid is %p", (pid) => {
    expect(() => signalProcess(pid, "SIGURG")).toThrow(`SIGURG needs the pid of a living process, not ${pid}`);
  });

  it("is not sent to a child that could not be started, whatever Node takes for its pid", async () => {
    const child = spawn("/nowhere/node");
    const failed = once(child, "error");
    let sent = 0;
    child.kill = () => ++sent > 0;
    signalChild(child, "SIGURG");
    await expect(failed).resolves.toMatchObject([{ code: "ENOENT" }]);
    signalChild(child, "SIGURG");
    expect(sent).toBe(0);
  });

  it("is sent to a child by nobody past this check", () => {
    const folders = ["cli", "router", "shared", "subgraphs"];
    const sources = folders.flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
        .map((file) => join(folder, file))
        .filter((file) => file.endsWith(".ts") && file !== "shared/signal-process.ts"),
    );
    expect(sources.filter((file) => /\b(?:child|shell|worker|server)\.kill\(/.test(readFileSync(join(root, file), "utf8")))).toEqual([]);
  });

  it("is sent by nobody past this check", () => {
    const folders = ["bench", "cli", "codegen", "docker", "router", "scripts/install", "shared", "subgraphs", "tests"];
    const sources = folders.flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
        .map((file) => join(folder, file))
        .filter((file) => /\.(ts|mjs)$/.test(file) && file !== "tests/shared/signal-process.test.ts"),
    );
    const found = sources.flatMap((file) =>
      [...readFileSync(join(root, file), "utf8").matchAll(/process\.kill\((?:[^()]|\([^()]*\)|\(\))*\)/g)].map(([call]) => [file, call]),
    );
    expect(Object.fromEntries(found)).toEqual(others);
    expect(found).toHaveLength(Object.keys(others).length);
  });
});
