/** Who asked, as the audit tells it (docs/audit.md). */
import { once } from "node:events";
import WebSocket from "ws";
import type { ReadyEnv } from "../../cli/composition.ts";
import { runCli } from "../cli/cli-process.ts";
import { query } from "../testkit/admin-query.ts";
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

describe("the event SECRET_CHANGED", () => {
  it("is of secrets that were made, changed or deleted, with nothing of a value; of one that was refused it is none", async () => {
    const owner = await t.keyOf("secretive");
    const [value, another] = ["canary-of-a-secret-1", "canary-of-a-secret-2"];
    const ask = async (query: string, variables: Record<string, unknown>) => (await t.as(owner.secret, query, variables)).data;
    const made = `mutation Made($input: CreateSecretInput!) { createSecret(input: $input) { id } }`;
    const input = { name: "TOKEN", value, origins: ["https://a.test"] };
    const { id } = ((await ask(made, { input })) as { createSecret: { id: string } }).createSecret;
    await ask(`mutation MadeTwice($input: CreateSecretInput!) { createSecret(input: $input) { id } }`, { input });
    await ask(`mutation Changed($id: ID!) { updateSecret(id: $id, input: { value: "${another}" }) { id } }`, { id });
    await ask(`mutation Deleted($id: ID!) { deleteSecret(id: $id) { id } }`, { id });
    const rows = [];
    for (const name of ["Made", "MadeTwice", "Changed", "Deleted"]) rows.push(...(await audits(owner, name)));
    expect(rows).toMatchObject([
      { event: "SECRET_CHANGED", details: { mutations: ["createSecret"] }, variables: { input: { name: "TOKEN", value: "[redacted]" } } },
      { event: null },
      { event: "SECRET_CHANGED", details: { mutations: ["updateSecret"] }, variables: { id } },
      { event: "SECRET_CHANGED", details: { mutations: ["deleteSecret"] }, variables: { id } },
    ]);
    for (const canary of [value, another]) expect(JSON.stringify(rows)).not.toContain(canary);
  });
});

describe("audit verify, as a process", () => {
  it("ends with 0 while audits are as they were written, and with 1 and the place where one is not", async () => {
    const owner = await t.keyOf("verified");
    for (let asked = 0; asked < 3; asked++) await t.as(owner.secret, `query Verified${asked} { apps { nodes { id } } }`);
    const adminUrl = t.database.adminUrl;
    const chained = "select l.audit_id id from access.audit_link l where l.tenant_id = 'verified' order by l.seq";
    const links = await eventually(
      async () => (await query(adminUrl, chained)) as { id: string }[],
      (rows) => rows.length >= 3,
    );
    const { encryptionKey, dataDir } = t.env as ReadyEnv;
    const environment = {
      AGENT_PLATFORM_DATABASE_URL: t.database.url,
      AGENT_PLATFORM_DATA_DIR: dataDir,
      AGENT_PLATFORM_ENCRYPTION_KEY: encryptionKey,
    };
    const verify = (...argv: string[]) => runCli("real", ["audit", "verify", "--tenant", "verified", ...argv], environment).ended;
    const whole = await verify();
    expect([whole.code, whole.output]).toEqual([
      0,
      expect.stringMatching(/^verified {2}\S+ {2}3 rows {2}[0-9a-f]{64}\nAudits are as they were written\.\n$/),
    ]);
    // A superuser whom no trigger is in the way of.
    await query(
      adminUrl,
      `set session_replication_role = replica; update access.request_audit set client_ip = '10.0.0.1' where id = '${links[1]!.id}'`,
    );
    const altered = await verify();
    expect(altered.code).toBe(1);
    expect(altered.output).toContain(`CHANGED  number 2, audit ${links[1]!.id}: the row is not as it was written`);
    expect(altered.output).toContain("\n1 place where audits are not as they were written.");
    expect(altered.output).not.toMatch(/ at .*:\d+|select |10\.0\.0\.1/);
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
