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

/** A schema whose field waits for somebody outside, as a model's completion does. */
const waitsOutside = (sdl: string, field: string) =>
  sdl.replace('import: ["@key"', 'import: ["@tag", "@key"').replace(field, `${field} @tag(name: "waits-outside")`);

const hangingOutside: FixtureRouterOptions["endpoints"] = ({ runs, traces }: Fixtures) => [
  { ...runs, sdl: waitsOutside(runs.sdl, "hanging: String") },
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

  it("that changes something is told so, too, by the deadline of one subgraph", async () => {
    await using t = await fixtureRouter({ deadlines: { mutationMs: 200 }, endpoints: hangingMutations });
    const { body } = await t.ask('mutation { addTags(name: "one") }');
    expect(body.errors).toMatchObject([{ extensions: { reason: "SUBGRAPH_TIMED_OUT", afterMs: 200, effectUnknown: true } }]);
  });

  it.each([
    ["makes a run", "mutationMs", 'subscription { startRun(id: "1") { id } }'],
    ["asks somebody outside", "queryMs", 'subscription { runEvents(id: "1") { __typename } }'],
  ])("that is a subscription, and %s as it begins, is told so, too", async (_, deadline, query) => {
    await using t = await fixtureRouter({
      deadlines: { [deadline]: 200 },
      endpoints: ({ runs, traces }) => [
        { ...runs, sdl: waitsOutside(runs.sdl, "runEvents(id: ID!): RunEvent!"), subscribe: never },
        traces,
      ],
    });
    const [event] = await Array.fromAsync(t.stream(query));
    expect(event!.errors).toMatchObject([{ extensions: { reason: "SUBGRAPH_TIMED_OUT", afterMs: 200, effectUnknown: true } }]);
  });

  it("that is a subscription whose turn has not come by then is told no such thing, and does not begin behind it", async () => {
    const begun: string[] = [];
    const first = Promise.withResolvers<never>();
    await using t = await fixtureRouter({
      deadlines: { mutationMs: 200 },
      streamGate: { units: 1 },
      endpoints: ({ runs, traces }) => [
        {
          ...runs,
          subscribe: ({ query }) => {
            begun.push(/"(.*)"/.exec(query)![1]!);
            return begun.length === 1 ? first.promise : Promise.reject(new Error("enough"));
          },
        },
        traces,
      ],
    });
    const start = async (id: string) => {
      const [event] = await Array.fromAsync(t.stream(`subscription { startRun(id: "${id}") { id } }`));
      return event!.errors![0]!.extensions!;
    };
    const holds = start("one");
    await eventually(
      () => begun.length,
      (count) => count === 1,
    );
    expect(await start("two")).toEqual(expect.not.objectContaining({ effectUnknown: true }));
    expect(await holds).toMatchObject({ reason: "SUBGRAPH_TIMED_OUT", effectUnknown: true });
    first.reject(new Error("late"));
    // Behind all that waited before it.
    await start("three");
    expect(begun).toEqual(["one", "three"]);
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

/** Links whose runtime subgraph does this when it is asked, and may take so long; and the address of one. */
async function linked(execute: (asked: { variables: { input: { body: string | null } } }) => Promise<unknown>, askMs: number) {
  const env = defaultEnv({ authRequired: false });
  const rates = new Rates(rateLimitsOf(env));
  const identities = new Identities({ env, keys: undefined, rates });
  const runtime = { name: "runtime", execute } as unknown as SubgraphEndpoint;
  const audits: { errorCodes: string[] }[] = [];
  const record = (audited: { errorCodes: string[] }) => Promise.resolve(void audits.push(audited));
  const audit = { isTroubled: false, begin: () => Promise.resolve(), complete: record } as never;
  const links = new WaitLinks({ endpoints: new Map([["runtime", runtime]]), audit, identities, rates, askMs });
  const find = clientFinder([]);
  const server = createServer((incoming, response) => {
    find(incoming);
    const exchange = { request: incoming, response, requestId: "r" };
    void links.answer(incoming.url!, exchange).catch((error: unknown) => sendRefusal(response, error, { requestId: "r" }));
  });
  await listen(server, { port: 0, host: "127.0.0.1" });
  const token = Buffer.from(JSON.stringify(["run", "node", "t1"])).toString("base64url");
  return {
    audits,
    urlOf: (kind: "answer" | "callback") => `${addressOf(server)}/${kind}/${token}.mark`,
    [Symbol.asyncDispose]: () => closeServer(server, 0),
  };
}

describe("a link of a waiting node", () => {
  it("is given up where the subgraph that made it says nothing, so that others have its turn", async () => {
    await using t = await linked(never, 20);
    // More than may be answered at once.
    const answers = await Promise.all(Array.from({ length: 20 }, () => request(t.urlOf("answer"))));
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([504]));
    const told = await answers[0]!.body.text();
    expect(told).toContain("SUBGRAPH_TIMED_OUT");
    expect(told).not.toMatch(/effectUnknown|may have been taken/);
  });

  it.each(["answer", "callback"] as const)("tells who sent what was given up that it may have been taken: %s", async (kind) => {
    const page = { data: { visitLink: { status: 200, contentType: "text/html", body: "" } } };
    // Long enough for the look before it.
    await using t = await linked(({ variables }) => (variables.input.body === null ? Promise.resolve(page) : never()), 1_000);
    const headers = { "content-type": kind === "answer" ? "application/x-www-form-urlencoded" : "application/json" };
    const { statusCode, body } = await request(t.urlOf(kind), { method: "POST", headers, body: "1" });
    expect(statusCode).toBe(504);
    const message =
      "The runtime subgraph gave no answer within 1000 ms. What was sent may have been taken: look, before you send it again.";
    const extensions = { code: "TIMEOUT", reason: "SUBGRAPH_TIMED_OUT", effectUnknown: true };
    expect(await body.json()).toMatchObject({ errors: [{ message, extensions }] });
    expect(t.audits).toMatchObject([{ errorCodes: ["TIMEOUT"] }]);
  });
});
