import { once } from "node:events";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createClient, type Client } from "graphql-ws";
import WebSocket from "ws";
import { eventually } from "../../testkit/eventually.ts";
import { fixtureRun } from "../../testkit/fixture-subgraphs.ts";
import { fixtureRouter, modes, type FixtureRouter } from "../../testkit/fixture-router.ts";

const query = 'subscription { runStatus(id: "1") { seq cost spans(first: 1) { id } } }';
const clientsOf = 10;
const streamsOf = 100;

interface Round {
  clients: Client[];
  seen: number[][];
  /** Resolves when each stream has got so many events. */
  untilSeen(events: number): Promise<void>;
}

/** A thousand streams over ten sockets, all begun. */
async function begin(t: FixtureRouter): Promise<Round> {
  const clients = Array.from({ length: clientsOf }, () =>
    createClient({ url: t.webSocketUrl, webSocketImpl: WebSocket, retryAttempts: 0, lazyCloseTimeout: 0 }),
  );
  const seen: number[][] = [];
  let wake = () => {};
  for (const client of clients)
    for (let i = 0; i < streamsOf; i++) {
      const mine: number[] = [];
      seen.push(mine);
      client.subscribe<{ runStatus: { seq: number; cost: number } }>(
        { query },
        {
          next: ({ data, errors }) => {
            if (errors === undefined && data?.runStatus.cost === 0.01) mine.push(data.runStatus.seq);
            wake();
          },
          error: () => {},
          complete: () => {},
        },
      );
    }
  await t.sources.untilActive(clientsOf * streamsOf);
  return {
    clients,
    seen,
    async untilSeen(events) {
      while (seen.some((mine) => mine.length < events)) await new Promise<void>((resolve) => (wake = resolve));
    },
  };
}

function push(t: FixtureRouter, events: number): void {
  for (let seq = 0; seq < events; seq++) t.sources.push("1", { runStatus: { ...fixtureRun("1"), seq } });
}

/** Half of the clients say that they are done, the others vanish. */
async function leave(t: FixtureRouter, { clients }: Round): Promise<void> {
  clients.forEach((client, index) => (index % 2 === 0 ? void client.dispose() : client.terminate()));
  await t.sources.untilActive(0);
}

function heapAfterCollection(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}

const sockets = () => process.getActiveResourcesInfo().filter((kind) => kind === "TCPSocketWrap").length;

describe.each(modes)("a thousand streams of one router, %s", (mode) => {
  it("all get every federated event, in order", async () => {
    await using t = await fixtureRouter({ mode });
    const round = await begin(t);
    push(t, 3);
    await round.untilSeen(3);
    expect(new Set(round.seen.map((mine) => mine.join()))).toEqual(new Set(["0,1,2"]));
    await leave(t, round);
    // A stream's row is told when it has ended here, which its source may hear of first.
    await eventually(
      () => t.audits.length,
      (count) => count === clientsOf * streamsOf,
    );
  });

  it("leave nothing behind when their clients do: no stream, no socket, no memory", async () => {
    await using t = await fixtureRouter({ mode });
    const cycle = async () => {
      const round = await begin(t);
      push(t, 1);
      await round.untilSeen(1);
      await leave(t, round);
      t.audits.length = 0;
      t.seen.length = 0;
      t.logged.length = 0;
    };
    const heapAfterCycle = async () => {
      await cycle();
      return heapAfterCollection();
    };
    const before = { heap: Math.min(await heapAfterCycle(), await heapAfterCycle()), sockets: sockets() };
    for (let i = 0; i < 4; i++) await cycle();
    // Sockets and buffers on their way out hold a few MiB now and then, so the least of some rounds counts. A leak of
    // 1 KiB a stream is in all of them: 4 MiB in the first, 12 MiB in the last.
    const after: number[] = [];
    do after.push((await heapAfterCycle()) - before.heap);
    while (after.length < 8 && Math.min(...after) >= 3 << 20);
    expect(Math.min(...after)).toBeLessThan(3 << 20);
    // They go when the system has closed them.
    await eventually(sockets, (count) => count <= before.sockets + 2);
  });

  it("are told to go when the router stops, within its grace", async () => {
    await using t = await fixtureRouter({ mode });
    const { clients } = await begin(t);
    const codes = clients.map(
      (client) => new Promise((resolve) => client.on("closed", (event) => resolve((event as { code: number }).code))),
    );
    await t.router.stop(5_000);
    expect(new Set(await Promise.all(codes))).toEqual(new Set([1001]));
    await t.sources.untilActive(0);
  });
});

describe("a client that does not read", () => {
  it("holds its own stream back, not the router's memory nor other clients", async () => {
    await using t = await fixtureRouter();
    const slow = new WebSocket(t.webSocketUrl, "graphql-transport-ws");
    await once(slow, "open");
    slow.send(JSON.stringify({ type: "connection_init" }));
    await once(slow, "message");
    slow.pause();
    slow.send(JSON.stringify({ id: "1", type: "subscribe", payload: { query: 'subscription { runStatus(id: "2") { agent } }' } }));
    await t.sources.untilActive(1);
    const agent = "x".repeat(100_000);
    const pushed = 4_000;
    for (let i = 0; i < pushed; i++) t.sources.push("2", { runStatus: { ...fixtureRun("2"), agent } });
    const other = t.stream('subscription { runStatus(id: "3", count: 2000) { seq cost } }');
    expect(await Array.fromAsync(other)).toHaveLength(2_000);
    // 100 kB each: what the router, the system and the client's socket hold of them are some megabytes, the rest waits at its source.
    expect(t.sources.waiting("2")).toBeGreaterThan(pushed - 1_000);
    slow.terminate();
    await t.sources.untilActive(0);
  });
});
