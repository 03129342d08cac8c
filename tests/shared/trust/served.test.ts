/** What a served subgraph takes, over HTTP and WebSocket, on a port and on a Unix socket. */
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "graphql-ws";
import { pino } from "pino";
import { Client as HttpClient } from "undici";
import WebSocket from "ws";
import { heardDatabaseTime } from "#shared/database-time.ts";
import { parseEndpointAddress } from "#shared/endpoint/endpoint-address.ts";
import { connectEndpoint } from "#shared/endpoint/http-endpoint.ts";
import type { RequestInfo } from "#shared/request-info.ts";
import { serveEndpoints, type ServeOptions } from "#shared/serve/server.ts";
import { InternalKeys } from "#shared/trust/internal-keys.ts";
import { operationText, signToken, upgradeText } from "#shared/trust/token.ts";
import { fixtureSubgraphs } from "../../testkit/fixture-subgraphs.ts";
import { withClockSet } from "../../testkit/set-clock.ts";

const log = pino({ level: "silent" });
const [first, second] = ["0a".repeat(32), "0b".repeat(32)];
const info: RequestInfo = { tenantId: "acme", requestId: "request-1" };

const places = ["a port", "a Unix socket"] as const;

type Setup = Awaited<ReturnType<typeof setup>>;

async function setup(
  place: (typeof places)[number] = "a port",
  keys = new InternalKeys([first]),
  strangers: ServeOptions["strangers"] = {},
) {
  const fixtures = fixtureSubgraphs();
  const folder = await mkdtemp(join(tmpdir(), "trust-"));
  const listen = place === "a port" ? { port: 0 } : { socketPath: join(folder, "s.sock") };
  const server = await serveEndpoints({ endpoints: [fixtures.runs, fixtures.traces], listen, log, keys, strangers });
  const address = parseEndpointAddress(server.urlOf("runs"));
  const http = new HttpClient(address.origin, address.socketPath === undefined ? {} : { socketPath: address.socketPath });
  const sockets = createClient({ url: address.webSocketUrl, webSocketImpl: WebSocket, retryAttempts: 0 });
  return {
    ...fixtures,
    server,
    url: server.urlOf("runs"),
    async post(body: string, token: string | undefined) {
      const headers = { "content-type": "application/json", ...(token !== undefined && { authorization: `Bearer ${token}` }) };
      const answer = await http.request({ method: "POST", path: address.path, headers, body });
      const { errors } = (await answer.body.json()) as { errors?: { extensions: object }[] };
      return { status: answer.statusCode, ...errors?.[0]?.extensions };
    },
    subscribe: (query: string, token: string | undefined) =>
      new Promise<unknown>((resolve) =>
        sockets.subscribe(
          { query, extensions: { token } },
          { next: resolve, error: (cause) => resolve((cause as unknown[])[0]), complete() {} },
        ),
      ),
    async [Symbol.asyncDispose]() {
      await sockets.dispose();
      await http.destroy();
      await server.stop(100);
      await rm(folder, { recursive: true });
    },
  };
}

const query = "subscription { whoami }";
const body = operationText({ query: "{ whoami }" });
const key = new InternalKeys([first]).all[0]!;
const sign = (text: string, audience = "runs", by = key) => signToken({ audience, info, text }, by);

describe.each(places)("a subgraph at %s", (place) => {
  const stranger = new InternalKeys([second]).all[0]!;
  const refused: [string, (text: string) => string | undefined, string][] = [
    ["without a token", () => undefined, "TOKEN_MISSING"],
    ["with a token of another key", (text) => sign(text, "runs", stranger), "TOKEN_FORGED"],
    ["with another subgraph's token", (text) => sign(text, "traces"), "TOKEN_AUDIENCE_WRONG"],
    ["with the token of another operation", (text) => sign(`${text} `), "TOKEN_BODY_DIFFERS"],
  ];

  it.each(refused)("answers 401 %s, and executes nothing", async (_how, token, reason) => {
    await using t = await setup(place);
    expect(await t.post(body, token(body))).toMatchObject({ status: 401, code: "UNAUTHENTICATED", reason });
    expect(await t.subscribe(query, token(operationText({ query })))).toMatchObject({ extensions: { code: "UNAUTHENTICATED", reason } });
    expect(t.seen).toEqual([]);
  });

  it("takes what a process of the platform signs", async () => {
    await using t = await setup(place);
    expect(await t.post(body, sign(body))).toEqual({ status: 200 });
    expect(await t.subscribe(query, sign(operationText({ query })))).toEqual({ data: { whoami: "acme/request-1" } });
    expect(t.seen.map(({ info: seen }) => seen)).toMatchObject([info, info]);
  });

  it("believes the token alone: headers and query strings say nothing", async () => {
    await using t = await setup(place);
    const { origin, socketPath, path } = parseEndpointAddress(t.url);
    const http = new HttpClient(origin, socketPath === undefined ? {} : { socketPath });
    const headers = { authorization: `Bearer ${sign(body)}`, "content-type": "application/json", "x-tenant-id": "other" };
    await (await http.request({ method: "POST", path: `${path}?tenant_id=other`, headers, body })).body.dump();
    expect(t.seen.at(-1)?.info.tenantId).toBe("acme");
    const get = { method: "GET" as const, path: `${path}?query=%7Bwhoami%7D`, headers: { authorization: `Bearer ${sign("")}` } };
    expect((await http.request(get)).statusCode).toBe(405);
    expect(t.seen).toHaveLength(1);
    await http.destroy();
  });
});

