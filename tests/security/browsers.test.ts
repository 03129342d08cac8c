/** What browsers are told, and may do (docs/security.md). */
import { request } from "undici";
import { fixtureRouter, type FixtureRouter } from "../testkit/fixture-router.ts";
import { keyedRouter, type KeyedRouter } from "../testkit/keyed-router.ts";

const listed = "https://app.example.com";

async function get(t: FixtureRouter, path: string, headers: Record<string, string> = {}, method: "GET" | "OPTIONS" | "HEAD" = "GET") {
  const answer = await request(new URL(path, t.router.url), { method, headers });
  await answer.body.dump();
  return { status: answer.statusCode, headers: answer.headers };
}

const words = (header: string | string[] | undefined) => String(header).split(", ");

describe("a front end of another origin that is listed", () => {
  let t: KeyedRouter;
  beforeAll(async () => {
    t = await keyedRouter({ env: { corsOrigins: [listed] } });
  });
  afterAll(() => t[Symbol.asyncDispose]());

  it("may send what clients send, and read what they read, after a preflight", async () => {
    const { status, headers } = await get(t, "/graphql", { origin: listed, "access-control-request-method": "POST" }, "OPTIONS");
    expect([status, headers["access-control-allow-origin"], headers["vary"]]).toEqual([204, listed, "origin"]);
    expect(words(headers["access-control-allow-headers"])).toEqual(
      expect.arrayContaining([
        "content-type",
        "authorization",
        "x-api-key",
        "x-tenant-id",
        "x-bootstrap-token",
        "x-request-id",
        "traceparent",
        "apollo-require-preflight",
      ]),
    );
    expect(words(headers["access-control-allow-methods"])).toEqual(["GET", "POST", "OPTIONS"]);
    const answer = await t.as(await t.keyOf("t1"), "{ whoami }", { headers: { origin: listed } });
    expect([answer.status, answer.headers["access-control-allow-origin"]]).toEqual([200, listed]);
    expect(words(answer.headers["access-control-expose-headers"])).toEqual(
      expect.arrayContaining(["x-request-id", "x-tenant-id", "retry-after"]),
    );
  });

  it("reads refusals as well: without a key, with too many requests, and streams", async () => {
    await using limited = await keyedRouter({ env: { corsOrigins: [listed] }, rates: { caller: 1, windowSeconds: 1_000 } });
    const headers = { origin: listed };
    const key = await limited.keyOf("t1");
    const answers = [
      await limited.ask("{ whoami }", { headers }),
      await limited.as(key, "{ whoami }", { headers }),
      await limited.as(key, "{ whoami }", { headers }),
    ];
    expect(answers.map(({ status, headers: got }) => [status, got["access-control-allow-origin"]])).toEqual([
      [401, listed],
      [200, listed],
      [429, listed],
    ]);
    expect(answers[2]!.headers["retry-after"]).toMatch(/^\d+$/);
    const stream = await request(t.router.url, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "text/event-stream", "x-api-key": await t.keyOf("t1"), ...headers },
      body: JSON.stringify({ query: "subscription { refused }" }),
    });
    await stream.body.dump();
    expect([stream.statusCode, stream.headers["access-control-allow-origin"]]).toEqual([200, listed]);
  });

  it.each([
    ["another origin", "https://evil.example"],
    ["one that begins alike", "https://app.example.com.evil.example"],
    ["another port", "https://app.example.com:8443"],
    ["another scheme", "http://app.example.com"],
    ["a file or a sandboxed frame", "null"],
  ])("is not %s", async (_what, origin) => {
    const preflight = await get(t, "/graphql", { origin, "access-control-request-method": "POST" }, "OPTIONS");
    const answer = await t.as(await t.keyOf("t1"), "{ whoami }", { headers: { origin } });
    for (const { headers } of [preflight, answer]) {
      expect(headers["access-control-allow-origin"]).toBeUndefined();
      // A cache must not keep it for the one that is.
      expect(headers["vary"]).toBe("origin");
    }
  });

  it("has no cookies sent along, and nobody is let in by *", async () => {
    await using t = await fixtureRouter({ env: { corsOrigins: ["*", listed] } });
    for (const origin of [listed, "https://evil.example", "*"]) {
      const { headers } = await get(t, "/graphql", { origin }, "OPTIONS");
      expect(headers["access-control-allow-credentials"]).toBeUndefined();
      if (origin !== "*") expect(headers["access-control-allow-origin"]).not.toBe("*");
    }
  });
});

describe("the headers of an answer", () => {
  const promised = { "x-content-type-options": "nosniff", "x-frame-options": "DENY", "referrer-policy": "no-referrer" };

  it.each<[string, string, Record<string, string>]>([
    ["an operation", "/graphql?query=%7B__typename%7D", {}],
    ["a refused operation", "/graphql?query=%7Bnope%7D", {}],
    ["a refused Host", "/graphql", { host: "evil.example" }],
    ["a probe", "/livez", {}],
    ["a path where nothing is", "/nope", {}],
  ])("of %s let nothing run, be framed, guessed or referred from", async (_what, path, asked) => {
    await using t = await fixtureRouter();
    const { headers } = await get(t, path, asked);
    expect(headers).toMatchObject(promised);
    expect(headers["content-security-policy"]).toBe("default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    expect(headers["strict-transport-security"]).toBeUndefined();
  });

  it("of GraphiQL's page let its own files run and no others", async () => {
    await using t = await fixtureRouter();
    const { headers } = await get(t, "/");
    expect(headers).toMatchObject(promised);
    const policy = String(headers["content-security-policy"]);
    expect(policy).toMatch(/^default-src 'self'; /);
    for (const part of ["object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"]) expect(policy).toContain(part);
    expect(policy).not.toMatch(/script-src|unsafe-eval|https?:/);
  });

  it.each([
    ["a trusted proxy that speaks TLS", ["127.0.0.1"], "https", true],
    ["a chain of them", ["127.0.0.1"], "https, http", true],
    ["a trusted proxy that speaks none", ["127.0.0.1"], "http", false],
    ["somebody who is not trusted", [], "https", false],
    ["somebody beside the trusted", ["10.0.0.0/8"], "https", false],
  ])("pin TLS behind %s", async (_what, trustedProxies, protocol, isPinned) => {
    await using t = await fixtureRouter({ env: { trustedProxies } });
    const { headers } = await get(t, "/livez", { "x-forwarded-proto": protocol });
    expect(headers["strict-transport-security"]).toBe(isPinned ? "max-age=15552000" : undefined);
  });
});
