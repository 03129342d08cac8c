import type { ExecutionResult, FormattedExecutionResult } from "graphql";
import { fixtureRun } from "../../testkit/fixture-subgraphs.ts";
import { fixtureRouter, modes } from "../../testkit/fixture-router.ts";

type Event = FormattedExecutionResult<Record<string, unknown>>;

const dataOf = (events: FormattedExecutionResult[]) => (events as Event[]).map(({ data }) => data);

/** The extensions of the first error of a refused operation. */
async function refusal(stream: AsyncIterableIterator<FormattedExecutionResult>): Promise<Record<string, unknown> | undefined> {
  const thrown: unknown = await stream.next().then(
    ({ value }) => (value as Event | undefined)?.errors,
    (errors: unknown) => errors,
  );
  return (thrown as Event["errors"])?.[0]?.extensions;
}

describe.each(modes)("a federated subscription, %s", (mode) => {
  it("adds other subgraphs' fields to each event, under the client's names and in its order", async () => {
    await using t = await fixtureRouter({ mode });
    const query = `subscription S($id: ID!, $n: Int, $first: Int) {
      st: runStatus(id: $id, count: $n) { cost sp: spans(first: $first) { n: name } rid: id s2: status seq } }`;
    const events = await Array.fromAsync(t.stream(query, { variables: { id: "7", n: 3, first: 1 } }));
    expect(JSON.stringify(events[0])).toBe('{"data":{"st":{"cost":0.07,"sp":[{"n":"span 0"}],"rid":"7","s2":"RUNNING","seq":0}}}');
    expect(dataOf(events).map((data) => (data as { st: { seq: number } }).st.seq)).toEqual([0, 1, 2]);
  });

  it("goes through unions and fragments", async () => {
    await using t = await fixtureRouter({ mode });
    const stream = t.stream(
      'subscription { runEvents(id: "3") { __typename ...F ... on LogLine { text } } } fragment F on Run { id cost }',
    );
    const events = Array.fromAsync(stream);
    await t.sources.untilActive(1);
    t.sources.push("3", { runEvents: fixtureRun("3") });
    t.sources.push("3", { runEvents: { __typename: "LogLine", text: "line" } });
    t.sources.end("3");
    expect(dataOf(await events)).toEqual([
      { runEvents: { __typename: "Run", id: "3", cost: 0.03 } },
      { runEvents: { __typename: "LogLine", text: "line" } },
    ]);
  });

  it("heeds @skip and @include beneath the root field, and defaults of variables", async () => {
    await using t = await fixtureRouter({ mode });
    const query =
      "subscription S($c: Boolean!, $n: Int = 2) { runStatus(id: 2, count: $n) { id ... @include(if: $c) { cost } status @skip(if: $c) } }";
    expect(dataOf(await Array.fromAsync(t.stream(query, { variables: { c: true } })))).toEqual([
      { runStatus: { id: "2", cost: 0.02 } },
      { runStatus: { id: "2", cost: 0.02 } },
    ]);
    expect(dataOf(await Array.fromAsync(t.stream(query, { variables: { c: false, n: 1 } })))).toEqual([
      { runStatus: { id: "2", status: "DONE" } },
    ]);
  });

  it("keeps an event whose other fields fail, with the error's path, code and subgraph", async () => {
    await using t = await fixtureRouter({ mode });
    const [event] = await Array.fromAsync(t.stream('subscription { runStatus(id: "2", count: 1) { id flaky cost failing } }'));
    expect(event?.data).toEqual({ runStatus: { id: "2", flaky: null, cost: 0.02, failing: null } });
    expect(event?.errors).toMatchObject([
      { path: ["runStatus", "failing"], extensions: { code: "INTERNAL", serviceName: "runs" } },
      { path: ["runStatus", "flaky"], extensions: { code: "RESOURCE_EXHAUSTED", reason: "TRACE_TOO_LARGE", serviceName: "traces" } },
    ]);
  });

  it("adds other subgraphs' fields to each element of a list, with one fetch for all of it", async () => {
    await using t = await fixtureRouter({ mode });
    const events = Array.fromAsync(t.stream('subscription { pages: runPages(id: "1") { id cost spans(first: 1) { name } } }'));
    await t.sources.untilActive(1);
    t.sources.push("1", { runPages: [fixtureRun("2"), fixtureRun("3")] });
    t.sources.push("1", { runPages: [] });
    t.sources.push("1", { runPages: null });
    t.sources.end("1");
    const spans = [{ name: "span 0" }];
    expect(dataOf(await events)).toEqual([
      {
        pages: [
          { id: "2", cost: 0.02, spans },
          { id: "3", cost: 0.03, spans },
        ],
      },
      { pages: [] },
      { pages: null },
    ]);
    expect(t.seen.filter(({ subgraph }) => subgraph === "traces")).toHaveLength(1);
  });

  it("tells in which element of a list a field failed, and nulls the list for one that must not be null", async () => {
    await using t = await fixtureRouter({ mode });
    t.forgotten.add("3");
    const query = 'subscription S($strict: Boolean!) { runPages(id: "1") { id flaky failing cost nonNullFailing @include(if: $strict) } }';
    const page = { runPages: [fixtureRun("2"), fixtureRun("3")] };
    const [loose, strict] = [false, true].map((value) => Array.fromAsync(t.stream(query, { variables: { strict: value } })));
    await t.sources.untilActive(2);
    t.sources.push("1", page);
    t.sources.end("1");
    const [event] = await loose!;
    expect(event!.data).toEqual({
      runPages: [
        { id: "2", flaky: null, failing: null, cost: 0.02 },
        { id: "3", flaky: null, failing: null, cost: null },
      ],
    });
    expect(event!.errors!.map(({ path, extensions }) => `${path!.join(".")} ${String(extensions!["code"])}`).sort()).toEqual([
      "runPages.0.failing INTERNAL",
      "runPages.0.flaky RESOURCE_EXHAUSTED",
      "runPages.1.failing INTERNAL",
    ]);
    const [nulled] = await strict!;
    expect(nulled!.data).toEqual({ runPages: null });
    expect(nulled!.errors!.map(({ extensions }) => extensions!["code"])).toContain("CONFLICT");
  });

  it("nulls an event whose non-null field fails, and goes on", async () => {
    await using t = await fixtureRouter({ mode });
    const events = await Array.fromAsync(t.stream('subscription { runStatus(id: "2", count: 2) { id nonNullFailing cost } }'));
    const nulled = { data: null, errors: [{ extensions: { code: "CONFLICT" } }] };
    expect(events).toMatchObject([nulled, nulled]);
  });

  it("tells a refused subscription with the subgraph's code and reason", async () => {
    await using t = await fixtureRouter({ mode });
    expect(await refusal(t.stream("subscription { refused }"))).toMatchObject({
      code: "CONFLICT",
      reason: "RUN_BUSY",
      serviceName: "runs",
    });
  });

  it.each([
    ["a syntax error", "subscription {", "GRAPHQL_PARSE_FAILED"],
    ["an unknown field", "subscription { nope }", "GRAPHQL_VALIDATION_FAILED"],
    ["a missing variable", "subscription S($id: ID!) { runStatus(id: $id) { id } }", "GRAPHQL_INVALID"],
    ["a variable @include at the root", "subscription S($c: Boolean!) { whoami @include(if: $c) }", "GRAPHQL_VALIDATION_FAILED"],
    ["introspection alone", "subscription { __typename }", "GRAPHQL_VALIDATION_FAILED"],
    ["an unknown operation", "subscription A { whoami } subscription B { whoami }", "OPERATION_RESOLUTION_FAILURE"],
  ])("refuses %s, and the socket's other streams go on", async (_what, query, reason) => {
    await using t = await fixtureRouter({ mode });
    const client = t.client();
    const other = client.iterate({ query: 'subscription { runStatus(id: "1") { seq } }' });
    const pending = other.next();
    await t.sources.untilActive(1);
    expect(await refusal(client.iterate({ query }))).toMatchObject({ code: "BAD_USER_INPUT", reason });
    t.sources.push("1", { runStatus: fixtureRun("1") });
    expect((await pending).value).toEqual({ data: { runStatus: { seq: 1 } } });
  });

  it("ends at its source at once when the client completes, also when idle", async () => {
    await using t = await fixtureRouter({ mode });
    const stream = t.client().iterate({ query: 'subscription { runStatus(id: "1") { id cost } }' });
    void stream.next();
    await t.sources.untilActive(1);
    await stream.return?.();
    await t.sources.untilActive(0);
  });

  it("ends at its source when the client's socket is cut", async () => {
    await using t = await fixtureRouter({ mode });
    const client = t.client();
    void client
      .iterate({ query: 'subscription { runStatus(id: "1") { id cost } }' })
      .next()
      .catch(() => {});
    await t.sources.untilActive(1);
    client.terminate();
    await t.sources.untilActive(0);
  });

  it("gives each user's events with that user's identity, in both subgraphs", async () => {
    await using t = await fixtureRouter({ mode });
    const tenants = ["alice", "bob", "carol"];
    const events = await Promise.all(
      tenants.map(async (tenant) => {
        const client = t.client({ "x-tenant-id": tenant, "x-request-id": "r" });
        const [first] = await Array.fromAsync(client.iterate({ query: 'subscription { runStatus(id: "1", count: 1) { caller } }' }));
        const second = await client.iterate({ query: "subscription { whoami }" }).next();
        return [(first as Event).data, (second.value as Event).data];
      }),
    );
    expect(events).toEqual(tenants.map((tenant) => [{ runStatus: { caller: `${tenant}/r` } }, { whoami: `${tenant}/r` }]));
  });

  it("carries queries and mutations too", async () => {
    await using t = await fixtureRouter({ mode });
    expect(await Array.fromAsync(t.stream('{ run(id: "5") { id cost } }'))).toEqual([{ data: { run: { id: "5", cost: 0.05 } } }]);
    expect(await Array.fromAsync(t.stream('mutation { addStep(name: "x") }'))).toEqual([{ data: { addStep: ["x"] } }]);
    const [refused] = await Array.fromAsync(t.stream("{ refused }"));
    expect(refused?.errors).toMatchObject([{ path: ["refused"], extensions: { code: "CONFLICT", requestId: expect.any(String) } }]);
  });

  it("ends with 1001 when the router stops, and its sources with it", async () => {
    await using t = await fixtureRouter({ mode });
    const stream = t.stream('subscription { runStatus(id: "1") { id } }');
    const pending = stream.next().catch((error: unknown) => error);
    await t.sources.untilActive(1);
    await t.router.stop(1_000);
    expect(await pending).toMatchObject({ code: 1001 });
    await t.sources.untilActive(0);
  });

  it("is audited once, when it ends", async () => {
    await using t = await fixtureRouter({ mode });
    await Array.fromAsync(t.stream('subscription Watch { runStatus(id: "2", count: 1) { flaky } }'));
    expect(t.audits).toMatchObject([
      {
        operationName: "Watch",
        operationType: "subscription",
        rootFields: ["runStatus"],
        statusCode: 200,
        errorCodes: ["RESOURCE_EXHAUSTED"],
      },
    ]);
  });
});

