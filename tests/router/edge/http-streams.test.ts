/** Subscriptions over HTTP: server-sent events, and Apollo's multipart protocol. */
import { request as httpRequest, type IncomingMessage } from "node:http";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { eventually } from "../../testkit/eventually.ts";
import { fixtureRouter, modes, type FixtureRouter } from "../../testkit/fixture-router.ts";

interface Posted {
  accept: string;
  variables?: object;
  headers?: Record<string, string>;
}

/** A POST whose answer is read as it comes. */
async function post(t: FixtureRouter, query: string, { accept, variables, headers }: Posted) {
  const sent = httpRequest(t.router.url, { method: "POST", headers: { "content-type": "application/json", accept, ...headers } });
  sent.on("error", () => {});
  sent.end(JSON.stringify({ query, variables }));
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  response.setEncoding("utf8").on("error", () => {});
  let text = "";
  // Not once(): one that leaves breaks its own answer off, which is an error to it.
  const ended = new Promise<string>((resolve) => response.once("close", () => resolve(text)));
  response.on("data", (more: string) => (text += more));
  return {
    status: response.statusCode,
    type: response.headers["content-type"],
    headers: response.headers,
    response,
    leave: () => sent.destroy(),
    ended,
    /** What has come when it has this in it. */
    async until(part: string): Promise<string> {
      while (!text.includes(part)) await once(response, "data");
      return text;
    },
  };
}

/** Keeps back what a server writes to the clients that ask it from now on, between hold and letGo. */
function holdSockets() {
  let held: PromiseWithResolvers<void> | undefined;
  const begun = (message: unknown) => {
    const { socket } = message as { socket: Socket };
    for (const name of ["_write", "_writev"] as const) {
      const write = socket[name]!.bind(socket) as (...args: unknown[]) => void;
      socket[name] = (...args: unknown[]) => (held === undefined ? write(...args) : void held.promise.then(() => write(...args)));
    }
  };
  subscribe("http.server.request.start", begun);
  return {
    hold: () => void (held = Promise.withResolvers()),
    letGo: () => held?.resolve(),
    [Symbol.dispose]: () => void unsubscribe("http.server.request.start", begun),
  };
}

/** Resolves when so many requests have begun. */
function beginnings(count: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = count;
  const begun = () => {
    if (--left > 0) return;
    unsubscribe("http.server.request.start", begun);
    resolve();
  };
  subscribe("http.server.request.start", begun);
  return promise;
}

const sse = "text/event-stream";
const multipart = 'multipart/mixed;boundary="graphql";subscriptionSpec="1.0", application/json';
const two = 'subscription { runStatus(id: "1", count: 2) { seq cost } }';
const open = 'subscription { runStatus(id: "1") { seq } }';
const event = (seq: number) => `{"data":{"runStatus":{"seq":${seq},"cost":0.01}}}`;

describe.each(modes)("a subscription by POST, %s", (mode) => {
  it("is answered with server-sent events, each through the whole plan, and ends with complete", async () => {
    await using t = await fixtureRouter({ mode });
    const answer = await post(t, two, { accept: sse });
    expect([answer.status, answer.type, answer.headers["cache-control"]]).toEqual([200, "text/event-stream; charset=utf-8", "no-store"]);
    const next = (seq: number) => `event: next\ndata: ${event(seq)}\n\n`;
    expect(await answer.ended).toBe(`:\n\n${next(0)}${next(1)}event: complete\ndata:\n\n`);
    expect(t.audits).toMatchObject([{ operationType: "subscription", rootFields: ["runStatus"], statusCode: 200, errorCodes: [] }]);
  });

  it("is answered in parts, each of which has its boundary behind it", async () => {
    await using t = await fixtureRouter({ mode });
    const answer = await post(t, two, { accept: multipart });
    expect([answer.status, answer.type]).toEqual([200, 'multipart/mixed; boundary="graphql"; subscriptionSpec="1.0"']);
    const part = (seq: number) => `\r\ncontent-type: application/json\r\n\r\n{"payload":${event(seq)}}\r\n--graphql`;
    expect(await answer.ended).toBe(`\r\n--graphql${part(0)}${part(1)}--\r\n`);
  });

  it.each([sse, multipart])("(%s) ends at once, in the subgraph too, when its client leaves", async (accept) => {
    await using t = await fixtureRouter({ mode });
    const answer = await post(t, open, { accept });
    await t.sources.untilActive(1);
    answer.leave();
    await t.sources.untilActive(0);
    expect(t.seen.at(-1)?.info.tenantId).toBe("public");
  });

  it.each([sse, multipart])("(%s) that a subgraph refuses is a result with errors, and over", async (accept) => {
    await using t = await fixtureRouter({ mode });
    const answer = await post(t, "subscription { refused }", { accept, headers: { "x-request-id": "r-1" } });
    const text = await answer.ended;
    expect(answer.status).toBe(200);
    expect(text).toContain('"reason":"RUN_BUSY"');
    expect(text).toContain('"requestId":"r-1"');
    expect(text).toMatch(accept === sse ? /event: complete\ndata:\n\n$/ : /--graphql--\r\n$/);
    expect(t.audits).toMatchObject([{ errorCodes: ["CONFLICT"] }]);
  });
});

