import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { superviseWorkers, type WorkerProcessesOptions } from "../../../cli/process/worker-processes.ts";

const lasting = ["-e", "setInterval(() => {}, 1000)"];
const brief = ["-e", "process.exit(3)"];
const stubborn = ["-e", "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('up')"];
const run = (argv: string[]): ChildProcess => spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "ignore"] });

/** Workers until so many of them have ended; gives the pauses after them. */
async function pausesOf(ends: number, options: Omit<WorkerProcessesOptions, "count">): Promise<(number | undefined)[]> {
  const pauses: (number | undefined)[] = [];
  const seen = Promise.withResolvers<void>();
  const workers = superviseWorkers({
    ...options,
    count: 1,
    onEnd: ({ restartInMs }) => {
      if (pauses.push(restartInMs) === ends) seen.resolve();
    },
  });
  await seen.promise;
  await workers.stop();
  return pauses.slice(0, ends);
}

describe("superviseWorkers", () => {
  it("keeps as many workers as it was told, each known by pid and start time", async () => {
    const workers = superviseWorkers({ count: 3, fork: () => run(lasting) });
    expect(new Set(workers.known().map(({ pid }) => pid)).size).toBe(3);
    await workers.stop();
    expect(workers.known()).toEqual([]);
  });

  it("waits longer and longer for a worker that ends at once", async () => {
    // However long a process takes to end at once.
    const pace = { backoffMs: { least: 1, most: 4 }, steadyMs: Infinity };
    expect(await pausesOf(5, { fork: () => run(brief), pace })).toEqual([1, 2, 4, 4, 4]);
  });

  it("starts the wait anew after a worker that lived long enough", async () => {
    expect(await pausesOf(3, { fork: () => run(brief), pace: { backoffMs: { least: 1, most: 4 }, steadyMs: 0 } })).toEqual([1, 1, 1]);
  });

  it("starts a worker that was killed again without a wait that grows", async () => {
    const fork = () => {
      const child = run(lasting);
      child.kill("SIGKILL");
      return child;
    };
    expect(await pausesOf(4, { fork, pace: { pauseMs: { least: 1, most: 1 }, backoffMs: { least: 10_000, most: 10_000 } } })).toEqual([
      1, 1, 1, 1,
    ]);
  });

  it("gives up a worker that does not start, and says which part, why, and where its log is", async () => {
    const given = Promise.withResolvers<Error>();
    const fork = () =>
      spawn(process.execPath, ["-e", "console.error('no such setting'); process.exit(1)"], { stdio: ["ignore", "ignore", "pipe"] });
    superviseWorkers({
      count: 1,
      fork,
      pace: { backoffMs: { least: 1, most: 1 }, steadyMs: Infinity, limit: { causes: ["unstarted"], ends: 3 } },
      onGiveUp: given.resolve,
      logFile: "/data/platform.log",
    });
    const error = await given.promise;
    expect(error).toMatchObject({ reason: "PART_KEEPS_ENDING" });
    expect(error.message).toMatch(/part worker keeps ending:\nno such setting\nIts log: \/data\/platform\.log/);
  });

  it("starts a worker only when it may", async () => {
    const may = Promise.withResolvers<void>();
    const started = Promise.withResolvers<ChildProcess>();
    let isAllowed = false;
    const fork = () => {
      expect(isAllowed).toBe(true);
      const child = run(lasting);
      started.resolve(child);
      return child;
    };
    const workers = superviseWorkers({ count: 1, fork, mayStart: () => may.promise });
    isAllowed = true;
    may.resolve();
    await started.promise;
    await workers.stop();
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