describe.each(modes)("a subscription that changes something, %s", (mode) => {
  it("is audited with its first event, once, however long its stream goes on", async () => {
    await using t = await fixtureRouter({ mode });
    const stream = t.stream('subscription Start { startRun(id: "1") { id } }');
    const first = stream.next();
    await t.sources.untilActive(1);
    expect(t.audits).toEqual([]);
    t.sources.push("1", { startRun: fixtureRun("1") });
    await first;
    const audited = [{ operationName: "Start", operationType: "subscription", rootFields: ["startRun"], statusCode: 200, errorCodes: [] }];
    expect(t.audits).toMatchObject(audited);
    t.sources.push("1", { startRun: fixtureRun("1") });
    await stream.next();
    t.sources.end("1");
    expect((await stream.next()).done).toBe(true);
    expect(t.audits).toMatchObject(audited);
  });

  it("is audited with the code of its refusal, once", async () => {
    await using t = await fixtureRouter({ mode });
    await Array.fromAsync(t.stream('subscription { startRun(id: "busy") { id } }'));
    expect(t.audits).toMatchObject([{ rootFields: ["startRun"], errorCodes: ["CONFLICT"] }]);
  });
});

describe("a subscription to a subgraph of another process", () => {
  it("ends with SUBSCRIPTION_UPSTREAM_LOST when the subgraph is lost", async () => {
    await using t = await fixtureRouter({ mode: "over HTTP" });
    const stream = t.stream('subscription { runStatus(id: "1") { id } }');
    const pending = stream.next();
    await t.sources.untilActive(1);
    await t.upstream?.stop(10);
    expect((await pending).value?.errors).toMatchObject([
      { extensions: { code: "DOWNSTREAM_UNAVAILABLE", reason: "SUBSCRIPTION_UPSTREAM_LOST", serviceName: "runs" } },
    ]);
    expect((await stream.next()).done).toBe(true);
  });

  it("ends with SUBSCRIPTION_OVERFLOW when it lags too far behind", async () => {
    await using t = await fixtureRouter({ mode: "over HTTP", maxBufferedEvents: 20 });
    const events = await Array.fromAsync(t.stream('subscription { runStatus(id: "1", count: 20000) { id seq cost } }'));
    expect(events.length).toBeLessThan(20_000);
    expect(events.at(-1)?.errors).toMatchObject([{ extensions: { code: "RESOURCE_EXHAUSTED", reason: "SUBSCRIPTION_OVERFLOW" } }]);
  });
});

