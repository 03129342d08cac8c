/** The specifications that clients rely on, with keys and without: GraphQL over HTTP by its own audits, graphql-transport-ws by its close codes. */
import { getIntrospectionQuery } from "graphql";
import { serverAudits } from "graphql-http";
import WebSocket from "ws";
import type { KeyRing } from "../../router/access/keys/key-ring.ts";
import { eventually } from "../testkit/eventually.ts";
import { fixtureRouter, type FixtureRouter } from "../testkit/fixture-router.ts";
import { refusalIn, startKeyedPlatform } from "../testkit/keyed-platform.ts";
import { keyedRouter, type KeyedRouter } from "../testkit/keyed-router.ts";

/** SHOULD: 200 for parse, validation and variable errors where the client accepts application/json only; we say 400. */
const warned = ["572B", "7B9B", "FDE2"];

describe("GraphQL over HTTP, by the audits of graphql-http", () => {
  it.each(["off", "on"])("has no error with auth %s, and the known warnings alone", async (auth) => {
    await using t = auth === "on" ? await keyedRouter() : await fixtureRouter();
    const key = auth === "on" ? await (t as KeyedRouter).keyOf("t1") : undefined;
    const fetchFn = (url: string, init: RequestInit = {}) =>
      fetch(url, { ...init, headers: { ...(init.headers as Record<string, string>), ...(key !== undefined && { "x-api-key": key }) } });
    const results = await Promise.all(serverAudits({ url: t.router.url, fetchFn }).map((audit) => audit.fn()));
    const count = Object.groupBy(results, ({ status }) => status);
    expect(results.length).toBeGreaterThan(50);
    expect(count.error?.map(({ id, name }) => `${id} ${name}`) ?? []).toEqual([]);
    expect(count.warn?.map(({ id }) => id).sort()).toEqual(warned);
    expect(count.notice).toBeUndefined();
  });
});

const init = (payload: object = {}) => ({ type: "connection_init", payload });
const idle = (id: string) => ({ id, type: "subscribe", payload: { query: 'subscription { runStatus(id: "1") { id } }' } });

interface Said {
  messages: (object | string)[];
  /** Offers none; graphql-transport-ws unless given. */
  isPlain?: boolean;
}

/** Says these messages, those behind an introduction after its acknowledgement; gives the code of the close. */
async function closeCode(t: FixtureRouter, { messages, isPlain = false }: Said): Promise<number> {
  const socket = new WebSocket(t.webSocketUrl, isPlain ? [] : "graphql-transport-ws");
  const say = (some: (object | string)[]) =>
    some.forEach((message) => socket.send(typeof message === "string" ? message : JSON.stringify(message)));
  const [first, ...others] = messages;
  const isIntroduced = typeof first === "object" && "type" in first && first.type === "connection_init";
  socket.on("open", () => say(isIntroduced ? [first] : messages));
  if (isIntroduced) socket.once("message", () => say(others));
  socket.on("error", () => {});
  return new Promise((resolve) => socket.on("close", resolve));
}

describe("graphql-transport-ws closes a socket", () => {
  let t: KeyedRouter;
  let key: string;
  beforeAll(async () => {
    t = await keyedRouter();
    key = await t.keyOf("t1");
  });
  afterAll(() => t[Symbol.asyncDispose]());

  it.each<[number, string, (key: string) => Said]>([
    [4400, "that says what is not JSON", (key) => ({ messages: [init({ "x-api-key": key }), "nope"] })],
    [4400, "that says what is no message", (key) => ({ messages: [init({ "x-api-key": key }), { type: "zzz" }] })],
    [4400, "that says what servers say", (key) => ({ messages: [init({ "x-api-key": key }), { type: "next", id: "1", payload: {} }] })],
    [4400, "of a tenant that cannot be", (key) => ({ messages: [init({ "x-api-key": key, "x-tenant-id": "a b" })] })],
    [4401, "that asks before it is acknowledged", () => ({ messages: [idle("1")] })],
    [4403, "without a key", () => ({ messages: [init()] })],
    [4403, "with a key that is not accepted", () => ({ messages: [init({ authorization: "Bearer agp_no" })] })],
    [4406, "that offers no subprotocol", () => ({ messages: [], isPlain: true })],
    [4409, "that gives an id twice", (key) => ({ messages: [init({ "x-api-key": key }), idle("1"), idle("1")] })],
    [4429, "that introduces itself twice", (key) => ({ messages: [init({ "x-api-key": key }), init({ "x-api-key": key })] })],
  ])("with %i %s", async (code, _what, said) => {
    expect(await closeCode(t, said(key))).toBe(code);
  });

  it("with 4408 that never introduces itself", async () => {
    await using impatient = await fixtureRouter({ sockets: { initMs: 20 } });
    expect(await closeCode(impatient, { messages: [] })).toBe(4408);
  });

  it.each<[number, string, Error]>([
    [4500, "the router fails over", new Error("a bug")],
    [1013, "no key can be checked for", Object.assign(new Error("away"), { isAway: true })],
  ])("with %i that %s", async (code, _what, failure) => {
    await using failed = await fixtureRouter({ env: { authRequired: true }, keys: failing(t.ring, failure) });
    const { status, headers } = await failed.ask("{ whoami }", { headers: { "x-api-key": key } });
    expect([status, headers["retry-after"]]).toEqual(code === 1013 ? [503, "1"] : [500, undefined]);
    expect(await closeCode(failed, { messages: [init({ "x-api-key": key })] })).toBe(code);
  });
});

