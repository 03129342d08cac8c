/** A tenant's share of the graph: what one tenant has executed and waiting, and what the others feel of it. */
import { AppError } from "#shared/errors.ts";
import { defaultGate, TenantGate, type GateLimits } from "../../../router/edge/rates/tenant-gate.ts";
import { fixtureRouter, type FixtureRouter } from "../../testkit/fixture-router.ts";

const small: GateLimits = { ...defaultGate, units: 4, tenantUnits: 2, waitMs: 250_000 };

/** A gate, and operations that run until they are told to end; `began` is in the order in which they began. */
function setup(limits: Partial<GateLimits> = {}) {
  const gate = new TenantGate({ ...small, ...limits });
  const began: string[] = [];
  const ends = new Map<string, () => void>();
  const enter = (name: string, given: { units?: number; sizeBytes?: number; signal?: AbortSignal } = {}) => {
    const tenantId = name.replace(/\d+$/, "");
    const done = Promise.withResolvers<void>();
    ends.set(name, done.resolve);
    return gate.run({ tenantId, units: 1, sizeBytes: 10, ...given }, () => {
      began.push(name);
      return done.promise;
    });
  };
  const end = async (name: string) => {
    ends.get(name)!();
    await new Promise(setImmediate);
  };
  return { gate, began, enter, end };
}

const reasonOf = (work: Promise<unknown>) =>
  work.then(
    () => "done",
    (error: unknown) => (error instanceof AppError ? error.reason : error),
  );

describe("the gate of operations", () => {
  it("executes of one tenant its share, and of another one at once", async () => {
    const { began, enter, end } = setup();
    const all = ["a1", "a2", "a3", "a4", "b1"].map((name) => enter(name));
    await new Promise(setImmediate);
    expect(began).toEqual(["a1", "a2", "b1"]);
    await end("a1");
    expect(began).toEqual(["a1", "a2", "b1", "a3"]);
    for (const name of ["a2", "a3", "a4", "b1"]) await end(name);
    await Promise.all(all);
  });

  it("lets tenants take turns: whoever sends many stands behind whoever sends one", async () => {
    const { gate, began, enter, end } = setup({ units: 2 });
    const all = ["a1", "a2", "a3", "a4", "a5", "b1", "c1"].map((name) => enter(name));
    await new Promise(setImmediate);
    for (const name of ["a1", "a2"]) await end(name);
    expect(began.slice(2).sort()).not.toEqual(["a3", "a4"]);
    for (const name of ["a3", "b1", "c1", "a4", "a5"]) await end(name);
    await Promise.all(all);
    expect(Math.max(began.indexOf("b1"), began.indexOf("c1"))).toBeLessThan(began.indexOf("a5"));
    expect([gate.units, gate.waiting]).toEqual([0, 0]);
  });

  it("counts large operations as many, and lets other tenants' small ones pass one that waits for room", async () => {
    const { began, enter, end } = setup({ units: 3, tenantUnits: 2 });
    const all = [enter("a1", { units: 2 }), enter("b1", { units: 50 }), enter("c1")];
    await new Promise(setImmediate);
    expect(began).toEqual(["a1", "c1"]);
    await end("a1");
    expect(began).toEqual(["a1", "c1", "b1"]);
    for (const name of ["b1", "c1"]) await end(name);
    await Promise.all(all);
  });

  it.each<[string, Partial<GateLimits>, string[], string]>([
    ["waits too long for its tenant's share", { waitMs: 1 }, ["a1", "a2", "a3"], "TENANT_BUSY"],
    ["waits too long for room in all", { waitMs: 1 }, ["a1", "a2", "b1", "b2", "c1"], "ROUTER_BUSY"],
    ["would be one too many of its tenant's that wait", { tenantWaiting: 1 }, ["a1", "a2", "a3", "a4"], "TENANT_BUSY"],
    ["would be one too many of all that wait", { waiting: 1 }, ["a1", "a2", "a3", "b1", "b2", "b3"], "ROUTER_BUSY"],
    ["would hold too many bytes for its tenant", { tenantWaitingBytes: 15 }, ["a1", "a2", "a3", "a4"], "TENANT_BUSY"],
    ["would hold too many bytes in all", { waitingBytes: 15 }, ["a1", "a2", "a3", "b1", "b2", "b3"], "ROUTER_BUSY"],
  ])("refuses an operation that %s", async (_what, limits, names, reason) => {
    const { began, enter } = setup(limits);
    const last = names.map((name) => reasonOf(enter(name))).at(-1);
    expect(await last).toBe(reason);
    expect(began).not.toContain(names.at(-1));
  });

  it("forgets an operation whose client is gone before its turn, and gives back what it took", async () => {
    const { gate, began, enter, end } = setup();
    const controller = new AbortController();
    const [first, second] = [enter("a1", { units: 2 }), enter("a2", { signal: controller.signal })];
    controller.abort(new Error("gone"));
    await expect(second).rejects.toThrow("gone");
    await end("a1");
    await first;
    expect([began, gate.units, gate.waiting]).toEqual([["a1"], 0, 0]);
  });
});

describe("one tenant's operations at the router", () => {
  const asTenant = (tenantId: string) => ({ headers: { "x-tenant-id": tenantId } });
  const hanging = async (t: FixtureRouter, tenantId: string, count: number) => {
    const asked = Array.from({ length: count }, () => t.ask("{ hanging }", asTenant(tenantId)).catch(() => {}));
    while (t.seen.filter(({ info }) => info.tenantId === tenantId).length < count) await new Promise(setImmediate);
    return asked;
  };

  it("that fill its share keep no other tenant waiting, nor what needs no subgraph", async () => {
    await using t = await fixtureRouter({ gate: { ...small, waitMs: 10 }, deadlines: { queryMs: 2_000 } });
    const stuck = await hanging(t, "greedy", 2);
    const refused = await t.ask("{ whoami }", { headers: { "x-tenant-id": "greedy", "x-request-id": "r-1" } });
    expect([refused.status, refused.headers["retry-after"], refused.body]).toMatchObject([
      429,
      "1",
      { errors: [{ extensions: { code: "RESOURCE_EXHAUSTED", reason: "TENANT_BUSY", limit: 2, retryAfterMs: 1_000, requestId: "r-1" } }] },
    ]);
    expect((await t.ask("{ whoami }", asTenant("other"))).body.data).toEqual({ whoami: expect.stringContaining("other/") });
    expect((await t.ask("{ __typename }", asTenant("greedy"))).body).toEqual({ data: { __typename: "Query" } });
    expect((await fetch(t.router.url.replace("/graphql", "/livez"))).status).toBe(200);
    await Promise.all(stuck);
    expect((await t.ask("{ whoami }", asTenant("greedy"))).status).toBe(200);
  });

  it("are told by 503 that all of it is taken, over a WebSocket by an error", async () => {
    await using t = await fixtureRouter({ gate: { ...small, waitMs: 10 }, deadlines: { queryMs: 2_000 } });
    const stuck = [...(await hanging(t, "a", 2)), ...(await hanging(t, "b", 2))];
    expect((await t.ask("{ whoami }", asTenant("c"))).status).toBe(503);
    const { value } = (await t.client({ "x-tenant-id": "c" }).iterate({ query: "{ whoami }" }).next()) as { value: object };
    expect(value).toMatchObject({ errors: [{ extensions: { reason: "ROUTER_BUSY", retryAfterMs: 1_000 } }] });
    await Promise.all(stuck);
  });
});
