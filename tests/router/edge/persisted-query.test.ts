/** Clients that persist queries: each falls back to the text by what it is told, and what comes with its text is answered. */
import { createHash } from "node:crypto";
import { request } from "undici";
import { fixtureRouter, type FixtureRouter } from "../../testkit/fixture-router.ts";

const text = "query Q($n: Int) { runs(first: $n) { id } }";
const events = 'subscription { runStatus(id: "1", count: 1) { id } }';
const hashed = (query: string) => ({
  extensions: { persistedQuery: { version: 1, sha256Hash: createHash("sha256").update(query).digest("hex") } },
});

async function send(t: FixtureRouter, method: "GET" | "POST", given: Record<string, unknown>, accept: string) {
  const search = Object.entries(given).map(([name, value]): [string, string] => [
    name,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  const { statusCode, headers, body } = await request(
    method === "GET" ? `${t.router.url}?${new URLSearchParams(search).toString()}` : t.router.url,
    method === "GET"
      ? { method, headers: { accept } }
      : { method, headers: { accept, "content-type": "application/json" }, body: JSON.stringify(given) },
  );
  return { status: statusCode, type: String(headers["content-type"]).split(";")[0], text: await body.text() };
}

const accepts = [
  "*/*",
  "application/json",
  "application/graphql-response+json",
  // Apollo Client, for queries and for subscriptions.
  "application/graphql-response+json,application/json;q=0.9",
  "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/graphql-response+json,application/json",
  // urql, for queries and for subscriptions.
  "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed",
  "text/event-stream, multipart/mixed",
  "text/event-stream",
];

describe("a hash of a query alone", () => {
  it.each(accepts)("is told as not supported, as clients understand it, whoever accepts %s", async (accept) => {
    await using t = await fixtureRouter();
    for (const query of [text, events])
      for (const method of ["GET", "POST"] as const) {
        const answer = await send(t, method, hashed(query), accept);
        // By the message all clients know it; some would by a code that is none of ours, and none needs to.
        expect([answer.status, JSON.parse(answer.text)]).toEqual([
          200,
          {
            errors: [
              {
                message: "PersistedQueryNotSupported",
                extensions: { code: "BAD_USER_INPUT", reason: "PERSISTED_QUERY_NOT_SUPPORTED", requestId: expect.any(String) },
              },
            ],
          },
        ]);
        expect(answer.type).toMatch(/^application\/(graphql-response\+)?json$/);
      }
    expect(t.seen).toEqual([]);
  });
});

describe("a query with its hash", () => {
  it.each(["GET", "POST"] as const)("is answered by its text, asked by %s", async (method) => {
    await using t = await fixtureRouter();
    const given = { query: text, operationName: "Q", variables: { n: 1 }, ...hashed(text) };
    const answer = await send(t, method, given, "application/json");
    expect([answer.status, JSON.parse(answer.text)]).toEqual([200, { data: { runs: [{ id: "1" }] } }]);
    expect(t.audits).toMatchObject([{ operationName: "Q", statusCode: 200 }]);
  });

  it("is streamed where it is a subscription", async () => {
    await using t = await fixtureRouter();
    const answer = await send(t, "POST", { query: events, ...hashed(events) }, "text/event-stream");
    expect(answer).toMatchObject({ status: 200, type: "text/event-stream", text: expect.stringContaining('"runStatus":{"id":"1"}') });
  });

  it("changes nothing of the other extensions, nor of a query without one", async () => {
    await using t = await fixtureRouter();
    for (const extensions of [{ trace: 1, ...hashed(text).extensions }, { persistedQuery: null }, { trace: 1 }, {}]) {
      const answer = await send(t, "POST", { query: "{ whoami }", extensions }, "application/json");
      expect([answer.status, JSON.parse(answer.text)]).toEqual([200, { data: { whoami: expect.any(String) } }]);
    }
  });
});
