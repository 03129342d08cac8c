/** How long an operation may take (docs/security.md). */
import { createServer } from "node:http";
import { request } from "undici";
import { defaultEnv } from "#shared/config.ts";
import type { SubgraphEndpoint } from "#shared/endpoint/endpoint.ts";
import { sendRefusal } from "#shared/serve/http-answer.ts";
import { addressOf, closeServer, listen } from "#shared/serve/listen.ts";
import { Identities } from "../../router/edge/identity.ts";
import { Rates, rateLimitsOf } from "../../router/edge/rates/rates.ts";
import { clientFinder } from "../../router/edge/rates/seen-from.ts";
import { WaitLinks } from "../../router/edge/wait-links.ts";
import { fixtureRouter, modes, type FixtureRouterOptions } from "../testkit/fixture-router.ts";
import type { Fixtures } from "../testkit/fixture-subgraphs.ts";
import { eventually } from "../testkit/eventually.ts";

const operationDeadlines = { operationMs: 200, outsideMs: 1_000_000 };
const timedOut = { code: "TIMEOUT", reason: "OPERATION_TIMED_OUT", afterMs: 200 };
const never = () => new Promise<never>(() => {});

/** Mutations of `runs` hang; what is left of the fixtures is as it is. */
const hangingMutations: FixtureRouterOptions["endpoints"] = ({ runs, traces }: Fixtures) => [
  { ...runs, execute: (asked) => (asked.query.startsWith("mutation") ? never() : runs.execute(asked)) },
  traces,
];

/** `hanging` waits for somebody outside, as a model's completion does. */
const hangingOutside: FixtureRouterOptions["endpoints"] = ({ runs, traces }: Fixtures) => [
  {
    ...runs,
    sdl: runs.sdl
      .replace('import: ["@key"', 'import: ["@tag", "@key"')
      .replace("hanging: String", 'hanging: String @tag(name: "waits-outside")'),
  },
  traces,
];

describe("an operation", () => {
  it.each(modes)("%s ends with its deadline, tells what was there by then, and with it end its calls of subgraphs", async (mode) => {
    // What is quick is there by then, also where the process stands still for a moment.
    const operationMs = 1_000;
    await using t = await fixtureRouter({ mode, operationDeadlines: { ...operationDeadlines, operationMs } });
    const { status, body } = await t.ask('{ run(id: "1") { id hangingTrace } spanCount }');
    expect([status, body.data]).toEqual([200, { run: { id: "1", hangingTrace: null }, spanCount: 7 }]);
    expect(body.errors).toMatchObject([
      { path: ["run", "hangingTrace"], extensions: { ...timedOut, afterMs: operationMs, serviceName: "traces" } },
    ]);
    expect(body.errors![0]!.extensions).not.toHaveProperty("effectUnknown");
    const hanging = t.seen.find(({ query }) => query.includes("hangingTrace"))!;
    await eventually(
      () => hanging.info.signal?.aborted,
      (isAborted) => isAborted === true,
    );
    expect(t.audits).toMatchObject([{ errorCodes: ["TIMEOUT"], statusCode: 200 }]);
    expect((await t.ask("{ whoami }")).status).toBe(200);
  });

  it("that changes something is told that it may have happened, and nothing behind it is begun", async () => {
    await using t = await fixtureRouter({ operationDeadlines, endpoints: hangingMutations });
    const { body } = await t.ask('mutation { addTags(name: "one") addTraceTags(name: "two") }');
    expect(body.data).toEqual({ addTags: null, addTraceTags: null });
    expect(body.errors).toMatchObject([
      { path: ["addTags"], message: expect.stringContaining("may have happened"), extensions: { ...timedOut, effectUnknown: true } },
      { path: ["addTraceTags"], extensions: timedOut },
    ]);
    expect(t.steps).toEqual([]);
  });

  it("has the same time over a WebSocket and as a stream", async () => {
    await using t = await fixtureRouter({ operationDeadlines });
    const { value } = await t.stream("{ hanging }").next();
    expect(value).toMatchObject({ data: { hanging: null }, errors: [{ extensions: timedOut }] });
    const answer = await request(t.router.url, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "text/event-stream" },
      body: JSON.stringify({ query: "{ hanging }" }),
    });
    expect(await answer.body.text()).toContain('"reason":"OPERATION_TIMED_OUT"');
  });

  it("that waits for somebody outside has more", async () => {
    await using t = await fixtureRouter({ operationDeadlines, endpoints: hangingOutside });
    const leaving = new AbortController();
    const outside = fetch(t.router.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query: "{ hanging }" }),
      signal: leaving.signal,
    }).catch(() => "left");
    await eventually(
      () => t.seen.length,
      (count) => count === 1,
    );
    const { body } = await t.ask('{ run(id: "1") { hangingTrace } }');
    expect(body.errors).toMatchObject([{ extensions: timedOut }]);
    // It came before, and waits on.
    expect(await Promise.race([outside, Promise.resolve("waits")])).toBe("waits");
    leaving.abort();
    expect(await outside).toBe("left");
  });

  it("that is a subscription has none: its stream goes on", async () => {
    await using t = await fixtureRouter({ operationDeadlines: { ...operationDeadlines, operationMs: 20 } });
    const stream = t.stream('subscription { runStatus(id: "1") { seq } }');
    const first = stream.next();
    await t.sources.untilActive(1);
    expect((await t.ask('{ run(id: "1") { hangingTrace } }')).body.errors).toMatchObject([
      { extensions: { reason: "OPERATION_TIMED_OUT" } },
    ]);
    t.sources.push("1", { runStatus: { id: "1", seq: 5 } });
    expect((await first).value).toEqual({ data: { runStatus: { seq: 5 } } });
  });
});

describe("a link of a waiting node", () => {
  it("is given up where the subgraph that made it says nothing, so that others have its turn", async () => {
    const env = defaultEnv({ authRequired: false });
    const rates = new Rates(rateLimitsOf(env));
    const identities = new Identities({ env, keys: undefined, rates });
    const hanging = { name: "runtime", execute: never } as unknown as SubgraphEndpoint;
    const audit = { isTroubled: false } as never;
    const links = new WaitLinks({ endpoints: new Map([["runtime", hanging]]), audit, identities, rates, askMs: 20 });
    const find = clientFinder([]);
    const server = createServer((incoming, response) => {
      find(incoming);
      const exchange = { request: incoming, response, requestId: "r" };
      void links.answer(incoming.url!, exchange).catch((error: unknown) => sendRefusal(response, error, { requestId: "r" }));
    });
    await listen(server, { port: 0, host: "127.0.0.1" });
    try {
      const token = Buffer.from(JSON.stringify(["run", "node", "t1"])).toString("base64url");
      // More than may be answered at once.
      const answers = await Promise.all(Array.from({ length: 20 }, () => request(`${addressOf(server)}/answer/${token}.mark`)));
      expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([504]));
      expect(await answers[0]!.body.text()).toContain("SUBGRAPH_TIMED_OUT");
    } finally {
      await closeServer(server, 0);
    }
  });
});
