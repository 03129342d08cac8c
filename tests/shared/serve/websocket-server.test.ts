import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { buildSchema, parse, type ExecutionResult } from "graphql";
import WebSocket from "ws";
import { createLog } from "#shared/log.ts";
import { defaultEnv } from "#shared/config.ts";
import { graphqlWebSockets } from "#shared/serve/websocket-server.ts";
import { eventually } from "../../testkit/eventually.ts";

const schema = buildSchema("type Query { a: String } type Subscription { text: String }");
const turn = () => new Promise(setImmediate);

/** A server whose one subscription gives `texts`, and a client of it that has just been acknowledged. */
async function setup(texts: Iterable<string>) {
  let pulled = 0;
  let writes = 0;
  const subscribe = async function* (): AsyncGenerator<ExecutionResult> {
    for (const text of texts) {
      pulled++;
      yield await Promise.resolve({ data: { text } });
    }
  };
  const onSubscribe = () => ({ schema, document: parse("subscription { text }") });
  const sockets = graphqlWebSockets({ onSubscribe, subscribe }, { log: createLog(defaultEnv(), "test") });
  const server = createServer();
  let raw: Socket | undefined;
  server.on("upgrade", (request, duplex: Socket, head: Buffer) => {
    raw = duplex;
    sockets.upgrade(request, duplex, head);
    for (const name of ["_write", "_writev"] as const) {
      const write = duplex[name]!.bind(duplex) as (...args: unknown[]) => void;
      duplex[name] = (...args: unknown[]) => {
        writes++;
        write(...args);
      };
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, "graphql-transport-ws");
  await once(client, "open");
  client.send(JSON.stringify({ type: "connection_init" }));
  await once(client, "message");
  const heard: string[] = [];
  const completed = new Promise<void>((resolve) => {
    client.on("message", (message: Buffer) => {
      const { type, payload } = JSON.parse(String(message)) as { type: string; payload?: { data: { text: string } } };
      if (type === "next") heard.push(payload!.data.text);
      if (type === "complete") resolve();
    });
  });
  return {
    client,
    heard,
    completed,
    pulled: () => pulled,
    writes: () => writes,
    waitingBytes: () => raw!.writableLength,
    subscribe: () => client.send(JSON.stringify({ id: "1", type: "subscribe", payload: { query: "subscription { text }" } })),
    async [Symbol.asyncDispose]() {
      client.terminate();
      await sockets.close(0);
      server.close();
    },
  };
}

describe("a WebSocket", () => {
  it("is sent what comes in one turn of the event loop in one write", async () => {
    const texts = Array.from({ length: 100 }, (_, n) => `event ${n}`);
    await using t = await setup(texts);
    const before = t.writes();
    t.subscribe();
    await t.completed;
    expect(t.heard).toEqual(texts);
    expect(t.writes() - before).toBeLessThanOrEqual(2);
  });

  it("holds a stream back whose reader does not read, and goes on with it when it does", async () => {
    const count = 30_000;
    const text = "x".repeat(1_000);
    await using t = await setup(Array.from({ length: count }, () => text));
    t.client.pause();
    t.subscribe();
    await eventually(t.waitingBytes, (bytes) => bytes >= 256 << 10);
    // What the system takes it takes; then nothing is pulled any more.
    for (let before = -1; before !== t.pulled();) {
      before = t.pulled();
      for (let turns = 0; turns < 50; turns++) await turn();
    }
    expect(t.pulled()).toBeLessThan(count);
    expect(t.waitingBytes()).toBeLessThan(300 << 10);
    t.client.resume();
    await t.completed;
    expect(t.heard).toHaveLength(count);
  });
});

describe("an operation whose hook throws", () => {
  const boom = () => {
    throw new Error("a bug");
  };
  const parsed = (query: string) => ({ schema, document: parse(query) });
  const idle = { next: () => new Promise<never>(() => {}), return: () => Promise.resolve({ done: true, value: undefined }) };
  const stream = { ...idle, [Symbol.asyncIterator]: () => stream } as unknown as AsyncGenerator<ExecutionResult>;

  it.each<[string, Partial<Parameters<typeof graphqlWebSockets>[0]>, string]>([
    ["onSubscribe", { onSubscribe: (_context, id, { query }) => (id === "bad" ? boom() : parsed(query)) }, "error"],
    ["subscribe", { subscribe: ({ operationName }) => (operationName === "Bad" ? boom() : stream) }, "next"],
    ["execute", { execute: boom }, "next"],
    ["onNext", { execute: () => Promise.resolve({ data: { a: "1" } }), onNext: boom }, "next"],
  ])("ends alone: %s", async (hook, options, type) => {
    const sockets = graphqlWebSockets(
      {
        onSubscribe: (_context, _id, { query, operationName }) => ({ ...parsed(query), operationName }),
        subscribe: () => stream,
        ...options,
      },
      { log: createLog(defaultEnv({ logLevel: "silent" }), "test") },
    );
    const server = createServer().on("upgrade", (request, duplex: Socket, head: Buffer) => void sockets.upgrade(request, duplex, head));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, "graphql-transport-ws");
    const answered = Promise.withResolvers<unknown>();
    client.on("close", (code) => answered.resolve(code));
    client.on("message", (message: Buffer) => {
      const heard = JSON.parse(String(message)) as { id?: string };
      if (heard.id === "bad") answered.resolve(heard);
    });
    await once(client, "open");
    const query = hook === "subscribe" ? "subscription Bad { text }" : "{ a }";
    const payload = hook === "subscribe" ? { query, operationName: "Bad" } : { query };
    client.send(JSON.stringify({ type: "connection_init" }));
    await once(client, "message");
    client.send(JSON.stringify({ id: "good", type: "subscribe", payload: { query: "subscription { text }" } }));
    client.send(JSON.stringify({ id: "bad", type: "subscribe", payload }));
    const errors = [{ extensions: { code: "INTERNAL" } }];
    expect(await answered.promise).toMatchObject({ type, payload: type === "error" ? errors : { errors } });
    expect(client.readyState).toBe(client.OPEN);
    client.terminate();
    await sockets.close(100);
    server.close();
  });
});

describe("a socket that is ending", () => {
  it("is waited for once, however many answers came too late for it", async () => {
    const operations = 50;
    const [go, asked, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const count = { asked: 0, answered: 0 };
    let ending!: WebSocket;
    const sockets = graphqlWebSockets(
      {
        onOpen: ({ socket }) => void (ending = socket),
        onSubscribe: (_context, _id, { query }) => ({ schema, document: parse(query) }),
        execute: async () => {
          if (++count.asked === operations) asked.resolve();
          await go.promise;
          return { data: { a: "1" } };
        },
        onNext: () => void (++count.answered === operations && setImmediate(answered.resolve)),
      },
      { log: createLog(defaultEnv({ logLevel: "silent" }), "test") },
    );
    const server = createServer().on("upgrade", (request, duplex: Socket, head: Buffer) => void sockets.upgrade(request, duplex, head));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, "graphql-transport-ws");
    await once(client, "open");
    client.send(JSON.stringify({ type: "connection_init" }));
    await once(client, "message");
    for (let id = 0; id < operations; id++) client.send(JSON.stringify({ id: `${id}`, type: "subscribe", payload: { query: "{ a }" } }));
    await asked.promise;
    // It says no goodbye while it does not read.
    client.pause();
    const listeners = ending.listenerCount("close");
    ending.close(1000);
    go.resolve();
    await answered.promise;
    const added = ending.listenerCount("close") - listeners;
    client.resume();
    await once(client, "close");
    await sockets.close(100);
    server.close();
    expect(added).toBe(1);
  });
});

describe("a long message", () => {
  it("is waited for however long its turn takes, though no ping is answered meanwhile", async () => {
    const [turn, came] = [Promise.withResolvers<void>(), Promise.withResolvers<number>()];
    const sockets = graphqlWebSockets(
      {
        onSubscribe: (_context, _id, { query }) => ({ schema, document: parse(query) }),
        execute: () => Promise.resolve({ data: { a: "1" } }),
        readLong: (_extra, sizeBytes, read) => {
          came.resolve(sizeBytes);
          return turn.promise.then(read);
        },
      },
      { log: createLog(defaultEnv({ logLevel: "silent" }), "test"), limits: { pingMs: 20 } },
    );
    const server = createServer().on("upgrade", (request, duplex: Socket, head: Buffer) => void sockets.upgrade(request, duplex, head));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const connected = async () => {
      const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, "graphql-transport-ws");
      await once(client, "open");
      client.send(JSON.stringify({ type: "connection_init" }));
      await once(client, "message");
      return client;
    };
    const [client, other] = [await connected(), await connected()];
    const answer = Promise.withResolvers<unknown>();
    client.on("close", answer.resolve);
    client.on("message", (message: Buffer) => answer.resolve(JSON.parse(String(message))));
    const text = JSON.stringify({ id: "1", type: "subscribe", payload: { query: "{ a }", variables: { a: "x".repeat(300_000) } } });
    client.send(text);
    expect(await came.promise).toBe(text.length);
    // Two times in which it would have been cut.
    for (let pings = 0; pings < 5; pings++) await once(other, "ping");
    turn.resolve();
    expect(await answer.promise).toEqual({ id: "1", type: "next", payload: { data: { a: "1" } } });
    client.terminate();
    other.terminate();
    await sockets.close(0);
    await new Promise((resolve) => server.close(resolve));
  });
});
