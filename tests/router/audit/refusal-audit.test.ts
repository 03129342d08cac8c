/** The audit of what never became an operation (S-105). */
import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import { buildSchema } from "graphql";
import { request } from "undici";
import WebSocket from "ws";
import { AppError } from "#shared/errors.ts";
import type { AuditRecord } from "../../../router/audit/audit.ts";
import type { Identity } from "../../../router/edge/identity.ts";
import { hashOf } from "../../../router/graph/operations.ts";
import { OperationAudits } from "../../../router/audit/operation-audits.ts";
import { RefusalAudit } from "../../../router/audit/refusal-audit.ts";
import { refusedContext } from "../../../router/request-context.ts";
import { fixtureRouter, memoryLog, type FixtureRouter } from "../../testkit/fixture-router.ts";

const json = {
  "content-type": "application/json",
  "x-tenant-id": "acme",
  "x-request-id": "r-1",
  "user-agent": "tests",
  "x-api-key": "s3cret",
};

async function send(t: FixtureRouter, body: string, headers: Record<string, string> = {}, method: "POST" | "GET" | "PUT" = "POST") {
  const answer = await request(t.router.url, { method, headers: { ...json, ...headers }, ...(method === "GET" ? {} : { body }) });
  await answer.body.dump();
  return answer.statusCode;
}

interface Talk {
  params?: object;
  /** After its acknowledgement. */
  say?: string | string[];
  /** Before anything else, instead of introducing itself. */
  first?: string | string[];
  protocol?: string;
  headers?: Record<string, string>;
}

/** Opens a socket, says all of this at once, and waits for its end. */
async function talk(t: FixtureRouter, { params = {}, say = "", first, protocol = "graphql-transport-ws", headers = {} }: Talk) {
  const socket = new WebSocket(t.webSocketUrl, protocol, {
    headers: { "x-request-id": "r-1", "user-agent": "tests", ...headers },
  });
  socket.on("error", () => {});
  const send = (texts: string | string[]) => [texts].flat().forEach((text) => socket.send(text));
  socket.on("open", () => send(first ?? JSON.stringify({ type: "connection_init", payload: params })));
  socket.on("message", () => send(say));
  return new Promise<number>((resolve) => socket.once("close", resolve));
}

/** Writes these bytes on a socket of its own behind what asks for a WebSocket, and waits for its end. */
async function upgrade(t: FixtureRouter, headers: string[], bytes = "") {
  const socket = connect(t.router.port, "127.0.0.1");
  const own = [
    "host: localhost",
    "x-tenant-id: acme",
    "x-request-id: r-1",
    "user-agent: tests",
    "connection: upgrade",
    "upgrade: websocket",
  ];
  socket.write(["GET /graphql HTTP/1.1", ...own, ...headers, "", ""].join("\r\n"));
  socket.once("data", () => bytes !== "" && socket.write(bytes, "latin1"));
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("close", resolve));
}

const handshake = [
  "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
  "sec-websocket-version: 13",
  "sec-websocket-protocol: graphql-transport-ws",
];
const acme = { "x-tenant-id": "acme" };
const watching = JSON.stringify({ id: "1", type: "subscribe", payload: { query: 'subscription { runStatus(id: "1") { id } }' } });
const operation = JSON.stringify({ id: "1", type: "subscribe", payload: { query: '{ app(id: "s3cret") { id } }' } });
const unauthenticated = {
  statusCode: 401,
  errorCodes: ["UNAUTHENTICATED"],
  event: "AUTH_FAILED" as const,
  details: { reason: "UNAUTHENTICATED" },
};

const refused = (record: Partial<AuditRecord>) => ({
  tenantId: "acme",
  requestId: "r-1",
  apiKeyId: null,
  operationName: null,
  operationType: "unknown",
  id: expect.any(String),
  operationHash: hashOf(""),
  rootFields: [],
  variables: null,
  event: null,
  details: null,
  clientIp: "127.0.0.1",
  userAgent: "tests",
  durationMs: expect.any(Number),
  createdAt: expect.any(Date),
  ...record,
});
const badInput = { statusCode: 400, errorCodes: ["BAD_USER_INPUT"] };
const forbidden = { statusCode: 403, errorCodes: ["FORBIDDEN"] };

