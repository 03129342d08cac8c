import { once } from "node:events";
import { GraphQLError } from "graphql";
import type { SubgraphEndpoint } from "#shared/endpoint/endpoint.ts";
import { AppError } from "#shared/errors.ts";
import { fixtureRouter, modes } from "../../testkit/fixture-router.ts";

describe.each(modes)("a federated query, %s", (mode) => {
  it.each<{ claim: string; query: string; variables?: Record<string, unknown>; data: unknown }>([
    {
      claim: "merges what several subgraphs know of an entity, under the client's names and in its order",
      query: "query Q($n: Int) { list: runs(first: 2) { cost rid: id spans(first: $n) { label: name } s: status } }",
      variables: { n: 1 },
      data: {
        list: [
          { cost: 0.01, rid: "1", spans: [{ label: "span 0" }], s: "RUNNING" },
          { cost: 0.02, rid: "2", spans: [{ label: "span 0" }], s: "DONE" },
        ],
      },
    },
    {
      claim: "gives a subgraph the fields that its own require",
      query: '{ run(id: "9") { agentCost } }',
      data: { run: { agentCost: "cost of agent-2" } },
    },
    {
      claim: "goes through unions, interfaces and fragments",
      query: `query Q { events(id: "3") { __typename ...R ... on LogLine { text } } node(id: "4") { id ...R } } fragment R on Run { id cost }`,
      data: {
        events: [
          { __typename: "Run", id: "3", cost: 0.03 },
          { __typename: "LogLine", text: "line 1" },
          { __typename: "Run", id: "3", cost: 0.03 },
        ],
        node: { id: "4", cost: 0.04 },
      },
    },
    {
      claim: "heeds @skip and @include, also where they leave out a whole subgraph",
      query: `query Q($c: Boolean!, $d: Boolean = true) { run(id: "2") { id cost @include(if: $c) ... @skip(if: $d) { caller } status @skip(if: $c) } }`,
      variables: { c: false },
      data: { run: { id: "2", status: "DONE" } },
    },
    {
      claim: "answers null for an entity that is not there",
      query: '{ run(id: "1") { parent { id cost } } missing: run(id: "nobody") { id cost } }',
      data: { run: { parent: null }, missing: null },
    },
    {
      claim: "keeps a field that is named like a property of every object",
      query: '{ constructor: run(id: "1") { toString: id hasOwnProperty: cost } }',
      data: { constructor: { toString: "1", hasOwnProperty: 0.01 } },
    },
    {
      claim: "answers introspection beside data",
      query:
        'query Q($full: Boolean!) { __typename __type(name: "Span") { name fields { name } description @include(if: $full) } whoami: spanCount }',
      variables: { full: false },
      data: {
        __typename: "Query",
        __type: { name: "Span", fields: [{ name: "id" }, { name: "name" }, { name: "durationMs" }] },
        whoami: 7,
      },
    },
    {
      claim: "passes JSON values as they are",
      query: "query Q($v: JSON) { echo(value: $v) again: echo(value: { a: [1, { b: null }] }) }",
      variables: { v: { deep: [{ x: 1 }, "text", null] } },
      data: { echo: { deep: [{ x: 1 }, "text", null] }, again: { a: [1, { b: null }] } },
    },
  ])("$claim", async ({ query, variables, data }) => {
    await using t = await fixtureRouter({ mode });
    const { status, body } = await t.ask(query, variables && { variables });
    expect({ status, body }).toEqual({ status: 200, body: { data } });
    expect(JSON.stringify(body.data)).toBe(JSON.stringify(data));
  });

  const text = "a text that is long enough to be lifted";
  const one = `echo(value: "${text}")`;
  const beside = `[1.5, true, null, A, { of: "${text}" }]`;
  const told = [1.5, true, null, "A", { of: text }];
  it.each<{ claim: string; query: string; variables?: Record<string, unknown>; data: unknown }>([
    { claim: "texts", query: `{ ${one} }`, data: { echo: text } },
    {
      claim: "equal fields, which stay one, in fragments too",
      query: `query Q { ${one} ...F } fragment F on Query { ${one} other: echo(value: "${text}!") }`,
      data: { echo: text, other: `${text}!` },
    },
    {
      claim: "lists, objects, and texts that look like them",
      query: `{ echo(value: ${beside}) again: echo(value: { all: ${beside} }) like: echo(value: ${JSON.stringify(JSON.stringify(told))}) }`,
      data: { echo: told, again: { all: told }, like: JSON.stringify(told) },
    },
    {
      claim: "lists and objects that have variables in them",
      query: `query ($v: JSON) { echo(value: [$v, "${text}", { of: $v, all: ${beside} }]) }`,
      variables: { v: 2 },
      data: { echo: [2, text, { of: 2, all: told }] },
    },
    {
      claim: "ids, which may be numbers",
      query: `{ none: run(id: "a run that is not there at all") { id } nine: run(id: 9) { id } runs(first: 1) { id } }`,
      data: { none: null, nine: { id: "9" }, runs: [{ id: "1" }] },
    },
    {
      claim: "defaults of variables that are not given",
      query: `query ($v: JSON = ${beside}, $w: JSON = "${text}", $n: JSON = "${text}") { echo(value: $v) w: echo(value: $w) n: echo(value: $n) }`,
      variables: { w: "given", n: null },
      data: { echo: told, w: "given", n: null },
    },
    {
      claim: "defaults where no null may be",
      query: `query ($id: ID = "${text}", $nine: ID = "9                     ") { run(id: $id) { id } nine: run(id: $nine) { id } }`,
      variables: { nine: 9 },
      data: { run: null, nine: { id: "9" } },
    },
    {
      claim: "types of the schema, whose names are texts",
      query: `{ ${one} ...F } fragment F on Query { __type(name: "__DirectiveLocation") { name } }`,
      data: { echo: text, __type: { name: "__DirectiveLocation" } },
    },
    {
      claim: "equal objects in another order",
      query: `query ($i: Boolean!) { x: echo(value: { a: "${text}", b: [{ c: 1, d: 2 }] }) ... on Query @include(if: $i) { x: echo(value: { b: [{ d: 2, c: 1 }], a: "${text}" }) } }`,
      variables: { i: true },
      data: { x: { a: text, b: [{ c: 1, d: 2 }] } },
    },
    {
      claim: "variables that have the names of those for its values, declared or not",
      query: `query ($value0: JSON) { echo(value: "${text}") given: echo(value: $value0) }`,
      variables: { value0: 1, value_0: 2 },
      data: { echo: text, given: 1 },
    },
  ])("that is long is answered as a short one: $claim", async ({ query, variables = {}, data }) => {
    await using t = await fixtureRouter({ mode });
    for (const document of [query, `${query}${" ".repeat(70_000)}`]) {
      const { body } = await t.ask(document, { variables });
      expect(body).toEqual({ data });
    }
  });

  it("is planned for the values of the operation alone that is asked for", async () => {
    await using t = await fixtureRouter({ mode });
    const others = `query B($v: JSON) { ...G } fragment G on Query { echo(value: [$v ${Array.from({ length: 1_001 }, (_, i) => `"${text}${i}"`).join()}]) }`;
    const { body } = await t.ask(`query A { ${one} } ${others}${" ".repeat(70_000)}`, { operationName: "A" });
    expect(body).toEqual({ data: { echo: text } });
  });

  it("asks for the entities of a page in one fetch", async () => {
    await using t = await fixtureRouter({ mode });
    await t.ask("{ runs(first: 50) { id cost spans { name } parent { cost } } }");
    expect(t.seen.map(({ subgraph }) => subgraph).sort()).toEqual(["runs", "traces", "traces"]);
  });

  it("never shows what is inaccessible", async () => {
    await using t = await fixtureRouter({ mode });
    const { status, body } = await t.ask('{ run(id: "1") { secret } }');
    expect([status, body.errors?.[0]?.extensions?.["reason"]]).toEqual([400, "GRAPHQL_VALIDATION_FAILED"]);
  });

  it("runs mutations one after the other, across subgraphs", async () => {
    await using t = await fixtureRouter({ mode });
    const { body } = await t.ask(
      'mutation { a: addStep(name: "1") b: addTraceStep(name: "2") c: addStep(name: "3") d: addTraceStep(name: "4") }',
    );
    expect(t.steps).toEqual(["1", "2", "3", "4"]);
    expect(body.data).toEqual({ a: ["1"], b: ["1", "2"], c: ["1", "2", "3"], d: ["1", "2", "3", "4"] });
  });

  it("leaves the data beside a failed field intact; the error has its path, code, reason, facts and subgraph", async () => {
    await using t = await fixtureRouter({ mode });
    const { status, body } = await t.ask("{ runs(first: 2) { id flaky cost } }", { headers: { "x-request-id": "my-request" } });
    expect(status).toBe(200);
    expect(body.data).toEqual({
      runs: [
        { id: "1", flaky: null, cost: 0.01 },
        { id: "2", flaky: null, cost: 0.02 },
      ],
    });
    expect(body.errors?.[1]).toEqual({
      message: "The trace of run 2 is too large.",
      path: ["runs", 1, "flaky"],
      extensions: { code: "RESOURCE_EXHAUSTED", reason: "TRACE_TOO_LARGE", runId: "2", serviceName: "traces", requestId: "my-request" },
    });
  });

  it("has the error's path right where some elements have no entity", async () => {
    await using t = await fixtureRouter({ mode });
    const { body } = await t.ask("{ runs(first: 3) { parent { flaky } } }");
    expect(body.errors?.map(({ path }) => path)).toEqual([
      ["runs", 1, "parent", "flaky"],
      ["runs", 2, "parent", "flaky"],
    ]);
  });

  it("bubbles the null of a non-null field up to the next nullable one", async () => {
    await using t = await fixtureRouter({ mode });
    const { body } = await t.ask('{ run(id: "1") { id nonNullFailing cost } spanCount }');
    expect(body.data).toEqual({ run: null, spanCount: 7 });
    expect(body.errors?.[0]).toMatchObject({ path: ["run", "nonNullFailing"], extensions: { code: "CONFLICT", reason: "RUN_BUSY" } });
  });

  it("shows nothing of a bug but that it happened; the log has the story", async () => {
    await using t = await fixtureRouter({ mode });
    const { body } = await t.ask("{ broken }", { headers: { "x-request-id": "r-1" } });
    expect(body.errors?.[0]?.extensions).toEqual({ code: "INTERNAL", reason: "INTERNAL", serviceName: "runs", requestId: "r-1" });
    expect(JSON.stringify(body)).not.toMatch(/password|secret|fixture/);
    expect(JSON.stringify(t.logged)).toContain("select password from /etc/secret");
  });

  it("ends a fetch at its deadline, with the subgraph's name, and answers the rest", async () => {
    // Long enough for the fetches that are to be answered.
    await using t = await fixtureRouter({ mode, deadlines: { queryMs: 2_000 } });
    const { body } = await t.ask('{ run(id: "1") { id hangingTrace } spanCount }');
    expect(body.data).toEqual({ run: { id: "1", hangingTrace: null }, spanCount: 7 });
    expect(body.errors?.[0]?.extensions).toMatchObject({
      code: "TIMEOUT",
      reason: "SUBGRAPH_TIMED_OUT",
      serviceName: "traces",
      afterMs: 2_000,
    });
  });

  it("refuses variables that do not fit, as HTTP 400", async () => {
    await using t = await fixtureRouter({ mode });
    const { status, body } = await t.ask("query Q($n: Int!) { runs(first: $n) { id } }", { variables: { n: "many" } });
    expect([status, body.errors?.[0]?.extensions?.["code"]]).toEqual([400, "BAD_USER_INPUT"]);
  });

  it("hands tenant and request id on to every subgraph (S-104)", async () => {
    await using t = await fixtureRouter({ mode });
    const headers = { "x-tenant-id": "acme", "x-request-id": "req-7", traceparent: `00-${"1".repeat(32)}-${"2".repeat(16)}-01` };
    const { body } = await t.ask('{ whoami run(id: "1") { caller } }', { headers });
    expect(body.data).toEqual({ whoami: "acme/req-7", run: { caller: "acme/req-7" } });
    expect(t.seen.every(({ info }) => info.traceparent === headers.traceparent)).toBe(true);
  });
});

