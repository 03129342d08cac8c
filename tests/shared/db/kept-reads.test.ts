import { KeptReads } from "#shared/db/kept-reads.ts";
import { LocalHints } from "../../testkit/engine/local-hints.ts";

/** Two processes that keep reads of one schema, under a clock that the test moves; reads are answered when it says so. */
function twoProcesses() {
  const clock = { ms: 0 };
  const hints = new LocalHints();
  const [one, other] = [0, 1].map(() => new KeptReads({ schema: "tool", hints, now: () => clock.ms })) as [KeptReads, KeptReads];
  const asked: ((rows: object[]) => void)[] = [];
  const read = () => new Promise<object[]>((resolve) => asked.push(resolve));
  const ask = (reads: KeptReads, value = "v", tenantId = "t1") => reads.rows(tenantId, { name: "target", values: [value] }, read);
  /** Hints of before are heard. */
  const heard = () => new Promise((resolve) => setImmediate(resolve));
  return { one, other, clock, hints, asked, ask, heard };
}

afterEach(() => jest.useRealTimers());

/** What a process has read once. */
async function keeping(t: ReturnType<typeof twoProcesses>, reads: KeptReads, rows: object[]): Promise<void> {
  const asking = t.ask(reads);
  t.asked.pop()!(rows);
  expect(await asking).toBe(rows);
}

describe("reads that are kept", () => {
  it("are read once a statement with its values and a tenant, and no longer than a second", async () => {
    const t = twoProcesses();
    await keeping(t, t.one, [{ n: 1 }]);
    t.clock.ms = 999;
    expect(await t.ask(t.one)).toEqual([{ n: 1 }]);
    expect(t.asked).toHaveLength(0);
    void t.ask(t.one, "another");
    void t.ask(t.one, "v", "t2");
    void t.ask(t.other);
    expect(t.asked).toHaveLength(3);
    t.clock.ms = 1_000;
    void t.ask(t.one);
    expect(t.asked).toHaveLength(4);
  });

  it("end with a change: in its process at once, in the others with its hint; another tenant's stay", async () => {
    const t = twoProcesses();
    await keeping(t, t.one, [{ n: 1 }]);
    await keeping(t, t.other, [{ n: 1 }]);
    t.one.changed("t2");
    await t.heard();
    await Promise.all([t.ask(t.one), t.ask(t.other)]);
    t.one.changed("t1");
    void t.ask(t.one);
    expect(t.asked).toHaveLength(1);
    await t.heard();
    void t.ask(t.other);
    expect(t.asked).toHaveLength(2);
  });

  it("are not kept where something has changed while they were read", async () => {
    const t = twoProcesses();
    const asking = t.ask(t.one);
    t.one.changed("t1");
    t.asked.pop()!([{ n: "before" }]);
    expect(await asking).toEqual([{ n: "before" }]);
    void t.ask(t.one);
    expect(t.asked).toHaveLength(1);
  });

  it("are all forgotten a second after the first was kept, asked for or not", async () => {
    jest.useFakeTimers({ doNotFake: ["setImmediate", "nextTick", "queueMicrotask"] });
    const t = twoProcesses();
    await keeping(t, t.one, [{ n: 1 }]);
    jest.advanceTimersByTime(999);
    expect(await t.ask(t.one)).toEqual([{ n: 1 }]);
    jest.advanceTimersByTime(1);
    void t.ask(t.one);
    expect(t.asked).toHaveLength(1);
    t.one.close();
  });

  it("are not kept where they failed, nor where they are too large", async () => {
    const t = twoProcesses();
    const failing = t.one.rows("t1", { name: "target", values: ["v"] }, () => Promise.reject(new Error("gone")));
    await expect(failing).rejects.toThrow("gone");
    await keeping(t, t.one, [{ text: "x".repeat(64 << 10) }]);
    void t.ask(t.one);
    expect(t.asked).toHaveLength(1);
  });
});
