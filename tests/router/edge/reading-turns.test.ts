/** Documents and variables that are long to look at: one by one, tenants in turn, and what is known or short at once. */
import { Kind } from "graphql";
import { AppError } from "#shared/errors.ts";
import { tenantIdPattern, type RequestInfo } from "#shared/request-info.ts";
import type { Identity } from "../../../router/edge/identity.ts";
import type { AskedOperation } from "../../../router/edge/asked-operation.ts";
import { laneOf } from "../../../router/request-context.ts";
import { executePlan, type PlanRun } from "../../../router/graph/execute-plan.ts";
import { hashOf, type PlannedOperation } from "../../../router/graph/operations.ts";
import { ReadingTurns } from "../../../router/edge/rates/reading-turns.ts";

/** The turns, and operations that are looked at until they are told to end; `begun` is in the order in which they began. */
function setup(limits: ConstructorParameters<typeof ReadingTurns>[1] = {}) {
  const known = new Set<string>();
  const turns = new ReadingTurns((hash, operationName) => known.has(`${hash} ${operationName ?? ""}`), { shortMs: Infinity, ...limits });
  const begun: string[] = [];
  const leaves = new Map<string, () => void>();
  const take = async (
    name: string,
    { signal, query = name, ...asked }: Partial<AskedOperation> & { signal?: AbortSignal; extensions?: object } = {},
  ) => {
    const leave = await turns.take({ query, ...asked }, { tenantId: name.replace(/\d+$/, ""), signal });
    begun.push(name);
    leaves.set(name, leave);
  };
  const settled = async () => {
    for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
    return [...begun];
  };
  return {
    turns,
    take,
    begun,
    settled,
    know: (query: string, operationName = "") => known.add(`${hashOf(query)} ${operationName}`),
    end: (name: string) => leaves.get(name)!(),
  };
}

const many = Array.from({ length: 4_000 }, (_, index) => index);
const reasonOf = (work: Promise<unknown>) =>
  work.then(
    () => "taken",
    (error: unknown) => (error instanceof AppError ? error.reason : (error as Error).message),
  );

describe("what is long to look at", () => {
  it("leaves the main loop to others for a moment before the next is looked at", async () => {
    const { take, begun, end } = setup({ shortMs: -1 });
    const all = ["a1", "b1"].map((name) => take(name));
    await all[0];
    const held = performance.now() + 50;
    while (performance.now() < held);
    end("a1");
    let turns = 0;
    for (; !begun.includes("b1"); turns++) await new Promise(setImmediate);
    // One or two without the moment.
    expect(turns).toBeGreaterThan(10);
    end("b1");
    await Promise.all(all);
  });

  it("is looked at one by one, tenants in turn", async () => {
    const { take, settled, end } = setup();
    const all = ["a1", "a2", "a3", "b1"].map((name) => take(name));
    expect(await settled()).toEqual(["a1"]);
    end("a1");
    expect(await settled()).toEqual(["a1", "b1"]);
    end("b1");
    expect(await settled()).toEqual(["a1", "b1", "a2"]);
    end("a2");
    await settled();
    end("a3");
    await Promise.all(all);
  });

  it.each([
    ["a document that is known", { query: "known" }, ["a2", "a1"]],
    ["the same, by a name that is not", { query: "known", operationName: "B" }, ["a1"]],
    ["long variables of one that is known", { query: "known", variables: { list: many } }, ["a1"]],
    ["a document that is not known", {}, ["a1"]],
    ["no document", { query: "", variables: { list: many } }, ["a2", "a1"]],
  ])("%s", async (_, asked, begun) => {
    const { take, settled, know, end } = setup();
    know("known");
    const all = [take("a1"), take("a2", asked)];
    expect(await settled()).toEqual(begun);
    end("a1");
    await Promise.all(all);
  });

  it("is looked at once, however many of a tenant ask for the same", async () => {
    const { take, settled, know, end } = setup({ tenantWaiting: 1 });
    const all = ["a1", "a2", "a3", "a4"].map((name) => take(name, { query: "same" }));
    expect(await settled()).toEqual(["a1"]);
    know("same");
    end("a1");
    expect((await settled()).sort()).toEqual(["a1", "a2", "a3", "a4"]);
    await Promise.all(all);
  });

  it("is told when there is too much, and leaves with whoever is gone", async () => {
    const { turns, take, settled, end } = setup({ tenantWaiting: 1 });
    const gone = new AbortController();
    const first = take("a1");
    await settled();
    const second = take("a2", { signal: gone.signal });
    expect(await reasonOf(take("a3"))).toBe("TENANT_BUSY");
    expect(await reasonOf(turns.takeForSchema({ tenantId: "a", sizeBytes: 0 }))).toBe("TENANT_BUSY");
    gone.abort(new Error("gone"));
    expect(await reasonOf(second)).toBe("gone");
    end("a1");
    await first;
    const last = take("a4");
    expect(await settled()).toEqual(["a1", "a4"]);
    end("a4");
    await last;
  });
});

