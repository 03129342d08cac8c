/** How long an operation may take (docs/security.md). */
import { request } from "undici";
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