/** Keys that cannot be looked at: for the database is away, or for a bug. */
function failing(ring: KeyRing, failure: Error): KeyRing {
  const reject = async () => {
    if (!("isAway" in failure)) throw failure;
    const { keyErrors } = await import("../../router/access/errors.ts");
    throw keyErrors.KEYS_UNAVAILABLE({ retryAfterMs: 1_000 });
  };
  return { hasKeys: ring.hasKeys, known: () => undefined, callerOf: reject } as unknown as KeyRing;
}

describe("introspection", () => {
  const asked = [getIntrospectionQuery(), '{ __type(name: "Query") { name } }', "{ services { name } __schema { types { name } } }"];

  it("needs a key with schema:read where keys are asked for, which all presets have", async () => {
    await using t = await startKeyedPlatform();
    const keys = {
      all: await t.keyOf("t1"),
      reader: await t.keyOf("t1", ["app:read", "schema:read"]),
      without: await t.keyOf("t1", ["app:read"]),
    };
    for (const query of asked) {
      expect([(await t.as(undefined, query)).status, refusalIn(await t.as(undefined, query))]).toEqual([
        401,
        "UNAUTHENTICATED KEY_MISSING",
      ]);
      expect(refusalIn(await t.as(keys.without.secret, query))).toBe("FORBIDDEN SCOPE_MISSING");
      for (const { secret } of [keys.all, keys.reader]) expect(refusalIn(await t.as(secret, query))).toBeUndefined();
    }
    const made = await t.as(keys.all.secret, `mutation { createApiKey(input: { name: "n", scopes: ["reader"] }) { secret } }`);
    const { secret } = (made.data as { createApiKey: { secret: string } }).createApiKey;
    expect(refusalIn(await t.as(secret, asked[0]!))).toBeUndefined();
  });

  it("is not done by mistakes either: suggestions need that scope too, and who has no key is told that", async () => {
    await using t = await startKeyedPlatform();
    const without = await t.keyOf("t1", ["app:read", "key:write"]);
    const reader = await t.keyOf("t1", ["app:read", "key:write", "schema:read"]);
    const messages = async (secret: string, query: string) => (await t.as(secret, query)).errors!.map(({ message }) => message).join("\n");
    for (const [query, told] of [
      ["{ apps { nodes { cod } } }", 'Cannot query field "cod" on type "App".'],
      ["{ services { ... on Appp { id } } }", 'Unknown type "Appp".'],
      ["{ servics { name } }", 'Cannot query field "servics" on type "Query".'],
      [
        "mutation ($s: ApiKeyStatus! = REVOKE) { updateApiKeyStatus(id: 1, status: $s) { id } }",
        'Value "REVOKE" does not exist in "ApiKeyStatus" enum.',
      ],
    ] as const) {
      expect(await messages(without.secret, query)).toBe(told);
      expect(await messages(reader.secret, query)).toMatch(`${told} Did you mean`);
      const nobody = async () => refusalIn(await t.as(undefined, query));
      // The router may not have heard yet that there are keys.
      await eventually(nobody, (refusal) => refusal === "UNAUTHENTICATED KEY_MISSING");
    }
    const variable = "mutation ($s: ApiKeyStatus!) { updateApiKeyStatus(id: 1, status: $s) { id } }";
    const { errors } = await t.as(without.secret, variable, { s: "REVOKE" });
    expect(errors![0]!.message).toMatch(/does not exist in "ApiKeyStatus" enum\.$/);
  });

  it("is open where nobody is asked for a key", async () => {
    await using t = await fixtureRouter();
    for (const query of asked.slice(0, 2)) expect((await t.ask(query)).body.errors).toBeUndefined();
  });
});
