/** Who asked, as the audit tells it (docs/audit.md). */
import { once } from "node:events";
import WebSocket from "ws";
import { eventually } from "../testkit/eventually.ts";
import { refusalIn, startKeyedPlatform, type KeyedPlatform, type MadeKey } from "../testkit/keyed-platform.ts";

let t: KeyedPlatform;
beforeAll(async () => {
  t = await startKeyedPlatform();
});
afterAll(() => t.stop());

const apps = "query Asked { apps { nodes { code } } }";

interface Asked {
  requestId: string;
  operationType: string;
  rootFields: string[];
  statusCode: number;
  variables: Record<string, unknown> | null;
  details: Record<string, unknown> | null;
  userAgent: string | null;
  apiKeyId: string | null;
  apiKey: { id: string; name: string; prefix: string; status: string } | null;
  operationName: string;
  event: string | null;
}

const rowFields = `requestId operationType rootFields statusCode variables details userAgent
  apiKeyId apiKey { id name prefix status } operationName event`;

/** The rows of an operation, as a key reads them. */
async function audits({ secret }: MadeKey, name: string, headers: Record<string, string> = {}): Promise<Asked[]> {
  const query = `query ($name: String) { requestAudits(filter: { operationName: $name }) { nodes { ${rowFields} } } }`;
  const read = async () => {
    const { data } = await t.as(secret, query, { name }, headers);
    return (data as { requestAudits: { nodes: Asked[] } }).requestAudits.nodes;
  };
  return eventually(read, (rows) => rows.length > 0);
}

describe("an operation's row", () => {
  it("tells which key asked, as the key is now", async () => {
    const owner = await t.keyOf("who");
    const other = await t.keyOf("who", ["app:read"]);
    await t.as(other.secret, apps);
    const told = { id: other.id, name: "test", prefix: other.secret.slice(0, 16), status: "ACTIVE" };
    expect(await audits(owner, "Asked")).toMatchObject([{ apiKeyId: other.id, apiKey: told }]);
    await t.admin.revoke(other.id);
    expect(await audits(owner, "Asked")).toMatchObject([{ apiKey: { ...told, status: "REVOKED" } }]);
  });

  it("names the operator's key, which acts for any tenant, and shows nothing of it", async () => {
    const owner = await t.keyOf("served");
    const operator = await t.keyOf("home", null, { isAdmin: true });
    await t.as(operator.secret, apps, {}, { "x-tenant-id": "served" });
    expect(await audits(owner, "Asked")).toMatchObject([{ apiKeyId: operator.id, apiKey: null }]);
    // In its own tenant neither.
    await t.as(operator.secret, apps);
    expect(await audits(await t.keyOf("home"), "Asked")).toMatchObject([{ apiKeyId: operator.id, apiKey: null }]);
  });

  it("of who had no key, or a wrong one, is an event; of whom nobody knows, so it is the default tenant's", async () => {
    const named = (name: string) => apps.replace("Asked", name);
    const owner = await t.keyOf("public");
    await t.as(undefined, named("Keyless"), {}, { "x-tenant-id": "victim" });
    expect(await audits(owner, "Keyless")).toMatchObject([{ apiKeyId: null, apiKey: null, event: "AUTH_FAILED" }]);
    const victim = await t.keyOf("victim");
    await t.as(victim.secret, named("Ours"));
    expect((await audits(victim, "Ours")).length).toBe(1);
    const { data } = await t.as(victim.secret, "{ requestAudits { nodes { operationName } } }");
    expect(JSON.stringify(data)).not.toContain("Keyless");
  });

  it("is read by audit:read alone", async () => {
    const reader = await t.keyOf("scoped", ["key:read"]);
    expect(refusalIn(await t.as(reader.secret, "{ requestAudits { nodes { id } } }"))).toBe("FORBIDDEN SCOPE_MISSING");
    const auditor = await t.keyOf("scoped", ["audit:read"]);
    expect(refusalIn(await t.as(auditor.secret, "{ requestAudits { nodes { apiKey { name } } } }"))).toBeUndefined();
    expect(refusalIn(await t.as(auditor.secret, "{ apiKeys { nodes { id } } }"))).toBe("FORBIDDEN SCOPE_MISSING");
  });
});