describe("a request that is refused before it is an operation", () => {
  it.each<[string, (t: FixtureRouter) => Promise<unknown>, Partial<AuditRecord>, string]>([
    ["its body is no JSON", (t) => send(t, "{s3cret"), badInput, "BODY_NOT_JSON"],
    [
      "its body is too large",
      (t) => send(t, `{"query":"${"x".repeat(2_000)}"}`),
      { statusCode: 413, errorCodes: ["RESOURCE_EXHAUSTED"] },
      "BODY_TOO_LARGE",
    ],
    ["its body is compressed", (t) => send(t, "{}", { "content-encoding": "gzip" }), { ...badInput, statusCode: 415 }, "BODY_ENCODED"],
    ["its body nests too deep", (t) => send(t, "[".repeat(600)), badInput, "NESTED_TOO_DEEP"],
    ["it is a batch", (t) => send(t, '[{"query":"{ whoami }"}]'), badInput, "BAD_REQUEST"],
    ["its body is not declared as JSON", (t) => send(t, "{}", { "content-type": "text/plain" }), badInput, "BAD_REQUEST"],
    ["it could be sent by any page", (t) => send(t, "", { "sec-fetch-site": "cross-site" }, "GET"), forbidden, "CROSS_SITE_GET"],
    ["it is a GET of text", (t) => send(t, "", { "content-type": "text/plain" }, "GET"), { ...badInput, statusCode: 415 }, "BAD_REQUEST"],
    ["its method is none of the graph's", (t) => send(t, "{}", {}, "PUT"), { ...badInput, statusCode: 405 }, "BAD_REQUEST"],
    ["its Host is foreign", (t) => send(t, "{}", { host: "evil.example" }), forbidden, "HOST_NOT_ALLOWED"],
    ["its Origin is foreign", (t) => send(t, "{}", { origin: "https://evil.example" }), forbidden, "ORIGIN_NOT_ALLOWED"],
    [
      "its tenant id is none, under public",
      (t) => send(t, "{}", { "x-tenant-id": "a b" }),
      { ...badInput, tenantId: "public" },
      "TENANT_ID_INVALID",
    ],
    [
      "its Origin is foreign and its tenant id is none, under public",
      (t) => send(t, "{}", { origin: "https://evil.example", "x-tenant-id": "*" }),
      { ...forbidden, tenantId: "public" },
      "ORIGIN_NOT_ALLOWED",
    ],
    [
      "its upgrade comes from a foreign page",
      (t) => talk(t, { headers: { origin: "https://evil.example", "x-tenant-id": "acme" } }),
      forbidden,
      "ORIGIN_NOT_ALLOWED",
    ],
    [
      "its socket's tenant id is none, under public",
      (t) => talk(t, { params: { "x-tenant-id": "a b", "x-request-id": "r-2" } }),
      { ...badInput, tenantId: "public", requestId: "r-2" },
      "TENANT_ID_INVALID",
    ],
    [
      "its message is too large",
      (t) => talk(t, { params: { "x-tenant-id": "acme" }, say: "x".repeat(2_000) }),
      { statusCode: 413, errorCodes: ["RESOURCE_EXHAUSTED"] },
      "BODY_TOO_LARGE",
    ],
    [
      "its message nests too deep",
      (t) => talk(t, { params: { "x-tenant-id": "acme" }, say: "[".repeat(600) }),
      badInput,
      "NESTED_TOO_DEEP",
    ],
    ["its first message is no JSON", (t) => talk(t, { first: "{s3cret", headers: acme }), badInput, "SOCKET_MESSAGE_INVALID"],
    ["its message is no JSON", (t) => talk(t, { params: acme, say: "{s3cret" }), badInput, "SOCKET_MESSAGE_INVALID"],
    ["its message is none of the protocol", (t) => talk(t, { params: acme, say: '{"type":"s3cret"}' }), badInput, "SOCKET_MESSAGE_INVALID"],
    ["its operation has no id", (t) => talk(t, { params: acme, say: '{"type":"subscribe"}' }), badInput, "SOCKET_MESSAGE_INVALID"],
    [
      "only servers send its message",
      (t) => talk(t, { params: acme, say: '{"type":"connection_ack"}' }),
      badInput,
      "SOCKET_MESSAGE_INVALID",
    ],
    [
      "its operation comes before connection_init",
      (t) => talk(t, { first: operation, headers: acme }),
      unauthenticated,
      "SOCKET_NOT_INITIALIZED",
    ],
    [
      "it says connection_init twice",
      (t) => talk(t, { first: ['{"type":"connection_init"}', '{"type":"connection_init"}'], headers: acme }),
      badInput,
      "SOCKET_INITIALIZED_TWICE",
    ],
    [
      "its operation has the id of one that is open",
      (t) => talk(t, { params: acme, say: [watching, watching] }),
      { statusCode: 409, errorCodes: ["CONFLICT"] },
      "SOCKET_OPERATION_ID_TAKEN",
    ],
    ["its subprotocol is another one", (t) => talk(t, { protocol: "graphql-ws", headers: acme }), badInput, "SOCKET_PROTOCOL_UNKNOWN"],
    ["its upgrade is no WebSocket's", (t) => upgrade(t, ["sec-websocket-version: 13"]), badInput, "SOCKET_HANDSHAKE_INVALID"],
    ["its frame is no WebSocket's", (t) => upgrade(t, handshake, "\x8f\x80\0\0\0\0"), badInput, "SOCKET_FRAME_INVALID"],
  ])("has a row: %s", async (_what, act, record, reason) => {
    await using t = await fixtureRouter({ maxBodyBytes: 1_000 });
    await act(t);
    expect(t.audits).toEqual([refused(record)]);
    expect(t.logged.filter(({ msg }) => msg === "request refused")).toMatchObject([{ requestId: record.requestId ?? "r-1", reason }]);
    expect(JSON.stringify([t.audits, t.logged])).not.toContain("s3cret");
  });

  it("has a row: its client hung up before it was whole, which is no bug", async () => {
    await using t = await fixtureRouter();
    const recorded = new Promise<AuditRecord[]>((resolve) => {
      t.audits.push = (...records) => (resolve(records), records.length);
    });
    const socket = connect(t.router.port, "127.0.0.1");
    socket.end('POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"query"');
    expect(await recorded).toMatchObject([{ operationType: "unknown", statusCode: 408, errorCodes: ["TIMEOUT"] }]);
    expect(t.logged.filter(({ level }) => Number(level) >= 50)).toEqual([]);
  });

  it("has a row: its socket has too many operations open", async () => {
    await using t = await fixtureRouter({ sockets: { maxOperations: 1 } });
    const client = t.client({ "x-tenant-id": "acme", "x-request-id": "r-1" });
    void client.iterate({ query: 'subscription { runStatus(id: "1") { id } }' }).next();
    await t.sources.untilActive(1);
    await client
      .iterate({ query: "{ whoami }" })
      .next()
      .catch(() => {});
    expect(t.audits).toMatchObject([
      { tenantId: "acme", requestId: "r-1", operationHash: hashOf("{ whoami }"), statusCode: 400, errorCodes: ["RESOURCE_EXHAUSTED"] },
    ]);
  });

  it("has a row: there are too many sockets", async () => {
    await using t = await fixtureRouter({ sockets: { maxSockets: 0 } });
    await talk(t, { headers: { "x-tenant-id": "acme" } });
    expect(t.audits).toEqual([refused({ statusCode: 503, errorCodes: ["RESOURCE_EXHAUSTED"] })]);
  });

  it("has one row however much else comes over its socket, and nothing of that is done", async () => {
    await using t = await fixtureRouter();
    const asked = (id: number) => JSON.stringify({ id: String(id), type: "subscribe", payload: { query: "{ whoami }" } });
    const code = await talk(t, { params: acme, say: ["{", ...Array.from({ length: 50 }, (_, id) => (id % 2 === 0 ? "{" : asked(id)))] });
    expect([code, t.audits]).toEqual([4400, [expect.objectContaining(badInput)]]);
  });

  it("has one row whoever ends its socket first: its caller is none, and what it sends is none either", async () => {
    await using t = await fixtureRouter();
    const init = JSON.stringify({ type: "connection_init", payload: { "x-tenant-id": "a b" } });
    // Before it is known who calls, and behind the end that this has.
    await talk(t, { first: [init, "{"] });
    expect(t.audits).toMatchObject([badInput]);
    t.audits.length = 0;
    const socket = connect(t.router.port, "127.0.0.1");
    socket.on("error", () => {});
    const frame = Buffer.concat([Buffer.from([0x81, 0x80 | init.length, 0, 0, 0, 0]), Buffer.from(init)]);
    socket.write(
      ["GET /graphql HTTP/1.1", "host: localhost", "connection: upgrade", "upgrade: websocket", ...handshake, "", ""].join("\r\n"),
    );
    socket.once("data", () => {
      socket.write(frame);
      socket.once("data", () => socket.write("\x8f\x80\0\0\0\0", "latin1"));
    });
    await new Promise((resolve) => socket.once("close", resolve));
    expect(t.audits).toMatchObject([badInput]);
    expect(
      t.logged
        .filter(({ msg }) => msg === "request refused")
        .map(({ reason }) => reason)
        .slice(-1),
    ).toEqual(["TENANT_ID_INVALID"]);
  });

  it("has none where it did not ask for the graph", async () => {
    await using t = await fixtureRouter();
    for (const path of ["/", "/livez", "/nothing"]) {
      const answer = await request(new URL(path, t.router.url), { headers: { host: "evil.example" } });
      await answer.body.dump();
      expect(answer.statusCode).toBe(403);
    }
    expect(t.audits).toEqual([]);
  });
});

