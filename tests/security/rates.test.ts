/** How often somebody may ask (docs/security.md). Windows last as long as a test may: none ends in its midst. */
import { once } from "node:events";
import { request } from "undici";
import WebSocket from "ws";
import { SharedCounts } from "../../router/access/rates/shared-counts.ts";
import { defaultEnv } from "#shared/config.ts";
import { rateLimitsOf } from "../../router/edge/rates/rates.ts";
import { MemoryCounts } from "../../router/edge/rates/memory-counts.ts";
import { query as queryDatabase } from "../testkit/admin-query.ts";
import { fixtureRouter, memoryLog, type Answer, type FixtureRouter } from "../testkit/fixture-router.ts";
import { startKeyedPlatform } from "../testkit/keyed-platform.ts";
import { makeWorkflow } from "../testkit/graph.ts";
import { keyedRouter } from "../testkit/keyed-router.ts";
import { countStatements } from "../testkit/statement-count.ts";
import { eventually } from "../testkit/eventually.ts";

const windowSeconds = 1_000;
const failedKeysSeconds = 1_000;
const unlimited = { caller: 0, address: 0, windowSeconds, failedKeys: 0, failedKeysSeconds };
const madeUp = (last: string) => `agp_${last.repeat(61)}`;

/** Status and reason of an answer, and whether it says when to come again. */
function told({ status, headers, body }: Answer) {
  const { reason, retryAfterMs } = body.errors?.[0]?.extensions ?? {};
  const retryAfter = Number(headers["retry-after"]);
  const isTold = typeof retryAfterMs === "number" && retryAfterMs > 0 && retryAfter === Math.ceil(retryAfterMs / 1_000);
  return [status, ...(reason === undefined ? [] : [reason, isTold])];
}
const served = [200];
const limited = [429, "RATE_LIMITED", true];

/** Says some messages on a new socket; gives what it heard until `until` of it came, or the code with which it was closed. */
async function talk(t: FixtureRouter, messages: object[], { until = Infinity, headers = {} } = {}) {
  const socket = new WebSocket(t.webSocketUrl, "graphql-transport-ws", { headers });
  const heard: { type: string; payload?: unknown }[] = [];
  const ended = Promise.withResolvers<{ code?: number; reason?: string; refused?: string }>();
  socket.on("open", () => messages.forEach((message) => socket.send(JSON.stringify(message))));
  socket.on("message", (data: Buffer) => {
    heard.push(JSON.parse(String(data)) as { type: string });
    if (heard.length >= until) ended.resolve({});
  });
  socket.on("close", (code, reason) => ended.resolve({ code, reason: String(reason) }));
  socket.on("unexpected-response", (_, response) => {
    ended.resolve({ refused: `${response.statusCode} ${response.headers["retry-after"]}` });
    response.destroy();
  });
  socket.on("error", () => {});
  const end = await ended.promise;
  socket.terminate();
  return { ...end, heard };
}
const init = (payload?: object) => ({ type: "connection_init", payload });
const ask = (id: string) => ({ id, type: "subscribe", payload: { query: "{ whoami }" } });