describe.each(modes)("a client that hangs up, %s", (mode) => {
  it("ends what its operation asks of subgraphs", async () => {
    await using t = await fixtureRouter({ mode });
    const leaving = new AbortController();
    const headers = { "content-type": "application/json" };
    const arrived = once(t.arrivals, "operation");
    const asked = fetch(t.router.url, { method: "POST", headers, body: '{"query":"{ hanging }"}', signal: leaving.signal });
    await arrived;
    const { signal } = t.seen[0]!.info;
    const ended = new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve()));
    leaving.abort();
    await expect(asked).rejects.toThrow();
    await ended;
    await t.router.stop(1_000);
    expect(t.audits).toMatchObject([{ errorCodes: ["TIMEOUT"] }]);
  });
});

describe("a subgraph that answers nonsense", () => {
  it.each<[string, unknown]>([
    ["no entities", { data: {} }],
    ["entities that are no list", { data: { _entities: { cost: 1 } } }],
    ["too few entities", { data: { _entities: [] } }],
    ["entities that are no objects", { data: { _entities: [5, "x"] } }],
    ["data that is no object", { data: 5 }],
    ["errors that are none", { data: null, errors: [null, "x", { message: 5, path: 7 }] }],
    ["a value of the wrong kind", { data: { _entities: [{ cost: "much" }, { cost: [1] }] } }],
  ])("(%s) spoils its own fields only", async (_what, answer) => {
    await using t = await fixtureRouter({ endpoints: ({ runs, traces }) => [runs, { ...traces, execute: async () => answer as object }] });
    const { status, body } = await t.ask("{ runs(first: 2) { id cost } whoami }");
    expect(status).toBe(200);
    expect(body.data).toMatchObject({
      runs: [
        { id: "1", cost: null },
        { id: "2", cost: null },
      ],
      whoami: expect.any(String),
    });
    expect(body.errors?.every(({ extensions }) => extensions?.["requestId"] !== undefined) ?? true).toBe(true);
  });
});

