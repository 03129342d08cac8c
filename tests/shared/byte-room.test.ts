import { ByteRoom, type HeldRoom } from "#shared/byte-room.ts";

/** Of 1,600 bytes a tenant has 800, and up to 100 are little. `waits`: of those that were told to wait, whose wait has not ended. */
function setup() {
  const room = new ByteRoom(1_600);
  const waits = new Set<string>();
  const held = new Map<string, HeldRoom>();
  const noted = (name: string, wait: Promise<void> | undefined): void => {
    if (wait === undefined) return;
    waits.add(name);
    void wait.then(() => waits.delete(name));
  };
  return {
    room,
    /** `tenant:name` takes so many bytes. */
    async take(name: string, bytes: number) {
      const [tenantId = ""] = name.split(":");
      if (!held.has(name)) held.set(name, room.open(tenantId));
      noted(name, held.get(name)!.take(bytes));
      return [...waits];
    },
    async enter(name: string, signal = new AbortController().signal) {
      const [tenantId = ""] = name.split(":");
      noted(name, room.entry(tenantId, signal));
      return [...waits];
    },
    async release(name: string) {
      held.get(name)!.release();
      await Promise.resolve();
      return [...waits];
    },
    waiting: () => [...waits],
  };
}

describe("room in bytes", () => {
  it("lets whoever reads go on for as long as there is room, of all and of its tenant", async () => {
    const t = setup();
    expect(await t.take("a:1", 800)).toEqual([]);
    expect(await t.take("b:1", 800)).toEqual([]);
    expect(t.room.held).toBe(1_600);
    // A tenant that holds little goes on whatever others hold.
    expect(await t.take("c:1", 100)).toEqual([]);
    expect(await t.take("c:2", 1)).toEqual(["c:2"]);
  });

  it("lets the oldest of a tenant go on that has its share, and the others in their turn", async () => {
    const t = setup();
    await t.take("a:1", 500);
    expect(await t.take("a:2", 301)).toEqual(["a:2"]);
    expect(await t.take("a:1", 500)).toEqual(["a:2"]);
    expect(await t.take("b:1", 50)).toEqual(["a:2"]);
    expect(await t.release("a:1")).toEqual([]);
    expect(t.room.of("a")).toBe(301);
  });

  it("lets none but the oldest of all go on where all is taken, so that somebody always does", async () => {
    const t = setup();
    await t.take("a:1", 700);
    await t.take("b:1", 700);
    expect(await t.take("c:1", 300)).toEqual(["c:1"]);
    expect(await t.take("b:1", 1)).toEqual(["c:1", "b:1"]);
    expect(await t.take("a:1", 500)).toEqual(["c:1", "b:1"]);
    expect(await t.release("a:1")).toEqual([]);
  });

  it("lets nothing begin that will want room where there is none", async () => {
    const t = setup();
    expect(await t.enter("a:begins")).toEqual([]);
    await t.take("a:1", 801);
    expect(await t.enter("a:begins")).toEqual(["a:begins"]);
    expect(await t.enter("b:begins")).toEqual(["a:begins"]);
    expect(await t.release("a:1")).toEqual([]);
    expect(t.room.waiting).toBe(0);
  });

  it("keeps nobody who is stopped, and counts nothing that comes after a release", async () => {
    const t = setup();
    await t.take("a:1", 500);
    await t.take("a:2", 400);
    const stop = new AbortController();
    await t.enter("a:begins", stop.signal);
    expect(t.waiting()).toEqual(["a:2", "a:begins"]);
    stop.abort();
    expect(await t.release("a:2")).toEqual([]);
    expect(await t.take("a:2", 5_000)).toEqual([]);
    expect(await t.release("a:2")).toEqual([]);
    expect(await t.release("a:1")).toEqual([]);
    expect([t.room.held, t.room.waiting]).toEqual([0, 0]);
  });
});