describe("processes that do not have the same keys", () => {
  const rotation: [string, string[], string[], boolean][] = [
    ["both have the old one", [first], [first], true],
    ["the caller has the new one already", [second, first], [first], true],
    ["the subgraph has the new one already", [first], [second, first], true],
    ["both are done", [second], [second, first], true],
    ["the old one is gone", [first], [second], false],
  ];

  it.each(rotation)("understand each other while a key is rotated: %s", async (_when, callers, servers, isUnderstood) => {
    await using t = await setup("a port", new InternalKeys(servers));
    const connecting = connectEndpoint({ name: "runs", url: t.url, keys: new InternalKeys(callers) });
    if (!isUnderstood) {
      await expect(connecting).rejects.toMatchObject({
        code: "DOWNSTREAM_UNAVAILABLE",
        reason: "SUBGRAPH_REFUSES_TOKEN",
        facts: { refusal: "TOKEN_FORGED", effectUnknown: false, platformFault: true },
      });
      return;
    }
    const endpoint = await connecting;
    expect(await endpoint.execute({ query: "{ whoami }", info })).toEqual({ data: { whoami: "acme/request-1" } });
    expect(await endpoint.execute({ query: 'mutation { addStep(name: "a") }', info })).toMatchObject({ data: { addStep: ["a"] } });
    const stream = await endpoint.subscribe({ query, info });
    if (!(Symbol.asyncIterator in stream)) throw new Error("expected a stream");
    expect((await stream.next()).value).toEqual({ data: { whoami: "acme/request-1" } });
    await stream.return?.();
    await endpoint.close();
  });

  it("go on when the key of a platform beside them is a new one, read again where it lies", async () => {
    await using t = await setup("a Unix socket", new InternalKeys([second]));
    const beside = await connectEndpoint({ name: "runs", url: t.url, keys: new InternalKeys([first], () => [second]) });
    expect(await beside.execute({ query: "{ whoami }", info })).toEqual({ data: { whoami: "acme/request-1" } });
    await beside.close();
  });

  it("have sockets of known ones again after the first operation, each of two routers, where the key that they preferred is gone", async () => {
    const both = new InternalKeys([first, second]);
    await using t = await setup("a port", both);
    const connect = () => connectEndpoint({ name: "runs", url: t.url, keys: new InternalKeys([first, second]) });
    const routers = [await connect(), await connect()];
    await t.server.stop(100);
    const fixtures = fixtureSubgraphs();
    const listen = { port: Number(new URL(t.url).port) };
    const endpoints = [fixtures.runs, fixtures.traces];
    const next = await serveEndpoints({ endpoints, listen, log, keys: new InternalKeys([second]), strangers: { operationMs: 60_000 } });
    for (const router of routers) {
      // The first stays open: what comes after it finds another socket than the one by which it was found out.
      for (const more of ["", "x".repeat(1 << 20)]) {
        const stream = await router.subscribe({ query, variables: { more }, info });
        if (!(Symbol.asyncIterator in stream)) throw new Error("expected a stream");
        expect((await stream.next()).value).toEqual({ data: { whoami: "acme/request-1" } });
      }
    }
    await Promise.all(routers.map((router) => router.close()));
    await next.stop(100);
  });

  it("tell a subscriber that it is the platform's fault, not theirs", async () => {
    await using t = await setup("a port", new InternalKeys([second, first]));
    const endpoint = await connectEndpoint({ name: "runs", url: t.url, keys: new InternalKeys([first]) });
    await t.server.stop(100);
    const { port } = new URL(t.url);
    const fixtures = fixtureSubgraphs();
    const next = await serveEndpoints({
      endpoints: [fixtures.runs, fixtures.traces],
      listen: { port: Number(port) },
      log,
      keys: new InternalKeys([second]),
    });
    const stream = await endpoint.subscribe({ query, info });
    if (!(Symbol.asyncIterator in stream)) throw new Error("expected a stream");
    expect((await stream.next()).value).toMatchObject({
      errors: [{ extensions: { code: "DOWNSTREAM_UNAVAILABLE", reason: "SUBGRAPH_REFUSES_TOKEN", platformFault: true } }],
    });
    expect(await stream.next()).toMatchObject({ done: true });
    await endpoint.close();
    await next.stop(100);
  });
});

