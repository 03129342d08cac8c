/** What API keys promise (docs/security.md). */
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { crc32 } from "node:zlib";
import { Client } from "undici";
import { query } from "../testkit/admin-query.ts";
import { eventually } from "../testkit/eventually.ts";
import { refusalIn, startKeyedPlatform, type KeyedPlatform } from "../testkit/keyed-platform.ts";

let t: KeyedPlatform;
beforeAll(async () => {
  t = await startKeyedPlatform();
});
afterAll(() => t.stop());

const apps = "{ apps { nodes { code } } }";
const createApp = `mutation ($code: String!) { createApp(input: { code: $code, name: "App" }) { id } }`;

describe("an API key", () => {
  it("has the form agp_, 12 characters, 43 of secret and 6 of checksum, and is shown once", async () => {
    const all = await t.keyOf("form");
    const { data } = await t.as(
      all.secret,
      `mutation { createApiKey(input: { name: "n" }) { secret apiKey { id prefix name status scopes } } }`,
    );
    const { secret, apiKey } = (data as { createApiKey: { secret: string; apiKey: Record<string, string> } }).createApiKey;
    expect(secret).toMatch(/^agp_[0-9A-Za-z]{61}$/);
    expect(secret.startsWith(apiKey["prefix"]!)).toBe(true);
    expect(apiKey["prefix"]).toHaveLength(16);
    expect(apiKey).toMatchObject({ name: "n", status: "ACTIVE" });
    expect(base62(secret.slice(-6))).toBe(crc32(secret.slice(0, -6)));
    const stored = JSON.stringify(await query(t.database.adminUrl, "select k::text, encode(hash, 'escape') from access.api_key k"));
    expect(stored).not.toContain(secret);
    expect(stored).not.toContain(secret.slice(16, 59));
  });

  it.each(["x-api-key", "authorization"])("is taken from the header %s", async (header) => {
    const { secret } = await t.keyOf("headers");
    const sent = header === "authorization" ? `Bearer ${secret}` : secret;
    expect(refusalIn(await t.as(undefined, apps, {}, { [header]: sent }))).toBeUndefined();
  });

  it("is one: two that differ are refused, in whatever order; the token of another system beside it is not looked at", async () => {
    const [one, two] = [await t.keyOf("two"), await t.keyOf("two")].map(({ secret }) => secret) as [string, string];
    const port = Number(new URL(t.url).port);
    const sent = async (lines: string[]): Promise<string> => {
      const head = ["POST /graphql HTTP/1.1", "host: 127.0.0.1", "connection: close", "content-type: application/json", ...lines];
      const body = JSON.stringify({ query: apps });
      const socket = connect(port, "127.0.0.1");
      socket.write(`${[...head, `content-length: ${body.length}`].join("\r\n")}\r\n\r\n${body}`);
      const answer = await text(socket);
      return `${answer.slice(9, 12)} ${/"reason":"(\w+)"/.exec(answer)?.[1] ?? "answered"}`;
    };
    for (const [first, second] of [
      [one, two],
      [two, one],
    ]) {
      expect(await sent([`x-api-key: ${first}`, `authorization: Bearer ${second}`])).toBe("400 KEYS_DIFFER");
      expect(await sent([`authorization: Bearer ${first}`, `Authorization: Bearer ${second}`])).toBe("400 KEYS_DIFFER");
    }
    expect(await sent([`x-api-key: ${one}`, `authorization: Bearer ${one}`])).toBe("200 answered");
    for (const other of ["Basic dXNlcjpwYXNz", "Bearer eyJhbGciOiJIUzI1NiJ9"]) {
      expect(await sent([`x-api-key: ${one}`, `authorization: ${other}`])).toBe("200 answered");
      expect(await sent([`authorization: ${other}`])).toBe("401 KEY_INVALID");
    }
  });

  it("is not taken from a URL, which logs and histories keep", async () => {
    const { secret } = await t.keyOf("urls");
    for (const name of ["x-api-key", "api_key", "apiKey", "authorization"]) {
      const url = `${t.url}?${new URLSearchParams({ [name]: secret, query: apps }).toString()}`;
      const answer = await fetch(url, { headers: { "apollo-require-preflight": "true" } });
      expect([name, answer.status]).toEqual([name, 401]);
    }
  });

  it("is asked for by everything but services and __typename, with 401", async () => {
    for (const query of [
      apps,
      "{ __schema { types { name } } }",
      "mutation { cancelRuns(filter: {}) { cancelled } }",
      "{ services { name } apps { nodes { id } } }",
    ]) {
      const answer = await t.as(undefined, query);
      expect([answer.status, refusalIn(answer)]).toEqual([401, "UNAUTHENTICATED KEY_MISSING"]);
    }
    expect((await t.as(undefined, "{ __typename services { name } }")).status).toBe(200);
    for (const path of ["/livez", "/readyz", "/health"]) expect((await fetch(new URL(path, t.url))).status).toBe(200);
  });

  it("is refused in one way, whatever is wrong with it", async () => {
    const good = await t.keyOf("wrong");
    const revoked = await t.keyOf("wrong");
    await t.admin.revoke(revoked.id);
    const expired = await t.keyOf("wrong", null, { expiresAt: new Date(Date.now() - 1_000) });
    const other = good.secret.slice(0, 16) + revoked.secret.slice(16, 59);
    const wrong = [
      "x",
      "agp_",
      good.secret.slice(0, -1),
      `${good.secret}0`,
      good.secret.replace(/.$/, (last) => (last === "a" ? "b" : "a")),
      withChecksum(other),
      revoked.secret,
      expired.secret,
      "Bearer",
      "null",
    ];
    const told = await Promise.all(wrong.map((key) => t.as(key, apps)));
    expect(new Set(told.map(({ status, errors }) => JSON.stringify([status, errors![0]!.message])))).toEqual(
      new Set([JSON.stringify([401, told[0]!.errors![0]!.message])]),
    );
    expect(told.map(refusalIn)).toEqual(wrong.map(() => "UNAUTHENTICATED KEY_INVALID"));
    expect(refusalIn(await t.as(undefined, apps, {}, { authorization: `Basic ${good.secret}` }))).toBe("UNAUTHENTICATED KEY_INVALID");
  });

  it("that the router knows vouches for no other of its prefix", async () => {
    const known = await t.keyOf("vouching");
    const other = await t.keyOf("vouching");
    const mixed = withChecksum(known.secret.slice(0, 16) + other.secret.slice(16, 59));
    // Again: between the two the router may have read anew what it keeps of it.
    for (let time = 0; time < 5; time++) {
      expect(refusalIn(await t.as(known.secret, apps))).toBeUndefined();
      expect(refusalIn(await t.as(mixed, apps))).toBe("UNAUTHENTICATED KEY_INVALID");
    }
  });

  it("is looked at anew with each request of one connection: another key is another's, a wrong one nobody's, a revoked one no more", async () => {
    const [one, other] = [await t.keyOf("connected-1"), await t.keyOf("connected-2")];
    await t.as(one.secret, createApp, { code: "one" });
    await t.as(other.secret, createApp, { code: "other" });
    const connection = new Client(new URL(t.url).origin, { pipelining: 1 });
    const sent = async (key: string): Promise<string> => {
      const headers = { "content-type": "application/json", "x-api-key": key };
      const { statusCode, body } = await connection.request({
        path: "/graphql",
        method: "POST",
        headers,
        body: JSON.stringify({ query: apps }),
      });
      const { data } = (await body.json()) as { data?: { apps: { nodes: { code: string }[] } } };
      return `${statusCode} ${data?.apps.nodes.map(({ code }) => code).join() ?? ""}`;
    };
    const wrong = withChecksum(one.secret.slice(0, 16) + other.secret.slice(16, 59));
    const keys = [one.secret, one.secret, wrong, other.secret, one.secret, wrong];
    const told = [];
    for (const key of keys) told.push(await sent(key));
    expect(told).toEqual(["200 one", "200 one", "401 ", "200 other", "200 one", "401 "]);
    await sent(one.secret);
    await t.admin.revoke(one.id);
    expect(
      await eventually(
        () => sent(one.secret),
        (answer) => answer !== "200 one",
      ),
    ).toBe("401 ");
    await connection.close();
  });

  it("is bound to its tenant: another x-tenant-id is 403 TENANT_MISMATCH (S-110)", async () => {
    const { secret } = await t.keyOf("bound-1");
    await t.as(secret, createApp, { code: "mine" });
    expect((await t.as(secret, apps, {}, { "x-tenant-id": "bound-1" })).data).toEqual({ apps: { nodes: [{ code: "mine" }] } });
    const answer = await t.as(secret, apps, {}, { "x-tenant-id": "bound-2" });
    expect([answer.status, refusalIn(answer)]).toEqual([403, "TENANT_MISMATCH TENANT_MISMATCH"]);
    const second = await t.keyOf("bound-2");
    expect((await t.as(second.secret, apps)).data).toEqual({ apps: { nodes: [] } });
    const searched = await fetch(`${t.url}?tenant_id=bound-2`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": secret },
      body: JSON.stringify({ query: apps }),
    });
    expect(searched.status).toBe(403);
  });

  it("acts for any tenant where the command line made it so, and for none else's admin keys", async () => {
    const admin = await t.keyOf("home", null, { isAdmin: true });
    for (const tenantId of ["any-1", "any-2"]) {
      expect(refusalIn(await t.as(admin.secret, createApp, { code: tenantId }, { "x-tenant-id": tenantId }))).toBeUndefined();
      const own = await t.keyOf(tenantId);
      expect((await t.as(own.secret, apps)).data).toEqual({ apps: { nodes: [{ code: tenantId }] } });
    }
    const owner = await t.keyOf("home");
    expect((await t.as(owner.secret, "{ apiKeys { nodes { id } } }")).data).toEqual({ apiKeys: { nodes: [{ id: owner.id }] } });
    const revoke = `mutation ($id: ID!) { updateApiKeyStatus(id: $id, status: REVOKED) { id } }`;
    expect(refusalIn(await t.as(owner.secret, revoke, { id: admin.id }))).toBe("NOT_FOUND API_KEY_NOT_FOUND");
    expect(
      refusalIn(await t.as(owner.secret, `mutation { createApiKey(input: { name: "n", scopes: ["platform:admin"] }) { secret } }`)),
    ).toBe("BAD_USER_INPUT SCOPE_UNKNOWN");
  });
});

