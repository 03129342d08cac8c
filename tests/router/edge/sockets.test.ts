import fc from "fast-check";
import WebSocket from "ws";
import { closeCodes } from "#shared/serve/close-codes.ts";
import { fixtureRouter, type FixtureRouter } from "../../testkit/fixture-router.ts";

const init = { type: "connection_init" };
const subscribe = (id: string, query: string) => ({ id, type: "subscribe", payload: { query } });
const idle = 'subscription { runStatus(id: "1") { id } }';

/** Opens a raw socket, sends messages (what follows an init after its ack), and tells the close code, or the answers until `until` of them came. */
async function talk(t: FixtureRouter, messages: (object | string)[], { until = Infinity, headers = {}, search = "" } = {}) {
  const socket = new WebSocket(t.webSocketUrl + search, "graphql-transport-ws", { headers });
  const answers: { type: string; payload?: unknown }[] = [];
  const done = Promise.withResolvers<{ code?: number; refused?: string }>();
  const send = (some: (object | string)[]) =>
    some.forEach((message) => socket.send(typeof message === "string" ? message : JSON.stringify(message)));
  const beforeAck = messages.findIndex((message) => typeof message === "object" && "type" in message && message.type === init.type) + 1;
  socket.on("open", () => send(messages.slice(0, beforeAck || messages.length)));
  socket.on("message", (data: Buffer) => {
    answers.push(JSON.parse(String(data)) as { type: string });
    if (answers.at(-1)?.type === "connection_ack") send(messages.slice(beforeAck));
    if (answers.length >= until) done.resolve({});
  });
  socket.on("close", (code) => done.resolve({ code }));
  socket.on("error", (error) => done.resolve({ refused: error.message }));
  const ended = await done.promise;
  socket.terminate();
  return { ...ended, answers, types: answers.map(({ type }) => type) };
}

