/** Keys that cannot be checked, as the database does not answer: the platform's fault, and so it is told. */
import { request } from "undici";
import { keyErrors } from "../../../router/access/errors.ts";
import type { Caller, KeyRing } from "../../../router/access/keys/key-ring.ts";
import { fixtureRouter } from "../../testkit/fixture-router.ts";

const unavailable = () => Promise.reject(keyErrors.KEYS_UNAVAILABLE({ retryAfterMs: 1_000 }));
const keys = {
  hasKeys: true,
  known: () => undefined,
  callerOf: unavailable,
  again: unavailable,
  watch: () => () => {},
  answered: () => {},
} as unknown as KeyRing;

describe("a key that is accepted no more", () => {
  it("is asked about with each operation of a socket that is open still, and what is refused is audited", async () => {
    const caller = { keyId: "k", prefix: "agp_k", tenantId: "t1", scopes: [], isAdmin: false };
    const again = () => Promise.reject(keyErrors.KEY_INVALID({}));
    await using t = await fixtureRouter({
      env: { authRequired: true },
      keys: { ...keys, known: () => caller, again } as unknown as KeyRing,
    });
    const asked = t.client({ "x-api-key": "agp_k", "x-request-id": "r-1" }).iterate({ query: "{ whoami }" }).next();
    await expect(asked).rejects.toMatchObject([{ extensions: { reason: "KEY_INVALID" } }]);
    expect(t.audits).toMatchObject([
      { tenantId: "t1", requestId: "r-1", statusCode: 401, errorCodes: ["UNAUTHENTICATED"], event: "AUTH_FAILED" },
    ]);
    expect(t.seen).toEqual([]);
  });
});

describe("a key of which the database must be asked once more", () => {
  const caller = (keyId: string) => ({ keyId, prefix: keyId, tenantId: keyId, scopes: [], isAdmin: false });
  /** Keys that are asked about when a test says so, but for `known`, which is remembered. */
  function slowKeys() {
    const answer = Promise.withResolvers<Caller>();
    const asked = Promise.withResolvers<void>();
    const again = ({ keyId }: Caller) => {
      asked.resolve();
      return keyId === "refused" ? Promise.reject(keyErrors.KEY_INVALID({})) : answer.promise;
    };
    const remembered: Record<string, boolean | undefined> = { known: true, refused: false };
    const remembers = ({ keyId }: Caller) => remembered[keyId];
    return { answer, asked: asked.promise, keys: { ...keys, known: caller, remembers, again } as unknown as KeyRing };
  }

  it("is asked about while others' operations are looked at; one that is revoked by then is refused", async () => {
    const slow = slowKeys();
    await using t = await fixtureRouter({ env: { authRequired: true }, keys: slow.keys });
    const as = (key: string, query: string) => t.ask(query, { headers: { "x-api-key": key } });
    const first = as("slow", "query A { __typename }");
    await slow.asked;
    expect((await as("known", "query B { __typename }")).body).toEqual({ data: { __typename: "Query" } });
    expect((await as("refused", "query C { __typename }")).body).toMatchObject({ errors: [{ extensions: { reason: "KEY_INVALID" } }] });
    slow.answer.resolve(caller("slow"));
    expect((await first).body).toEqual({ data: { __typename: "Query" } });
    // What is wrong with it is Apollo Server's to refuse.
    expect((await as("refused", "")).body).toMatchObject({ errors: [{ extensions: { reason: "KEY_INVALID" } }] });
  });
});

describe("a key that cannot be checked", () => {
  it.each([
    ["a query", "application/json"],
    ["a stream", "text/event-stream"],
  ])("is 503 with when to come again, for %s", async (_what, accept) => {
    await using t = await fixtureRouter({ env: { authRequired: true }, keys });
    const { statusCode, headers, body } = await request(t.router.url, {
      method: "POST",
      headers: { accept, "content-type": "application/json", "x-api-key": "agp_x" },
      body: JSON.stringify({ query: "{ whoami }" }),
    });
    expect([statusCode, headers["retry-after"]]).toEqual([503, "1"]);
    expect(await body.json()).toMatchObject({
      errors: [{ extensions: { code: "DOWNSTREAM_UNAVAILABLE", reason: "KEYS_UNAVAILABLE", retryAfterMs: 1_000 } }],
    });
    expect(t.audits).toMatchObject([{ statusCode: 503, errorCodes: ["DOWNSTREAM_UNAVAILABLE"] }]);
    expect(t.seen).toEqual([]);
  });
});
