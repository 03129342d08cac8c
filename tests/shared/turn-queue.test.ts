import fc from "fast-check";
import { ownTurn } from "#shared/own-turn.ts";
import { NoTurn, TurnQueue, type TurnQueueOptions } from "#shared/turn-queue.ts";

/** A queue whose work ends when told to: what runs and what has run, by name. */
function setup(options: Partial<TurnQueueOptions> = {}) {
  const turns = new TurnQueue({ turns: 1, turnsPerTenant: 1, waiting: 10, waitingPerTenant: 10, ...options });
  const started: string[] = [];
  const running = new Map<string, () => void>();
  const ask = async (tenantId: string, name: string, signal?: AbortSignal): Promise<string> => {
    const outcome = await turns.run({ tenantId, signal }, () => {
      started.push(name);
      return new Promise<string>((resolve) => running.set(name, () => resolve(name)));
    });
    return outcome instanceof NoTurn ? outcome.why : outcome;
  };
  const finish = async (name: string): Promise<void> => {
    running.get(name)?.();
    running.delete(name);
    await settled();
  };
  return { turns, started, running, ask, finish };
}

/** Whatever follows from what has happened has happened. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

afterEach(() => {
  jest.useRealTimers();
});

describe("TurnQueue", () => {
  it("starts what one tenant waits for in the order of arrival", async () => {
    const t = setup();
    for (const name of ["a1", "a2", "a3"]) void t.ask("a", name);
    expect(t.started).toEqual(["a1"]);
    await t.finish("a1");
    await t.finish("a2");
    expect(t.started).toEqual(["a1", "a2", "a3"]);
  });

  it("gives turns round by tenant, however much of one came first", async () => {
    const t = setup();
    for (const name of ["a1", "a2", "a3", "a4"]) void t.ask("a", name);
    for (const name of ["b1", "b2"]) void t.ask("b", name);
    void t.ask("c", "c1");
    for (let k = 0; k < 6; k++) await t.finish(t.started.at(-1)!);
    expect(t.started).toEqual(["a1", "b1", "c1", "a2", "b2", "a3", "a4"]);
  });

  it("keeps the turns beyond one tenant's share for others, at once", async () => {
    const t = setup({ turns: 3, turnsPerTenant: 2 });
    for (const name of ["a1", "a2", "a3"]) void t.ask("a", name);
    expect(t.started).toEqual(["a1", "a2"]);
    void t.ask("b", "b1");
    expect(t.started).toEqual(["a1", "a2", "b1"]);
    await t.finish("b1");
    expect(t.started).not.toContain("a3");
    await t.finish("a1");
    expect(t.started).toContain("a3");
  });

  it("refuses what would wait beyond the queue, and beyond the tenant's part of it", async () => {
    const t = setup({ waiting: 2, waitingPerTenant: 1 });
    for (const name of ["a1", "a2"]) void t.ask("a", name);
    expect(await t.ask("a", "a3")).toBe("full");
    void t.ask("b", "b1");
    expect(await t.ask("c", "c1")).toBe("full");
    await t.finish("a1");
    await t.finish("b1");
    expect(t.started).toEqual(["a1", "b1", "a2"]);
  });

  it("lets go of what was aborted while it waited, and frees the slot of work that throws", async () => {
    const t = setup();
    const stop = new AbortController();
    const first = t.ask("a", "a1");
    const waiting = t.ask("a", "a2", stop.signal);
    stop.abort();
    expect(await waiting).toBe("aborted");
    await t.finish("a1");
    expect(await first).toBe("a1");
    await expect(t.turns.run({ tenantId: "a" }, () => Promise.reject(new Error("bug")))).rejects.toThrow("bug");
    expect(await t.turns.run({ tenantId: "a" }, async () => "free")).toBe("free");
    expect(t.started).toEqual(["a1"]);
  });

  it("tells at once what would wait longer than it may, by what turns of its tenant took; others' come as before", async () => {
    jest.useFakeTimers({ doNotFake: ["setImmediate", "nextTick", "queueMicrotask"] });
    const t = setup({ turns: 4, turnsPerTenant: 2, waiting: 1_000, waitingPerTenant: 1_000, waitMs: 10_000 });
    for (let k = 0; k < 40; k++) void t.ask("a", `a${k}`);
    for (let k = 0; k < 32; k++) {
      if (k % 2 === 0) jest.advanceTimersByTime(500);
      await t.finish(`a${k}`);
    }
    // Two at a time, half a second each: 40 that wait and the one that asks take 10.25 s.
    for (let k = 40; k < 74; k++) void t.ask("a", `a${k}`);
    const refused = await t.turns.run({ tenantId: "a" }, () => Promise.resolve("ran"));
    expect(refused).toMatchObject({ why: "late", of: "tenant", retryAfterMs: expect.closeTo(10_250, -2) });
    expect(await t.turns.run({ tenantId: "b" }, () => Promise.resolve("ran"))).toBe("ran");
  });

  it("tells who has waited for as long as it may whose bound it was", async () => {
    const t = setup({ turns: 2, turnsPerTenant: 1, waitMs: 1 });
    const [, a2] = [t.ask("a", "a1"), t.turns.run({ tenantId: "a" }, () => Promise.resolve())];
    expect(await a2).toMatchObject({ why: "late", of: "tenant" });
    void t.ask("b", "b1");
    expect(await t.turns.run({ tenantId: "c" }, () => Promise.resolve())).toMatchObject({ why: "late", of: "all" });
  });

  it("tells them who are late together one after the other, some in each turn of the main loop", async () => {
    const t = setup({ waiting: 100, waitingPerTenant: 100, waitMs: 1 });
    void t.ask("a", "a1");
    let told = 0;
    for (let k = 0; k < 50; k++) void t.ask("a", `late${k}`).then(() => told++);
    const inTurns: number[] = [];
    for (let before = 0; told < 50; before = told) {
      await settled();
      inTurns.push(told - before);
    }
    // A turn of the test's may see two of the queue's.
    expect(Math.max(...inTurns)).toBeLessThanOrEqual(16);
  });

  it("lets nobody else wait for a turn of the main loop behind those who are late", async () => {
    jest.useFakeTimers({ doNotFake: ["setImmediate", "nextTick", "queueMicrotask"] });
    const t = setup({ waiting: 1_000, waitingPerTenant: 1_000, waitMs: 10 });
    void t.ask("a", "a1");
    let told = 0;
    const late = Array.from({ length: 1_000 }, (_, k) => t.ask("a", `late${k}`).finally(() => told++));
    jest.advanceTimersByTime(10);
    let turns = 0;
    let isMine = false;
    void ownTurn().then(() => (isMine = true));
    for (; !isMine; turns++) await settled();
    expect(turns).toBeLessThan(5);
    for (; told < 1_000; turns++) await settled();
    expect(turns).toBeLessThan(140);
    expect(new Set(await Promise.all(late))).toEqual(new Set(["late"]));
  });

  it("gives those their turn who are late and were not told so yet, and lets them leave", async () => {
    jest.useFakeTimers({ doNotFake: ["setImmediate", "nextTick", "queueMicrotask"] });
    const t = setup({ waiting: 20, waitingPerTenant: 20, waitMs: 10 });
    const stop = new AbortController();
    void t.ask("a", "a1");
    const [served, gone, ...told] = ["a2", "a3", "a4", "a5"].map((name) => t.ask("a", name, stop.signal));
    jest.advanceTimersByTime(10);
    t.running.get("a1")!();
    // In this turn of the main loop, before anybody is told.
    for (let k = 0; k < 5; k++) await Promise.resolve();
    expect(t.started).toEqual(["a1", "a2"]);
    stop.abort();
    expect(await Promise.all([gone, ...told])).toEqual(["aborted", "aborted", "aborted"]);
    expect(t.turns.waiting).toBe(0);
    await t.finish("a2");
    expect(await served).toBe("a2");
  });

  it("holds to every bound and leaves no turn idle that somebody may have, whatever comes in which order", async () => {
    const steps = fc.array(fc.tuple(fc.constantFrom("ask", "finish", "abort"), fc.constantFrom("a", "b", "c"), fc.nat()), {
      maxLength: 60,
    });
    const property = fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 3 }), steps, async (more, share, all) => {
      const t = setup({ turns: share + more, turnsPerTenant: share, waiting: 6, waitingPerTenant: 4 });
      const waiting = new Map<string, AbortController>();
      for (const [index, [step, tenantId, pick]] of all.entries()) {
        const name = `${tenantId}${index}`;
        const stop = new AbortController();
        if (step === "ask") {
          waiting.set(name, stop);
          void t.ask(tenantId, name, stop.signal).finally(() => waiting.delete(name));
        } else if (step === "finish") await t.finish([...t.running.keys()][pick % t.running.size] ?? "");
        else [...waiting].filter(([asked]) => !t.running.has(asked))[0]?.[1].abort();
        await settled();
        for (const started of t.running.keys()) waiting.delete(started);
        const of = (tenant: string, names: Iterable<string>): number => [...names].filter((each) => each.startsWith(tenant)).length;
        expect(t.running.size).toBeLessThanOrEqual(share + more);
        expect(waiting.size).toBeLessThanOrEqual(6);
        for (const tenant of ["a", "b", "c"]) {
          const used = of(tenant, t.running.keys());
          expect(used).toBeLessThanOrEqual(share);
          expect(of(tenant, waiting.keys())).toBeLessThanOrEqual(4);
          if (of(tenant, waiting.keys()) > 0) expect(used === share || t.running.size === share + more).toBe(true);
        }
      }
    });
    await fc.assert(property, { numRuns: 100 });
  });
});
