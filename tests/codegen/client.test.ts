/** The typed client against a server that says and breaks what a test wants. */
import { once as emitted } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { parse } from "graphql";
import { WebSocketServer, type WebSocket } from "ws";
import { createClient, type ClientOptions } from "#codegen/client/client.ts";
import { openSocket } from "#codegen/client/socket.ts";
import { subscription } from "#codegen/client/subscription.ts";

type Events = TypedDocumentNode<{ ticks: { cursor?: string; n: number } }, Record<string, unknown>>;
const resumable = parse("subscription T($after: String) { ticks(after: $after) { cursor n } }") as Events;
const withoutCursor = parse("subscription T($after: String) { ticks(after: $after) { n } }") as Events;
const once = parse("subscription T { ticks { n } }") as Events;
const inPages = parse("subscription T($after: String) { pages(after: $after) { cursor } }") as TypedDocumentNode<
  { pages: { cursor: string }[] },
  Record<string, unknown>
>;

/** One subscription as the server sees it. */
interface Asked {
  after: unknown;
  tick(n: number, cursor?: string | null): void;
  /** Sends a result as it is. */
  send(result: object): void;
  complete(): void;
  /** Closes the socket with a code, or breaks it without one. */
  close(code?: number): void;
  /** The connection stands, but nothing comes any more. */
  goSilent(): void;
}

async function setup(options: Partial<ClientOptions> = {}) {
  // Operations over HTTP get no answer.
  const server = createServer(() => {});
  let isAway = false;
  const sockets = new WebSocketServer({ server, handleProtocols: () => "graphql-transport-ws", verifyClient: () => !isAway });
  const waiting: ((asked: Asked) => void)[] = [];
  const unread: Asked[] = [];
  let connections = 0;
  sockets.on("connection", (socket) => {
    connections++;
    serve(socket, (asked) => (waiting.shift() ?? ((one: Asked) => void unread.push(one)))(asked));
  });
  const url = await listening(server);
  const client = createClient({ url, ...options });
  return {
    url,
    client,
    connections: () => connections,
    /** Breaks all sockets and takes no other; or takes them again. */
    setAway(away: boolean) {
      isAway = away;
      if (away) for (const socket of sockets.clients) socket.terminate();
    },
    /** The next subscription that arrives. */
    asked: () => new Promise<Asked>((resolve) => (unread.length > 0 ? resolve(unread.shift()!) : waiting.push(resolve))),
    async [Symbol.asyncDispose]() {
      await client.close();
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      server.close();
    },
  };
}

