/** Answers as odd servers give them, byte for byte: what is read, what is told, and how often the server was asked. */
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { createEgressPolicy } from "#shared/fetch/egress.ts";
import { createGuardedFetch, type FetchedResponse } from "#shared/fetch/fetch.ts";
import { andEnd, rawAnswer, startRawServer, type RawAnswer, type RawServer } from "../../testkit/raw-server.ts";

let server: RawServer;
let fetch: ReturnType<typeof createGuardedFetch>;
beforeEach(async () => {
  server = await startRawServer();
  fetch = createGuardedFetch(createEgressPolicy({ allow: [server.hostPort] }));
});
afterEach(() => server.close());

const text = '{"a":"é"}';
const head = (...lines: string[]) => `${lines.join("\r\n")}\r\n\r\n`;
const chunked = (body: string) => `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n0\r\n`;
const gzip = gzipSync(text);
const encoded = (encoding: string, body: Uint8Array) => rawAnswer(200, [`content-encoding: ${encoding}`], body);

/** Each byte in a packet of its own. */
const byteByByte =
  (bytes: string): RawAnswer =>
  (socket) => {
    const rest = [...Buffer.from(bytes)];
    const next = () => {
      const byte = rest.shift();
      if (byte !== undefined) socket.write(Buffer.from([byte]), () => setImmediate(next));
    };
    socket.setNoDelay(true);
    next();
  };

async function asked(answer: RawAnswer, method = "GET"): Promise<FetchedResponse> {
  server.answer(answer);
  const response = await fetch(`${server.url}/a`, { method });
  expect(server.requests).toHaveLength(1);
  return response;
}

async function failure(answer: RawAnswer, method: string, options = {}): Promise<unknown> {
  server.answer(answer);
  return fetch(`${server.url}/a`, { method, ...options }).then(
    (response) => expect(response).toBe("a failure"),
    (error: unknown) => {
      expect(server.requests).toHaveLength(1);
      return error;
    },
  );
}