describe.each(places)("a WebSocket at %s that nobody has vouched for", (place) => {
  /** As a stranger opens it, or with a token for that. */
  async function opened(t: Setup, token?: string) {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const socket = new WebSocket(parseEndpointAddress(t.url).webSocketUrl, "graphql-transport-ws", { headers });
    const isOpen = await once(socket, "open").then(
      () => true,
      () => false,
    );
    return { isOpen, socket, closed: once(socket, "close").then(([code]) => code as number), end: () => socket.terminate() };
  }

  it("ends where it brings no operation of the platform's", async () => {
    await using t = await setup(place, undefined, { operationMs: 20 });
    const stranger = await opened(t);
    stranger.socket.send('{"type":"connection_init"}');
    expect(await stranger.closed).toBe(4401);
  });

  it("takes small messages only, and there are few; the platform's own find room beside them", async () => {
    await using t = await setup(place, undefined, { maxSockets: 1 });
    const endpoint = await connectEndpoint({ name: "runs", url: t.url, keys: new InternalKeys([first]) });
    const [stranger, another] = [await opened(t), await opened(t)];
    expect([stranger.isOpen, another.isOpen]).toEqual([true, false]);
    const stream = await endpoint.subscribe({ query, variables: { more: "x".repeat(1 << 20) }, info });
    if (!(Symbol.asyncIterator in stream)) throw new Error("expected a stream");
    expect((await stream.next()).value).toEqual({ data: { whoami: "acme/request-1" } });
    await stream.return?.();
    await endpoint.close();
    // A part of a message, whose end never comes.
    stranger.socket.send("x".repeat((256 << 10) + 1), { fin: false });
    expect(await stranger.closed).toBe(1009);
  });

  it.each<[string, () => string]>([
    ["of another key", () => signToken({ audience: "runs", info, text: upgradeText }, new InternalKeys([second]).all[0]!)],
    ["for another subgraph", () => sign(upgradeText, "traces")],
    ["for an operation", () => sign(body)],
  ])("is no other for a token %s", async (_what, token) => {
    await using t = await setup(place, undefined, { maxSockets: 0 });
    expect((await opened(t, token())).isOpen).toBe(false);
    const known = await opened(t, sign(upgradeText));
    expect(known.isOpen).toBe(true);
    known.end();
  });
});

/** A database tells this machine's time, which may have been set: whatever was heard of another counts no more then. */
const timeTold = () => heardDatabaseTime(Date.now(), { askedAtMs: performance.now(), database: "told" });

describe("a request that waits for a connection", () => {
  it("is signed when it is sent, so that no wait makes its token too old", async () => {
    await using t = await setup();
    const endpoint = await connectEndpoint({ name: "runs", url: t.url, keys: new InternalKeys([first]), connections: 1 });
    t.seen.length = 0;
    const gone = new AbortController();
    const hanging = endpoint.execute({ query: "{ hanging }", info: { ...info, signal: gone.signal } });
    // The wait is longer than a token lives.
    const waiting = endpoint.execute({ query: "{ whoami }", info });
    const left = new AbortController();
    const leaving = endpoint.execute({ query: "{ whoami }", info: { ...info, signal: left.signal } });
    left.abort(new Error("left"));
    await expect(leaving).rejects.toThrow("left");
    try {
      await withClockSet(61_000, async () => {
        timeTold();
        gone.abort(new Error("gone"));
        await expect(hanging).rejects.toThrow("gone");
        expect(await waiting).toEqual({ data: { whoami: "acme/request-1" } });
      });
    } finally {
      timeTold();
    }
    await endpoint.close();
  });
});