describe("the audit of refusals", () => {
  const incoming = { headers: {}, url: "/graphql", socket: { remoteAddress: "127.0.0.1" } } as unknown as IncomingMessage;
  const error = new AppError("FORBIDDEN", "ORIGIN_NOT_ALLOWED", "no");

  it("writes so many rows in a window, says once that there are more, and goes on in the next", () => {
    let at = 0;
    const records: AuditRecord[] = [];
    const lines: Record<string, unknown>[] = [];
    const sink = { record: (record: AuditRecord) => void records.push(record) };
    const audit = new RefusalAudit({ sink, log: memoryLog(lines), maxRows: 3, windowMs: 1_000, now: () => at });
    const refuse = (times: number) => {
      for (let i = 0; i < times; i++) audit.record({ request: incoming, statusCode: 403, error });
    };
    const told = () => lines.filter(({ msg }) => msg === "too many requests refused to audit each").length;
    refuse(3);
    expect([records.length, lines.length, told()]).toEqual([3, 3, 0]);
    refuse(100);
    expect([records.length, lines.length, told()]).toEqual([3, 4, 1]);
    at = 999;
    refuse(1);
    expect(records).toHaveLength(3);
    at = 1_000;
    refuse(5);
    expect([records.length, told()]).toEqual([6, 2]);
  });

  it("counts each tenant's keys for themselves, so that a flood without one hides nothing of what is tried with one", () => {
    const records: AuditRecord[] = [];
    const sink = { record: (record: AuditRecord) => void records.push(record) };
    const audit = new RefusalAudit({ sink, log: memoryLog([]), maxRows: 3, windowMs: 1_000, now: () => 0 });
    const caller = { keyId: "k", prefix: "p", scopes: [], isAdmin: false };
    for (const tenantId of [undefined, "t1", "t2"]) {
      const identity = tenantId === undefined ? undefined : ({ kind: "key", caller: { ...caller, tenantId } } as const);
      for (let i = 0; i < 10; i++) audit.record({ request: incoming, statusCode: 403, error, identity });
    }
    expect(records.map(({ tenantId }) => tenantId)).toEqual(["public", "t1", "t2"].flatMap((id) => [id, id, id]));
  });

  it("gives one address half of the rows of those without a key, so that whoever floods it hides nothing of what others try", () => {
    const records: AuditRecord[] = [];
    const lines: Record<string, unknown>[] = [];
    const sink = { record: (record: AuditRecord) => void records.push(record) };
    const audit = new RefusalAudit({ sink, log: memoryLog(lines), now: () => 0 });
    const from = (remoteAddress: string, times: number) => {
      const request = { ...incoming, socket: { remoteAddress } } as unknown as IncomingMessage;
      for (let i = 0; i < times; i++) audit.record({ request, statusCode: 403, error });
    };
    from("192.0.2.1", 1_000);
    from("192.0.2.2", 5);
    from("192.0.2.1", 1_000);
    from("192.0.2.3", 1_000);
    const counts = Map.groupBy(records, ({ clientIp }) => clientIp);
    expect([...counts].map(([address, rows]) => [address, rows.length])).toEqual([
      ["192.0.2.1", 50],
      ["192.0.2.2", 5],
      ["192.0.2.3", 45],
    ]);
    const told = lines.filter(({ msg }) => msg === "too many requests refused to audit each");
    expect(told.map(({ address, maxRows }) => [address, maxRows])).toEqual([
      ["192.0.2.1", 50],
      [undefined, 100],
    ]);
  });

  it("has the rows of operations without a key, however they end, but for changes that have begun; those with a key each have one", async () => {
    const records: AuditRecord[] = [];
    const keep = (record: AuditRecord) => void records.push(record);
    const sink = {
      record: keep,
      complete: (record: AuditRecord) => Promise.resolve(keep(record)),
      begin: () => Promise.resolve(),
      isTroubled: false,
    };
    const refusals = new RefusalAudit({ sink, log: memoryLog([]), maxRows: 6, maxOfAddress: 3, now: () => 0 });
    const audits = new OperationAudits({ sink, schema: buildSchema("type Query { a: Int }"), refusals });
    const caller = { keyId: "k", prefix: "p", scopes: [], isAdmin: false, tenantId: "t1" };
    const asked = (identity: Identity) => {
      const context = { ...refusedContext(incoming, { identity }) };
      return { context, hash: hashOf(""), variables: {}, startedAtMs: 0 };
    };
    const refused = { statusCode: 401, errorCodes: ["UNAUTHENTICATED" as const] };
    for (let i = 0; i < 10; i++) {
      audits.record(asked({ kind: "nobody", mayBootstrap: false }), refused);
      await audits.complete(asked({ kind: "nobody", mayBootstrap: false }), refused);
    }
    expect(records).toHaveLength(3);
    const first = asked({ kind: "nobody", mayBootstrap: true });
    await audits.around(first, () => Promise.resolve());
    await audits.complete(first, { statusCode: 200, errorCodes: [] });
    expect(records).toHaveLength(4);
    for (let i = 0; i < 10; i++) audits.record(asked({ kind: "key", caller }), refused);
    for (let i = 0; i < 10; i++) audits.record(asked({ kind: "off" }), refused);
    expect(records).toHaveLength(24);
  });

  it("keeps no operation from its own row", async () => {
    await using t = await fixtureRouter();
    for (let i = 0; i < 150; i++) await send(t, "{}", { origin: "https://evil.example" });
    await t.ask("{ whoami }");
    expect(t.audits).toHaveLength(51);
    expect(t.audits.at(-1)).toMatchObject({ operationType: "query", rootFields: ["whoami"] });
  });
});
