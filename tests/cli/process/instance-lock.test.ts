import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { processIdentity } from "#shared/process-identity.ts";
import { acquireInstanceLock, runningInstance } from "../../../cli/process/instance-lock.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function setup() {
  const dataDir = mkdtempSync(join(tmpdir(), "agent-platform-lock-"));
  folders.push(dataDir);
  const stale = (record: object) => writeFileSync(join(dataDir, "platform.lock"), JSON.stringify(record));
  return { dataDir, stale };
}

describe("the lock of a data folder", () => {
  it("is held by one, and says by whom", () => {
    const { dataDir } = setup();
    const lock = acquireInstanceLock(dataDir);
    lock.note({ graphUrl: "http://127.0.0.1:4000/graphql" });
    expect(() => acquireInstanceLock(dataDir)).toThrow(`pid ${process.pid}`);
    expect(runningInstance(dataDir)).toMatchObject({ pid: process.pid, graphUrl: "http://127.0.0.1:4000/graphql" });
    lock.release();
    expect(runningInstance(dataDir)).toBeUndefined();
    acquireInstanceLock(dataDir).release();
  });

  it("is taken over when its holder is dead", () => {
    const { dataDir, stale } = setup();
    stale({ pid: 2 ** 22 + 1, startedAt: "another boot/1" });
    expect(runningInstance(dataDir)).toBeUndefined();
    acquireInstanceLock(dataDir).release();
  });

  it("is taken over when its holder's pid belongs to another process now", () => {
    const { dataDir, stale } = setup();
    stale({ pid: process.pid, startedAt: "another boot/1" });
    acquireInstanceLock(dataDir).release();
  });

  it("is taken over when it cannot be read", () => {
    const { dataDir } = setup();
    writeFileSync(join(dataDir, "platform.lock"), "{");
    acquireInstanceLock(dataDir).release();
  });

  it("says what is wrong with a folder that cannot be written, and what to do", () => {
    const { dataDir } = setup();
    writeFileSync(join(dataDir, "file"), "");
    expect(() => acquireInstanceLock(join(dataDir, "file/data"))).toThrow(/file\/data cannot be used \(.*AGENT_PLATFORM_DATA_DIR=/);
  });

  it("ends the workers that a killed holder left behind, and no others", async () => {
    const { dataDir, stale } = setup();
    const sleeper = () => spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
    const [left, stranger] = [sleeper(), sleeper()];
    const startedAt = processIdentity(left.pid ?? 0)?.startedAt;
    stale({
      pid: 2 ** 22 + 1,
      startedAt: "",
      children: [
        { pid: left.pid, startedAt },
        { pid: stranger.pid, startedAt: "another boot/1" },
      ],
    });
    const ended = new Promise((resolve) => left.once("exit", (_, signal) => resolve(signal)));
    acquireInstanceLock(dataDir).release();
    expect(await ended).toBe("SIGKILL");
    stranger.kill("SIGTERM");
    // Not what ended the other.
    expect(await once(stranger, "exit")).toEqual([null, "SIGTERM"]);
  });
});
