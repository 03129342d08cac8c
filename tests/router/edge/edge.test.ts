import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { text as textOf } from "node:stream/consumers";
import { request } from "undici";
import { discardedAudits } from "../../../router/audit/discarded.ts";
import { startRouter } from "../../../router/router.ts";
import { defaultEnv } from "#shared/config.ts";
import { AppError } from "#shared/errors.ts";
import { eventually } from "../../testkit/eventually.ts";
import { fixtureRouter, memoryLog, type FixtureRouter } from "../../testkit/fixture-router.ts";
import { fixtureSubgraphs } from "../../testkit/fixture-subgraphs.ts";

async function get(t: FixtureRouter, path: string, headers: Record<string, string> = {}, method: "GET" | "OPTIONS" = "GET") {
  const answer = await request(new URL(path, t.router.url), { method, headers });
  const text = await answer.body.text();
  return { status: answer.statusCode, headers: answer.headers, text, json: () => JSON.parse(text) as Record<string, unknown> };
}

describe("the request's identity at the router", () => {
  it("keeps x-request-id, and makes one where there is none or it is unusable (S-102)", async () => {
    await using t = await fixtureRouter();
    const idOf = async (headers: Record<string, string>) => (await t.ask("{ whoami }", { headers })).headers["x-request-id"];
    expect(await idOf({ "x-request-id": "my-id:1" })).toBe("my-id:1");
    for (const claimed of [{}, { "x-request-id": "two words" }, { "x-request-id": "x".repeat(200) }, { "x-request-id": "" }]) {
      expect(await idOf(claimed as Record<string, string>)).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it("takes the tenant from the header, else from tenant_id of the query string, else public, and says which (S-103)", async () => {
    await using t = await fixtureRouter();
    const tenantOf = async (asked: Parameters<FixtureRouter["ask"]>[1]) => {
      const { body, headers } = await t.ask("{ whoami }", asked);
      expect(String(body.data?.["whoami"]).split("/")[0]).toBe(headers["x-tenant-id"]);
      return headers["x-tenant-id"];
    };
    expect(await tenantOf({ headers: { "x-tenant-id": "acme" }, search: "?tenant_id=other" })).toBe("acme");
    expect(await tenantOf({ search: "?tenant_id=other" })).toBe("other");
    expect(await tenantOf({})).toBe("public");
  });

  it.each(["a b", "engine'; --", ".hidden", "x".repeat(64), "*"])("refuses the tenant id %j with 400", async (tenantId) => {
    await using t = await fixtureRouter();
    const { status, body, headers } = await t.ask("{ whoami }", { headers: { "x-tenant-id": tenantId } });
    expect([status, body.errors?.[0]?.extensions]).toEqual([
      400,
      { code: "BAD_USER_INPUT", reason: "TENANT_ID_INVALID", tenantId, requestId: headers["x-request-id"] },
    ]);
    expect(body.errors?.[0]?.message).toContain(`The tenant id ${JSON.stringify(tenantId)} is not valid. Use 1 to 63 letters`);
    expect(t.seen).toEqual([]);
  });
});

describe("a router without keys", () => {
  it("answers only a Host of loopback or of the allowed hosts", async () => {
    await using t = await fixtureRouter({ env: { allowedHosts: ["platform.local"] } });
    const statusFor = async (host: string) => (await t.ask("{ whoami }", { headers: { host } })).status;
    expect(await statusFor("localhost:4000")).toBe(200);
    expect(await statusFor("[::1]:4000")).toBe(200);
    expect(await statusFor("platform.local:4000")).toBe(200);
    for (const host of ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1"])
      expect(await statusFor(host)).toBe(403);
    expect(t.seen).toHaveLength(3);
  });

  it("refuses a foreign Origin before anything runs, and lets listed ones read the answer", async () => {
    await using t = await fixtureRouter({ env: { corsOrigins: ["https://app.example"] } });
    const { status, body, headers } = await t.ask('mutation { addStep(name: "evil") }', { headers: { origin: "https://evil.example" } });
    expect([status, body.errors?.[0]?.extensions?.["reason"], headers["access-control-allow-origin"]]).toEqual([
      403,
      "ORIGIN_NOT_ALLOWED",
      undefined,
    ]);
    expect((await t.ask("{ whoami }", { headers: { origin: "null" } })).status).toBe(403);
    expect(t.steps).toEqual([]);
    const listed = await t.ask("{ whoami }", { headers: { origin: "https://app.example" } });
    expect([listed.status, listed.headers["access-control-allow-origin"]]).toEqual([200, "https://app.example"]);
    expect((await t.ask("{ whoami }", { headers: { origin: new URL(t.router.url).origin } })).status).toBe(200);
  });

  it("answers the preflight of a listed origin, with the headers that clients send", async () => {
    await using t = await fixtureRouter({ env: { corsOrigins: ["https://app.example"] } });
    const { status, headers } = await get(
      t,
      "/graphql",
      { origin: "https://app.example", "access-control-request-method": "POST" },
      "OPTIONS",
    );
    expect([status, headers["access-control-allow-origin"]]).toEqual([204, "https://app.example"]);
    expect(headers["access-control-allow-headers"]).toMatch(/content-type.*x-tenant-id/);
  });

  it("listens on loopback only, and never asks for keys that it was not given", async () => {
    const start = (env: Parameters<typeof defaultEnv>[0]) =>
      startRouter({
        env: defaultEnv({ port: 0, ...env }),
        endpoints: [fixtureSubgraphs().runs],
        audit: discardedAudits,
        log: memoryLog([]),
      });
    await expect(start({ host: "0.0.0.0" })).rejects.toMatchObject({ reason: "HOST_NOT_LOOPBACK" });
    await expect(start({ authRequired: true })).rejects.toThrow("given no keys");
  });

  it("says EADDRINUSE when its port is taken", async () => {
    await using t = await fixtureRouter();
    const env = defaultEnv({ port: t.router.port });
    await expect(startRouter({ env, endpoints: [t.runs], audit: t, log: memoryLog([]) } as never)).rejects.toMatchObject({
      code: "EADDRINUSE",
    });
  });
});

describe("a GET", () => {
  const query = `?query=${encodeURIComponent("query Q($n: Int) { runs(first: $n) { id } }")}&variables=${encodeURIComponent('{"n":1}')}`;

  it.each<[string, Record<string, string>]>([
    ["of no browser, as curl's", {}],
    ["of a page of its own", { "sec-fetch-site": "same-origin" }],
    ["of the address bar", { "sec-fetch-site": "none" }],
    ["of a listed origin", { origin: "https://app.example", "sec-fetch-site": "cross-site" }],
    ["that was preflighted", { "sec-fetch-site": "cross-site", "apollo-require-preflight": "1" }],
  ])("%s is answered where it is a query", async (_what, headers) => {
    await using t = await fixtureRouter({ env: { corsOrigins: ["https://app.example"] } });
    const { status, json } = await get(t, `/graphql${query}`, headers);
    expect([status, json()]).toEqual([200, { data: { runs: [{ id: "1" }] } }]);
    expect(t.audits).toMatchObject([{ operationName: "Q", operationType: "query", statusCode: 200 }]);
  });

  it.each(["operationName=", "variables=&operationName=", "operationName=&extensions=&variables="])(
    "that gives nothing is read as without it: %s",
    async (empty) => {
      await using t = await fixtureRouter();
      const { status, json } = await get(t, `/graphql?${empty}&query=${encodeURIComponent("query Q { whoami }")}`);
      expect([status, json()]).toEqual([200, { data: { whoami: expect.any(String) } }]);
    },
  );

  it.each<[string, Record<string, string>, string]>([
    ["another site", { "sec-fetch-site": "cross-site" }, "CROSS_SITE_GET"],
    ["another port", { "sec-fetch-site": "same-site" }, "CROSS_SITE_GET"],
    ["an origin that is not listed", { origin: "https://evil.example", "sec-fetch-site": "cross-site" }, "ORIGIN_NOT_ALLOWED"],
    ["a name that is rebound", { host: "evil.example" }, "HOST_NOT_ALLOWED"],
  ])("that a page of %s makes a browser send is refused, and executes nothing", async (_what, headers, reason) => {
    await using t = await fixtureRouter();
    const { status, json } = await get(t, `/graphql${query}`, headers);
    expect([status, json()]).toMatchObject([403, { errors: [{ extensions: { code: "FORBIDDEN", reason } }] }]);
    expect(t.seen).toEqual([]);
    expect(t.audits).toMatchObject([{ statusCode: 403, errorCodes: ["FORBIDDEN"] }]);
  });

  it.each([
    ["mutation", 'mutation { addStep(name: "x") }', 405, "POST", "BAD_REQUEST"],
    ["subscription", 'subscription { runStatus(id: "1") { id } }', 400, undefined, "SUBSCRIPTION_OVER_HTTP"],
  ])("is never a %s answered whole, and says what to send instead", async (_what, text, wanted, allow, reason) => {
    await using t = await fixtureRouter();
    for (const accept of ["*/*", "application/json", "application/graphql-response+json"]) {
      const { status, headers, json } = await get(t, `/graphql?query=${encodeURIComponent(text)}`, { accept });
      expect([status, headers["allow"]]).toEqual([wanted, allow]);
      expect(json()).toMatchObject({ errors: [{ extensions: { code: "BAD_USER_INPUT", reason } }] });
    }
    const audit = { statusCode: wanted, errorCodes: ["BAD_USER_INPUT"] };
    expect(t.audits).toMatchObject([audit, audit, audit]);
    expect(t.seen).toEqual([]);
  });
});

describe("names in what is refused", () => {
  const long = "x".repeat(100_000);

  it.each<[string, string, Parameters<FixtureRouter["ask"]>[1]]>([
    ["a field", `{ ${long} }`, {}],
    ["a directive", `{ whoami @${long} }`, {}],
    ["no GraphQL", `{ whoami } ${long}`, {}],
    ["an operation", "query A { whoami } query B { whoami }", { operationName: long }],
    ["a value", "query ($n: Int) { runs(first: $n) { id } }", { variables: { n: long } }],
    ["a value of many words", "query ($n: Int) { runs(first: $n) { id } }", { variables: { n: "x ".repeat(50_000) } }],
    ["a literal", `{ runs(first: "${long}") { id } }`, {}],
  ])("are cut: %s", async (_what, query, asked) => {
    await using t = await fixtureRouter();
    const { status, body } = await t.ask(query, asked);
    expect(status).toBe(400);
    expect(JSON.stringify(body).length).toBeLessThan(5_000);
    expect(body.errors?.[0]?.message).toMatch(/x{10}|x x|letters of a name/);
    expect(JSON.stringify(t.audits).length).toBeLessThan(5_000);
  });

  it("are read as none where they are empty", async () => {
    await using t = await fixtureRouter();
    const { body } = await t.ask("query A { whoami }", { operationName: "" });
    expect(body).toEqual({ data: { whoami: expect.any(String) } });
    const events = t.stream('subscription A { runStatus(id: "1", count: 1) { seq } }', { operationName: "" });
    expect(await Array.fromAsync(events)).toEqual([{ data: { runStatus: { seq: 0 } } }]);
    const two = await t.ask("query A { whoami } query B { whoami }", { operationName: "" });
    expect(two.body.errors?.[0]?.extensions?.["reason"]).toBe("OPERATION_RESOLUTION_FAILURE");
  });
});

describe("the body of a request", () => {
  it.each([
    ["a byte order mark", "application/json", "utf8", "\ufeff"],
    ["UTF-16", "application/json; charset=utf-16", "utf16le", "\ufeff"],
    ["UTF-16 that says so by its mark only", "application/json", "utf16le", "\ufeff"],
    ["Latin-1", 'application/json; charset="ISO-8859-1"', "latin1", ""],
    ["a charset that nobody knows", "application/json; charset=utf8mb4", "utf8", ""],
  ] as const)("is read by its mark and its charset: %s", async (_what, type, encoding, mark) => {
    await using t = await fixtureRouter();
    const body = Buffer.from(`${mark}${JSON.stringify({ query: '{ echo(value: "café") }' })}`, encoding);
    const answer = await request(t.router.url, { method: "POST", headers: { "content-type": type }, body });
    expect([answer.statusCode, await answer.body.json()]).toEqual([200, { data: { echo: "café" } }]);
  });
});

describe("what a request may cost", () => {
  it.each([
    ["`__typename` 800 times", `{ ${"__typename ".repeat(800)} }`],
    ["one field 500 times", `{ ${'run(id: "1") { id } '.repeat(500)} }`],
  ])("is told in words: %s", async (_what, query) => {
    await using t = await fixtureRouter();
    const { status, body } = await t.ask(query);
    expect([status, body.errors]).toMatchObject([400, [{ extensions: { reason: "OPERATION_LIMIT_EXCEEDED" } }]]);
    expect(body.errors?.[0]?.message).toMatch(/^The operation has \d+ \w+; \d+ are allowed/);
  });

  it.each([
    ["bytes", { maxBodyBytes: 1_000 }, `{ whoami } # ${"x".repeat(1_000)}`, 413, "BODY_TOO_LARGE"],
    ["tokens", { limits: { maxTokens: 20 } }, `{ ${"whoami ".repeat(30)} }`, 400, "GRAPHQL_PARSE_FAILED"],
    ["levels", { limits: { maxDepth: 5 } }, "{ runs { parent { parent { parent { parent { id } } } } } }", 400, "OPERATION_LIMIT_EXCEEDED"],
    ["aliases", { limits: { maxAliases: 3 } }, "{ a: whoami b: whoami c: whoami d: whoami }", 400, "OPERATION_LIMIT_EXCEEDED"],
    [
      "fields, counted at each spread",
      { limits: { maxFields: 50 } },
      "{ runs { ...A ...A } } fragment A on Run { ...B ...B ...B } fragment B on Run { id cost status seq spans { id name durationMs } agent }",
      400,
      "OPERATION_LIMIT_EXCEEDED",
    ],
    [
      "fragments",
      {},
      `{ runs { ...F0 } } ${Array.from({ length: 1_500 }, (_, i) => `fragment F${i} on Run { ${i < 1_499 ? `...F${i + 1}` : "id"} }`).join(" ")}`,
      400,
      "OPERATION_LIMIT_EXCEEDED",
    ],
    [
      "aliases of the schema's parts",
      {},
      `{ __schema { types { ...T } } } fragment T on __Type { ${Array.from({ length: 100 }, (_, i) => `a${i}: fields { name }`).join(" ")} }`,
      400,
      "OPERATION_LIMIT_EXCEEDED",
    ],
    ["nested selections", {}, `{ runs ${"{ parent ".repeat(3_000)}{ id }${"}".repeat(3_000)} }`, 400, "NESTED_TOO_DEEP"],
    ["nested literals", {}, `{ run(id: ${"[".repeat(7_000)}${"]".repeat(7_000)}) { id } }`, 400, "NESTED_TOO_DEEP"],
    ["nested types", {}, `query ($a: ${"[".repeat(7_000)}ID${"]".repeat(7_000)}) { run(id: $a) { id } }`, 400, "NESTED_TOO_DEEP"],
    ["batches", {}, "", 400, "BAD_REQUEST"],
  ])("is limited in %s", async (what, options, query, status, reason) => {
    await using t = await fixtureRouter(options);
    const body = what === "batches" ? '[{"query":"{ whoami }"}]' : JSON.stringify({ query });
    const answer = await request(t.router.url, { method: "POST", headers: { "content-type": "application/json" }, body });
    expect([answer.statusCode, await answer.body.json()]).toMatchObject([status, { errors: [{ extensions: { reason } }] }]);
    expect(t.seen).toEqual([]);
  });

  it("is limited in the depth of its variables, in the query string too", async () => {
    await using t = await fixtureRouter();
    const deep = "[".repeat(100_000) + "]".repeat(100_000);
    const headers = { "content-type": "application/json", "apollo-require-preflight": "true" };
    const posted = await request(t.router.url, { method: "POST", headers, body: `{"query":"{ whoami }","variables":{"a":${deep}}}` });
    const got = await get(t, `/graphql?query={whoami}&variables=${encodeURIComponent(`{"a":${deep.slice(99_000, 101_000)}}`)}`, headers);
    const refusal = { errors: [{ extensions: { code: "BAD_USER_INPUT", reason: "NESTED_TOO_DEEP", requestId: expect.any(String) } }] };
    expect([posted.statusCode, await posted.body.json()]).toMatchObject([400, refusal]);
    expect([got.status, got.json()]).toMatchObject([400, refusal]);
    expect(t.seen).toEqual([]);
  });

  it("is limited in the keys of one object of its variables, not in those of all", async () => {
    await using t = await fixtureRouter();
    const headers = { "content-type": "application/json" };
    const keys = (count: number) => `{${Array.from({ length: count }, (_, key) => `"k${key}":1`).join(",")}}`;
    const ask = async (value: string) => {
      const body = `{"query":"query ($v: JSON) { echo(value: $v) }","variables":{"v":${value}}}`;
      const answer = await request(t.router.url, { method: "POST", headers, body });
      return [answer.statusCode, await answer.body.json()];
    };
    const refusal = { code: "RESOURCE_EXHAUSTED", reason: "TOO_MANY_KEYS", limit: 50_000, requestId: expect.any(String) };
    expect(await ask(`[1,{"a":${keys(50_001)}}]`)).toMatchObject([413, { errors: [{ extensions: refusal }] }]);
    expect(t.seen).toEqual([]);
    expect(await ask(`[${keys(50_000)},${keys(49_000)}]`)).toMatchObject([200, { data: {} }]);
  });

  it("is limited in the bytes of bodies that come at once: of one tenant, and given back when they are read or their senders are gone", async () => {
    await using t = await fixtureRouter({ bodies: { tenantBytes: 200_000, totalBytes: 250_000 } });
    const send = (tenant: string, size: number, written = size) => {
      const body = `{"query":"{ __typename }","variables":{"a":"${"x".repeat(size)}"}}`;
      const headers = { "content-type": "application/json", "content-length": String(body.length), "x-tenant-id": tenant };
      const sent = httpRequest(t.router.url, { method: "POST", headers, agent: false });
      sent.on("error", () => {});
      sent.write(body.slice(0, written));
      return {
        sent,
        rest: () => sent.end(body.slice(written)),
        answer: () => once(sent, "response").then(([answer]) => seen(answer as IncomingMessage)),
      };
    };
    const seen = async (answer: IncomingMessage) => [
      answer.statusCode,
      (JSON.parse(await textOf(answer)) as { errors?: unknown[] }).errors?.[0],
    ];
    const half = send("one", 250_000, 200_000);
    // Its bytes are there when one that is too many is refused.
    const refusal = {
      extensions: { code: "RESOURCE_EXHAUSTED", reason: "BODIES_BUSY", tenantId: "one", limitBytes: 200_000, retryable: true },
    };
    const answers = async (tenant: string, size: number) => {
      const whole = send(tenant, size);
      const answer = whole.answer();
      whole.rest();
      return answer;
    };
    expect(
      await eventually(
        () => answers("one", 150_000),
        ([status]) => status === 429,
      ),
    ).toMatchObject([429, refusal]);
    // A client sends its next request on the same connection, where that stays.
    const late = send("one", 250_000, 200_000);
    const [told] = (await once(late.sent, "response")) as [IncomingMessage];
    expect([told.headers.connection, await seen(told)]).toMatchObject(["close", [429, refusal]]);
    expect(await answers("other", 150_000)).toEqual([200, undefined]);
    // The room of all is full for large ones; a small one is let pass, whoever fills it.
    const full = { extensions: { code: "RESOURCE_EXHAUSTED", reason: "BODIES_FULL", limitBytes: 250_000, retryable: true } };
    expect(await answers("two", 200_000)).toMatchObject([503, full]);
    expect(await answers("two", 60_000)).toEqual([200, undefined]);
    const answer = half.answer();
    half.rest();
    expect(await answer).toEqual([200, undefined]);
    expect(await answers("one", 250_000)).toEqual([200, undefined]);
    const left = send("one", 250_000, 200_000);
    expect(
      await eventually(
        () => answers("one", 150_000),
        ([status]) => status === 429,
      ),
    ).toMatchObject([429, refusal]);
    left.sent.destroy();
    expect(
      await eventually(
        () => answers("one", 250_000),
        ([status]) => status === 200,
      ),
    ).toEqual([200, undefined]);
  });

  it.each([
    ["document", '{"query":"{ echo(value: { a: [1e400] }) }"}', "GRAPHQL_VALIDATION_FAILED", "1e400 is too large"],
    ["document, without an exponent", `{"query":"{ echo(value: -${"9".repeat(400)}) }"}`, "GRAPHQL_VALIDATION_FAILED", "-9999999"],
    [
      "variables",
      '{"query":"query ($v: JSON) { echo(value: $v) }","variables":{"v":{"a":[0,-1e309]}}}',
      "GRAPHQL_INVALID",
      '"$v" got a number at a.1',
    ],
  ])("refuses a number that no double can hold, in the %s", async (_where, body, reason, words) => {
    await using t = await fixtureRouter();
    const answer = await request(t.router.url, { method: "POST", headers: { "content-type": "application/json" }, body });
    const refusal = { message: expect.stringContaining(words), extensions: { code: "BAD_USER_INPUT", reason } };
    expect([answer.statusCode, await answer.body.json()]).toMatchObject([400, { errors: [refusal] }]);
    expect(t.seen).toEqual([]);
  });

  it.each([
    ["document", '{"query":"{ echo(value: { a: [1, { id: 7615917337495251231 }] }) }"}', "value.a.1.id"],
    ["document's defaults", '{"query":"query ($v: JSON = [0.123456789012345678]) { echo(value: $v) }"}', "$v.0"],
    ["variables", '{"query":"query ($v: JSON) { echo(value: $v) }","variables":{"v":{"a":[0,7615917337495251231]}}}', "variables.v.a.1"],
  ])("refuses a number whose digits a double does not keep, in the %s", async (_where, body, field) => {
    await using t = await fixtureRouter();
    const answer = await request(t.router.url, { method: "POST", headers: { "content-type": "application/json" }, body });
    const value = /[\d.]{16,}/.exec(body)?.[0];
    const refusal = {
      message: expect.stringContaining(`${field} is the number ${value}`),
      extensions: { reason: "NUMBER_NOT_KEPT", field, value },
    };
    expect([answer.statusCode, await answer.body.json()]).toMatchObject([400, { errors: [refusal] }]);
    expect(t.seen).toEqual([]);
  });

  it("refuses such a number in the query string too, and takes its digits as a text", async () => {
    await using t = await fixtureRouter();
    const headers = { "apollo-require-preflight": "true" };
    const asked = (value: string) =>
      get(
        t,
        `/graphql?query=${encodeURIComponent("query ($v: JSON) { echo(value: $v) }")}&variables=${encodeURIComponent(`{"v":${value}}`)}`,
        headers,
      );
    const refused = await asked("-9007199254740993");
    const extensions = { code: "BAD_USER_INPUT", reason: "NUMBER_NOT_KEPT", field: "variables.v", requestId: expect.any(String) };
    expect([refused.status, refused.json()]).toMatchObject([400, { errors: [{ extensions }] }]);
    expect((await asked('"-9007199254740993"')).json()).toEqual({ data: { echo: "-9007199254740993" } });
  });

  it("takes the largest number that a double can hold", async () => {
    await using t = await fixtureRouter();
    expect((await t.ask("{ echo(value: 1.7976931348623157e308) }")).body).toEqual({ data: { echo: Number.MAX_VALUE } });
  });

  it("allows GraphiQL's introspection", async () => {
    await using t = await fixtureRouter();
    const { getIntrospectionQuery } = await import("graphql");
    const { status, body } = await t.ask(
      getIntrospectionQuery({ inputValueDeprecation: true, schemaDescription: true, specifiedByUrl: true }),
    );
    expect([status, body.errors]).toEqual([200, undefined]);
    expect(JSON.stringify(body.data)).not.toMatch(/secret|_entities|_service/);
  });

  it("is no text that a web page can send unnoticed", async () => {
    await using t = await fixtureRouter();
    expect((await t.ask("{ whoami }", { headers: { "content-type": "text/plain" } })).status).toBe(400);
    expect(t.seen).toEqual([]);
  });

  it("is no subscription: those are answered over WebSocket", async () => {
    await using t = await fixtureRouter();
    const { status, body } = await t.ask("subscription { whoami }");
    expect([status, body.errors?.[0]?.extensions?.["reason"]]).toEqual([400, "SUBSCRIPTION_OVER_HTTP"]);
  });

  it.each([
    "subscription ($c: Boolean!) { whoami @include(if: $c) }",
    "subscription ($c: Boolean!) { ... @skip(if: $c) { whoami } }",
    "fragment F on Subscription { whoami @ skip(if: $c) } subscription ($c: Boolean!) { ...F }",
  ])("is not valid where a subscription's root depends on a variable, upon which graphql-js breaks: %s", async (query) => {
    await using t = await fixtureRouter();
    const { status, body } = await t.ask(query, { variables: { c: true } });
    expect([status, body.errors?.[0]?.extensions?.["reason"]]).toEqual([400, "GRAPHQL_VALIDATION_FAILED"]);
  });
});

describe("health", () => {
  it("is alive whatever its subgraphs are", async () => {
    await using t = await fixtureRouter();
    t.sick.set("runs", new Error("down"));
    expect(await get(t, "/livez")).toMatchObject({ status: 200, text: '{"status":"UP"}' });
  });

  it("is ready when every subgraph and check is (S-101)", async () => {
    let current = true;
    const schema = () =>
      current ? Promise.resolve() : Promise.reject(new AppError("CONFLICT", "SCHEMA_OLD", "Two migrations are missing."));
    await using t = await fixtureRouter({ checks: { schema } });
    for (const path of ["/readyz", "/ready"]) {
      const { status, json } = await get(t, path);
      expect([status, json()]).toEqual([200, { status: "UP", checks: { schema: "UP" }, subgraphs: { runs: "UP", traces: "UP" } }]);
    }
    current = false;
    const { status, json } = await get(t, "/readyz");
    expect([status, json()["checks"]]).toEqual([503, { schema: "Two migrations are missing." }]);
  });

  it("names the subgraph that is down, without what its error says of the machine (S-101)", async () => {
    await using t = await fixtureRouter();
    t.sick.set("traces", new Error("connect ENOENT /home/user/.data/socket"));
    const { status, json } = await get(t, "/health");
    expect([status, json()]).toEqual([
      503,
      {
        status: "DOWN",
        services: [
          { name: "runs", status: "UP", latencyMs: expect.any(Number), message: null },
          { name: "traces", status: "DOWN", latencyMs: null, message: "It does not answer. The log says why." },
        ],
      },
    ]);
    expect(JSON.stringify(t.logged)).toContain("ENOENT");
  });
});

describe("the audit", () => {
  it("has a row per operation, refused ones too, without variables (S-105)", async () => {
    await using t = await fixtureRouter();
    const headers = { "x-tenant-id": "acme", "x-request-id": "r-1", "user-agent": "tests" };
    await t.ask("query Find($id: ID!) { run(id: $id) { ...F } whoami refused } fragment F on Run { flaky }", {
      variables: { id: "77", unused: "s3cret" },
      headers,
    });
    await t.ask("{ nope }", { headers });
    await t.ask("{", { headers });
    const shared = { tenantId: "acme", requestId: "r-1", clientIp: "127.0.0.1", userAgent: "tests", apiKeyId: null };
    expect(t.audits).toEqual([
      {
        ...shared,
        operationName: "Find",
        operationType: "query",
        operationHash: expect.stringMatching(/^[0-9a-f]{64}$/),
        rootFields: ["run", "whoami", "refused"],
        statusCode: 200,
        errorCodes: ["CONFLICT", "RESOURCE_EXHAUSTED"],
        durationMs: expect.any(Number),
        createdAt: expect.any(Date),
        id: expect.any(String),
        ...{ variables: { id: "77" }, event: null, details: null },
      },
      expect.objectContaining({ ...shared, operationName: null, operationType: "query", rootFields: ["nope"], statusCode: 400 }),
      expect.objectContaining({ ...shared, operationName: null, operationType: "unknown", rootFields: [], errorCodes: ["BAD_USER_INPUT"] }),
    ]);
    expect(JSON.stringify(t.audits)).not.toContain("s3cret");
  });

  it("has a row per operation over WebSocket", async () => {
    await using t = await fixtureRouter();
    await Array.fromAsync(t.stream("query Who { whoami }"));
    await t
      .stream("{ nope }")
      .next()
      .catch(() => {});
    expect(t.audits).toMatchObject([
      { operationName: "Who", operationType: "query", statusCode: 200, errorCodes: [] },
      { statusCode: 400, errorCodes: ["BAD_USER_INPUT"] },
    ]);
  });
});

describe("stopping", () => {
  it("answers what is in flight, and takes nothing new", async () => {
    const entered = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    await using t = await fixtureRouter({
      endpoints: ({ runs, traces }) => [
        {
          ...runs,
          execute: async (asked) => {
            entered.resolve();
            await release.promise;
            return runs.execute(asked);
          },
        },
        traces,
      ],
    });
    const inFlight = t.ask("{ whoami }");
    await entered.promise;
    // Who stops it may be told to twice.
    const stopped = Promise.all([t.router.stop(5_000), t.router.stop(5_000)]);
    await expect(t.ask("{ whoami }")).rejects.toThrow();
    release.resolve();
    expect((await inFlight).status).toBe(200);
    await stopped;
  });

  it("cuts off what takes longer than the grace", async () => {
    await using t = await fixtureRouter();
    const arrived = once(t.arrivals, "operation");
    const hanging = t.ask("{ hanging }").catch((error: unknown) => error);
    await arrived;
    await t.router.stop(50);
    expect(await hanging).toBeInstanceOf(Error);
  });
});
