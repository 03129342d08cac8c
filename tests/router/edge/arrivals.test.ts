/** Requests that come in together: a few in each turn of the main loop, lanes in turn. */
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { PassThrough } from "node:stream";
import { defaultEnv } from "#shared/config.ts";
import type { SubgraphEndpoint } from "#shared/endpoint/endpoint.ts";
import { sendRefusal } from "#shared/serve/http-answer.ts";
import { addressOf, closeServer, listen } from "#shared/serve/listen.ts";
import { Hooks } from "../../../router/edge/hooks.ts";
import { Identities } from "../../../router/edge/identity.ts";
import { Arrivals } from "../../../router/edge/rates/arrivals.ts";
import { Rates, rateLimitsOf } from "../../../router/edge/rates/rates.ts";
import { clientFinder } from "../../../router/edge/rates/seen-from.ts";
import { arrivalLane } from "../../../router/request-context.ts";
import { fixtureRouter } from "../../testkit/fixture-router.ts";

const get = "GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n";
const post = (bytes: number) => `POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${bytes}\r\n\r\n${"x".repeat(bytes)}`;

const everybody = { name: "all", isTenants: false };

/** A server as the router's is, and the most that waited of it in any turn; `cut` settles with the first connection that is. */
async function serving() {
  const cut = Promise.withResolvers<void>();
  const arrivals = new Arrivals(cut.resolve);
  let most = 0;
  const server = createServer((request, response) => {
    const begin = () => {
      request.resume();
      // Answered some turns after it was begun: Node reads on when an answer is finished.
      setImmediate(() => setImmediate(() => response.end("answered")));
    };
    arrivals.take({ socket: request.socket, lane: () => everybody, begin });
    most = Math.max(most, arrivals.waiting);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    arrivals,
    cut: cut.promise,
    most: () => most,
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Counts what it is answered. */
function client(port: number) {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  let wake = () => {};
  socket.setEncoding("latin1").on("data", (piece: string) => {
    text += piece;
    wake();
  });
  // Cut while it writes.
  socket.on("error", () => {});
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve())).then(() => wake());
  const answered = () => text.split("HTTP/1.1 200").length - 1;
  return {
    socket,
    closed,
    answered,
    async untilAnswered(count: number) {
      while (answered() < count && !socket.destroyed) await new Promise<void>((resolve) => (wake = resolve));
      expect(answered()).toBeGreaterThanOrEqual(count);
    },
  };
}

/** The requests, by lane and number, and those that were begun, in the order in which they were. */
function setup() {
  const arrivals = new Arrivals();
  const begun: string[] = [];
  const take = (name: string, count: number, { socket, isTenants = false }: { socket?: Socket; isTenants?: boolean } = {}) => {
    const lane = () => ({ name, isTenants });
    for (let number = 1; number <= count; number++)
      arrivals.take({ ...(socket && { socket }), lane, begin: () => begun.push(`${name}${number}`) });
  };
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return { arrivals, begun, take, turn };
}

/** A connection as far as it is of interest here: whether it is read, and whether it has ended. */
const connection = () => new PassThrough() as unknown as Socket;

describe("requests that come in together", () => {
  it("are begun eight in a turn, and those of another lane with the next of them", async () => {
    const { begun, take, turn } = setup();
    take("a", 20);
    take("b", 1);
    expect(begun).toEqual(["a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8"]);
    await turn();
    expect(begun.slice(8)).toEqual(["a9", "b1", "a10", "a11", "a12", "a13", "a14", "a15"]);
    await turn();
    expect(begun.slice(16)).toEqual(["a16", "a17", "a18", "a19", "a20"]);
  });

  it("of tenants have half of a turn, however many addresses have others, which have half, however many tenants have theirs", async () => {
    const { begun, take, turn } = setup();
    for (let address = 1; address <= 1_000; address++) take(`address${address}-`, 1);
    take("a", 3, { isTenants: true });
    take("b", 40, { isTenants: true });
    expect(begun.splice(0)).toHaveLength(8);
    const tenants = () => begun.splice(0).filter((name) => !name.startsWith("address"));
    await turn();
    expect([begun.length, tenants()]).toEqual([8, ["a1", "b1", "a2", "b2"]]);
    await turn();
    expect([begun.length, tenants()]).toEqual([8, ["a3", "b3", "b4", "b5"]]);
    while (!begun.includes("b40")) await turn();
    begun.length = 0;
    await turn();
    expect(begun).toHaveLength(8);
    for (let tenant = 1; tenant <= 100; tenant++) take(`c${tenant}-`, 1, { isTenants: true });
    begun.length = 0;
    await turn();
    expect([begun.length, tenants()]).toEqual([8, ["c1-1", "c2-1", "c3-1", "c4-1"]]);
  });

  it("are begun at once where they are few, turn by turn", async () => {
    const { begun, take, turn } = setup();
    take("a", 8);
    await turn();
    take("b", 8);
    expect(begun).toHaveLength(16);
  });

  it("are read no further from a connection that has sixteen of them waiting, until it has fewer", async () => {
    await using t = await serving();
    const { socket, untilAnswered } = client(t.port);
    socket.write(get.repeat(400));
    await untilAnswered(1);
    // Read with the others these would be too many, and the connection cut.
    socket.write(get.repeat(400));
    await untilAnswered(800);
    expect(t.most()).toBeLessThanOrEqual(416);
    expect(t.arrivals.waiting).toBe(0);
    socket.destroy();
  });

  // One read ends inside the body of the last that it brings.
  it.each([100, 300, 1_000, 4_000, 20_000])("are read no further with bodies either: %i bytes each", async (bytes) => {
    await using t = await serving();
    const { socket, untilAnswered } = client(t.port);
    const count = Math.max(100, Math.min(1_500, Math.ceil(2_000_000 / bytes)));
    socket.write(post(bytes).repeat(count));
    await untilAnswered(count);
    expect(t.most()).toBeLessThanOrEqual(16 + Math.ceil(65_536 / post(bytes).length));
    expect(t.arrivals.waiting).toBe(0);
    socket.destroy();
  });

  it("cut a connection that sends hundreds of them ahead, and leave nothing of it behind", async () => {
    await using t = await serving();
    const { socket, closed } = client(t.port);
    socket.write(get.repeat(200_000));
    await t.cut;
    await closed;
    expect(t.most()).toBeLessThanOrEqual(701);
    const other = client(t.port);
    other.socket.write(get);
    await other.untilAnswered(1);
    expect(t.arrivals.waiting).toBe(0);
    other.socket.destroy();
  });

  it("of one connection through the router keep nobody else from theirs", async () => {
    await using t = await fixtureRouter();
    const flood = client(t.router.port);
    flood.socket.write(get.repeat(200_000));
    expect((await t.ask("{ whoami }")).status).toBe(200);
    await flood.closed;
    expect(flood.answered()).toBeLessThan(20_000);
    expect(t.logged).toContainEqual(expect.objectContaining({ msg: "connection cut, too many of its requests wait" }));
  });

  it("are not begun when their connection has ended meanwhile", async () => {
    const { begun, take, turn } = setup();
    const socket = connection();
    take("a", 9, { socket });
    socket.destroy();
    await turn();
    expect(begun).toHaveLength(8);
  });
});

describe("the lane of a request that nobody has looked at", () => {
  const asked = (url: string, remoteAddress: string, headers = {}) =>
    ({ url, headers, socket: { remoteAddress } }) as unknown as IncomingMessage;
  const off = { isAuthOn: false, knownTenant: () => undefined };
  const on = { isAuthOn: true, knownTenant: ({ headers }: IncomingMessage) => (headers["x-api-key"] === "known" ? "acme" : undefined) };

  it.each([
    ["/livez", {}, "(health) 192.0.2.1", "(health) 192.0.2.1"],
    ["/readyz?verbose", {}, "(health) 192.0.2.1", "(health) 192.0.2.1"],
    ["/hooks/1.any", {}, "hook 192.0.2.1", "hook 192.0.2.1"],
    ["/hooks/2", { "x-api-key": "known", "x-tenant-id": "two" }, "hook 192.0.2.1", "hook 192.0.2.1"],
    ["/answer/any", {}, "192.0.2.1", "192.0.2.1"],
    ["/graphql", { "x-tenant-id": "two" }, "tenant two", "192.0.2.1"],
    ["/graphql?tenant_id=three", {}, "tenant three", "192.0.2.1"],
    ["/graphql", { "x-api-key": "known" }, "tenant public", "tenant acme"],
    ["/graphql", { "x-api-key": "guessed" }, "tenant public", "192.0.2.1"],
  ])("is its tenant's where that is known, else of its address: %s %j", (url, headers, withoutAuth, withAuth) => {
    const request = asked(url, "192.0.2.1", headers);
    const told = [arrivalLane(request, off), arrivalLane(request, on)].map(({ name, isTenants }) => (isTenants ? `tenant ${name}` : name));
    expect(told).toEqual([withoutAuth, withAuth]);
  });

  it("of health, and of webhooks, is that of nobody elsewhere", () => {
    for (const url of ["/livez", "/hooks/1"])
      expect(arrivalLane(asked(url, "192.0.2.1"), on)).not.toEqual(arrivalLane(asked(url, "192.0.2.2"), on));
  });
});

describe("webhooks", () => {
  /** Hooks whose runtime subgraph has one webhook, and gives no answer about another until it is told to. */
  async function hooked() {
    const told = Promise.withResolvers<{ data: { hookOf: null } }>();
    const asked: string[] = [];
    const execute = ({ variables }: { variables: { token?: string } }) => {
      const { token } = variables;
      if (token === undefined) return Promise.resolve({ data: { callHook: { runId: "r", waitSeconds: 0 } } });
      asked.push(token);
      return token.endsWith("known") ? Promise.resolve({ data: { hookOf: { id: "h" } } }) : told.promise;
    };
    const env = defaultEnv({ authRequired: false });
    const rates = new Rates(rateLimitsOf(env));
    const audit = { isTroubled: false, begin: () => Promise.resolve(), complete: () => Promise.resolve() } as never;
    const runtime = { name: "runtime", execute } as unknown as SubgraphEndpoint;
    const endpoints = new Map([["runtime", runtime]]);
    const hooks = new Hooks({ endpoints, audit, identities: new Identities({ env, keys: undefined, rates }), rates, answers: {} as never });
    // Proxies are trusted, so that calls come from several addresses.
    const find = clientFinder(["127.0.0.1"]);
    const server = createServer((incoming, response) => {
      find(incoming);
      const exchange = { request: incoming, response, requestId: "r" };
      void hooks.answer(incoming.url!, exchange).catch((error: unknown) => sendRefusal(response, error, { requestId: "r" }));
    });
    await listen(server, { port: 0, host: "127.0.0.1" });
    return {
      asked,
      refuse: () => told.resolve({ data: { hookOf: null } }),
      call: async (tenantId: string, secret: string, from: string) => {
        const url = `${addressOf(server)}/hooks/${Buffer.from(tenantId).toString("base64url")}.${secret}`;
        const answer = await fetch(url, { method: "POST", body: "{}", headers: { "x-forwarded-for": from } });
        return answer.status;
      },
      [Symbol.asyncDispose]: () => closeServer(server, 0),
    };
  }

  it("that are known, or called from elsewhere, wait for nobody's made-up ones", async () => {
    await using t = await hooked();
    expect(await t.call("acme", "known", "192.0.2.1")).toBe(202);
    // Of one tenant, and of as many tenants as there are calls.
    const madeUp = Array.from({ length: 250 }, (_, index) => t.call(index % 2 ? "acme" : `t${index}`, `no${index}`, "192.0.2.1"));
    const refused = await Promise.race(madeUp);
    expect(refused).toBe(429);
    const known = [t.call("acme", "known", "192.0.2.1"), t.call("acme", "known", "192.0.2.2"), t.call("bolt", "known", "192.0.2.3")];
    expect(await Promise.all(known)).toEqual([202, 202, 202]);
    expect(t.asked.filter((token) => !token.endsWith("known"))).toHaveLength(4);
    t.refuse();
    const statuses = Object.groupBy(await Promise.all(madeUp), String);
    expect({ unknown: statuses["404"]?.length, refused: statuses["429"]?.length }).toEqual({ unknown: 54, refused: 196 });
  });
});
