/** A change and its row: which of them is there when the answer leaves, over each transport. */
import { request } from "undici";
import { AppError } from "#shared/errors.ts";
import { heardDatabaseTime } from "#shared/database-time.ts";
import { fixtureRouter, type FixtureRouter } from "../../testkit/fixture-router.ts";
import { withClockSet } from "../../testkit/set-clock.ts";
import { unfinished, type AuditRecord, type AuditSink } from "../../../router/audit/audit.ts";

const change = 'mutation Add { addStep(name: "x") }';
const unavailable = () =>
  new AppError("DOWNSTREAM_UNAVAILABLE", "DATABASE_UNAVAILABLE", "The database does not answer. Try again in a moment.");

const transports: [string, (t: FixtureRouter, query: string) => Promise<unknown>][] = [
  ["HTTP", async (t, query) => (await t.ask(query)).body],
  ["a WebSocket", async (t, query) => (await t.stream(query).next()).value],
  [
    "server-sent events",
    async (t, query) => {
      const headers = { "content-type": "application/json", accept: "text/event-stream" };
      const answer = await request(t.router.url, { method: "POST", headers, body: JSON.stringify({ query }) });
      return JSON.parse(/data: (\{.*\})/.exec(await answer.body.text())![1]!);
    },
  ],
];

/** A sink whose rows are stored when the test says so. */
function heldSink() {
  const begun = Promise.withResolvers<AuditRecord>();
  const stored = Promise.withResolvers<void>();
  const audit: Partial<AuditSink> = {
    begin: (record) => {
      begun.resolve(record);
      return stored.promise;
    },
  };
  return { audit, begun: begun.promise, store: stored.resolve, fail: stored.reject };
}

describe.each(transports)("a mutation over %s", (_name, ask) => {
  it("is executed beside the storing of its row, and answered when that is stored, with its outcome after it", async () => {
    const sink = heldSink();
    await using t = await fixtureRouter({ audit: sink.audit });
    let isAnswered = false;
    const answer = ask(t, change).then((result) => ((isAnswered = true), result));
    const begun = await sink.begun;
    expect(begun).toMatchObject({ operationName: "Add", operationType: "mutation", rootFields: ["addStep"], statusCode: unfinished });
    while (t.steps.length === 0) await new Promise(setImmediate);
    for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
    expect(isAnswered).toBe(false);
    sink.store();
    expect(await answer).toEqual({ data: { addStep: ["x"] } });
    expect(t.audits).toMatchObject([
      { id: begun.id, operationType: "mutation", statusCode: 200, errorCodes: [], requestId: begun.requestId },
    ]);
  });

  it("whose row can be stored nowhere is an error", async () => {
    const sink = heldSink();
    await using t = await fixtureRouter({ audit: sink.audit });
    sink.fail(unavailable());
    expect(await ask(t, change)).toMatchObject({ errors: [{ extensions: { reason: "DATABASE_UNAVAILABLE" } }] });
  });

  it("is not executed where rows cannot be stored already", async () => {
    await using t = await fixtureRouter({ audit: { isTroubled: true, begin: () => Promise.reject(unavailable()) } });
    expect(await ask(t, change)).toMatchObject({ errors: [{ extensions: { reason: "DATABASE_UNAVAILABLE" } }] });
    expect(t.steps).toEqual([]);
    expect(await ask(t, "{ whoami }")).toMatchObject({ data: {} });
  });
});

describe("a mutation that is refused", () => {
  it.each<[string, RequestInit & { search?: string }]>([
    ["for its document", { method: "POST", body: JSON.stringify({ query: "mutation { nope }" }) }],
    ["for its variables", { method: "POST", body: JSON.stringify({ query: "mutation ($n: String!) { addStep(name: $n) }" }) }],
    ["for its method", { search: `?${new URLSearchParams({ query: change }).toString()}` }],
  ])("%s keeps nobody waiting while its row is stored", async (_, { search = "", ...sent }) => {
    const begun = Promise.withResolvers<void>();
    const stored = Promise.withResolvers<void>();
    const complete = () => {
      begun.resolve();
      return stored.promise;
    };
    await using t = await fixtureRouter({ audit: { complete } });
    const refused = fetch(t.router.url + search, { ...sent, headers: { "content-type": "application/json" } });
    await begun.promise;
    // Nobody knows these yet.
    const headers = { "x-tenant-id": "other" };
    expect((await t.ask("query First { whoami }", { headers })).status).toBe(200);
    expect((await t.ask("query Second { whoami }")).status).toBe(200);
    stored.resolve();
    expect((await refused).ok).toBe(false);
  });
});

describe("a row that cannot be made", () => {
  it("of what is refused over a WebSocket ends that, and keeps nobody waiting", async () => {
    let isBroken = true;
    const record = () => {
      if (!isBroken) return;
      isBroken = false;
      throw new Error("no row");
    };
    await using t = await fixtureRouter({ audit: { record } });
    await expect(t.stream("{ nope }").next()).rejects.toBeDefined();
    expect((await t.ask("query Next { whoami }")).status).toBe(200);
  });
});

describe("an operation that changes nothing", () => {
  it("waits for no row", async () => {
    await using t = await fixtureRouter({ audit: { begin: () => new Promise(() => {}), complete: () => new Promise(() => {}) } });
    expect((await t.ask("query Who { whoami }")).status).toBe(200);
    expect(t.audits).toMatchObject([{ operationName: "Who", statusCode: 200 }]);
  });

  it("has its variables in its row as far as they are no text that is not known, refused or not", async () => {
    await using t = await fixtureRouter();
    await t.ask("query ($id: ID!, $v: JSON) { runs { id } echo(value: $v) }", { variables: { id: "1", v: "s3cret" } });
    await t.ask("query ($id: ID!) { nope(id: $id) }", { variables: { id: "2" } });
    expect(JSON.stringify(t.audits)).not.toContain("s3cret");
    expect(t.audits.at(-1)).toMatchObject({ errorCodes: ["BAD_USER_INPUT"], variables: { id: "2" } });
  });
});

describe("an audit", () => {
  it.each([-400, 400])(
    "says when it was by the database's clock, and for how long by none that is set: this machine's is %d days beside it",
    async (days) => {
      const beganAtMs = Date.now();
      heardDatabaseTime(beganAtMs, { askedAtMs: performance.now(), database: "one" });
      await using t = await fixtureRouter({});
      await withClockSet(days * 86_400_000, () => t.ask(change));
      const [{ createdAt, durationMs }] = t.audits as [AuditRecord];
      expect(Math.abs(createdAt.getTime() - beganAtMs)).toBeLessThan(600_000);
      expect(durationMs).toBeGreaterThanOrEqual(0);
      expect(durationMs).toBeLessThan(600_000);
    },
  );
});