async function listening(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await emitted(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
}

function serve(socket: WebSocket, onAsked: (asked: Asked) => void): void {
  let isSilent = false;
  const send = (message: object) => {
    if (!isSilent) socket.send(JSON.stringify(message));
  };
  socket.on("message", (data: Buffer) => {
    const message = JSON.parse(String(data)) as { type: string; id: string; payload?: { variables?: { after?: unknown } } };
    if (message.type === "connection_init") send({ type: "connection_ack" });
    if (message.type === "ping") send({ type: "pong" });
    if (message.type !== "subscribe") return;
    onAsked({
      after: message.payload?.variables?.after,
      tick: (n, cursor: string | null = `c${n}`) =>
        send({ type: "next", id: message.id, payload: { data: { ticks: { n, ...(cursor !== null && { cursor }) } } } }),
      send: (payload) => send({ type: "next", id: message.id, payload }),
      complete: () => send({ type: "complete", id: message.id }),
      goSilent: () => void (isSilent = true),
      close: (code) => (code === undefined ? socket.terminate() : socket.close(code, "told to")),
    });
  });
}

describe("a subscription of the typed client", () => {
  it.each([
    ["broken", undefined],
    ["closed with 1001", 1001],
    ["closed with 1000, as some proxies do", 1000],
  ])("goes on behind its last cursor when its socket is %s", async (_how, code) => {
    await using t = await setup();
    const events = t.client.subscribe(resumable, { after: "c0" });
    const first = events.next();
    const asked = await t.asked();
    expect(asked.after).toBe("c0");
    asked.tick(1);
    expect((await first).value.ticks.n).toBe(1);
    const second = events.next();
    asked.close(code);
    const again = await t.asked();
    expect(again.after).toBe("c1");
    again.tick(2);
    expect((await second).value.ticks.n).toBe(2);
    again.complete();
    expect((await events.next()).done).toBe(true);
  });

  it("takes an event to which a subgraph that is away has added nothing, and goes on where there is no event", async () => {
    await using t = await setup();
    const away = [{ message: "The workflow subgraph cannot be reached.", extensions: { reason: "SUBGRAPH_UNREACHABLE" } }];
    const events = t.client.subscribe(resumable, {});
    const first = events.next();
    const asked = await t.asked();
    asked.send({ data: { ticks: { n: 1, cursor: "c1" } }, errors: away });
    expect((await first).value.ticks.n).toBe(1);
    const second = events.next();
    asked.send({ data: null, errors: away });
    const again = await t.asked();
    expect(again.after).toBe("c1");
    again.tick(2);
    expect((await second).value.ticks.n).toBe(2);
  });

  it("goes on behind the last event of a page", async () => {
    await using t = await setup();
    const pages = t.client.subscribe(inPages, {});
    const first = pages.next();
    const asked = await t.asked();
    asked.send({ data: { pages: [{ cursor: "c1" }, { cursor: "c2" }] } });
    expect((await first).value.pages).toHaveLength(2);
    const second = pages.next();
    asked.send({ data: { pages: [] } });
    expect((await second).value.pages).toEqual([]);
    const third = pages.next();
    asked.close();
    const again = await t.asked();
    expect(again.after).toBe("c2");
    again.send({ data: { pages: [{ cursor: "c3" }] } });
    expect((await third).value.pages).toEqual([{ cursor: "c3" }]);
  });

  it("counts the events of pages: 2,000 that nobody has read end a stream, which is taken up behind them", async () => {
    await using t = await setup();
    const pages = t.client.subscribe(inPages, {});
    const first = pages.next();
    const asked = await t.asked();
    asked.send({ data: { pages: Array.from({ length: 2_000 }, (_, n) => ({ cursor: `c${n}` })) } });
    // Not heard any more.
    asked.complete();
    expect((await first).value.pages).toHaveLength(2_000);
    const second = pages.next();
    const again = await Promise.race([t.asked(), second.then(() => undefined)]);
    expect(again?.after).toBe("c1999");
    again!.complete();
    expect((await second).done).toBe(true);
  });

  it("ends with the loss when it has no cursor to go on behind, rather than repeat what was seen", async () => {
    await using t = await setup();
    const events = t.client.subscribe(withoutCursor, {});
    const first = events.next();
    const asked = await t.asked();
    asked.tick(1, null);
    await first;
    asked.close();
    await expect(events.next()).rejects.toMatchObject({ name: "TransportError" });
  });

  it("begins as the one before it ends, over a socket of its own", async () => {
    await using t = await setup();
    for (let n = 1; n <= 3; n++) {
      const events = t.client.subscribe(once, {});
      const first = events.next();
      // One that cannot be taken up again would end with the loss of a socket that it never was on.
      const asked = await Promise.race([t.asked(), first.then(() => undefined)]);
      asked!.tick(n, null);
      asked!.complete();
      expect((await first).value.ticks.n).toBe(n);
      expect((await events.next()).done).toBe(true);
    }
  });

  it("is over when its signal fires, also before it began", async () => {
    await using t = await setup();
    expect(await t.client.subscribe(resumable, {}, { signal: AbortSignal.abort() }).next()).toEqual({ done: true, value: undefined });
    expect(t.connections()).toBe(0);
    const controller = new AbortController();
    const pending = t.client.subscribe(resumable, {}, { signal: controller.signal }).next();
    await t.asked();
    controller.abort();
    expect((await pending).done).toBe(true);
  });

  it("is over when the client is closed, also while it waits to connect again", async () => {
    await using t = await setup();
    const down = createServer();
    const url = await listening(down);
    down.close();
    await emitted(down, "close");
    const client = createClient({ url });
    const away = client.subscribe(resumable, {}).next();
    const pending = t.client.subscribe(resumable, {}).next();
    await t.asked();
    await Promise.all([client.close(), t.client.close()]);
    expect((await pending).done).toBe(true);
    expect((await away).done).toBe(true);
  });

  it("goes on when its server has gone silent without a word", async () => {
    await using t = await setup();
    const socket = openSocket(t.url, {}, { pingEveryMs: 100, pongWithinMs: 1_000 });
    const events = subscription({ socket, document: resumable, variables: {} });
    const pending = events.next();
    (await t.asked()).goSilent();
    let isTold = false;
    const told = pending.then(({ value }) => {
      isTold = true;
      return value.ticks.n;
    });
    // The server answers pings again; one that a slow machine answers late costs one more connection.
    while (!isTold) (await Promise.race([t.asked(), told.then(() => undefined)]))?.tick(1);
    expect(await told).toBe(1);
    await events.return?.();
    await socket.close();
  });

  it("tells of a loss that lasts, and that the connection stands again although no event has come", async () => {
    await using t = await setup();
    const [lost, regained] = [Promise.withResolvers<number>(), Promise.withResolvers<void>()];
    const events = t.client.subscribe(
      resumable,
      {},
      { giveUpAfterMs: 90_000, onLost: ({ giveUpAfterMs }) => lost.resolve(giveUpAfterMs), onRegained: regained.resolve },
    );
    const pending = events.next();
    await t.asked();
    t.setAway(true);
    expect(await lost.promise).toBe(90_000);
    t.setAway(false);
    const again = await t.asked();
    await regained.promise;
    again.tick(1);
    expect((await pending).value.ticks.n).toBe(1);
  });

  it("has all its patience again after a connection that lasted", async () => {
    await using t = await setup();
    const socket = openSocket(t.url, {});
    let clock = 0;
    const events = subscription({ socket, document: resumable, variables: {}, giveUpAfterMs: 5_000, now: () => clock });
    const pending = events.next();
    for (let loss = 0; loss < 3; loss++) {
      const asked = await t.asked();
      clock += 60_000;
      asked.close();
    }
    const asked = await t.asked();
    asked.tick(1);
    expect((await pending).value.ticks.n).toBe(1);
    await events.return?.();
    await socket.close();
  });

  it("gives up when no connection lasts", async () => {
    await using t = await setup();
    const socket = openSocket(t.url, {});
    let clock = 0;
    const events = subscription({ socket, document: resumable, variables: {}, giveUpAfterMs: 5_000, now: () => clock });
    const pending = events.next();
    (await t.asked()).close();
    const again = await t.asked();
    clock += 6_000;
    again.close();
    await expect(pending).rejects.toMatchObject({
      name: "TransportError",
      message: "The subscription's connection was lost, and could not be had again for 5 s.",
    });
    await socket.close();
  });
});

describe("an operation of the typed client", () => {
  const query = parse("{ slow }") as TypedDocumentNode<unknown, Record<string, never>>;

  it("says how long it waited for an answer", async () => {
    await using t = await setup({ timeoutMs: 50 });
    await expect(t.client.query(query, {})).rejects.toThrow(/within 50 ms/);
  });

  it("says that its document is not generated, where codegen has not seen it", async () => {
    await using t = await setup();
    // What graphql(`…`) makes of a text that it does not know.
    const unknown = {} as Events;
    expect(() => t.client.query(unknown, {})).toThrow("npm run codegen");
    expect(() => t.client.subscribe(unknown, {})).toThrow("npm run codegen");
  });

  it("is rejected with its signal's reason", async () => {
    await using t = await setup();
    await expect(t.client.query(query, {}, { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
  });
});
