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
