import { TurnQueue } from "../../../subgraphs/runtime/sandbox/turn-queue.ts";

const never = new AbortController().signal;

/** Work that ends when told to. */
function work(name: string) {
  const done = Promise.withResolvers<string>();
  return { run: () => done.promise, finish: () => done.resolve(name) };
}

describe("TurnQueue", () => {
  it("starts what waits in the order of arrival", async () => {
    const turns = new TurnQueue(1, 10);
    const started: string[] = [];
    const first = work("a");
    const all = [turns.run(never, first.run), ...["b", "c"].map((name) => turns.run(never, async () => started.push(name)))];
    expect(started).toEqual([]);
    first.finish();
    await Promise.all(all);
    expect(started).toEqual(["b", "c"]);
  });

  it("refuses what would wait beyond the queue", async () => {
    const turns = new TurnQueue(1, 0);
    const first = work("a");
    const running = turns.run(never, first.run);
    expect(await turns.run(never, async () => "b")).toBe("full");
    first.finish();
    expect(await running).toBe("a");
  });

  it("lets go of what was aborted while it waited, and frees the slot of work that throws", async () => {
    const turns = new TurnQueue(1, 10);
    const stop = new AbortController();
    const first = work("a");
    const running = turns.run(never, first.run);
    const waiting = turns.run(stop.signal, async () => "never");
    stop.abort();
    expect(await waiting).toBe("aborted");
    first.finish();
    await running;
    await expect(turns.run(never, () => Promise.reject(new Error("bug")))).rejects.toThrow("bug");
    expect(await turns.run(never, async () => "free")).toBe("free");
  });
});