describe("the scopes of a key", () => {
  it("are all that it may ask for, over HTTP, as a stream and over a WebSocket", async () => {
    const reader = await t.keyOf("scoped", ["app:read"]);
    expect(refusalIn(await t.as(reader.secret, apps))).toBeUndefined();
    const refused = await t.as(reader.secret, createApp, { code: "no" });
    expect([refused.status, refusalIn(refused)]).toEqual([403, "FORBIDDEN SCOPE_MISSING"]);
    expect(refused.errors![0]!.extensions).toMatchObject({ field: "createApp", scope: "app:write" });
    // An alias, a fragment and a second field hide nothing.
    for (const query of [
      'mutation { apps: createApp(input: { code: "no", name: "x" }) { id } }',
      'mutation { ...F } fragment F on Mutation { ... { createApp(input: { code: "no", name: "x" }) { id } } }',
      "{ apps { nodes { id } } runs { nodes { id } } }",
      "{ __schema { types { name } } }",
    ])
      expect(refusalIn(await t.as(reader.secret, query))).toBe("FORBIDDEN SCOPE_MISSING");
    const stream = await fetch(t.url, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "text/event-stream", "x-api-key": reader.secret },
      body: JSON.stringify({ query: 'subscription { runEvents(runId: "x") { cursor } }' }),
    });
    expect(stream.status).toBe(403);
    expect((await t.as((await t.keyOf("scoped")).secret, apps)).data).toEqual({ apps: { nodes: [] } });
  });

  it("are given by a key that has them, and by no other", async () => {
    const maker = await t.keyOf("giving", ["key:write", "run:read"]);
    const make = (scopes: string) =>
      t.as(maker.secret, `mutation { createApiKey(input: { name: "n"${scopes} }) { apiKey { id scopes } } }`);
    expect((await make(', scopes: ["run:read"]')).data).toMatchObject({ createApiKey: { apiKey: { scopes: ["run:read"] } } });
    for (const scopes of ["", ', scopes: ["run:write"]', ', scopes: ["reader"]'])
      expect(refusalIn(await make(scopes))).toBe("FORBIDDEN SCOPE_NOT_HELD");
    expect(refusalIn(await make(", scopes: []"))).toBe("BAD_USER_INPUT SCOPES_EMPTY");
    expect(refusalIn(await make(', scopes: ["run:fly"]'))).toBe("BAD_USER_INPUT SCOPE_UNKNOWN");
    for (const [name, reason] of [
      ["", "TEXT_TOO_SHORT"],
      ["n".repeat(201), "TEXT_TOO_LONG"],
    ]) {
      const named = `mutation { createApiKey(input: { name: ${JSON.stringify(name)}, scopes: ["run:read"] }) { secret } }`;
      expect(refusalIn(await t.as(maker.secret, named))).toBe(`BAD_USER_INPUT ${reason}`);
    }
    const wider = await t.keyOf("giving");
    const rotate = `mutation ($id: ID!) { rotateApiKey(id: $id) { secret } }`;
    expect(refusalIn(await t.as(maker.secret, rotate, { id: wider.id }))).toBe("FORBIDDEN SCOPE_NOT_HELD");
  });
});

function base62(text: string): number {
  const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  return [...text].reduce((sum, character) => sum * 62 + alphabet.indexOf(character), 0);
}

function withChecksum(body: string): string {
  const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  let text = "";
  for (let rest = crc32(body); text.length < 6; rest = Math.floor(rest / 62)) text = alphabet[rest % 62]! + text;
  return body + text;
}
