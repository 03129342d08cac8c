/** How much one may hold open (docs/security.md): WebSockets and streams over HTTP, counted together, and subscriptions. */
import { once } from "node:events";
import { request } from "undici";
import WebSocket from "ws";
import { fixtureRouter, type FixtureRouter } from "../testkit/fixture-router.ts";
import { keyedRouter } from "../testkit/keyed-router.ts";
import { eventually } from "../testkit/eventually.ts";

const idle = 'subscription { runStatus(id: "1") { id } }';
const formats = ["text/event-stream", "multipart/mixed;subscriptionSpec=1.0"] as const;

/** Opens a socket: until it is acknowledged, closed or refused. */
async function openSocket(t: FixtureRouter, headers: Record<string, string> = {}) {
  const socket = new WebSocket(t.webSocketUrl, "graphql-transport-ws", { headers });
  const opened = Promise.withResolvers<string>();
  socket.on("open", () => socket.send('{"type":"connection_init"}'));
  socket.once("message", (data: Buffer) => opened.resolve((JSON.parse(String(data)) as { type: string }).type));
  socket.on("close", (code, reason) => opened.resolve(`${code} ${String(reason)}`));
  socket.on("unexpected-response", (_, response) => {
    opened.resolve(`HTTP ${response.statusCode}`);
    response.destroy();
  });
  socket.on("error", () => {});
  return { socket, told: await opened.promise };
}

/** Opens a stream over HTTP; its answer has begun, or was refused. */
async function openStream(t: FixtureRouter, headers: Record<string, string> = {}, accept: string = formats[0]) {
  const leaving = new AbortController();
  const answer = await request(t.router.url, {
    method: "POST",
    headers: { "content-type": "application/json", accept, ...headers },
    body: JSON.stringify({ query: idle }),
    signal: leaving.signal,
  });
  const { statusCode, headers: answered } = answer;
  if (statusCode === 200) answer.body.on("error", () => {});
  const error = statusCode === 200 ? undefined : ((await answer.body.json()) as { errors: [{ extensions: object }] }).errors[0];
  return { statusCode, error, retryAfter: answered["retry-after"], leave: () => leaving.abort() };
}

async function close({ socket }: { socket: WebSocket }): Promise<void> {
  const closed = once(socket, "close");
  socket.close();
  await closed;
}

describe("the connections of a key", () => {
  it.each(formats)("are so many at once, sockets and streams (%s) together; then 4429, or 429, until one ends", async (accept) => {
    await using t = await keyedRouter({ places: { key: 2 } });
    const [key, other] = [{ "x-api-key": await t.keyOf("t1") }, { "x-api-key": await t.keyOf("t1") }];
    const socket = await openSocket(t, key);
    const stream = await openStream(t, key, accept);
    expect([socket.told, stream.statusCode]).toEqual(["connection_ack", 200]);
    const refused = "4429 CONNECTIONS_LIMIT: This key has 2 connections open. Close some; one WebSocket carries many streams.";
    expect((await openSocket(t, key)).told).toBe(refused);
    const refusedStream = await openStream(t, key, accept);
    expect(refusedStream).toMatchObject({ statusCode: 429, retryAfter: "1" });
    expect(refusedStream.error).toMatchObject({
      extensions: { code: "RESOURCE_EXHAUSTED", reason: "CONNECTIONS_LIMIT", of: "key", limit: 2, requestId: expect.any(String) },
    });
    // What needs no connection of its own goes on, and so do others.
    expect((await t.ask("{ whoami }", { headers: key })).status).toBe(200);
    expect((await openSocket(t, other)).told).toBe("connection_ack");
    stream.leave();
    await t.sources.untilActive(0);
    const again = await eventually(
      () => openSocket(t, key),
      ({ told }) => told === "connection_ack",
    );
    await close(again);
    await eventually(
      () => openStream(t, key, accept),
      ({ statusCode }) => statusCode === 200,
    );
  });

  it("give their places back however they end", async () => {
    await using t = await keyedRouter({ places: { key: 1 } });
    const headers = { "x-api-key": await t.keyOf("t1") };
    for (const end of [
      ({ socket }: { socket: WebSocket }) => socket.terminate(),
      ({ socket }: { socket: WebSocket }) => socket.close(),
      ({ socket }: { socket: WebSocket }) => socket.send("no message"),
    ]) {
      const opened = await eventually(
        () => openSocket(t, headers),
        ({ told }) => told === "connection_ack",
      );
      end(opened);
    }
    await eventually(
      () => openSocket(t, headers),
      ({ told }) => told === "connection_ack",
    );
  });
});