describe("a body", () => {
  it.each<[string, RawAnswer]>([
    ["gzip", encoded("gzip", gzip)],
    ["x-gzip", encoded("x-gzip", gzip)],
    ["GZIP in capitals", encoded("GZIP", gzip)],
    ["gzip in two members", encoded("gzip", Buffer.concat([gzipSync('{"a":'), gzipSync('"é"}')]))],
    ["br", encoded("br", brotliCompressSync(text))],
    ["deflate with zlib's header", encoded("deflate", deflateSync(text))],
    ["deflate without zlib's header", encoded("deflate", deflateRawSync(text))],
    ["zstd", encoded("zstd", zstdCompressSync(text))],
    ["gzip, gzip", encoded("gzip, gzip", gzipSync(gzip))],
    ["gzip, br", encoded("gzip, br", brotliCompressSync(gzip))],
    [
      "deflate, gzip in two headers",
      rawAnswer(200, ["content-encoding: deflate", "content-encoding: gzip"], gzipSync(deflateRawSync(text))),
    ],
    ["identity, gzip", encoded("identity, gzip", gzip)],
    ["identity", encoded("identity", Buffer.from(text))],
    ["none", encoded("none", Buffer.from(text))],
    ["utf-8", encoded("UTF-8", Buffer.from(text))],
    ["an empty content-encoding", encoded("", Buffer.from(text))],
    ["chunks with trailers", head("HTTP/1.1 200 OK", "transfer-encoding: chunked", "trailer: x-sum") + chunked(text) + "x-sum: 1\r\n\r\n"],
    ["no length, ended by the connection", andEnd(head("HTTP/1.1 200 OK") + text)],
    ["HTTP/1.0 without a length", andEnd(head("HTTP/1.0 200 OK") + text)],
    ["103 before it", head("HTTP/1.1 103 Early Hints", "link: </a>") + rawAnswer(200, [], text).toString()],
    ["102 before it", head("HTTP/1.1 102 Processing") + rawAnswer(200, [], text).toString()],
    [
      "103, 100 and 102 before it",
      ["103 Early Hints", "100 Continue", "102"].map((line) => head(`HTTP/1.1 ${line}`)).join("") + rawAnswer(200, [], text).toString(),
    ],
    ["100 before it, byte by byte", byteByByte(head("HTTP/1.1 100 Continue") + rawAnswer(200, [], text).toString())],
    ["its head byte by byte", byteByByte(rawAnswer(200, [], text).toString())],
    ["100 before it, unasked", head("HTTP/1.1 100 Continue") + rawAnswer(200, [], text).toString()],
    [
      "headers of 40 KiB",
      rawAnswer(
        200,
        Array.from({ length: 40 }, (_, index) => `x-${index}: ${"v".repeat(1_000)}`),
        text,
      ),
    ],
  ])("is read: %s", async (_name, answer) => {
    expect(await asked(answer)).toMatchObject({ status: 200, text });
  });

  const encodings = ["gzip", "x-gzip", "br", "deflate", "zstd", "gzip, br", "unheard-of"];
  it.each(
    encodings.flatMap(
      (encoding) =>
        [
          [encoding, "GET", 204, head("HTTP/1.1 204 No Content", `content-encoding: ${encoding}`)],
          [encoding, "POST", 204, head("HTTP/1.1 204 No Content", `content-encoding: ${encoding}`)],
          [encoding, "GET", 304, head("HTTP/1.1 304 Not Modified", `content-encoding: ${encoding}`, "content-length: 20")],
          [encoding, "HEAD", 200, head("HTTP/1.1 200 OK", `content-encoding: ${encoding}`, "content-length: 20")],
          [encoding, "POST", 200, rawAnswer(200, [`content-encoding: ${encoding}`])],
          [encoding, "PUT", 500, rawAnswer(500, [`content-encoding: ${encoding}`])],
          [encoding, "POST", 200, head("HTTP/1.1 200 OK", `content-encoding: ${encoding}`, "transfer-encoding: chunked") + "0\r\n\r\n"],
          [encoding, "POST", 200, andEnd(head("HTTP/1.0 200 OK", `content-encoding: ${encoding}`))],
        ] as [string, string, number, RawAnswer][],
    ),
  )("that has no byte is empty, encoded as %s: %s %d", async (_encoding, method, status, answer) => {
    const response = await asked(answer, method);
    expect(response).toMatchObject({ status, text: "" });
    expect(response.bodyProblem).toBeUndefined();
  });

  const troubles: [name: string, problem: string, answer: (status: number) => RawAnswer][] = [
    ["no gzip", "it is not the gzip", (status) => rawAnswer(status, ["content-encoding: gzip"], "not gzip")],
    ["gzip, cut", "cut short", (status) => rawAnswer(status, ["content-encoding: gzip"], gzip.subarray(0, -3))],
    ["br, cut", "cut short", (status) => rawAnswer(status, ["content-encoding: br"], brotliCompressSync(text).subarray(0, -3))],
    [
      "zstd in two frames",
      "zstd",
      (status) => rawAnswer(status, ["content-encoding: zstd"], Buffer.concat([zstdCompressSync("a"), zstdCompressSync("b")])),
    ],
    ["an encoding that nobody knows", '"compress" is not known', (status) => rawAnswer(status, ["content-encoding: compress"], text)],
    ["one that JavaScript knows", '"constructor" is not known', (status) => rawAnswer(status, ["content-encoding: constructor"], text)],
    [
      "five encodings",
      "too often",
      (status) =>
        rawAnswer(
          status,
          [`content-encoding: ${Array(5).fill("gzip").join(",")}`],
          [1, 2, 3, 4].reduce((body) => gzipSync(body), gzip),
        ),
    ],
    [
      "fewer bytes than its length",
      "broke before its end",
      (status) => andEnd(head(`HTTP/1.1 ${status} S`, "content-length: 20") + "half"),
    ],
    [
      "a reset in the middle",
      "broke before its end",
      (status) => (socket) => socket.write(head(`HTTP/1.1 ${status} S`, "content-length: 20") + "half", () => socket.resetAndDestroy()),
    ],
    [
      "chunks without an end",
      "before its end",
      (status) => andEnd(head(`HTTP/1.1 ${status} S`, "transfer-encoding: chunked") + "4\r\nhalf\r\n"),
    ],
    [
      "chunks that are none",
      "chunks are broken",
      (status) => head(`HTTP/1.1 ${status} S`, "transfer-encoding: chunked") + "4\r\nhalf\r\nzz\r\n",
    ],
  ];
  it.each(
    troubles.flatMap(([name, problem, answer]) => [["GET", name, problem, answer] as const, ["POST", name, problem, answer] as const]),
  )(
    "that cannot be read leaves its effect known, and a %s of it is asked again only where that is safe: %s",
    async (method, _name, problem, answer) => {
      const mayPass = !/not known|too often/.test(problem);
      expect(await failure(answer(200), method)).toMatchObject({
        reason: "FETCH_BODY_UNREADABLE",
        message: expect.stringContaining(problem),
        facts: { status: 200, effectUnknown: false, answered: true, retryable: method === "GET" && mayPass },
      });
    },
  );

  it.each(troubles)("that cannot be read leaves a status of 500 as it is: %s", async (_name, problem, answer) => {
    expect(await asked(answer(500), "POST")).toMatchObject({ status: 500, bodyProblem: expect.stringContaining(problem) });
  });

  it.each(["PUT", "PATCH", "DELETE", "POST"])("that stops coming ends a %s at its deadline, its effect known", async (method) => {
    const answer = head("HTTP/1.1 200 OK", "content-length: 20") + "half";
    expect(await failure(answer, method, { deadlineMs: 1_000 })).toMatchObject({
      reason: "FETCH_TIMEOUT",
      facts: { retryable: false, effectUnknown: false, answered: true },
    });
  });

  it("that stops coming leaves a status of 503 as it is, with what had come", async () => {
    server.answer(head("HTTP/1.1 503 S", "content-length: 20") + "half");
    expect(await fetch(`${server.url}/a`, { deadlineMs: 1_000 })).toMatchObject({
      status: 503,
      text: "half",
      bodyProblem: expect.anything(),
    });
  });

  const zeros = Buffer.alloc(4_000_000);
  it.each<[string, Uint8Array]>([
    ["gzip", gzipSync(zeros)],
    ["br", brotliCompressSync(zeros)],
    ["zstd", zstdCompressSync(zeros)],
    ["deflate", deflateRawSync(zeros)],
    ["gzip, gzip", gzipSync(gzipSync(zeros))],
    // Nothing is left in the end; what is bounded is what is made on the way.
    ["gzip, gzip", gzipSync(Buffer.concat(Array<Buffer>(20_000).fill(gzipSync(""))))],
  ])("that is small and becomes a large one is given up: %s", async (encoding, body) => {
    expect(await failure(encoded(encoding, body), "POST", { maxBytes: 100_000 })).toMatchObject({
      reason: "FETCH_TOO_LARGE",
      facts: { maxBytes: 100_000, retryable: false, effectUnknown: false },
    });
  });
});

