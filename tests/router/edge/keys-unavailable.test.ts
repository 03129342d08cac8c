/** Keys that cannot be checked, as the database does not answer: the platform's fault, and so it is told. */
import { request } from "undici";
import { keyErrors } from "../../../router/access/errors.ts";
import type { KeyRing } from "../../../router/access/key-ring.ts";
import { fixtureRouter } from "../../testkit/fixture-router.ts";

const unavailable = () => Promise.reject(keyErrors.KEYS_UNAVAILABLE({ retryAfterMs: 1_000 }));
const keys = {
  hasKeys: true,
  known: () => undefined,
  callerOf: unavailable,
  again: unavailable,
  watch: () => () => {},
} as unknown as KeyRing;

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