describe("the row of an operation that its key may not ask for", () => {
  const body = (name: string) =>
    JSON.stringify({
      query: `mutation ${name}($code: String!) { createApp(input: { code: $code, name: "x" }) { id } }`,
      variables: { code: "shop" },
      operationName: name,
    });
  const over = (accept: string) => async (secret: string, name: string) => {
    const headers = { "content-type": "application/json", accept, "x-api-key": secret };
    const answer = await fetch(t.url, { method: "POST", headers, body: body(name) });
    await answer.text();
    expect(answer.status).toBe(403);
  };
  async function overSocket(secret: string, name: string): Promise<void> {
    const socket = new WebSocket(t.url.replace("http", "ws"), "graphql-transport-ws");
    await once(socket, "open");
    socket.send(JSON.stringify({ type: "connection_init", payload: { "x-api-key": secret } }));
    await once(socket, "message");
    socket.send(`{"id":"1","type":"subscribe","payload":${body(name)}}`);
    await once(socket, "message");
    socket.close();
  }
  it.each([
    ["HTTP", "Plain", over("application/json")],
    ["server-sent events", "Events", over("text/event-stream")],
    ["multipart", "Parts", over("multipart/mixed; subscriptionSpec=1.0")],
    ["a WebSocket", "Socket", overSocket],
  ])("says what it was, over %s", async (_transport, name, ask) => {
    const owner = await t.keyOf("refused");
    const reader = await t.keyOf("refused", ["app:read"]);
    await ask(reader.secret, name);
    expect(await audits(owner, name)).toMatchObject([
      {
        apiKeyId: reader.id,
        operationType: "MUTATION",
        rootFields: ["createApp"],
        statusCode: 403,
        variables: { code: "shop" },
        event: null,
      },
    ]);
  });
});

describe("an API key that stands where it should not", () => {
  it("is in no row: not as an id, a name, an operation's name, a user agent or a request's id", async () => {
    const owner = await t.keyOf("lost");
    const { secret } = owner;
    const query = `query Misplaced_${secret}($id: ID!, $code: String!, $after: String) {
      apiKey(id: $id) { id } appByCode(code: $code) { id } apps(after: $after) { nodes { id } }
    }`;
    const variables = { id: `${"x".repeat(60)}${secret}`, code: secret, after: secret.slice(0, 40) };
    const answer = await t.as(secret, query, variables, { "user-agent": `curl ${secret}`, "x-request-id": secret });
    expect(answer.headers.get("x-request-id")).not.toContain(secret);
    const prefix = secret.slice(0, 16);
    const rows = await audits(owner, `Misplaced_${prefix}[redacted]`);
    expect(rows).toMatchObject([
      { rootFields: ["apiKey", "appByCode", "apps"], variables: { code: `${prefix}[redacted]` }, userAgent: `curl ${prefix}[redacted]` },
    ]);
    expect(JSON.stringify(rows)).not.toContain(secret.slice(0, 20));
  });
});

describe("the event KEY_CHANGED", () => {
  const make = `createApiKey(input: { name: "n", scopes: ["run:read"] }) { apiKey { id } }`;
  it.each([
    ["Made", `{ ${make} }`, { mutations: ["createApiKey"] }],
    ["MadeBesideOthers", `{ bad: createApp(input: { code: "a b", name: "x" }) { id } some: ${make} }`, { mutations: ["createApiKey"] }],
    ["NotMade", `{ createApiKey(input: { name: "n", scopes: [] }) { apiKey { id } } }`, null],
    ["NotFound", `{ rotateApiKey(id: "none") { secret } updateApiKeyStatus(id: "none", status: REVOKED) { id } }`, null],
  ])("is of keys that were changed: %s", async (name, selection, details) => {
    const owner = await t.keyOf("changes");
    await t.as(owner.secret, `mutation ${name} ${selection}`);
    expect(await audits(owner, name)).toMatchObject([{ event: details && "KEY_CHANGED", details }]);
  });
});

describe("a key that is accepted no more", () => {
  it("has a row with its tenant when it is tried, by HTTP and by WebSocket; one that is nobody's has none there", async () => {
    const owner = await t.keyOf("robbed");
    const stolen = await t.keyOf("robbed");
    await t.admin.revoke(stolen.id);
    await eventually(
      async () => refusalIn(await t.as(stolen.secret, apps)),
      (refusal) => refusal === "UNAUTHENTICATED KEY_INVALID",
    );
    const socket = new WebSocket(t.url.replace("http", "ws"), "graphql-transport-ws");
    await once(socket, "open");
    socket.send(JSON.stringify({ type: "connection_init", payload: { "x-api-key": stolen.secret } }));
    await once(socket, "close");
    await t.as("agp_none", apps, {}, { "x-tenant-id": "robbed" });
    const tried = async () => {
      const query = `{ requestAudits(filter: { event: AUTH_FAILED }) { nodes { ${rowFields} } } }`;
      return ((await t.as(owner.secret, query)).data as { requestAudits: { nodes: Asked[] } }).requestAudits.nodes;
    };
    const rows = await eventually(tried, (seen) => seen.length >= 2);
    expect(new Set(rows.map(({ apiKeyId }) => apiKeyId))).toEqual(new Set([stolen.id]));
  });
});
