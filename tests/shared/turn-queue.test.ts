import fc from "fast-check";
import { TurnQueue, type TurnQueueOptions } from "#shared/turn-queue.ts";

const never = new AbortController().signal;

/** A queue whose work ends when told to: what runs and what has run, by name. */
function setup(options: Partial<TurnQueueOptions> = {}) {
  const turns = new TurnQueue({ turns: 1, turnsPerTenant: 1, waiting: 10, waitingPerTenant: 10, ...options });
  const started: string[] = [];
  const running = new Map<string, () => void>();
  const ask = (tenantId: string, name: string, signal = never): Promise<string> =>
    turns.run(tenantId, signal, () => {
      started.push(name);
      return new Promise<string>((resolve) => running.set(name, () => resolve(name)));
    });
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
    await expect(t.turns.run("a", never, () => Promise.reject(new Error("bug")))).rejects.toThrow("bug");
    expect(await t.turns.run("a", never, async () => "free")).toBe("free");
    expect(t.started).toEqual(["a1"]);
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