describe("what waits to be looked at", () => {
  const long = { list: many };
  // Each of the lists is 24 KB as JSON.
  it.each<[string, Partial<AskedOperation> & { extensions?: object }, string]>([
    ["as many bytes as it may", { variables: long }, "waits"],
    ["more, in variables", { variables: { a: many, b: many } }, "TENANT_BUSY"],
    ["more, in its text", { query: "x".repeat(20_000) }, "TENANT_BUSY"],
    ["more, in what nobody asked for", { extensions: { a: many, b: many } }, "TENANT_BUSY"],
  ])("holds %s", async (_, asked, told) => {
    const { take, settled, end } = setup({ tenantWaitingBytes: 30_000 });
    const first = take("a1");
    await settled();
    const second = reasonOf(take("a2", asked));
    const pending = settled().then(() => "waits");
    expect(await Promise.race([second, pending])).toBe(told);
    end("a1");
    await first;
    await settled();
    if (told === "waits") end("a2");
    await second;
  });

  it("for the schema holds what it has, too", async () => {
    const { take, turns, settled, end } = setup({ tenantWaitingBytes: 30_000 });
    const first = take("a1");
    await settled();
    expect(await reasonOf(turns.takeForSchema({ tenantId: "a", sizeBytes: 30_001 }))).toBe("TENANT_BUSY");
    end("a1");
    await first;
  });

  it("behind the same has room of its own, and beyond it that of all others, of its tenant and of all", async () => {
    const same = { query: "x".repeat(100) };
    // One is 200 bytes and some.
    const { take, settled, know, end } = setup({ tenantWaitingBytes: 500, waitingBytes: 700 });
    const first = ["a1", "b1"].map((name) => take(name, same));
    await settled();
    const all = ["a2", "a3", "a4", "a5", "a6"].map((name) => reasonOf(take(name, same)));
    const [b2, b3] = [reasonOf(take("b2", same)), reasonOf(take("b3", same))];
    expect(await all[4]).toBe("TENANT_BUSY");
    expect(await b3).toBe("ROUTER_BUSY");
    know(same.query);
    end("a1");
    await settled();
    expect(await Promise.all([...all, b2, ...first])).toEqual([
      ...Array<string>(4).fill("taken"),
      "TENANT_BUSY",
      "taken",
      undefined,
      undefined,
    ]);
  });

  it("behind the same leaves with whoever is gone, and lets go of what it held", async () => {
    const same = { query: "x".repeat(100) };
    const { take, settled, know, end } = setup({ tenantWaitingBytes: 300, tenantWaiting: 0 });
    const gone = new AbortController();
    const first = take("a1", same);
    await settled();
    const second = reasonOf(take("a2", { ...same, signal: gone.signal }));
    await settled();
    gone.abort(new Error("gone"));
    expect(await second).toBe("gone");
    const third = reasonOf(take("a3", same));
    await settled();
    know(same.query);
    end("a1");
    expect(await third).toBe("taken");
    await first;
  });

  it("is not what is short of a known document whose long variables wait", async () => {
    const { take, settled, know, end } = setup();
    know("known");
    const first = take("a1", { query: "known", variables: long });
    await settled();
    const second = take("a2", { query: "known" });
    expect(await settled()).toEqual(["a1", "a2"]);
    end("a1");
    await Promise.all([first, second]);
  });

  it("waits for the first of those that make it known, and for no other", async () => {
    const { take, settled, know, end } = setup();
    const asked = { query: "same" };
    const all = [take("a1", asked), take("a2", { ...asked, variables: long }), take("a3", asked)];
    await settled();
    know("same");
    end("a1");
    expect((await settled()).sort()).toEqual(["a1", "a2", "a3"]);
    end("a2");
    await Promise.all(all);
  });
});

describe("whoever has no key", () => {
  const info = { tenantId: "public" } as RequestInfo;
  const caller = { keyId: "k", prefix: "p", tenantId: "public", scopes: [], isAdmin: false };
  it.each<[string, Identity, string]>([
    ["waits in no tenant's lane", { kind: "nobody", mayBootstrap: false }, "(no key)"],
    ["is the operator where it may make the first", { kind: "nobody", mayBootstrap: true }, "public"],
    ["is its tenant with auth off", { kind: "off" }, "public"],
    ["is not who has one", { kind: "key", caller }, "public"],
  ])("%s", (_, identity, lane) => {
    expect(laneOf({ identity, info })).toBe(lane);
    expect(tenantIdPattern.test("(no key)")).toBe(false);
  });
});

describe("an answer of the schema that cannot be made", () => {
  it("gives its turn back", async () => {
    let left = 0;
    const shape: PlannedOperation["shape"] = ({ introspect }) => {
      introspect({ kind: Kind.FIELD, name: { kind: Kind.NAME, value: "__schema" } });
      return { data: {}, errors: [], missing: [], failed: [] };
    };
    const planned = { plan: undefined, node: {}, shape } as unknown as PlannedOperation;
    const graph = {
      get apiSchema() {
        throw new Error("no schema");
      },
    };
    const asked = { graph, planned, variables: {}, meter: { refusal: undefined }, schemaTurn: () => Promise.resolve(() => void left++) };
    await expect(executePlan(asked as unknown as PlanRun)).rejects.toThrow("no schema");
    expect(left).toBe(1);
  });
});
