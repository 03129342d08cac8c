import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import WebSocket from "ws";
import type { ExecutionResult } from "graphql";
import type { SubgraphEndpoint } from "#shared/endpoint/endpoint.ts";
import { connectEndpoint } from "#shared/endpoint/http-endpoint.ts";
import { addressOf, listen } from "#shared/serve/listen.ts";
import type { RequestInfo } from "#shared/request-info.ts";
import { serveEndpoints, type ServeOptions } from "#shared/serve/server.ts";
import { fixtureSubgraphs } from "../../testkit/fixture-subgraphs.ts";
import { signedHeaders, testKeys } from "../../testkit/internal-keys.ts";

const log = pino({ level: "silent" });
/** A signal that never fires. */
const never = new AbortController().signal;
const info: RequestInfo = { tenantId: "acme", requestId: "request-1" };

async function setup(options: { listen?: ServeOptions["listen"]; maxBufferedEvents?: number; maxBufferedBytes?: number } = {}) {
  const fixtures = fixtureSubgraphs();
  const server = await serveEndpoints({
    endpoints: [fixtures.runs, fixtures.traces],
    listen: options.listen ?? { port: 0 },
    log,
    keys: testKeys,
  });
  const url = server.urlOf("runs");
  const { maxBufferedEvents = 100, maxBufferedBytes = 1 << 20 } = options;
  const endpoint = await connectEndpoint({ name: "runs", url, keys: testKeys, maxBufferedEvents, maxBufferedBytes });
  fixtures.seen.length = 0;
  const close = async () => {
    await endpoint.close();
    await server.stop(100);
  };
  return { ...fixtures, server, endpoint, url, close, [Symbol.asyncDispose]: close };
}

async function stream(endpoint: SubgraphEndpoint, query: string, as = info): Promise<AsyncIterableIterator<ExecutionResult>> {
  const result = await endpoint.subscribe({ query, info: as });
  if (!(Symbol.asyncIterator in result)) throw new Error("expected a stream");
  return result;
}