describe("a root field that nobody gave", () => {
  it.each<[string, unknown]>([
    ["an answer without it", { data: {} }],
    ["no answer", {}],
    ["data that is no object", { data: 5 }],
  ])("is an error, not a null that passes for nothing: %s", async (_what, answer) => {
    await using t = await fixtureRouter({ endpoints: ({ runs, traces }) => [runs, { ...traces, execute: async () => answer as object }] });
    const { body } = await t.ask("{ whoami it: lastRun { id } }");
    expect(body.data).toEqual({ whoami: expect.any(String), it: null });
    expect(body.errors).toMatchObject([{ path: ["it"], extensions: { code: "INTERNAL" } }]);
    expect(JSON.stringify(t.logged)).toContain("No subgraph was asked for Query.it");
  });
});

describe("a subgraph that is down", () => {
  it("is named in the errors; its fields are null and the others' are there", async () => {
    await using t = await fixtureRouter({
      endpoints: ({ runs, traces }) => [
        runs,
        { ...traces, execute: () => Promise.reject(new AppError("DOWNSTREAM_UNAVAILABLE", "SUBGRAPH_UNREACHABLE", "gone")) },
      ],
    });
    const { status, body } = await t.ask('{ run(id: "1") { id cost } }');
    expect(status).toBe(200);
    expect(body.data).toEqual({ run: { id: "1", cost: null } });
    expect(body.errors).toMatchObject([{ path: ["run", "cost"], extensions: { code: "DOWNSTREAM_UNAVAILABLE", serviceName: "traces" } }]);
  });

  const dead = (endpoint: SubgraphEndpoint): SubgraphEndpoint => ({
    ...endpoint,
    execute: () => Promise.reject(new AppError("DOWNSTREAM_UNAVAILABLE", "SUBGRAPH_UNREACHABLE", "gone")),
  });

  it.each<{ claim: string; which: "runs" | "traces"; query: string; variables?: Record<string, unknown>; data: unknown; paths: unknown[] }>(
    [
      {
        claim: "each root field that it was asked for",
        which: "runs",
        query:
          'query ($no: Boolean = false) { a: run(id: "1") { status } spanCount ...F n: node(id: 1) @include(if: $no) { id } } fragment F on Query { b: run(id: "2") { cost } }',
        data: { a: null, spanCount: 7, b: null },
        paths: [["a"], ["b"]],
      },
      {
        claim: "each mutation that it was asked for: which of several failed is known, and those behind it are done",
        which: "traces",
        query: 'mutation { a: addTags(name: "1") b: addTraceTags(name: "2") c: addTags(name: "3") d: addTraceTags(name: "4") }',
        data: { a: ["1"], b: null, c: ["1", "3"], d: null },
        paths: [["b"], ["d"]],
      },
      {
        claim: "each field of each entity that was to be fetched, under the client's names",
        which: "traces",
        query: "{ runs(first: 2) { id: status c: cost spans { name } } }",
        data: {
          runs: [
            { id: "RUNNING", c: null, spans: null },
            { id: "DONE", c: null, spans: null },
          ],
        },
        paths: [
          ["runs", 0, "c"],
          ["runs", 0, "spans"],
          ["runs", 1, "c"],
          ["runs", 1, "spans"],
        ],
      },
      {
        claim: "a field whose null rises, at its own place",
        which: "traces",
        query: '{ run(id: "1") { id ledger cost } whoami }',
        data: { run: null, whoami: expect.any(String) },
        paths: [["run", "ledger"]],
      },
      {
        claim: "a field that is asked for twice, once",
        which: "traces",
        query: '{ run(id: "1") { spans { name } ... on Run { spans { id } cost } } }',
        data: { run: { spans: null, cost: null } },
        paths: [
          ["run", "spans"],
          ["run", "cost"],
        ],
      },
      {
        claim: "a field whose requirement it did not give, by the path of what was asked for",
        which: "runs",
        query: "{ lastRun { cost agentCost } }",
        data: { lastRun: { cost: 0.01, agentCost: null } },
        paths: [["lastRun", "agentCost"]],
      },
    ],
  )("fails $claim", async ({ which, query, data, paths }) => {
    await using t = await fixtureRouter({
      endpoints: ({ runs, traces }) => (which === "runs" ? [dead(runs), traces] : [runs, dead(traces)]),
    });
    const { body } = await t.ask(query);
    expect(body.data).toEqual(data);
    expect(body.errors?.map(({ path }) => path)).toEqual(paths);
    for (const { extensions } of body.errors ?? [])
      expect(extensions).toMatchObject({ reason: "SUBGRAPH_UNREACHABLE", serviceName: which });
  });

  it("fails the fields of an entity that it cannot look up, and of no other", async () => {
    await using t = await fixtureRouter({
      endpoints: ({ runs, traces }) => [
        runs,
        {
          ...traces,
          execute: () =>
            Promise.resolve({
              errors: [new GraphQLError("gone", { path: ["_entities", 1], extensions: { code: "CONFLICT", reason: "ROW_BUSY" } })],
              data: { _entities: [{ cost: 1, caller: "c" }, null] },
            }),
        },
      ],
    });
    const { body } = await t.ask("{ runs(first: 2) { cost caller } }");
    expect(body.data).toEqual({
      runs: [
        { cost: 1, caller: "c" },
        { cost: null, caller: null },
      ],
    });
    expect(body.errors?.map(({ path, extensions }) => [path, extensions?.["reason"]])).toEqual([
      [["runs", 1, "cost"], "ROW_BUSY"],
      [["runs", 1, "caller"], "ROW_BUSY"],
    ]);
  });

  it("tells at most a thousand fields one by one", async () => {
    await using t = await fixtureRouter({ endpoints: ({ runs, traces }) => [runs, dead(traces)] });
    const { body } = await t.ask(`{ runs(first: 100) { ${Array.from({ length: 11 }, (_, index) => `a${index}: cost`).join(" ")} } }`);
    expect(body.errors).toHaveLength(1_000);
  });

  it("does a mutation once at most: one whose connection broke is not sent again", async () => {
    let asked = 0;
    await using t = await fixtureRouter({
      mode: "over HTTP",
      endpoints: ({ runs, traces }) => [
        {
          ...runs,
          execute: (request) =>
            request.query.startsWith("mutation") ? (asked++, t.upstream!.stop(0), new Promise(() => {})) : runs.execute(request),
        },
        traces,
      ],
    });
    const { body } = await t.ask('mutation { addStep(name: "x") }');
    expect(body).toMatchObject({ data: null, errors: [{ extensions: { code: "DOWNSTREAM_UNAVAILABLE", serviceName: "runs" } }] });
    expect(asked).toBe(1);
  });

  it("is not listened to beyond the limit of an answer", async () => {
    await using t = await fixtureRouter({ mode: "over HTTP", maxAnswerBytes: 20_000 });
    const { body } = await t.ask("query ($v: JSON) { echo(value: $v) spanCount }", { variables: { v: "x".repeat(30_000) } });
    expect(body.data).toEqual({ echo: null, spanCount: 7 });
    const extensions = { code: "RESOURCE_EXHAUSTED", reason: "SUBGRAPH_ANSWER_TOO_LARGE", serviceName: "runs", limitBytes: 20_000 };
    expect(body.errors).toMatchObject([{ extensions }]);
  });

  it("is noticed over HTTP too", async () => {
    await using t = await fixtureRouter({ mode: "over HTTP" });
    await t.upstream?.stop(10);
    const { body } = await t.ask('{ run(id: "1") { id } }');
    expect(body).toMatchObject({ data: { run: null }, errors: [{ extensions: { code: "DOWNSTREAM_UNAVAILABLE", serviceName: "runs" } }] });
  });
});