describe("the connections of a tenant, and of an address", () => {
  it("are so many at once, whichever keys they have", async () => {
    await using t = await keyedRouter({ places: { tenant: 1 } });
    const keyed = async (tenantId: string) => ({ "x-api-key": await t.keyOf(tenantId) });
    expect((await openSocket(t, await keyed("t1"))).told).toBe("connection_ack");
    expect((await openSocket(t, await keyed("t1"))).told).toMatch(/^4429 CONNECTIONS_LIMIT: This tenant has 1 /);
    expect((await openSocket(t, await keyed("t2"))).told).toBe("connection_ack");
  });

  it("are refused an address at the upgrade, before anybody says who they are", async () => {
    await using t = await fixtureRouter({ places: { address: 2 }, env: { trustedProxies: ["127.0.0.1"] } });
    const from = (address: string) => ({ "x-forwarded-for": address });
    const first = await openSocket(t, from("192.0.2.1"));
    expect((await openStream(t, from("192.0.2.1"))).statusCode).toBe(200);
    expect((await openSocket(t, from("192.0.2.1"))).told).toBe("HTTP 429");
    expect(await openStream(t, from("192.0.2.1"))).toMatchObject({ statusCode: 429, error: { extensions: { of: "address" } } });
    expect((await openSocket(t, from("192.0.2.2"))).told).toBe("connection_ack");
    await close(first);
    await eventually(
      () => openSocket(t, from("192.0.2.1")),
      ({ told }) => told === "connection_ack",
    );
  });
});

describe("the subscriptions of a tenant", () => {
  it("are so many at once, on whatever they are; then the subscription is refused, and its socket goes on", async () => {
    await using t = await fixtureRouter({ places: { subscriptions: 2 } });
    const client = t.client();
    const first = client.iterate({ query: idle });
    const event = first.next();
    await t.sources.untilActive(1);
    const stream = await openStream(t);
    await t.sources.untilActive(2);
    const extensions = { code: "RESOURCE_EXHAUSTED", reason: "SUBSCRIPTIONS_LIMIT", tenantId: "public", limit: 2 };
    const refused: unknown = await client
      .iterate({ query: idle })
      .next()
      .catch((errors: unknown) => errors);
    expect(refused).toMatchObject([{ message: "Tenant public has 2 subscriptions open. End some.", extensions }]);
    expect(await openStream(t)).toMatchObject({ statusCode: 429, retryAfter: "1", error: { extensions } });
    expect((await openStream(t, { "x-tenant-id": "other" })).statusCode).toBe(200);
    t.sources.push("1", { runStatus: { id: "1" } });
    expect((await event).value).toEqual({ data: { runStatus: { id: "1" } } });
    // A refused one was none, and one that ends gives its place back.
    stream.leave();
    await t.sources.untilActive(2);
    await first.return!();
    await t.sources.untilActive(1);
    await eventually(
      () => openStream(t),
      ({ statusCode }) => statusCode === 200,
    );
    expect(t.audits.filter(({ errorCodes }) => errorCodes.includes("RESOURCE_EXHAUSTED"))).toMatchObject([
      { statusCode: 429 },
      { statusCode: 429 },
    ]);
  });

  it("that their subgraph refuses take no place", async () => {
    await using t = await fixtureRouter({ places: { subscriptions: 1 } });
    for (let count = 0; count < 3; count++) {
      const { value } = await t.stream("subscription { refused }").next();
      expect(value).toMatchObject({ errors: [{ extensions: { reason: "RUN_BUSY" } }] });
    }
    expect((await openStream(t)).statusCode).toBe(200);
  });
});