describe("a key", () => {
  it("may send so many operations in a window; then it is told to come again, and other keys go on", async () => {
    await using t = await keyedRouter({ rates: { ...unlimited, caller: 3 } });
    const [first, second] = [await t.keyOf("t1"), await t.keyOf("t1")];
    for (let count = 0; count < 3; count++) expect(told(await t.as(first, "{ whoami }"))).toEqual(served);
    const answer = await t.as(first, 'mutation { addStep(name: "no") }');
    expect(told(answer)).toEqual(limited);
    expect(answer.body.errors![0]!.extensions).toMatchObject({ code: "RESOURCE_EXHAUSTED", of: "key", limit: 3, windowSeconds });
    expect(answer.body.errors![0]!.message).toContain("This key has sent the 3 operations that it may send in 1000 s. Nothing was done.");
    expect(t.steps).toEqual([]);
    expect(told(await t.as(second, "{ whoami }"))).toEqual(served);
  });

  it("has one count over HTTP, as a stream, and on WebSockets, where connecting counts, too", async () => {
    await using t = await keyedRouter({ rates: { ...unlimited, caller: 4 } });
    const key = await t.keyOf("t1");
    expect(told(await t.as(key, "{ whoami }"))).toEqual(served);
    const stream = await t.as(key, "subscription { refused }", { headers: { accept: "text/event-stream" } }).catch(() => undefined);
    expect(stream).toBeUndefined();
    const { heard } = await talk(t, [init({ "x-api-key": key })], { until: 1 });
    expect(heard.map(({ type }) => type)).toEqual(["connection_ack"]);
    const socket = new WebSocket(t.webSocketUrl, "graphql-transport-ws", { headers: { "x-api-key": key } });
    await once(socket, "open");
    socket.send(JSON.stringify(init()));
    await once(socket, "message");
    socket.send(JSON.stringify(ask("1")));
    const [message] = (await once(socket, "message")) as [Buffer];
    expect(JSON.parse(String(message))).toMatchObject({
      id: "1",
      type: "error",
      payload: [{ extensions: { code: "RESOURCE_EXHAUSTED", reason: "RATE_LIMITED", of: "key", retryAfterMs: expect.any(Number) } }],
    });
    // The socket stays: what it has open goes on.
    expect(socket.readyState).toBe(socket.OPEN);
    socket.terminate();
    const answer = await request(t.router.url, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": key, accept: "text/event-stream" },
      body: JSON.stringify({ query: 'subscription { runStatus(id: "1") { id } }' }),
    });
    expect([answer.statusCode, Number(answer.headers["retry-after"])]).toEqual([429, expect.any(Number)]);
    await answer.body.dump();
    const late = await talk(t, [init({ "x-api-key": key })]);
    expect([late.code, late.reason]).toEqual([1013, expect.stringMatching(/^RATE_LIMITED: This key .* Try again in \d+ ms\.$/)]);
    // Audited like all that is refused.
    expect(t.audits.filter(({ errorCodes }) => errorCodes.includes("RESOURCE_EXHAUSTED")).length).toBeGreaterThanOrEqual(3);
  });

  it("is let in again when its window is over", async () => {
    await using t = await keyedRouter({ rates: { ...unlimited, caller: 1, windowSeconds: 0.5 } });
    const key = await t.keyOf("t1");
    await eventually(
      () => t.as(key, "{ whoami }"),
      ({ status }) => status === 429,
    );
    await eventually(
      () => t.as(key, "{ whoami }"),
      ({ status }) => status === 200,
    );
  });
});

describe("a tenant, where nobody is asked for a key", () => {
  it("has no limit unless one is set, then one of its own", async () => {
    await using free = await fixtureRouter();
    for (let count = 0; count < 30; count++) expect(told(await free.ask("{ whoami }"))).toEqual(served);
    await using t = await fixtureRouter({ rates: { ...unlimited, caller: 1 } });
    const askAs = (tenantId: string) => t.ask("{ whoami }", { headers: { "x-tenant-id": tenantId } });
    expect([told(await askAs("t1")), told(await askAs("t1")), told(await askAs("t2"))]).toEqual([served, limited, served]);
  });
});

describe("an address", () => {
  it("may send so many, with keys or without, before anything is read; probes and pages do not count", async () => {
    await using t = await keyedRouter({ rates: { ...unlimited, address: 3 } });
    const key = await t.keyOf("t1");
    expect(told(await t.as(key, "{ whoami }"))).toEqual(served);
    expect((await t.ask("{ whoami }")).status).toBe(401);
    for (const path of ["/livez", "/readyz", "/health"]) expect((await fetch(new URL(path, t.router.url))).status).toBe(200);
    expect((await talk(t, [init({ "x-api-key": key })], { until: 1 })).heard).toHaveLength(1);
    const answer = await t.as(key, "{ whoami }");
    expect(told(answer)).toEqual(limited);
    expect(answer.body.errors![0]!.extensions).toMatchObject({ of: "address", limit: 3 });
    expect((await talk(t, [])).refused).toMatch(/^429 \d+$/);
  });

  it.each([
    ["the nearest that no trusted proxy has", "203.0.113.9, 198.51.100.7", ["198.51.100.7", "198.51.100.8"], true],
    ["a trusted proxy's own client", "198.51.100.7, 10.1.2.3", ["198.51.100.7, 10.9.9.9", "198.51.100.9, 10.1.2.3"], true],
    ["a /64 of IPv6", "2001:db8:1:2::1", ["2001:db8:1:2:ffff::9", "2001:db8:1:3::1"], true],
    ["IPv4 within IPv6", "::ffff:198.51.100.7", ["198.51.100.7", "198.51.100.8"], true],
    ["with a port", "198.51.100.7:4711", ["198.51.100.7:4712", "198.51.100.8:4711"], true],
    ["the connection's, where nobody is trusted", "198.51.100.7", ["198.51.100.8", undefined], false],
  ])("is %s", async (_what, first, [same, other], isTrusted) => {
    const trustedProxies = isTrusted ? ["127.0.0.1", "10.0.0.0/8"] : [];
    await using t = await fixtureRouter({ rates: { ...unlimited, address: 1 }, env: { trustedProxies } });
    const from = (address: string) => t.ask("{ whoami }", { headers: { "x-forwarded-for": address } });
    expect(told(await from(first))).toEqual(served);
    expect(told(await from(same!))).toEqual(limited);
    if (other !== undefined) expect(told(await from(other))).toEqual(served);
    // Whom the audit names is who is counted.
    const addresses = t.audits.map(({ clientIp }) => clientIp);
    if (isTrusted) expect(addresses).not.toContain("127.0.0.1");
    else expect(new Set(addresses)).toEqual(new Set(["127.0.0.1"]));
  });
});

