import { HeldBytes, type Holder } from "../../../subgraphs/runtime/owner/held/held-bytes.ts";

/** Holders by name, `tenant:name`, in the order in which they came; one that leaves has a `-` behind it. Of 1,000 bytes a tenant has 500, and below 4 is little. */
function setup(held: Record<string, number>): {
  bytes: HeldBytes;
  named: (name: string) => Holder;
  nameOf: (holder: Holder | undefined) => string;
} {
  const bytes = new HeldBytes(1_000);
  const holders = new Map<string, Holder>();
  for (const [name, size] of Object.entries(held)) {
    const holder = { tenantId: name.split(":")[0]!, isLeaving: name.endsWith("-") };
    holders.set(name, holder);
    bytes.set(holder, size);
  }
  const nameOf = (holder: Holder | undefined) => [...holders].find(([, one]) => one === holder)?.[0] ?? "none";
  return { bytes, named: (name) => holders.get(name)!, nameOf };
}

describe("what runs hold", () => {
  it.each([
    ["nobody, where it fits", { "a:1": 400, "b:1": 500 }, "none"],
    ["the last of a tenant that has more than its share", { "a:1": 300, "a:2": 150, "a:3": 100, "b:1": 10 }, "a:3"],
    ["nobody who holds little", { "a:1": 300, "a:2": 250, "a:3": 1 }, "a:2"],
    ["nobody who is alone with what is too much", { "a:1": 900, "a:2": 1 }, "none"],
    ["nobody where enough is leaving", { "a:1": 300, "a:2": 150, "a:3-": 100 }, "none"],
    ["the last of those of who has most, where all together are too many", { "a:1": 200, "b:1": 300, "a:2": 210, "c:1": 320 }, "a:2"],
    ["the last of all, where each tenant has one", { "a:1": 450, "b:1": 450, "c:1": 450 }, "c:1"],
  ])("is given back: %s", (_, held, expected) => {
    const t = setup(held);
    expect(t.nameOf(t.bytes.excess())).toBe(expected);
  });

  it.each([
    ["what fits", { "a:1": 400 }, "a", 100, true],
    ["what is more than the share", { "a:1": 400 }, "a", 101, false],
    ["what is little, always", { "a:1": 900 }, "a", 3, true],
    ["what is larger than everything, where nothing is held that is large", { "a:1": 1, "b:1": 2 }, "a", 5_000, true],
    ["no more beside it", { "a:1": 5_000 }, "a", 100, false],
    ["another tenant's share beside it", { "a:1": 900 }, "b", 500, true],
    ["no third one's beside both", { "a:1": 900, "b:1": 500 }, "c", 200, false],
  ])("leaves room for %s", (_, held, tenantId, bytes, expected) => {
    expect(setup(held).bytes.hasRoom(tenantId, bytes)).toBe(expected);
  });

  it.each([
    ["nobody", { "a:1": 499, "b:1": 400 }, []],
    ["who has its share", { "a:1": 500, "b:1": 400 }, ["a"]],
    ["all who hold something, where all is taken", { "a:1": 600, "b:1": 400, "c:1": 3 }, ["a", "b"]],
  ])("lets claims leave out %s", (_, held, expected) => {
    expect(setup(held).bytes.full()).toEqual(expected);
  });

  it("may grow of each tenant that has too much in the oldest of its runs alone, and in all that hold little; the next when that is gone", async () => {
    const t = setup({ "a:1": 300, "a:2": 250, "a:3": 2, "b:1": 100 });
    const mayGrow = (name: string) => t.bytes.mayGrow(t.named(name));
    expect(["a:1", "a:2", "a:3", "b:1"].filter(mayGrow)).toEqual(["a:1", "a:3", "b:1"]);
    const told = new Promise<void>((resolve) => t.bytes.onceRoom(t.named("a:2"), resolve));
    t.bytes.remove(t.named("a:1"));
    await told;
    expect(mayGrow("a:2")).toBe(true);
    expect([t.bytes.of("a"), t.bytes.total]).toEqual([252, 352]);
  });

  it("is counted once for each who holds it", () => {
    const t = setup({ "a:1": 10, "b:1": 20 });
    t.bytes.set(t.named("a:1"), 4);
    t.bytes.remove(t.named("b:1"));
    t.bytes.remove(t.named("b:1"));
    expect([t.bytes.total, t.bytes.of("a"), t.bytes.of("b")]).toEqual([4, 4, 0]);
  });
});
