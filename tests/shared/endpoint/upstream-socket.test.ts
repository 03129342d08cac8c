import { createServer, connect, type AddressInfo, type Socket } from "node:net";
import { once } from "node:events";
import { pino } from "pino";
import { openUpstream, type Upstream } from "#shared/endpoint/upstream-socket.ts";
import { serveEndpoints } from "#shared/serve/server.ts";
import { Signer } from "#shared/trust/signer.ts";
import { fixtureSubgraphs } from "../../testkit/fixture-subgraphs.ts";
import { testKeys } from "../../testkit/internal-keys.ts";

const log = pino({ level: "silent" });
const info = { tenantId: "acme", requestId: "request-1" };

/** A subgraph behind a wire that can be held: the client's close frame is kept back until the test lets it go. */
async function setup() {
  const fixtures = fixtureSubgraphs();
  const server = await serveEndpoints({ endpoints: [fixtures.runs], listen: { port: 0 }, log, keys: testKeys });
  const target = new URL(server.urlOf("runs"));
  const closing = Promise.withResolvers<{ letGo(): void; cut(): void }>();
  const wires = new Set<Socket>();
  const wire = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    for (const socket of [near, far]) wires.add(socket.on("error", () => {}).once("close", () => wires.delete(socket)));
    far.pipe(near);
    near.once("close", () => far.destroy());
    near.on("data", (bytes: Buffer) => {
      // A client's close frame is the only one that begins so, and is written alone.
      if (bytes[0] !== 0x88) return void far.write(bytes);
      closing.resolve({ letGo: () => void far.write(bytes), cut: () => void near.destroy() });
    });
  });
  await once(wire.listen(0, "127.0.0.1"), "listening");
  const url = `ws://127.0.0.1:${(wire.address() as AddressInfo).port}${target.pathname}`;
  const upstream = openUpstream({
    signer: new Signer("runs", testKeys),
    name: "runs",
    url,
    limits: { maxBufferedEvents: 100, maxBufferedBytes: 1 << 20 },
    answersWithinMs: 60_000,
  });
  const subscriptions = () => fixtures.seen.filter(({ query }) => query.startsWith("subscription")).length;
  return {
    ...fixtures,
    upstream,
    closing: closing.promise,
    subscriptions,
    async [Symbol.asyncDispose]() {
      await upstream.close();
      for (const socket of wires) socket.destroy();
      wire.close();
      await once(wire, "close");
      await server.stop(100);
    },
  };
}

const count = (upstream: Upstream, events: number) =>
  Array.fromAsync(upstream.subscribe({ query: `subscription { runStatus(id: "1", count: ${events}) { seq } }`, info }));

describe("a subscription that begins while the idle socket is being closed", () => {
  it.each<[how: "letGo" | "cut", what: string]>([
    ["letGo", "closes as it should"],
    ["cut", "breaks instead"],
  ])("goes on over the next socket (%s: that one %s)", async (how) => {
    await using t = await setup();
    expect(await count(t.upstream, 1)).toEqual([{ data: { runStatus: { seq: 0 } } }]);
    // Half a second after the last one: the client has begun to close, and waits for the other end.
    const close = await t.closing;
    const second = count(t.upstream, 2);
    close[how]();
    expect(await second).toEqual([{ data: { runStatus: { seq: 0 } } }, { data: { runStatus: { seq: 1 } } }]);
    expect(t.subscriptions()).toBe(2);
  });

  it("is lost, and known not to have been sent, where the holder is closed meanwhile", async () => {
    await using t = await setup();
    await count(t.upstream, 1);
    const close = await t.closing;
    const second = count(t.upstream, 1);
    const closed = t.upstream.close();
    close.letGo();
    await closed;
    expect(await second).toMatchObject([{ errors: [{ extensions: { reason: "SUBSCRIPTION_UPSTREAM_LOST", effectUnknown: false } }] }]);
    expect(t.subscriptions()).toBe(1);
  });
});