describe("whoever guesses keys", () => {
  it("is limited by address before a key is looked up, and keeps nobody out whose key is known", async () => {
    await using t = await keyedRouter({ rates: { ...unlimited, failedKeys: 5 } });
    const [known, unknown] = [await t.keyOf("t1"), await t.keyOf("t1")];
    expect(told(await t.as(known, "{ whoami }"))).toEqual(served);
    // Known keys are, whatever becomes of them meanwhile: the router hears that these two were made.
    await eventually(
      () => t.ring.hasKeys,
      (hasKeys) => hasKeys,
    );
    for (let count = 0; count < 5; count++) expect(told(await t.as(madeUp("a"), "{ whoami }"))).toEqual([401, "KEY_INVALID", false]);
    const answer = await t.as(madeUp("b"), "{ whoami }");
    expect(told(answer)).toEqual([429, "FAILED_KEYS_LIMIT", true]);
    // The right answer to a right guess would be a guess, too.
    await using statements = await countStatements(t.database.adminUrl);
    await statements.reset();
    expect(told(await t.as(unknown, "{ whoami }"))).toEqual([429, "FAILED_KEYS_LIMIT", true]);
    expect((await statements.read()).filter(({ query }) => query.includes("where prefix ="))).toEqual([]);
    const socket = await talk(t, [init({ "x-api-key": unknown })]);
    expect([socket.code, socket.reason]).toEqual([1013, expect.stringContaining("FAILED_KEYS_LIMIT")]);
    expect(told(await t.as(known, "{ whoami }"))).toEqual(served);
    expect(t.audits.filter(({ event }) => event === "AUTH_FAILED").length).toBeGreaterThanOrEqual(6);
  });

  it("guesses the bootstrap token no more often", async () => {
    const bootstrapToken = "a-token-of-more-than-thirty-two-characters";
    await using t = await keyedRouter({ rates: { ...unlimited, failedKeys: 2 }, env: { bootstrapToken } });
    const guess = (token: string) => t.ask("{ whoami }", { headers: { "x-bootstrap-token": token } });
    for (let count = 0; count < 2; count++) expect((await guess("wrong")).status).toBe(401);
    expect(told(await guess(bootstrapToken))).toEqual([429, "FAILED_KEYS_LIMIT", true]);
  });
});

describe("the settings of rates", () => {
  it.each([
    ["nobody, with auth off", {}, { caller: 0, address: 0, failedKeys: 60 }],
    ["1,000 a second of a key and 2,000 of an address, with auth on", { authRequired: true }, { caller: 10_000, address: 20_000 }],
    [
      "what they say, in ten seconds",
      { rateLimit: 5, rateLimitAddress: 7, rateLimitFailedKeys: 9 },
      { caller: 50, address: 70, failedKeys: 9 },
    ],
    ["nobody, where they say 0", { authRequired: true, rateLimit: 0, rateLimitAddress: 0 }, { caller: 0, address: 0 }],
  ])("limit %s", (_who, env, limits) => {
    expect(rateLimitsOf(defaultEnv(env))).toMatchObject({ ...limits, windowSeconds: 10, failedKeysSeconds: 60 });
  });

  it("have routers count in the database where AGENT_PLATFORM_RATE_LIMIT_SHARED says so", async () => {
    await using t = await startKeyedPlatform({ env: { rateLimitShared: true } });
    const { id, secret } = await t.keyOf("t1");
    expect((await t.as(secret, "{ apps { nodes { code } } }")).status).toBe(200);
    // Of 10,000 a router takes a tenth at a time.
    expect(await queryDatabase(t.database.adminUrl, "select tenant_id, subject, points from access.rate_count")).toEqual([
      { tenant_id: "t1", subject: `key:${id}`, points: 1_000 },
    ]);
  });
});

