/** Clients that take the router's sockets and ask nothing. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import WebSocket from "ws";
import { eventually } from "../../testkit/eventually.ts";
import { connectionsWithin, descriptorsOf } from "../../../router/edge/http-bounds.ts";
import { fixtureRouter, type FixtureRouter } from "../../testkit/fixture-router.ts";

const short = { headersMs: 60, requestMs: 120, checkMs: 20 };
const post = (length: number, body = "") =>
  `POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`;
const upgrade = (origin: string) =>
  `GET /graphql HTTP/1.1\r\nhost: localhost\r\norigin: ${origin}\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n`;

/** A connection that sends this and no more; what it gets before the router closes it. */
async function linger(t: FixtureRouter, sent: string): Promise<string> {
  const socket = connect(t.router.port, "127.0.0.1");
  socket.write(sent);
  return text(socket);
}

/** A connection that has been answered, and is kept open. */
async function kept(t: FixtureRouter): Promise<Socket> {
  const socket = connect(t.router.port, "127.0.0.1");
  socket.write("GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n");
  await once(socket, "data");
  return socket;
}

describe("the router's HTTP server", () => {
  it.each([
    ["says nothing", ""],
    ["does not end its headers", "POST /graphql HTTP/1.1\r\nhost: localhost\r\nx-slow: "],
    ["does not send its body", post(100)],
    ["does not end its body", post(100, '{"query":')],
  ])("cuts off a client that %s", async (_what, sent) => {
    await using t = await fixtureRouter({ bounds: short });
    expect(await linger(t, sent)).toMatch(/^HTTP\/1\.1 408 /);
    expect(t.seen).toEqual([]);
    // A client's slowness is no bug of ours.
    expect(t.logged.filter(({ level }) => Number(level) >= 50)).toEqual([]);
  });

  it("waits for an answer however long it takes", async () => {
    const [asked, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    await using t = await fixtureRouter({
      // Long enough for a request to be sent, also where its process stands still for a moment.
      bounds: { headersMs: 500, requestMs: 1_000, checkMs: 20 },
      endpoints: ({ runs, traces }) => [
        {
          ...runs,
          execute: async (request) => {
            asked.resolve();
            await release.promise;
            return runs.execute(request);
          },
        },
        traces,
      ],
    });
    const answer = t.ask("{ whoami }");
    await asked.promise;
    // This one began later, and has had both limits in full.
    await linger(t, post(100));
    release.resolve();
    expect((await answer).status).toBe(200);
  });

  it("refuses headers that are too large with 431", async () => {
    await using t = await fixtureRouter({ bounds: { maxHeaderBytes: 2_000 } });
    expect(await linger(t, `GET /livez HTTP/1.1\r\nhost: localhost\r\nx-large: ${"x".repeat(3_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
  });

  it("closes connections above the limit as they come, and takes others when one has gone", async () => {
    await using t = await fixtureRouter({ bounds: { maxConnections: 2 } });
    const [first, second] = await Promise.all([kept(t), kept(t)]);
    expect(await linger(t, "GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").catch(() => "")).toBe("");
    first.destroy();
    const again = () => linger(t, "GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").catch(() => "");
    expect(await eventually(again, (answer) => answer !== "")).toMatch(/^HTTP\/1\.1 200 /);
    second.destroy();
  });

  it.each([
    ["20000                20000", 10_000],
    ["1048576              1048576", 10_000],
    ["256                  4096", 128],
    ["unlimited            unlimited", 10_000],
  ])("has no more of them than half of the files that its process may open: %s", (limit, connections) => {
    const limits = `Limit                     Soft Limit           Hard Limit           Units     \nMax open files            ${limit}                files     \n`;
    expect(connectionsWithin(10_000, descriptorsOf(limits))).toBe(connections);
    expect(connectionsWithin(2, descriptorsOf(limits))).toBe(2);
    expect(descriptorsOf("")).toBe(Infinity);
  });

  it("answers who would rather have another protocol, as Java's client does, and opens no socket for it", async () => {
    await using t = await fixtureRouter();
    const body = '{"query":"{ whoami }"}';
    const asked = "connection: upgrade, http2-settings, close\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n";
    const answer = await linger(t, post(body.length, body).replace("host:", `${asked}host:`));
    expect(answer).toMatch(/^HTTP\/1\.1 200 [^]*"whoami"/);
  });

  it("refuses WebSockets above their limit with 503, while HTTP goes on", async () => {
    await using t = await fixtureRouter({ sockets: { maxSockets: 1 } });
    const open = new WebSocket(t.webSocketUrl, "graphql-transport-ws");
    await once(open, "open");
    const refused = new WebSocket(t.webSocketUrl, "graphql-transport-ws");
    expect(String((await once(refused, "error"))[0])).toContain("503");
    expect((await t.ask("{ whoami }")).status).toBe(200);
    open.close();
    await once(open, "close");
    // The client may know first that it is closed.
    const another = async () => {
      const socket = new WebSocket(t.webSocketUrl, "graphql-transport-ws");
      const isOpen = await once(socket, "open").then(
        () => true,
        () => false,
      );
      socket.on("error", () => {}).terminate();
      return isOpen;
    };
    await eventually(another, Boolean);
  });

  it("lets go of a socket whose upgrade it refused, also where the client does not", async () => {
    await using t = await fixtureRouter();
    const socket = connect({ port: t.router.port, host: "127.0.0.1", allowHalfOpen: true });
    socket.write(upgrade("https://evil.example"));
    expect(String((await once(socket, "data"))[0])).toMatch(/^HTTP\/1\.1 403 /);
    // Writing to a socket that the other side has let go of fails; to one that it keeps, it never would.
    const failed = once(socket, "error");
    const write = () => void socket.write("more", (error) => error ?? setImmediate(write));
    write();
    expect((await failed)[0]).toMatchObject({ code: expect.stringMatching(/^(EPIPE|ECONNRESET)$/) });
  });
});
