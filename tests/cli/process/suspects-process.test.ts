import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { pino } from "pino";
import { suspectsProcess } from "../../../cli/process/suspects-process.ts";

const log = pino({ level: "silent" });

function setup(script: string, stopDeadlineMs = 60_000) {
  const started: ChildProcess[] = [];
  const ended = Promise.withResolvers<void>();
  const suspects = suspectsProcess({
    log,
    onEnd: () => ended.resolve(),
    fork() {
      const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "ignore"] });
      started.push(child);
      return child;
    },
    stopDeadlineMs,
  });
  return { suspects, started, ended: ended.promise };
}

const lasting = "setInterval(() => {}, 1000); console.log('up')";

describe("suspectsProcess", () => {
  it("is one process, however often it is wanted, and another when it has ended", async () => {
    const { suspects, started, ended } = setup(lasting);
    suspects.wanted();
    suspects.wanted();
    expect(started).toHaveLength(1);
    started[0]!.kill("SIGKILL");
    await ended;
    suspects.wanted();
    expect(started).toHaveLength(2);
    await suspects.stop();
    expect(started[1]!.signalCode).toBe("SIGTERM");
  });

  it("is killed when it does not stop when told to, and started no more", async () => {
    const { suspects, started } = setup(`process.on('SIGTERM', () => {}); ${lasting}`, 50);
    suspects.wanted();
    await once(started[0]!.stdout!, "data");
    await suspects.stop();
    expect(started[0]!.signalCode).toBe("SIGKILL");
    suspects.wanted();
    expect(started).toHaveLength(1);
  });

  it("may fail to start: the next look tries again", async () => {
    const started: ChildProcess[] = [];
    const fork = () => {
      const child = spawn("/nowhere/node");
      started.push(child);
      return child;
    };
    const ended = Promise.withResolvers<void>();
    const suspects = suspectsProcess({ log, fork, onEnd: () => ended.resolve() });
    suspects.wanted();
    await ended.promise;
    suspects.wanted();
    expect(started).toHaveLength(2);
    await suspects.stop();
  });
});