describe("routers that share a database", () => {
  const open = (databaseUrl: string, more: { patienceMs?: number; pauseMs?: number } = {}) =>
    new SharedCounts({ databaseUrl, log: memoryLog([]), patienceMs: 100_000, ...more });

  it("count a key together, however its operations are spread, and never let more through", async () => {
    await using a = await keyedRouter({ rates: unlimited });
    const [one, two] = [open(a.database.url), open(a.database.url)];
    try {
      const rates = { ...unlimited, caller: 40 };
      const env = { authRequired: true };
      await using first = await fixtureRouter({ rates, env, keys: a.ring, sharedCounts: one });
      await using second = await fixtureRouter({ rates, env, keys: a.ring, sharedCounts: two });
      const headers = { "x-api-key": await a.keyOf("t1") };
      const asked = Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? first : second).ask("{ whoami }", { headers }));
      const statuses = (await Promise.all(asked)).map(({ status }) => status);
      const through = statuses.filter((status) => status === 200).length;
      // What a router has taken and did not need is a tenth at most.
      expect(through).toBeLessThanOrEqual(40);
      expect(through).toBeGreaterThanOrEqual(36);
      expect(statuses.filter((status) => status === 429)).toHaveLength(100 - through);
      const rows = await queryDatabase(a.database.adminUrl, "select tenant_id, subject like 'key:%' as key from access.rate_count");
      expect(rows).toEqual([{ tenant_id: "t1", key: true }]);
      const other = { "x-api-key": await a.keyOf("t1") };
      expect(told(await second.ask("{ whoami }", { headers: other }))).toEqual(served);
    } finally {
      await Promise.all([one.close(), two.close()]);
    }
  });

  it("count alone while the database does not answer: nobody is refused for that, and the limit of each holds", async () => {
    await using a = await keyedRouter({ rates: unlimited });
    const key = await a.keyOf("t1");
    const shared = open(a.database.url.replace(/test_\w+/, "not_there"), { pauseMs: 100_000 });
    try {
      await using t = await fixtureRouter({
        rates: { ...unlimited, caller: 3 },
        env: { authRequired: true },
        keys: a.ring,
        sharedCounts: shared,
      });
      const answers = [];
      for (let count = 0; count < 4; count++) answers.push(told(await t.ask("{ whoami }", { headers: { "x-api-key": key } })));
      expect(answers).toEqual([served, served, served, limited]);
    } finally {
      await shared.close();
    }
  });

  it("keep no counts of windows that are over", async () => {
    await using a = await keyedRouter({ rates: unlimited });
    await queryDatabase(
      a.database.adminUrl,
      `insert into access.rate_count select 't1', 'key:' || n, 1, now() - interval '1 hour' from generate_series(1, 5) n`,
    );
    const shared = new SharedCounts({ databaseUrl: a.database.url, log: memoryLog([]), patienceMs: 100_000, cleanMs: 0 });
    try {
      await shared.counter({ points: 10, duration: 1_000 }, new MemoryCounts({ points: 10, duration: 1_000 })).take("t1/key:now");
      await eventually(
        () => queryDatabase(a.database.adminUrl, "select subject from access.rate_count"),
        (rows) => JSON.stringify(rows) === '[{"subject":"key:now"}]',
      );
    } finally {
      await shared.close();
    }
  });
});

describe("a webhook", () => {
  it("is called without a key, as often as a key may ask, and keeps no other from being called", async () => {
    await using t = await startKeyedPlatform({ env: { rateLimit: 1, rateLimitAddress: 0 } });
    const key = (await t.keyOf("t1")).secret;
    const { workflowId } = await makeWorkflow({ ...t, post: (text, variables) => t.as(key, text, variables) }, { nodes: [], edges: [] });
    const text = `mutation ($id: ID!) { one: createWebhook(input: { name: "1", workflowId: $id }) { url } two: createWebhook(input: { name: "2", workflowId: $id }) { url } }`;
    const { one, two } = (await t.as(key, text, { id: workflowId })).data as Record<"one" | "two", { url: string }>;
    const call = (path: string) =>
      fetch(new URL(path, t.url), { method: "POST", body: "{}", headers: { "content-type": "application/json" } });
    // Ten in ten seconds, and a window may end in their midst.
    const answers = await Promise.all(Array.from({ length: 30 }, () => call(one.url)));
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThanOrEqual(10);
    expect(answers.length - refused.length).toBeGreaterThanOrEqual(10);
    expect(refused[0]!.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(await refused[0]!.json()).toMatchObject({ errors: [{ extensions: { reason: "RATE_LIMITED", of: "webhook" } }] });
    expect((await call(two.url)).status).toBe(202);
  });
});
