/** The typed client and a graph that has no room: it waits for as long as it is told, and no longer than it may. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { parse } from "graphql";
import { createClient, type ClientOptions } from "#codegen/client/client.ts";

const add = parse("mutation { add }") as TypedDocumentNode<{ add: number }, Record<string, never>>;

interface Said {
  status: number;
  body: object;
}
const busy = (status: number, reason: string, retryAfterMs: number): Said => ({
  status,
  body: { errors: [{ message: "Try again.", extensions: { code: "RESOURCE_EXHAUSTED", reason, retryAfterMs } }] },
});
const done: Said = { status: 200, body: { data: { add: 1 } } };

/** A graph that gives these answers, then the last one for ever. */
async function graphOf(answers: Said[], options: Partial<ClientOptions> = {}) {
  let asked = 0;
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      const { status, body } = answers[Math.min(asked++, answers.length - 1)]!;
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const client = createClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`, ...options });
  return {
    client,
    asked: () => asked,
    async [Symbol.asyncDispose]() {
      await client.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

describe("an operation of the typed client that the graph has no room for", () => {
  it.each([
    ["its key has asked too often", busy(429, "RATE_LIMITED", 20)],
    ["its tenant has no more room", busy(429, "TENANT_BUSY", 20)],
    ["nobody has", busy(503, "ROUTER_BUSY", 20)],
    ["its key cannot be checked just now", busy(503, "KEYS_UNAVAILABLE", 20)],
    ["it is told to come at once", busy(429, "RATE_LIMITED", 0)],
  ])("is sent again after the pause that it is told, where %s", async (_why, refused) => {
    await using t = await graphOf([refused, refused, done]);
    expect(await t.client.mutate(add, {})).toEqual({ add: 1 });
    expect(t.asked()).toBe(3);
  });

  it.each<[string, Said, Partial<ClientOptions>]>([
    ["a field of it was refused, and others may be done", { ...busy(200, "TENANT_BUSY", 1), status: 200 }, {}],
    [
      "it has data",
      {
        status: 429,
        body: { data: { add: null }, errors: [{ message: "m", path: ["add"], extensions: { reason: "TENANT_BUSY", retryAfterMs: 1 } }] },
      },
      {},
    ],
    ["it is not told when to come again", { status: 503, body: { errors: [{ message: "m", extensions: { reason: "TENANT_BUSY" } }] } }, {}],
    ["it would wait longer than it may", busy(429, "TENANT_BUSY", 60_000), {}],
    ["it would wait past its end", busy(429, "TENANT_BUSY", 5_000), { timeoutMs: 2_000 }],
    ["it is not to wait", busy(429, "TENANT_BUSY", 0), { busyWaitMs: 0 }],
  ])("is refused at once, where %s", async (_why, refused, options) => {
    await using t = await graphOf([refused, done], options);
    await expect(t.client.mutate(add, {})).rejects.toMatchObject({ name: "GraphqlRequestError", reason: "TENANT_BUSY" });
    expect(t.asked()).toBe(1);
  });

  it("gives up when it has waited for as long as it may, in all", async () => {
    await using t = await graphOf([busy(503, "ROUTER_BUSY", 60)], { busyWaitMs: 200 });
    await expect(t.client.query(add, {})).rejects.toMatchObject({ reason: "ROUTER_BUSY" });
    expect(t.asked()).toBe(4);
  });

  it("waits no more when its signal fires", async () => {
    await using t = await graphOf([busy(503, "ROUTER_BUSY", 9_000)]);
    const stop = new AbortController();
    const answer = t.client.query(add, {}, { signal: stop.signal });
    while (t.asked() === 0) await new Promise(setImmediate);
    stop.abort(new Error("enough"));
    await expect(answer).rejects.toThrow("enough");
    expect(t.asked()).toBe(1);
  });
});