describe("a subscription to a subgraph of another process whose events are large", () => {
  it("ends with SUBSCRIPTION_OVERFLOW when it lags by too many bytes, and is audited", async () => {
    const [entered, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    await using t = await fixtureRouter({
      mode: "over HTTP",
      maxBufferedBytes: 100_000,
      endpoints: ({ runs, traces }) => [
        runs,
        {
          ...traces,
          // What an event waits for while others come.
          execute: async (request) => {
            if (!request.query.includes("_entities")) return traces.execute(request);
            entered.resolve();
            await release.promise;
            return traces.execute(request);
          },
        },
      ],
    });
    const stream = t.stream('subscription { runEvents(id: "1") { ... on Run { cost } ... on LogLine { text } } }');
    const events = Array.fromAsync(stream);
    await t.sources.untilActive(1);
    t.sources.push("1", { runEvents: fixtureRun("1") });
    await entered.promise;
    for (let i = 0; i < 20; i++) t.sources.push("1", { runEvents: { __typename: "LogLine", text: "x".repeat(30_000) } });
    await t.sources.untilActive(0);
    release.resolve();
    expect((await events).length).toBeLessThan(20);
    expect((await events).at(-1)?.errors).toMatchObject([
      { extensions: { code: "RESOURCE_EXHAUSTED", reason: "SUBSCRIPTION_OVERFLOW", serviceName: "runs", maxBufferedBytes: 100_000 } },
    ]);
    expect(t.audits).toMatchObject([{ operationType: "subscription", errorCodes: ["RESOURCE_EXHAUSTED"] }]);
  });
});

describe("an embedded subscription", () => {
  it("is pulled: a client that does not read holds its source back", async () => {
    await using t = await fixtureRouter();
    const query = 'subscription { runStatus(id: "1", count: 2000) { id seq cost status agent spans { id name durationMs } } }';
    const events = await Array.fromAsync(t.stream(query));
    expect(dataOf(events).map((data) => (data as { runStatus: { seq: number } }).runStatus.seq)).toEqual(
      Array.from({ length: 2000 }, (_, i) => i),
    );
  });

  it("shows nothing of a source that breaks but that it did", async () => {
    const source = sourceOf({ next: () => Promise.reject(new Error("password=secret")) });
    await using t = await fixtureRouter({
      endpoints: ({ runs, traces }) => [{ ...runs, subscribe: () => Promise.resolve(source) }, traces],
    });
    const events = await Array.fromAsync(t.stream("subscription { whoami }"));
    expect(events).toMatchObject([{ data: null, errors: [{ extensions: { code: "INTERNAL", serviceName: "runs" } }] }]);
    expect(JSON.stringify(events)).not.toContain("secret");
  });

  it("is refused with its subgraph's name where the start hangs, and a stream that comes later is ended", async () => {
    const [late, ended] = [Promise.withResolvers<AsyncIterableIterator<ExecutionResult>>(), Promise.withResolvers<void>()];
    await using t = await fixtureRouter({
      deadlines: { queryMs: 50 },
      endpoints: ({ runs, traces }) => [{ ...runs, subscribe: () => late.promise }, traces],
    });
    const events = await Array.fromAsync(t.stream("subscription { whoami }"));
    expect(events).toMatchObject([{ errors: [{ extensions: { code: "TIMEOUT", reason: "SUBGRAPH_TIMED_OUT", serviceName: "runs" } }] }]);
    expect(events[0]!.errors![0]!.extensions).not.toHaveProperty("effectUnknown");
    const finish = () => {
      ended.resolve();
      return Promise.resolve({ done: true as const, value: undefined });
    };
    late.resolve(sourceOf({ next: () => new Promise<never>(() => {}), return: finish }));
    await ended.promise;
    expect(t.audits).toMatchObject([{ operationType: "subscription", errorCodes: ["TIMEOUT"] }]);
  });

  it("whose client leaves while it starts is ended as soon as there is something to end", async () => {
    const [asked, late, ended] = [
      Promise.withResolvers<void>(),
      Promise.withResolvers<AsyncIterableIterator<ExecutionResult>>(),
      Promise.withResolvers<void>(),
    ];
    await using t = await fixtureRouter({
      endpoints: ({ runs, traces }) => [
        {
          ...runs,
          subscribe: () => {
            asked.resolve();
            return late.promise;
          },
        },
        traces,
      ],
    });
    const client = t.client();
    void client
      .iterate({ query: "subscription { whoami }" })
      .next()
      .catch(() => {});
    await asked.promise;
    client.terminate();
    const finish = () => {
      ended.resolve();
      return Promise.resolve({ done: true as const, value: undefined });
    };
    late.resolve(sourceOf({ next: () => new Promise<never>(() => {}), return: finish }));
    await ended.promise;
  });

  it("ends also where its source's return() never comes back, as that of an async generator", async () => {
    const [asked, ended] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const never = new Promise<never>(() => {});
    const source = sourceOf({
      next: () => {
        asked.resolve();
        return never;
      },
      return: () => {
        ended.resolve();
        return never;
      },
    });
    await using t = await fixtureRouter({
      endpoints: ({ runs, traces }) => [{ ...runs, subscribe: () => Promise.resolve(source) }, traces],
    });
    const stream = t.stream("subscription { whoami }");
    void stream.next();
    await asked.promise;
    await stream.return?.();
    await ended.promise;
  });
});

function sourceOf(iterator: AsyncIterator<ExecutionResult>): AsyncIterableIterator<ExecutionResult> {
  return Object.assign(iterator, {
    [Symbol.asyncIterator]() {
      return this as AsyncIterableIterator<ExecutionResult>;
    },
  });
}
