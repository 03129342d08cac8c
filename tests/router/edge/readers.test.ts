/** Readers that take less than they are sent: what waits for them is bounded, and ends. */
import { once } from "node:events";
import { connect } from "node:net";
import WebSocket from "ws";
import { readerLimits, type ReaderLimits } from "../../../router/edge/readers.ts";
import { eventually } from "../../testkit/eventually.ts";
import { fixtureRouter, modes, type FixtureRouter } from "../../testkit/fixture-router.ts";

const quick = { windowMs: 3_000, lookMs: 50 };
const patient = { windowMs: 250_000, lookMs: 50 };
const thrice = "query ($v: JSON) { a: echo(value: $v) b: echo(value: $v) c: echo(value: $v) }";
const large = "x".repeat(3_500_000);
const answers = { requestBytes: 12_000_000, tenantBytes: 12_000_000, totalBytes: 24_000_000 };

/** Asks over a connection of its own, and reads nothing of the answer. */
async function askUnread(t: FixtureRouter, tenantId: string) {
  const { port } = t.router;
  const socket = connect({ port, host: "127.0.0.1" });
  socket.on("error", () => {});
  await once(socket, "connect");
  socket.pause();
  const body = JSON.stringify({ query: thrice, variables: { v: large } });
  const head = ["POST /graphql HTTP/1.1", `host: 127.0.0.1:${port}`, "content-type: application/json", `x-tenant-id: ${tenantId}`];
  socket.write(`${[...head, `content-length: ${body.length}`].join("\r\n")}\r\n\r\n${body}`);
  return { socket, [Symbol.dispose]: () => void socket.destroy() };
}

const cuts = ({ logged }: FixtureRouter) => logged.filter(({ msg }) => msg === "a reader was too slow");

/** A socket with a stream that is sent more than it reads. */
async function watchUnread(t: FixtureRouter, tenantId: string, id = "1") {
  const socket = new WebSocket(t.webSocketUrl, "graphql-transport-ws");
  await once(socket, "open");
  socket.send(JSON.stringify({ type: "connection_init", payload: { "x-tenant-id": tenantId } }));
  await once(socket, "message");
  socket.send(
    JSON.stringify({
      type: "subscribe",
      id: "1",
      payload: { query: `subscription { runEvents(id: "${id}") { ... on LogLine { text } } }` },
    }),
  );
  await t.sources.untilActive(1);
  socket.pause();
  for (let k = 0; k < 10; k++) t.sources.push(id, { runEvents: { __typename: "LogLine", text: "x".repeat(1 << 20) } });
  return { socket, [Symbol.dispose]: () => socket.terminate() };
}

describe.each(modes)("a reader that reads nothing, %s", (mode) => {
  it("is cut, and what its answer held is given back to its tenant", async () => {
    await using t = await fixtureRouter({ mode, answers, readers: quick });
    using unread = await askUnread(t, "slow");
    await eventually(
      () => cuts(t),
      (found) => found.length > 0,
    );
    const asked = () => t.ask(thrice, { variables: { v: large }, headers: { "x-tenant-id": "slow" } });
    expect(await eventually(asked, ({ body }) => body.errors === undefined)).toMatchObject({ status: 200 });
    unread.socket.resume();
  });

  it("is told why its socket is closed, when it reads on; its streams end", async () => {
    await using t = await fixtureRouter({ mode, readers: quick });
    using slow = await watchUnread(t, "slow");
    await eventually(
      () => cuts(t),
      (found) => found.length > 0,
    );
    const closed = once(slow.socket, "close");
    slow.socket.resume();
    expect((await closed)[0]).toBe(4413);
    await t.sources.untilActive(0);
  });
});

describe("readers that stand still", () => {
  const bounded = async (limits: Partial<ReaderLimits>, tenants: string[]) => {
    const t = await fixtureRouter({ answers: { totalBytes: 200_000_000, tenantBytes: 100_000_000 }, readers: { ...patient, ...limits } });
    const unread = await Promise.all(tenants.map((tenantId) => askUnread(t, tenantId)));
    await eventually(
      () => cuts(t),
      (found) => found.length > 0,
    );
    for (const { socket } of unread) socket.destroy();
    await t[Symbol.asyncDispose]();
    return cuts(t);
  };

  it("hold no more than their tenant's part: the one that holds most is cut, and no other tenant's", async () => {
    const found = await bounded({ tenantBytes: 15_000_000 }, ["a", "a", "b"]);
    expect(found).toEqual([expect.objectContaining({ tenantId: "a" })]);
  });

  it("hold no more than their part of all", async () => {
    expect(await bounded({ totalBytes: 15_000_000 }, ["a", "b"])).toHaveLength(1);
  });

  it("have a quarter of the answers' bytes for a tenant, and half for all", () => {
    expect(readerLimits(256 << 20)).toMatchObject({ tenantBytes: 64 << 20, totalBytes: 128 << 20 });
  });
});
