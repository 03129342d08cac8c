import { watchDatabase } from "../../../cli/database/database-watch.ts";

/** A server that ends whenever it was started. */
function brittleServer(restart: () => Promise<void>) {
  return { isRunning: () => false, logFile: "/data/postgres.log", restart };
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
    const server = brittleServer(() => Promise.reject(new Error("the disk is full")));
    watchDatabase({ server, tell: () => {}, giveUp: given.resolve, pollMs: 1 });
    expect(String(await given.promise)).toContain("the disk is full");
  });

  it("leaves alone what is stopped on purpose", async () => {
    let isRunning = true;
    const restart = () => Promise.reject(new Error("it was started again"));
    const failures: unknown[] = [];
    const end = watchDatabase({
      server: { isRunning: () => isRunning, logFile: "", restart },
      tell: () => {},
      giveUp: (cause) => failures.push(cause),
      pollMs: 1,
    });
    await end();
    isRunning = false;
    expect(failures).toEqual([]);
  });
});