describe("headers", () => {
  it("are joined where they repeat, but each set-cookie stands for itself", async () => {
    const lines = ["set-cookie: a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "x-a: 1", "Set-Cookie: b=2", "X-A: 2", "x-latin: caf\u00e9"];
    const { headers, setCookies } = await asked(rawAnswer(200, lines));
    expect(setCookies).toEqual(["a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT", "b=2"]);
    expect(headers).toEqual({ "content-length": "0", "x-a": "1, 2", "x-latin": "caf\u00e9" });
  });

  it.each([
    ["more than 64 KiB of them", Array.from({ length: 80 }, (_, index) => `x-${index}: ${"v".repeat(1_000)}`)],
    ["one without a name", [": nothing"]],
  ])("that cannot be read are an answer all the same: %s", async (_name, lines) => {
    expect(await failure(rawAnswer(200, lines), "POST")).toMatchObject({
      reason: "FETCH_BODY_UNREADABLE",
      facts: { status: null, retryable: false, effectUnknown: false },
    });
  });

  it("name a place to go to in UTF-8", async () => {
    server.answer(Buffer.from(head("HTTP/1.1 302 Found", "location: /caf\u00e9", "content-length: 0")), rawAnswer(200, [], "there"));
    expect((await fetch(`${server.url}/a`)).text).toBe("there");
    expect(server.requests.map(({ target }) => target)).toEqual(["/a", "/caf%C3%A9"]);
  });
});

describe("a request whose effect is done and was answered with a redirect", () => {
  const done = rawAnswer(303, ["location: /result"]);
  it.each<[string, RawAnswer]>([
    ["breaks", (socket) => socket.destroy()],
    ["cannot be read", encoded("gzip", Buffer.from("not gzip"))],
  ])("is not made again where the result %s", async (_name, answer) => {
    server.answer(done, answer);
    await expect(fetch(`${server.url}/a`, { method: "POST" })).rejects.toMatchObject({ facts: { retryable: false, effectUnknown: false } });
    expect(server.requests.map(({ method }) => method)).toEqual(["POST", "GET"]);
  });
});

describe("a connection that is kept", () => {
  const ok = rawAnswer(200, [], "ok");
  const cuts: [string, RawAnswer][] = [
    ["resets", (socket) => socket.resetAndDestroy()],
    ["closes", (socket) => socket.destroy()],
    ["ends", (socket) => socket.end()],
  ];

  /** undici takes a connection back a turn after its answer. */
  const isKept = async () => {
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  };

  /** Reuses the first connection, which serves one request more and then does as it is told; the others answer. */
  async function usedOnce(cut: RawAnswer) {
    server.answer(ok);
    await fetch(`${server.url}/first`);
    await isKept();
    server.answer((socket, request) => {
      if (request.connection > 1 || typeof cut !== "function") socket.write(ok);
      else cut(socket, request);
    });
  }

  it.each(cuts.flatMap(([name, cut]) => [["GET", name, cut] as const, ["HEAD", name, cut] as const]))(
    "carries a %s once more, afresh, when it %s without a byte",
    async (method, _name, cut) => {
      await usedOnce(cut);
      expect(await fetch(`${server.url}/again`, { method })).toMatchObject({ status: 200 });
      expect(server.requests.map(({ target, connection, place }) => [target, connection, place])).toEqual([
        ["/first", 1, 1],
        ["/again", 1, 2],
        ["/again", 2, 1],
      ]);
    },
  );

  it.each(cuts.flatMap(([name, cut]) => ["POST", "PUT", "PATCH", "DELETE"].map((method) => [method, name, cut] as const)))(
    "never carries a %s twice when it %s",
    async (method, _name, cut) => {
      await usedOnce(cut);
      await expect(fetch(`${server.url}/again`, { method })).rejects.toMatchObject({
        reason: "FETCH_FAILED",
        facts: { effectUnknown: true },
      });
      expect(server.requests).toHaveLength(2);
    },
  );

  it("is used as long as the other side keeps it, less two seconds, by the clock on the wall, however late a busy process comes to look", async () => {
    server.answer(rawAnswer(200, ["keep-alive: timeout=10"], "ok"));
    const post = async () => {
      await fetch(`${server.url}/again`, { method: "POST" });
      await isKept();
    };
    const now = performance.now.bind(performance);
    try {
      await post();
      performance.now = () => now() + 5_000;
      await post();
      // undici's own clock has not ticked.
      performance.now = () => now() + 15_000;
      await post();
    } finally {
      performance.now = now;
    }
    expect(server.requests.map(({ connection, place }) => [connection, place])).toEqual([
      [1, 1],
      [1, 2],
      [2, 1],
    ]);
  });

  it("carries no GET once more after a byte of its answer", async () => {
    await usedOnce((socket) => socket.write("HTTP", () => socket.destroy()));
    await expect(fetch(`${server.url}/again`)).rejects.toMatchObject({ reason: "FETCH_FAILED" });
    expect(server.requests).toHaveLength(2);
  });

  it("carries a GET once more, and not a third time", async () => {
    await usedOnce(ok);
    server.answer((socket) => socket.destroy());
    await expect(fetch(`${server.url}/again`)).rejects.toMatchObject({ reason: "FETCH_FAILED" });
    expect(server.requests).toHaveLength(3);
  });

  it("is not asked again where it is new", async () => {
    expect(await failure((socket) => socket.destroy(), "GET")).toMatchObject({ reason: "FETCH_FAILED" });
  });

  it("is used again after what its answer brought too much of", async () => {
    server.answer(head("HTTP/1.1 204 No Content") + "a body that may not be", ok);
    await fetch(`${server.url}/first`);
    await isKept();
    expect(await fetch(`${server.url}/again`, { method: "POST" })).toMatchObject({ text: "ok" });
  });
});