describe("an endpoint over HTTP", () => {
  it("has the SDL of the subgraph, and its answers", async () => {
    await using t = await setup();
    expect(t.endpoint.sdl).toContain("type Run implements Node");
    const result = await t.endpoint.execute({ query: "query Q($id: ID!) { run(id: $id) { status } }", variables: { id: "2" }, info });
    expect(result).toEqual({ data: { run: { status: "DONE" } } });
  });

  it("reads no more of an answer than whoever asked has room for", async () => {
    await using t = await setup();
    const long = "x".repeat(8 << 20);
    const asked = Promise.withResolvers<void>();
    const room = Promise.withResolvers<void>();
    const seen: number[] = [];
    const answered = t.endpoint.execute({
      query: "query Q($text: JSON) { echo(value: $text) }",
      variables: { text: long },
      info,
      onBytes: (bytes) => (seen.push(bytes), asked.resolve(), room.promise),
    });
    await asked.promise;
    await t.endpoint.execute({ query: "{ whoami }", info });
    expect(seen).toHaveLength(1);
    room.resolve();
    expect(await answered).toEqual({ data: { echo: long } });
    expect(seen.reduce((sum, bytes) => sum + bytes)).toBeGreaterThan(long.length);
  });

  it("works through a Unix socket, streams included", async () => {
    const folder = await mkdtemp(join(tmpdir(), "ep-"));
    const t = await setup({ listen: { socketPath: join(folder, "s.sock") } });
    expect(t.url).toBe(`unix:${folder}/s.sock:/runs/graphql`);
    expect(await t.endpoint.execute({ query: "{ whoami }", info })).toEqual({ data: { whoami: "acme/request-1" } });
    const events = await stream(t.endpoint, 'subscription { runStatus(id: "1", count: 2) { seq } }');
    expect(await Array.fromAsync(events)).toHaveLength(2);
    await t.close();
    await rm(folder, { recursive: true });
  });

  it("hands the identity on, with queries and with each subscription over the one socket (S-104)", async () => {
    await using t = await setup();
    const traced = { ...info, apiKeyId: "key-1", traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01` };
    await t.endpoint.execute({ query: "{ whoami }", info: traced });
    expect(t.seen[0]?.info).toMatchObject(traced);
    const [first, second] = await Promise.all(
      ["one", "two"].map(async (tenantId) => (await stream(t.endpoint, "subscription { whoami }", { ...info, tenantId })).next()),
    );
    expect([first?.value.data, second?.value.data]).toEqual([{ whoami: "one/request-1" }, { whoami: "two/request-1" }]);
  });

  it("shows the subgraph's refusals with code, reason and facts, and nothing of a bug", async () => {
    await using t = await setup();
    const { errors: refusals } = await t.endpoint.execute({ query: "{ refused }", info });
    expect(refusals?.[0]).toMatchObject({
      path: ["refused"],
      extensions: { code: "CONFLICT", reason: "RUN_BUSY", runId: "1", requestId: "request-1" },
    });
    const { errors: bugs } = await t.endpoint.execute({ query: "{ broken }", info });
    expect(bugs?.[0]?.extensions).toEqual({ code: "INTERNAL", reason: "INTERNAL", requestId: "request-1" });
    expect(JSON.stringify(bugs)).not.toMatch(/password|secret/);
  });

  it("ends an idle subscription at once, in the subgraph too", async () => {
    await using t = await setup();
    const events = await stream(t.endpoint, 'subscription { runStatus(id: "1") { seq } }');
    const pending = events.next();
    await t.sources.untilActive(1);
    await events.return?.();
    expect(await pending).toEqual({ done: true, value: undefined });
    await t.sources.untilActive(0);
  });

  it("ends a subscription that lags with SUBSCRIPTION_OVERFLOW, after what it had buffered", async () => {
    await using t = await setup({ maxBufferedEvents: 10 });
    const events = await stream(t.endpoint, 'subscription { runStatus(id: "1", count: 5000) { seq } }');
    await t.sources.untilActive(0);
    await t.endpoint.execute({ query: "{ whoami }", info });
    const results = await Array.fromAsync(events);
    expect(results.length).toBeLessThan(5000);
    expect(results.at(-1)?.errors?.[0]?.extensions).toMatchObject({ code: "RESOURCE_EXHAUSTED", reason: "SUBSCRIPTION_OVERFLOW" });
  });

  it("ends a subscription that lags by too many bytes the same way, however few its events are", async () => {
    await using t = await setup({ maxBufferedBytes: 50_000 });
    const events = await stream(t.endpoint, 'subscription { runEvents(id: "1") { ... on LogLine { text } } }');
    await t.sources.untilActive(1);
    for (let i = 0; i < 20; i++) t.sources.push("1", { runEvents: { __typename: "LogLine", text: "x".repeat(9_000) } });
    // Nobody pulls: it is the overflow that ends it there.
    await t.sources.untilActive(0);
    const results = await Array.fromAsync(events);
    // Five of 9 kB, and what says why there are no more.
    expect(results).toHaveLength(6);
    expect(results.at(-1)?.errors?.[0]?.extensions).toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      reason: "SUBSCRIPTION_OVERFLOW",
      maxBufferedBytes: 50_000,
    });
  });

  it("passes an event that is larger than all that may wait, to one who keeps up", async () => {
    await using t = await setup({ maxBufferedBytes: 50_000 });
    const events = await stream(t.endpoint, 'subscription { runEvents(id: "1") { ... on LogLine { text } } }');
    await t.sources.untilActive(1);
    for (let i = 0; i < 3; i++) {
      t.sources.push("1", { runEvents: { __typename: "LogLine", text: `${i}${"x".repeat(100_000)}` } });
      const { value } = await events.next();
      expect((value as ExecutionResult<{ runEvents: { text: string } }>).data?.runEvents.text).toHaveLength(100_001);
    }
    await events.return?.();
  });

  it("says that a stream was lost when the subgraph goes, and never subscribes anew by itself", async () => {
    await using t = await setup();
    const events = await stream(t.endpoint, 'subscription { runStatus(id: "1") { seq } }');
    const pending = events.next();
    await t.sources.untilActive(1);
    await t.server.stop(50);
    expect((await pending).value.errors[0].extensions).toMatchObject({
      code: "DOWNSTREAM_UNAVAILABLE",
      reason: "SUBSCRIPTION_UPSTREAM_LOST",
      retryable: true,
      effectUnknown: true,
    });
    expect((await events.next()).done).toBe(true);
    expect(t.seen.filter(({ query }) => query.startsWith("subscription"))).toHaveLength(1);
  });

  it("gives a refused subscription as one value with its errors", async () => {
    await using t = await setup();
    const results = await Array.fromAsync(await stream(t.endpoint, "subscription { refused }"));
    expect(results).toMatchObject([{ errors: [{ extensions: { reason: "RUN_BUSY" } }] }]);
  });

  it("is unreachable, by name, when nothing listens", async () => {
    const t = await setup();
    await t.server.stop(50);
    await expect(t.endpoint.execute({ query: "{ whoami }", info })).rejects.toMatchObject({
      code: "DOWNSTREAM_UNAVAILABLE",
      facts: { serviceName: "runs", retryable: true, effectUnknown: false },
    });
    await expect(t.endpoint.execute({ query: "mutation { start }", info })).rejects.toMatchObject({
      facts: { retryable: true, effectUnknown: false },
    });
    await expect(t.endpoint.health(never)).rejects.toThrow();
    await t.endpoint.close();
    await expect(connectEndpoint({ name: "runs", url: t.url, keys: testKeys })).rejects.toMatchObject({ reason: "SUBGRAPH_UNREACHABLE" });
  });

  it("ends a request when its signal fires, in the subgraph too", async () => {
    await using t = await setup();
    const controller = new AbortController();
    const arrived = once(t.arrivals, "operation");
    const pending = t.endpoint.execute({ query: "{ hanging }", info: { ...info, signal: controller.signal } });
    await arrived;
    controller.abort(new Error("enough"));
    await expect(pending).rejects.toThrow("enough");
    const inside = t.seen[0]?.info.signal;
    if (inside?.aborted === false) await new Promise((resolve) => inside.addEventListener("abort", resolve));
  });

  it("repeats a query whose kept-alive connection broke, and never a mutation", async () => {
    const asked: string[] = [];
    const flaky = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk: Buffer) => (body += String(chunk)));
      request.on("end", () => {
        if (body.includes("_service")) return response.end('{"data":{"_service":{"sdl":"type Query { a: Int }"}}}');
        asked.push(body);
        if (asked.length % 2 === 1) return request.socket.destroy();
        response.end('{"data":{"a":1}}');
      });
    });
    await listen(flaky, { port: 0 });
    const endpoint = await connectEndpoint({ name: "flaky", url: addressOf(flaky), keys: testKeys });
    expect(await endpoint.execute({ query: "{ a }", info })).toEqual({ data: { a: 1 } });
    await expect(endpoint.execute({ query: "mutation { a }", info })).rejects.toMatchObject({
      reason: "SUBGRAPH_UNREACHABLE",
      facts: { retryable: true, effectUnknown: true },
    });
    expect(asked).toHaveLength(3);
    await endpoint.close();
    flaky.closeAllConnections();
    flaky.close();
  });
});

describe("the server of endpoints", () => {
  it("answers readiness by endpoint, without what its error says of the machine", async () => {
    await using t = await setup();
    await t.endpoint.health(never);
    t.sick.set("runs", new Error("connect ENOENT /home/user/.data/socket"));
    const failure: unknown = await t.endpoint.health(never).catch((error: unknown) => error);
    expect(String(failure)).toMatch("does not answer");
    expect(String(failure)).not.toMatch("/home/user");
  });

  it("refuses a Host that is not loopback, on HTTP and at upgrade", async () => {
    await using t = await setup();
    const headers = { host: "evil.example", "content-type": "application/json" };
    const { request } = await import("undici");
    const answer = await request(t.url, { method: "POST", headers, body: '{"query":"{ whoami }"}' });
    expect(answer.statusCode).toBe(403);
    expect(await answer.body.json()).toMatchObject({ errors: [{ extensions: { code: "FORBIDDEN", reason: "HOST_NOT_ALLOWED" } }] });
    const socket = new WebSocket(t.url.replace("http", "ws"), "graphql-transport-ws", { headers: { host: "evil.example" } });
    const refused = await new Promise((resolve) => socket.once("error", (error) => resolve(error.message)));
    expect(refused).toMatch("403");
  });

  it.each(["https://evil.example", "null", "http://localhost:3000", "own"])(
    "serves no web page, whatever it is: Origin %s",
    async (page) => {
      await using t = await setup();
      const headers = { origin: page === "own" ? new URL(t.url).origin : page, "content-type": "application/json" };
      const answer = await fetch(t.url, { method: "POST", headers, body: '{"query":"{ whoami }"}' });
      expect([answer.status, await answer.json()]).toMatchObject([403, { errors: [{ extensions: { reason: "ORIGIN_NOT_ALLOWED" } }] }]);
      const socket = new WebSocket(t.url.replace("http", "ws"), "graphql-transport-ws", { headers });
      expect(await new Promise((resolve) => socket.once("error", (error) => resolve(error.message)).once("open", resolve))).toMatch("403");
      expect(t.seen).toEqual([]);
    },
  );

  it("outlives clients that ask for an upgrade which is refused, and hang up", async () => {
    await using t = await setup();
    const { port, origin } = new URL(t.url);
    const hangUp = async () => {
      const socket = connect(Number(port), "127.0.0.1");
      const request = "GET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
      socket.write(request, () => socket.resetAndDestroy());
      await once(socket, "close");
    };
    for (let client = 0; client < 20; client++) await hangUp();
    expect((await fetch(`${origin}/runs/livez`)).status).toBe(200);
  });

  it("refuses bodies that are too large or not JSON", async () => {
    await using t = await setup();
    const post = (body: string) => fetch(t.url, { method: "POST", headers: signedHeaders("runs", body), body });
    expect((await post(`{"query":"${"x".repeat(17 << 20)}"}`)).status).toBe(413);
    const bad = await post("{");
    expect([bad.status, await bad.json()]).toMatchObject([400, { errors: [{ extensions: { reason: "BODY_NOT_JSON" } }] }]);
  });

  it("is addressed by its name, or without where it is the only one: both are answered", async () => {
    const { runs, traces } = fixtureSubgraphs();
    const addresses = async (endpoints: SubgraphEndpoint[]) => {
      const server = await serveEndpoints({ endpoints, listen: { port: 0 }, log, keys: testKeys });
      const { origin, pathname } = new URL(server.urlOf("runs"));
      const body = '{"query":"{ whoami }"}';
      const request = { method: "POST", headers: signedHeaders("runs", body), body };
      const statuses = [await fetch(`${origin}/graphql`, request), await fetch(`${origin}/runs/graphql`, request)].map(
        ({ status }) => status,
      );
      await server.stop(100);
      return [pathname, ...statuses];
    };
    expect(await addresses([runs])).toEqual(["/graphql", 200, 200]);
    expect(await addresses([runs, traces])).toEqual(["/runs/graphql", 404, 200]);
  });

  it("refuses a malformed tenant id", async () => {
    await using t = await setup();
    const body = '{"query":"{ whoami }"}';
    const answer = await fetch(t.url, { method: "POST", headers: signedHeaders("runs", body, { tenantId: "a b" }), body });
    expect([answer.status, await answer.json()]).toMatchObject([400, { errors: [{ extensions: { reason: "TENANT_ID_INVALID" } }] }]);
  });
});
