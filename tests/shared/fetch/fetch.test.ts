import { getEventListeners, once } from "node:events";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { createEgressPolicy } from "#shared/fetch/egress.ts";
import { createGuardedFetch, guardedStream } from "#shared/fetch/fetch.ts";
import { startHttpServer, type TestHttpServer } from "../../testkit/http-server.ts";

/** One server on loopback, and a fetch whose policy denies loopback but for that server, by address or by name. */
async function setup(allow: (server: TestHttpServer) => string[] = (server) => [server.hostPort]) {
  const server = await startHttpServer();
  servers.push(server);
  const egress = createEgressPolicy({ allow: allow(server) });
  return { server, egress, fetch: createGuardedFetch(egress) };
}

const servers: TestHttpServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

describe("guardedFetch", () => {
  it("gives status, headers, text and final URL of any answer", async () => {
    const { server, fetch } = await setup();
    server.on("GET /a", { status: 418, headers: { "x-kind": "tea" }, body: "short and stout" });
    const response = await fetch(`${server.url}/a?b=c`);
    expect(response).toMatchObject({ status: 418, text: "short and stout", url: `${server.url}/a?b=c` });
    expect(response.headers["x-kind"]).toBe("tea");
  });

  it("sends method, headers and body as given", async () => {
    const { server, fetch } = await setup();
    server.on("PATCH /a", { json: {} });
    await fetch(`${server.url}/a`, { method: "patch", headers: { "X-One": "1" }, body: '{"a":"ü"}' });
    expect(server.requests).toMatchObject([{ method: "PATCH", headers: { "x-one": "1" }, body: '{"a":"ü"}' }]);
  });

  it("decompresses", async () => {
    const { server, fetch } = await setup();
    server.on("GET /a", { headers: { "content-encoding": "gzip" }, body: gzipSync("hello") });
    expect((await fetch(`${server.url}/a`)).text).toBe("hello");
  });

  it("reads no more than there is room for, and is not late for that", async () => {
    const { server, fetch } = await setup();
    const all = 16 << 20;
    let written = 0;
    server.on("GET /a", (_, response) => {
      const more = (): void => {
        while (written < all) {
          written += 1 << 20;
          if (!response.write(Buffer.alloc(1 << 20))) return void response.once("drain", more);
        }
        response.end();
      };
      more();
    });
    const room = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<void>();
    let given = 0;
    const fetched = fetch(`${server.url}/a`, {
      maxBytes: all,
      deadlineMs: 3_000,
      arrives: (bytes) => ((given += bytes), asked.resolve(), room.promise),
    });
    await asked.promise;
    const first = given;
    // Another one with the same deadline is late meanwhile.
    server.on("GET /late", () => {});
    await expect(fetch(`${server.url}/late`, { deadlineMs: 3_000 })).rejects.toMatchObject({ reason: "FETCH_TIMEOUT" });
    expect(given).toBe(first);
    expect(written).toBeLessThan(all);
    room.resolve();
    expect((await fetched).body.byteLength).toBe(all);
    expect(given).toBe(all);
  });

  it("ends at once when it is stopped while it waits for room", async () => {
    const { server, fetch } = await setup();
    server.on("GET /a", { body: "abc" });
    const stop = new AbortController();
    const fetched = fetch(`${server.url}/a`, {
      signal: stop.signal,
      arrives: () => (stop.abort(new Error("stopped")), new Promise<void>(() => {})),
    });
    await expect(fetched).rejects.toThrow("stopped");
  });

  it.each(["constructor", "__proto__", "unheard-of"])("hands on no body whose encoding is %s", async (encoding) => {
    const { server, fetch } = await setup();
    server.on("GET /a", { headers: { "content-encoding": encoding }, body: "as it came" });
    await expect(fetch(`${server.url}/a`)).rejects.toMatchObject({
      reason: "FETCH_BODY_UNREADABLE",
      message: expect.stringContaining(`its content-encoding ${JSON.stringify(encoding)} is not known`),
    });
  });

  it("takes no way around its policy that the environment names", async () => {
    const { server, fetch } = await setup();
    const proxy = await startHttpServer();
    servers.push(proxy);
    server.on("GET /a", { body: "direct" });
    const names = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "NODE_USE_ENV_PROXY"];
    for (const name of names) process.env[name] = name === "NODE_USE_ENV_PROXY" ? "1" : proxy.url;
    try {
      expect((await fetch(`${server.url}/a`)).text).toBe("direct");
    } finally {
      for (const name of names) delete process.env[name];
    }
    expect(proxy.requests).toEqual([]);
  });

  it("counts the limit on decompressed bytes", async () => {
    const { server, fetch } = await setup();
    server.on("GET /bomb", { headers: { "content-encoding": "gzip" }, body: gzipSync(Buffer.alloc(4_000_000)) });
    await expect(fetch(`${server.url}/bomb`, { maxBytes: 100_000 })).rejects.toMatchObject({
      reason: "FETCH_TOO_LARGE",
      facts: { maxBytes: 100_000, retryable: false },
    });
  });

  it("reports a body that cannot be decompressed", async () => {
    const { server, fetch } = await setup();
    server.on("GET /a", { headers: { "content-encoding": "gzip" }, body: "not gzip" });
    await expect(fetch(`${server.url}/a`)).rejects.toMatchObject({
      reason: "FETCH_BODY_UNREADABLE",
      message: expect.stringContaining("it is not the gzip that its content-encoding says"),
    });
  });

  it("follows redirects, and a POST becomes a GET at 303 but stays one at 307", async () => {
    const { server, fetch } = await setup();
    server.on("POST /see", { status: 303, headers: { location: "/end" } });
    server.on("POST /same", { status: 307, headers: { location: "/end" } });
    server.on("GET /end", { body: "got" });
    server.on("POST /end", { body: "posted" });
    expect((await fetch(`${server.url}/see`, { method: "POST", body: "x" })).text).toBe("got");
    expect((await fetch(`${server.url}/same`, { method: "POST", body: "x" })).text).toBe("posted");
    expect(server.requests.at(-1)?.body).toBe("x");
  });

  it("gives the redirect itself when it may follow no further", async () => {
    const { server, fetch } = await setup();
    server.on("GET /loop", { status: 302, headers: { location: "/loop" } });
    expect((await fetch(`${server.url}/loop`, { redirects: 3 })).status).toBe(302);
    expect(server.requests).toHaveLength(4);
  });

  it("takes no header that could be a secret to another origin", async () => {
    const { server, fetch } = await setup((own) => [own.hostPort, `localhost:${own.hostPort.split(":")[1]}`]);
    const other = server.url.replace("127.0.0.1", "localhost");
    server.on("GET /away", { status: 302, headers: { location: `${other}/end` } });
    server.on("GET /end", { body: "ok" });
    await fetch(`${server.url}/away`, { headers: { authorization: "Bearer s", "x-api-key": "k", accept: "text/plain" } });
    expect(server.requests[0]?.headers).toMatchObject({ authorization: "Bearer s", "x-api-key": "k" });
    const { headers } = server.requests[1]!;
    expect([headers.authorization, headers["x-api-key"], headers.accept]).toEqual([undefined, undefined, "text/plain"]);
  });

  describe("where the policy denies loopback", () => {
    it.each([
      "127.0.0.1",
      "localhost",
      "127.1",
      "2130706433",
      "0x7f.1",
      "0177.0.0.1",
      "[::ffff:127.0.0.1]",
      "[::ffff:7f00:1]",
      "①②⑦.⓪.⓪.①",
      "127.0.0.2",
    ])("reaches no server as %s", async (host) => {
      const { server, fetch } = await setup(() => []);
      const url = server.url.replace("127.0.0.1", host);
      await expect(fetch(url)).rejects.toMatchObject({
        code: "FORBIDDEN",
        reason: "EGRESS_DENIED",
        facts: { retryable: false, effectUnknown: false },
      });
      expect(server.requests).toHaveLength(0);
    });

    it("reaches no server by a redirect", async () => {
      const inner = await setup(() => []);
      const outer = await setup();
      outer.server.on("GET /in", { status: 302, headers: { location: `${inner.server.url}/secret` } });
      await expect(outer.fetch(`${outer.server.url}/in`)).rejects.toMatchObject({ reason: "EGRESS_DENIED" });
      expect(inner.server.requests).toHaveLength(0);
    });
  });

  it.each([
    ["ftp://127.0.0.1/", {}],
    ["file:///etc/passwd", {}],
    ["nonsense", {}],
    ["http://user:pass@127.0.0.1/", {}],
    ["http://127.0.0.1/", { headers: { "x-a": "1\r\nx-b: 2" } }],
    ["http://127.0.0.1/", { headers: { "x a": "1" } }],
    ["http://127.0.0.1/", { headers: { Host: "other" } }],
    ["http://127.0.0.1/", { headers: { "Transfer-Encoding": "chunked" } }],
    ["http://127.0.0.1/", { method: "CONNECT" }],
    ["http://127.0.0.1/", { method: "GET /x HTTP/1.1\r\n" }],
  ])("refuses %s with %j before anything is sent", async (url, options) => {
    const { fetch } = await setup(() => []);
    await expect(fetch(url, options)).rejects.toMatchObject({ code: "BAD_USER_INPUT", reason: "FETCH_REQUEST_INVALID" });
  });

  it("is not late where its process stood still for longer than the deadline: what came meanwhile is read", async () => {
    const { server, fetch } = await setup();
    // As a process that is stopped: nothing turns, until all timers are due at once.
    const standStill = () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_800);
    server.on("POST /a", (_request, response) => void response.end("it came", standStill));
    expect(await fetch(`${server.url}/a`, { method: "POST", deadlineMs: 500 })).toMatchObject({ status: 200, text: "it came" });
    server.on("POST /silent", standStill);
    await expect(fetch(`${server.url}/silent`, { method: "POST", deadlineMs: 500 })).rejects.toMatchObject({ reason: "FETCH_TIMEOUT" });
    // Who stands still again and again is given so much, and no more.
    server.on("POST /never", () => {});
    const again = setInterval(standStill, 0);
    const asked = fetch(`${server.url}/never`, { method: "POST", deadlineMs: 500 });
    await expect(asked.finally(() => clearInterval(again))).rejects.toMatchObject({ reason: "FETCH_TIMEOUT" });
  });

  it.each([
    ["the headers do not come: nobody knows what was done", "/silent", { retryable: true, effectUnknown: true }],
    ["the rest of the body does not come: it was answered", "/stuck", { retryable: false, effectUnknown: false, answered: true }],
  ])("ends at its deadline where %s", async (_name, path, facts) => {
    const { server, fetch } = await setup();
    server.on("POST /silent", () => {});
    server.on("POST /stuck", (_request, response) => response.writeHead(200).write("first half"));
    // Long enough for the request to be sent: only then its effect is unknown.
    await expect(fetch(server.url + path, { method: "POST", deadlineMs: 1_000 })).rejects.toMatchObject({
      code: "TIMEOUT",
      reason: "FETCH_TIMEOUT",
      facts,
    });
  });

  it("tells a refused connection, which had no effect, from one that broke", async () => {
    const { server, fetch } = await setup();
    server.on("POST /cut", (_request, response) => response.destroy());
    await expect(fetch(`${server.url}/cut`, { method: "POST" })).rejects.toMatchObject({
      reason: "FETCH_FAILED",
      facts: { retryable: true, effectUnknown: true },
    });
    // Nobody listens at the end of a connection that is open, and nobody else is given its port.
    const taken = connect(Number(server.hostPort.split(":")[1]), "127.0.0.1");
    await once(taken, "connect");
    const port = taken.localPort!;
    const toNobody = createGuardedFetch(createEgressPolicy({ allow: [`127.0.0.1:${port}`] }));
    await expect(toNobody(`http://127.0.0.1:${port}/`)).rejects.toMatchObject({
      code: "DOWNSTREAM_UNAVAILABLE",
      reason: "FETCH_FAILED",
      facts: { retryable: true, effectUnknown: false },
    });
    taken.destroy();
  });

  it("never tries twice", async () => {
    const { server, fetch } = await setup();
    server.on("GET /cut", (_request, response) => response.destroy());
    await expect(fetch(`${server.url}/cut`)).rejects.toMatchObject({ reason: "FETCH_FAILED" });
    expect(server.requests).toHaveLength(1);
  });

  it("throws what the caller aborted with", async () => {
    const { server, fetch } = await setup();
    const stop = new AbortController();
    server.on("GET /silent", () => stop.abort(new Error("no longer wanted")));
    await expect(fetch(`${server.url}/silent`, { signal: stop.signal })).rejects.toThrow("no longer wanted");
    await expect(fetch(`${server.url}/silent`, { signal: stop.signal })).rejects.toThrow("no longer wanted");
    expect(server.requests).toHaveLength(1);
  });

  it("listens to its caller's signal no longer than it takes, however it ends", async () => {
    const { server, fetch, egress } = await setup();
    server.on("GET /whole", { body: "whole" });
    server.on("GET /cut", (_request, response) => response.destroy());
    server.on("GET /silent", () => {});
    const { signal } = new AbortController();
    const url = (path: string) => `${server.url}${path}`;
    await fetch(url("/whole"), { signal });
    await fetch(url("/whole"), { signal, method: "HEAD" });
    await expect(fetch(url("/cut"), { signal })).rejects.toMatchObject({ reason: "FETCH_FAILED" });
    await expect(fetch(url("/silent"), { signal, deadlineMs: 20 })).rejects.toMatchObject({ reason: "FETCH_TIMEOUT" });
    await expect(fetch(url("/whole"), { signal, method: "NO METHOD" })).rejects.toMatchObject({ reason: "FETCH_REQUEST_INVALID" });
    const { body } = await guardedStream(url("/whole"), { signal, egress });
    expect(getEventListeners(signal, "abort")).toHaveLength(1);
    const reader = body[Symbol.asyncIterator]();
    await reader.next();
    await reader.return?.();
    expect(getEventListeners(signal, "abort")).toHaveLength(0);
  });
});

describe("guardedStream", () => {
  it("gives the body as it comes", async () => {
    const { server, egress } = await setup();
    const told = Promise.withResolvers<void>();
    server.on("GET /a", (_request, response) => {
      response.write("one");
      void told.promise.then(() => response.end("two"));
    });
    const { body } = await guardedStream(`${server.url}/a`, { egress });
    const pieces: string[] = [];
    for await (const chunk of body) {
      pieces.push(Buffer.from(chunk).toString());
      told.resolve();
    }
    expect(pieces).toEqual(["one", "two"]);
  });

  it("closes the connection of a reader that leaves", async () => {
    const { server, egress } = await setup();
    const closed = Promise.withResolvers<void>();
    server.on("GET /endless", (_request, response) => {
      response.on("close", closed.resolve);
      response.write("one");
    });
    const { body } = await guardedStream(`${server.url}/endless`, { egress });
    const reader = body[Symbol.asyncIterator]();
    await reader.next();
    await reader.return?.();
    await closed.promise;
  });
});