describe("a WebSocket of the router", () => {
  it.each<[string, number, (object | string)[]]>([
    ["an operation before the connection is acknowledged", 4401, [subscribe("1", idle)]],
    ["a message that is not JSON", 4400, ["nope"]],
    ["a message of an unknown type", 4400, [init, { type: "zzz" }]],
    ["an acknowledgement, which servers send", 4400, [init, { type: "connection_ack" }]],
    ["an event, which servers send", 4400, [init, { type: "next", id: "1", payload: { data: null } }]],
    ["an error, which servers send", 4400, [init, { type: "error", id: "1", payload: [] }]],
    ["a second connection_init", 4429, [init, init]],
    ["an id that is in use", 4409, [init, subscribe("1", idle), subscribe("1", idle)]],
  ])("closes upon %s with %i", async (_what, code, messages) => {
    await using t = await fixtureRouter();
    expect((await talk(t, messages)).code).toBe(code);
  });

  it("closes upon one that does not offer the subprotocol with 4406", async () => {
    await using t = await fixtureRouter();
    const closed = Promise.withResolvers<number>();
    new WebSocket(t.webSocketUrl).on("close", closed.resolve);
    expect(await closed.promise).toBe(closeCodes.SUBPROTOCOL_NOT_ACCEPTABLE);
  });

  it("answers ping with pong, and a refused operation with an error message", async () => {
    await using t = await fixtureRouter();
    const { types, code } = await talk(t, [init, { type: "ping" }, subscribe("1", "subscription { nope }")], { until: 3 });
    expect([types.sort(), code]).toEqual([["connection_ack", "error", "pong"], undefined]);
  });

  it("closes with 4408 upon one that never introduces itself", async () => {
    await using t = await fixtureRouter({ sockets: { initMs: 20 } });
    expect((await talk(t, [])).code).toBe(4408);
  });

  it("drops a peer that answers no ping, and ends its streams", async () => {
    await using t = await fixtureRouter({ sockets: { pingMs: 500 } });
    const socket = new WebSocket(t.webSocketUrl, "graphql-transport-ws", { autoPong: false });
    // Until its stream is there it answers, or it could be dropped before.
    const answer = (data: Buffer) => socket.pong(data);
    socket.on("ping", answer);
    const closed = new Promise<number>((resolve) => socket.on("close", resolve));
    socket.on("open", () => socket.send(JSON.stringify(init)));
    socket.once("message", () => socket.send(JSON.stringify(subscribe("1", idle))));
    await t.sources.untilActive(1);
    socket.off("ping", answer);
    expect(await closed).toBe(1006);
    await t.sources.untilActive(0);
  });

  it("limits the operations of one socket", async () => {
    await using t = await fixtureRouter({ sockets: { maxOperations: 2 } });
    const { answers } = await talk(t, [init, subscribe("1", idle), subscribe("2", idle), subscribe("3", idle)], { until: 2 });
    expect(answers[1]).toMatchObject({
      type: "error",
      payload: [{ extensions: { code: "RESOURCE_EXHAUSTED", reason: "SOCKET_OPERATIONS_LIMIT", limit: 2, requestId: expect.any(String) } }],
    });
  });

  it("refuses an operation with a number whose digits a double does not keep, and no other", async () => {
    await using t = await fixtureRouter();
    const query = "query ($v: JSON) { echo(value: $v) }";
    const asked = (id: string, value: string) =>
      `{"id":"${id}","type":"subscribe","payload":{"query":"${query}","variables":{"v":[${value}]}}}`;
    const { answers } = await talk(t, [init, asked("1", "7615917337495251231"), asked("2", '"7615917337495251231"')], { until: 4 });
    const extensions = {
      reason: "NUMBER_NOT_KEPT",
      field: "payload.variables.v.0",
      value: "7615917337495251231",
      requestId: expect.any(String),
    };
    expect(answers).toContainEqual({
      id: "1",
      type: "error",
      payload: [expect.objectContaining({ extensions: expect.objectContaining(extensions) })],
    });
    expect(answers).toContainEqual({ id: "2", type: "next", payload: { data: { echo: ["7615917337495251231"] } } });
  });

  it("limits the size of a message", async () => {
    await using t = await fixtureRouter({ sockets: { maxMessageBytes: 1_000 } });
    expect((await talk(t, [init, subscribe("1", `{ whoami } # ${"x".repeat(2_000)}`)])).code).toBe(1009);
  });

  it("drops a client that goes on asking and reads no answer", async () => {
    await using t = await fixtureRouter({ sockets: { maxBufferedBytes: 1 << 20, maxOperations: 1_000 } });
    const socket = new WebSocket(t.webSocketUrl, "graphql-transport-ws");
    await new Promise((resolve) => socket.once("open", resolve));
    socket.send(JSON.stringify(init));
    await new Promise((resolve) => socket.once("message", resolve));
    socket.pause();
    // More than the buffers of two sockets take: the answer repeats the text.
    const asked = 600;
    const echoed = `{ echo(value: "${"x".repeat(50_000)}") }`;
    let answered = 0;
    const ended = new Promise<string>((resolve) => {
      socket.on("error", () => {});
      socket.on("close", () => resolve("dropped"));
      socket.on("message", () => ++answered === 2 * asked && resolve("answered"));
    });
    const sent = Array.from(
      { length: asked },
      (_, id) => new Promise((resolve) => socket.send(JSON.stringify(subscribe(`${id}`, echoed)), resolve)),
    );
    await Promise.all(sent);
    // A request of another client is answered behind them all.
    await t.ask("{ whoami }");
    socket.resume();
    expect(await ended).toBe("dropped");
    expect(answered).toBeLessThan(2 * asked);
    expect((await t.ask("{ whoami }")).status).toBe(200);
  });

  it("limits how deep a message nests, and the document in it", async () => {
    await using t = await fixtureRouter();
    const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
    const deep = nested(7_000);
    // The second is so long that it is read in turns.
    for (const variable of [deep, nested(100_000)]) {
      const message = `{"id":"1","type":"subscribe","payload":{"query":"{ whoami }","variables":{"a":${variable}}}}`;
      expect((await talk(t, [init, message])).code).toBe(4400);
    }
    const { answers } = await talk(t, [init, subscribe("1", `{ run(id: ${deep}) { id } }`)], { until: 2 });
    expect(answers[1]).toMatchObject({ type: "error", payload: [{ extensions: { reason: "NESTED_TOO_DEEP" } }] });
  });

  it("limits the keys of one object of a message: the operation is refused, the socket lives on", async () => {
    await using t = await fixtureRouter();
    const variables = { v: Object.fromEntries(Array.from({ length: 50_001 }, (_, key) => [`k${key}`, 1])) };
    const messages = [init, { id: "1", type: "subscribe", payload: { query: "query ($v: JSON) { echo(value: $v) }", variables } }];
    const { answers } = await talk(t, [...messages, subscribe("2", "{ whoami }")], { until: 3 });
    expect(answers.slice(0, 3)).toMatchObject([
      { type: "connection_ack" },
      { id: "1", type: "error", payload: [{ extensions: { reason: "TOO_MANY_KEYS" } }] },
      { id: "2", type: "next" },
    ]);
  });

  it("limits the bytes of long messages that are read at once: a socket for whose there is no room is told to come again", async () => {
    await using t = await fixtureRouter({ bodies: { tenantBytes: 100_000, totalBytes: 1_000_000 } });
    expect((await talk(t, [init, subscribe("1", `{ echo(value: "${"x".repeat(300_000)}") }`)])).code).toBe(1013);
    expect((await talk(t, [init, subscribe("1", `{ echo(value: "${"x".repeat(150_000)}") }`)], { until: 2 })).types[1]).toBe("next");
  });

  it("takes messages in the order in which they came, long ones too", async () => {
    await using t = await fixtureRouter();
    // It is no JSON: nothing is answered that comes behind it.
    const long = `{"id":"1","type":"subscribe",${" ".repeat(300_000)}`;
    const { code, types } = await talk(t, [init, long, subscribe("2", "{ whoami }")]);
    expect([code, types]).toEqual([4400, ["connection_ack"]]);
  });

  it("takes tenant and request id from connectionParams, else from headers, else from the query string (S-103)", async () => {
    await using t = await fixtureRouter();
    const whoami = async (params: object, options: { headers?: Record<string, string>; search?: string } = {}) => {
      const messages = [{ ...init, payload: params }, subscribe("1", "{ whoami }")];
      const { answers } = await talk(t, messages, { until: 2, ...options });
      return [answers[0]?.payload, (answers[1]!.payload as { data: { whoami: string } }).data.whoami];
    };
    const headers = { "x-tenant-id": "header", "x-request-id": "r2" };
    const params = { "x-tenant-id": "params", "x-request-id": "r1" };
    const search = "?tenant_id=search&x-request-id=r3";
    expect(await whoami(params, { headers, search })).toEqual([{ "x-tenant-id": "params" }, "params/r1"]);
    expect(await whoami({}, { headers, search })).toEqual([{ "x-tenant-id": "header" }, "header/r2"]);
    expect(await whoami({}, { search })).toEqual([{ "x-tenant-id": "search" }, "search/r3"]);
    expect((await whoami({}))[1]).toMatch(/^public\/[0-9a-f-]{36}$/);
  });

  it("S-104 continues the traceparent of connectionParams, else that of the upgrade", async () => {
    await using t = await fixtureRouter();
    const trace = (digit: string) => `00-${digit.repeat(32)}-${digit.repeat(16)}-01`;
    const traced = async (params: object, headers: Record<string, string>) => {
      await talk(t, [{ ...init, payload: params }, subscribe("1", "{ whoami }")], { until: 2, headers });
      return t.seen.at(-1)?.info.traceparent;
    };
    expect(await traced({ traceparent: trace("1") }, { traceparent: trace("2") })).toBe(trace("1"));
    expect(await traced({}, { traceparent: trace("2") })).toBe(trace("2"));
    expect(await traced({ traceparent: "nonsense" }, {})).toBeUndefined();
  });

  it("closes with the reason when the tenant id is malformed", async () => {
    await using t = await fixtureRouter();
    for (const tenant of ["a b", "ü".repeat(500), ["a"], 7.5])
      expect([tenant, (await talk(t, [{ ...init, payload: { "x-tenant-id": tenant } }])).code]).toEqual([tenant, 4400]);
  });

  it("does not open for a foreign Origin or Host, nor elsewhere than at /graphql", async () => {
    await using t = await fixtureRouter({ env: { corsOrigins: ["https://app.example"] } });
    const refused = async (headers: Record<string, string>) => (await talk(t, [init], { until: 1, headers })).refused;
    expect(await refused({ origin: "https://evil.example" })).toMatch("403");
    expect(await refused({ host: "evil.example" })).toMatch("403");
    expect(await refused({ origin: "https://app.example" })).toBeUndefined();
    expect(await refused({ origin: new URL(t.router.url).origin })).toBeUndefined();
    expect((await talk(t, [init], { search: "/elsewhere" })).refused).toMatch("404");
  });

  it("is limited like HTTP in what a document may ask", async () => {
    await using t = await fixtureRouter({ limits: { maxDepth: 3 } });
    const deep = "subscription { runStatus(id: 1) { parent { parent { parent { id } } } } }";
    const { answers } = await talk(t, [init, subscribe("1", deep)], { until: 2 });
    expect(answers[1]).toMatchObject({
      type: "error",
      payload: [{ extensions: { code: "BAD_USER_INPUT", reason: "OPERATION_LIMIT_EXCEEDED", of: "levels" } }],
    });
    expect(t.audits).toMatchObject([{ statusCode: 400, errorCodes: ["BAD_USER_INPUT"] }]);
  });

  it.each([
    ['subscription { runEvents(id: "x") @skip(if: true) { __typename } }'],
    ['subscription { runEvents(id: "x") @include(if: false) { __typename } }'],
    ['subscription { ... @skip(if: true) { runEvents(id: "x") { __typename } } }'],
    ['subscription { ...F } fragment F on Subscription { runEvents(id: "x") @include(if: false) { __typename } }'],
    ['subscription { ...F @skip(if: true) } fragment F on Subscription { runEvents(id: "x") { __typename } }'],
    ['subscription ($c: Boolean = true) { runEvents(id: "x") @skip(if: $c) { __typename } }'],
  ])("refuses a root field that depends on a condition, and keeps its other streams: %s", async (query) => {
    await using t = await fixtureRouter();
    const socket = t.client();
    const stream = socket.iterate({ query: idle });
    const event = stream.next();
    await t.sources.untilActive(1);
    const refused: unknown = await socket
      .iterate({ query })
      .next()
      .catch((errors: unknown) => errors);
    expect(refused).toMatchObject([{ extensions: { reason: "GRAPHQL_VALIDATION_FAILED" } }]);
    t.sources.push("1", { runStatus: { id: "1" } });
    expect((await event).value).toEqual({ data: { runStatus: { id: "1" } } });
  });

  it("outlives whatever its operations say", async () => {
    await using t = await fixtureRouter();
    const payload = fc.record({
      query: fc.oneof(
        fc.string(),
        fc.constantFrom(
          "subscription { __typename }",
          "subscription { a: __typename whoami }",
          "subscription { ... on Subscription { ... on Subscription { whoami } } }",
          "subscription A { whoami } subscription B { whoami }",
          "query ($a: Boolean!) { whoami @skip(if: $a) }",
          "query ($a: JSON) { echo(value: $a) }",
          "{ __type(name: 1) { name } }",
          "mutation { nope }",
          "fragment F on Query { ...F } { ...F }",
          "{ constructor: whoami __proto__: whoami }",
        ),
      ),
      variables: fc.oneof(fc.constant(null), fc.dictionary(fc.constantFrom("a", "__proto__", "constructor"), fc.jsonValue())),
      operationName: fc.oneof(fc.constant(null), fc.constantFrom("A", "", "__proto__", "constructor")),
    });
    const payloads = fc.sample(payload, { numRuns: 150, seed: 7 });
    const messages = payloads.map((each, index) => ({ id: `o${index}`, type: "subscribe", payload: each }));
    const ended = new Set<string>();
    const socket = new WebSocket(t.webSocketUrl, "graphql-transport-ws");
    const done = Promise.withResolvers<number | undefined>();
    socket.on("open", () => socket.send(JSON.stringify(init)));
    socket.on("close", done.resolve);
    socket.on("message", (data: Buffer) => {
      const { type, id } = JSON.parse(String(data)) as { type: string; id: string };
      if (type === "connection_ack") for (const message of messages) socket.send(JSON.stringify(message));
      // `whoami` gives one event and then idles.
      if (type !== "connection_ack") ended.add(id);
      if (ended.size === messages.length) done.resolve(undefined);
    });
    expect(await done.promise).toBeUndefined();
    expect(ended.size).toBe(messages.length);
    socket.terminate();
  });
});