describe("a stream over HTTP", () => {
  it.each([
    ["an invalid document", "subscription { nope }", 400, "GRAPHQL_VALIDATION_FAILED"],
    ["no GraphQL", "subscription {", 400, "GRAPHQL_PARSE_FAILED"],
    ["a variable that does not fit", "subscription ($id: ID!) { runStatus(id: $id) { id } }", 400, "GRAPHQL_INVALID"],
    ["too much", `subscription { runStatus(id: "1") { ${"id ".repeat(500)} } }`, 400, "OPERATION_LIMIT_EXCEEDED"],
  ])("does not begin for %s", async (_what, query, status, reason) => {
    await using t = await fixtureRouter();
    for (const accept of [sse, multipart]) {
      const answer = await post(t, query, { accept });
      expect([answer.status, JSON.parse(await answer.ended)]).toMatchObject([status, { errors: [{ extensions: { reason } }] }]);
    }
    expect(t.audits).toMatchObject([{ statusCode: 400 }, { statusCode: 400 }]);
  });

  it("keeps tenants apart, as every request, and tells whom it is for", async () => {
    await using t = await fixtureRouter();
    const answer = await post(t, "subscription { whoami }", { accept: sse, headers: { "x-tenant-id": "acme", "x-request-id": "r-7" } });
    expect(await answer.until("acme")).toContain('{"data":{"whoami":"acme/r-7"}}');
    expect([answer.headers["x-tenant-id"], answer.headers["x-request-id"]]).toEqual(["acme", "r-7"]);
    answer.leave();
    const refused = await post(t, open, { accept: sse, headers: { "x-tenant-id": "a b" } });
    expect([refused.status, await refused.ended]).toEqual([400, expect.stringContaining("TENANT_ID_INVALID")]);
    const foreign = await post(t, open, { accept: sse, headers: { origin: "https://evil.example" } });
    expect(foreign.status).toBe(403);
  });

  it("beats while nothing happens", async () => {
    await using t = await fixtureRouter({ streams: { heartbeatMs: 20 } });
    const events = await post(t, open, { accept: sse });
    // One more may have come with the second.
    expect(await events.until(":\n\n:\n\n")).toMatch(/^(:\n\n){2,}$/);
    const parts = await post(t, open, { accept: multipart });
    expect(await parts.until("{}\r\n--graphql")).toContain("\r\n--graphql\r\ncontent-type: application/json\r\n\r\n{}\r\n--graphql");
    events.leave();
    parts.leave();
  });

  it("waits for a reader that is slow, and holds no more than a little of what is behind it", async () => {
    await using t = await fixtureRouter();
    const answer = await post(t, 'subscription { runEvents(id: "1") { ... on LogLine { text } } }', { accept: sse });
    await answer.until(":");
    answer.response.pause();
    await t.sources.untilActive(1);
    const text = "x".repeat(10_000);
    for (let index = 0; index < 3_000; index++) t.sources.push("1", { runEvents: { __typename: "LogLine", text } });
    // Another request is answered behind all that the stream could take.
    while (t.sources.waiting("1") === 3_000) await t.ask("{ whoami }");
    let before = -1;
    for (let now = t.sources.waiting("1"); now !== before; now = t.sources.waiting("1")) {
      before = now;
      await t.ask("{ whoami }");
    }
    expect(t.sources.waiting("1")).toBeGreaterThan(0);
    answer.response.resume();
    t.sources.end("1");
    expect((await answer.ended).split("event: next").length).toBe(3_001);
  });

  it("drops a reader that reads nothing", async () => {
    await using t = await fixtureRouter({ readers: { windowMs: 50, lookMs: 10 } });
    const answer = await post(t, 'subscription { runEvents(id: "1") { ... on LogLine { text } } }', { accept: sse });
    answer.response.pause();
    await t.sources.untilActive(1);
    for (let index = 0; index < 3_000; index++) t.sources.push("1", { runEvents: { __typename: "LogLine", text: "x".repeat(10_000) } });
    await t.sources.untilActive(0);
    answer.leave();
  });

  it("is one of so many, however many are asked for at once that nobody has planned yet", async () => {
    await using t = await fixtureRouter({ streams: { tenantStreams: 3, maxStreams: 5 } });
    const { port, host, pathname } = new URL(t.router.url);
    const body = JSON.stringify({ query: open });
    const asking = (tenant: string) =>
      `POST ${pathname} HTTP/1.1\r\nhost: ${host}\r\nx-tenant-id: ${tenant}\r\ncontent-type: application/json\r\naccept: ${sse}\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    const askers = await Promise.all(
      Array.from({ length: 30 }, async (_, index) => {
        const socket = connect(Number(port), "127.0.0.1");
        await once(socket, "connect");
        return { socket, tenant: index % 2 === 0 ? "a" : "b" };
      }),
    );
    const answers = askers.map(({ socket }) => once(socket, "data") as Promise<[Buffer]>);
    const begun = beginnings(askers.length);
    for (const { socket, tenant } of askers) socket.write(asking(tenant).slice(0, -1));
    await begun;
    // In one turn of the event loop, so that all are there before the first has been planned.
    for (const { socket } of askers) socket.write("}");
    const statuses = (await Promise.all(answers)).map(([data]) => Number(data.toString("latin1").slice(9, 12)));
    const openOf = (tenant: string) => statuses.filter((status, index) => status === 200 && askers[index]!.tenant === tenant).length;
    expect([openOf("a") + openOf("b"), Math.max(openOf("a"), openOf("b"))]).toEqual([5, 3]);
    expect(new Set(statuses)).toEqual(new Set([200, 429, 503]));
    for (const { socket } of askers) socket.destroy();
    await t.sources.untilActive(0);
  });

  it("is one of so many, of a tenant and in all", async () => {
    await using t = await fixtureRouter({ streams: { tenantStreams: 1, maxStreams: 2 } });
    const as = (tenant: string) => post(t, open, { accept: sse, headers: { "x-tenant-id": tenant } });
    const first = await as("a");
    const second = await as("a");
    expect([second.status, second.headers["retry-after"], await second.ended]).toEqual([
      429,
      "1",
      expect.stringContaining("TENANT_STREAMS_LIMIT"),
    ]);
    const other = await as("b");
    expect(other.status).toBe(200);
    const last = await as("c");
    expect([last.status, await last.ended]).toEqual([503, expect.stringContaining('"reason":"STREAMS_LIMIT"')]);
    expect(t.audits).toMatchObject([
      { tenantId: "a", statusCode: 429, errorCodes: ["RESOURCE_EXHAUSTED"] },
      { tenantId: "c", statusCode: 503, errorCodes: ["RESOURCE_EXHAUSTED"] },
    ]);
    first.leave();
    other.leave();
    await t.sources.untilActive(0);
    // The source is told first that a stream has ended, its place is given back then.
    const again = await eventually(
      () => as("a"),
      ({ status }) => status === 200,
    );
    again.leave();
  });

  it("ends without complete when the router stops, so that its client subscribes again", async () => {
    await using t = await fixtureRouter();
    const events = await post(t, open, { accept: sse });
    const parts = await post(t, open, { accept: multipart });
    await t.sources.untilActive(2);
    await t.router.stop(60_000);
    expect(await events.ended).toBe(":\n\n");
    expect(await parts.ended).toMatch(/"payload":null,"errors":\[.*SUBSCRIPTION_UPSTREAM_LOST.*--graphql--\r\n$/s);
    await t.sources.untilActive(0);
  });

  it("has no word behind its last one, however long that is on its way", async () => {
    await using t = await fixtureRouter({ streams: { heartbeatMs: 5 } });
    using held = holdSockets();
    const events = await post(t, open, { accept: sse });
    await events.until(":");
    await t.sources.untilActive(1);
    held.hold();
    const stopped = t.router.stop(60_000);
    // Of timers of one pace those that were there before come before: its beats have come.
    for (let beat = 0; beat < 3; beat++) await new Promise((resolve) => setTimeout(resolve, 5));
    held.letGo();
    expect(await events.ended).toMatch(/^(:\n\n)+$/);
    await stopped;
  });

  it("is for subscriptions; whoever reads nothing else gets everything so", async () => {
    await using t = await fixtureRouter();
    const whole = await post(t, "{ spanCount }", { accept: `${sse}, application/json` });
    expect([whole.type, await whole.ended]).toEqual([expect.stringContaining("json"), '{"data":{"spanCount":7}}\n']);
    const only = await post(t, 'mutation { addStep(name: "1") }', { accept: sse });
    expect(await only.ended).toBe(':\n\nevent: next\ndata: {"data":{"addStep":["1"]}}\n\nevent: complete\ndata:\n\n');
    expect(t.audits.map(({ operationType }) => operationType)).toEqual(["query", "mutation"]);
  });

  it.each(["application/json", "*/*", "application/graphql-response+json", `${sse};q=0, */*`])(
    "is told of where a subscription asks for something else: %s",
    async (accept) => {
      await using t = await fixtureRouter();
      const answer = await post(t, open, { accept });
      const { errors } = JSON.parse(await answer.ended) as { errors: { message: string; extensions: object }[] };
      expect([answer.status, errors[0]?.extensions]).toMatchObject([400, { reason: "SUBSCRIPTION_OVER_HTTP" }]);
      for (const way of ["graphql-transport-ws", sse, "multipart/mixed"]) expect(errors[0]?.message).toContain(way);
    },
  );

  it("may be asked for by GET, as an EventSource does, which executes no mutation", async () => {
    await using t = await fixtureRouter();
    const get = async (query: string, accept: string, variables = "") => {
      const url = `${t.router.url}?query=${encodeURIComponent(query)}&variables=${encodeURIComponent(variables)}`;
      const answer = await fetch(url, { headers: { accept } });
      return { status: answer.status, type: answer.headers.get("content-type"), text: await answer.text() };
    };
    const named = "subscription S($id: ID!) { runStatus(id: $id, count: 1) { seq } }";
    expect(await get(named, sse, '{"id":"1"}')).toEqual({
      status: 200,
      type: "text/event-stream; charset=utf-8",
      text: ':\n\nevent: next\ndata: {"data":{"runStatus":{"seq":0}}}\n\nevent: complete\ndata:\n\n',
    });
    expect((await get(named, multipart, '{"id":"1"}')).text).toContain('{"payload":{"data":{"runStatus":{"seq":0}}}}');
    expect((await get("{ spanCount }", sse)).text).toContain('data: {"data":{"spanCount":7}}');
    expect((await get("subscription { nope }", sse)).status).toBe(400);
    expect((await get(named, sse, '{"id":')).status).toBe(400);
    expect(t.audits.map(({ operationType, statusCode }) => [operationType, statusCode])).toContainEqual(["subscription", 200]);
    for (const accept of [sse, multipart, "application/json"]) {
      expect((await get('mutation { addStep(name: "1") }', accept)).status).toBeGreaterThanOrEqual(400);
    }
    expect(t.seen.filter((seen) => JSON.stringify(seen).includes("addStep"))).toEqual([]);
  });

  it("begins nothing by GET that would be done again", async () => {
    await using t = await fixtureRouter();
    const url = `${t.router.url}?query=${encodeURIComponent('subscription Again { startRun(id: "1") { id } }')}`;
    const answer = await fetch(url, { headers: { accept: sse } });
    expect([answer.status, await answer.json()]).toMatchObject([405, { errors: [{ extensions: { reason: "SUBSCRIPTION_NOT_BY_GET" } }] }]);
    expect(t.audits).toMatchObject([{ operationType: "subscription", operationName: "Again", statusCode: 405 }]);
    expect(t.seen).toEqual([]);
  });
});
