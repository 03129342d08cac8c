import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { superviseWorkers } from "../../../cli/process/worker-processes.ts";

const lasting = ["-e", "setInterval(() => {}, 1000)"];
const brief = ["-e", "process.exit(3)"];
const stubborn = ["-e", "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('up')"];
const run = (argv: string[]): ChildProcess => spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "ignore"] });

describe("superviseWorkers", () => {
  it("keeps as many workers as it was told, each known by pid and start time", async () => {
    let alive: number[] = [];
    const workers = superviseWorkers({ count: 3, fork: () => run(lasting), onChange: (now) => (alive = now.map(({ pid }) => pid)) });
    expect(new Set(alive).size).toBe(3);
    await workers.stop();
    expect(alive).toEqual([]);
  });

  it("waits twice as long before each restart of a worker that ends at once, up to the limit", async () => {
    const waits: number[] = [];
    const seen = Promise.withResolvers<void>();
    const workers = superviseWorkers({
      count: 1,
      fork: () => run(brief),
      backoffMs: { least: 1, most: 4 },
      // However long a process takes to end at once.
      steadyMs: Infinity,
      onExit: ({ restartInMs, code }) => {
        expect(code).toBe(3);
        waits.push(restartInMs);
        if (waits.length === 5) seen.resolve();
      },
    });
    await seen.promise;
    await workers.stop();
    expect(waits.slice(0, 5)).toEqual([1, 2, 4, 4, 4]);
  });

  it("starts the wait anew after a worker that lived long enough", async () => {
    const waits: number[] = [];
    const seen = Promise.withResolvers<void>();
    const onExit = ({ restartInMs }: { restartInMs: number }) => void (waits.push(restartInMs) === 3 && seen.resolve());
    const workers = superviseWorkers({ count: 1, fork: () => run(brief), backoffMs: { least: 1, most: 4 }, steadyMs: 0, onExit });
    await seen.promise;
    await workers.stop();
    expect(waits.slice(0, 3)).toEqual([1, 1, 1]);
  });

  it("kills a worker that does not stop when asked to", async () => {
    const child = run(stubborn);
    const ended = once(child, "exit");
    const workers = superviseWorkers({ count: 1, fork: () => child, stopDeadlineMs: 50 });
    await once(child.stdout ?? child, "data");
    await workers.stop();
    expect((await ended)[1]).toBe("SIGKILL");
  });
});
