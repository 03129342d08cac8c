import { watchDatabase } from "../../../cli/database/database-watch.ts";

const reachable = { isReachable: () => true, end: () => Promise.resolve() };

/** A server that ends whenever it was started. */
function brittleServer(restart: () => Promise<void>) {
  return { ...reachable, isRunning: () => false, logFile: "/data/postgres.log", restart };
}

describe("watchDatabase", () => {
  it("gives up a server that keeps ending, and names its log", async () => {
    let restarts = 0;
    const given = Promise.withResolvers<unknown>();
    const server = brittleServer(() => Promise.resolve(void restarts++));
    watchDatabase({ server, tell: () => {}, giveUp: given.resolve, pollMs: 1 });
    expect(String(await given.promise)).toContain("/data/postgres.log");
    expect(restarts).toBe(3);
  });

  it("gives up a server that does not start again, with the reason", async () => {
    const given = Promise.withResolvers<unknown>();
    let starts = 0;
    const server = brittleServer(() => Promise.reject(new Error(`its files are broken, start ${++starts}`)));
    watchDatabase({ server, tell: () => {}, giveUp: given.resolve, pollMs: 1 });
    expect(String(await given.promise)).toContain("its files are broken, start 3");
  });

  it("starts a server again that was ended while it started, for it was killed twice", async () => {
    const back = Promise.withResolvers<void>();
    let starts = 0;
    let isRunning = false;
    const restart = () => {
      if (++starts === 1) return Promise.reject(new Error("the database system is starting up"));
      isRunning = true;
      return Promise.resolve();
    };
    const end = watchDatabase({
      server: { ...reachable, isRunning: () => isRunning, logFile: "", restart },
      tell: () => {},
      onChange: (trouble) => trouble === undefined && back.resolve(),
      giveUp: back.reject,
      pollMs: 1,
    });
    await back.promise;
    await end();
    expect(starts).toBe(2);
  });

  it("ends a server whose socket was taken away, and starts it again", async () => {
    const told: string[] = [];
    const back = Promise.withResolvers<void>();
    const is = { running: true, reachable: false };
    const end = watchDatabase({
      server: {
        isRunning: () => is.running,
        isReachable: () => is.reachable,
        end: () => Promise.resolve(void (is.running = false)),
        logFile: "/data/postgres.log",
        restart: () => Promise.resolve(void Object.assign(is, { running: true, reachable: true })),
      },
      tell: (text) => told.push(text),
      onChange: (trouble) => trouble === undefined && back.resolve(),
      giveUp: back.reject,
      pollMs: 1,
    });
    await back.promise;
    await end();
    expect(told).toEqual([
      "PostgreSQL's socket is gone, so nobody reaches it: it is ended",
      "PostgreSQL has ended; it is started again. Its log: /data/postgres.log",
      "PostgreSQL runs again",
    ]);
  });

  it("says of a server whose socket goes a moment before it that it has ended, and nothing of the socket", async () => {
    const told: string[] = [];
    const back = Promise.withResolvers<void>();
    let looks = 0;
    let isAgain = false;
    const end = watchDatabase({
      server: {
        // Its socket is gone at the first look, and itself at the next.
        isRunning: () => isAgain || ++looks === 1 || looks === 2,
        isReachable: () => isAgain,
        end: () => Promise.reject(new Error("it was ended")),
        logFile: "/data/postgres.log",
        restart: () => Promise.resolve(void (isAgain = true)),
      },
      tell: (text) => told.push(text),
      onChange: (trouble) => trouble === undefined && back.resolve(),
      giveUp: back.reject,
      pollMs: 1,
    });
    await back.promise;
    await end();
    expect(told).toEqual(["PostgreSQL has ended; it is started again. Its log: /data/postgres.log", "PostgreSQL runs again"]);
  });

  it("waits while the disk is full, however long, and starts it when there is space", async () => {
    const told: string[] = [];
    const troubles: (string | undefined)[] = [];
    const back = Promise.withResolvers<void>();
    let looks = 0;
    let isRunning = false;
    const end = watchDatabase({
      server: { ...reachable, isRunning: () => isRunning, logFile: "", restart: () => Promise.resolve(void (isRunning = true)) },
      tell: (text) => told.push(text),
      onChange: (trouble) => {
        troubles.push(trouble);
        if (trouble === undefined) back.resolve();
      },
      obstacle: () => Promise.resolve(++looks <= 20 ? "the disk is full" : undefined),
      giveUp: back.reject,
      pollMs: 1,
    });
    await back.promise;
    await end();
    expect(told).toEqual([
      "PostgreSQL has ended and waits: the disk is full",
      expect.stringContaining("started again"),
      "PostgreSQL runs again",
    ]);
    expect(troubles).toEqual(["PostgreSQL has ended; it is started again.", undefined]);
  });

  it("tries a start again that failed for want of space, and counts none of these", async () => {
    const back = Promise.withResolvers<void>();
    let starts = 0;
    let isRunning = false;
    const restart = () => {
      if (++starts <= 10) return Promise.reject(new Error('could not write lock file "postmaster.pid": No space left on device'));
      isRunning = true;
      return Promise.resolve();
    };
    const end = watchDatabase({
      server: { ...reachable, isRunning: () => isRunning, logFile: "", restart },
      tell: () => {},
      onChange: (trouble) => trouble === undefined && back.resolve(),
      giveUp: back.reject,
      pollMs: 1,
    });
    await back.promise;
    await end();
    expect(starts).toBe(11);
  });

  it("leaves alone what is stopped on purpose", async () => {
    let isRunning = true;
    const restart = () => Promise.reject(new Error("it was started again"));
    const failures: unknown[] = [];
    const end = watchDatabase({
      server: { ...reachable, isRunning: () => isRunning, logFile: "", restart },
      tell: () => {},
      giveUp: (cause) => failures.push(cause),
      pollMs: 1,
    });
    await end();
    isRunning = false;
    expect(failures).toEqual([]);
  });
});
