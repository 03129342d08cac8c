/** References to records that are gone: what a subgraph no longer has is null where it may be, and an error only where nothing may. */
import type { FormattedExecutionResult } from "graphql";
import { fixtureRun } from "../../testkit/fixture-subgraphs.ts";
import { fixtureRouter, modes, type FixtureRouter } from "../../testkit/fixture-router.ts";

type Answer = FormattedExecutionResult<Record<string, unknown>>;

/** Over both transports. */
const transports: Record<string, (t: FixtureRouter, query: string) => Promise<Answer>> = {
  HTTP: async (t, query) => (await t.ask(query)).body,
  WebSocket: async (t, query) => (await t.stream(query).next()).value as Answer,
};
const ways = modes.flatMap((mode) => Object.keys(transports).map((transport) => ({ mode, transport })));
const nonNull = (field: string, ...path: (string | number)[]) => ({
  message: `Cannot return null for non-nullable field Run.${field}.`,
  path,
});

describe.each(ways)("a reference to a record that is gone, $mode, asked over $transport", ({ mode, transport }) => {
  const ask = transports[transport]!;

  it.each<{ claim: string; query: string; data: unknown; missing: object[] }>([
    {
      claim: "becomes null where a non-null field of it is asked for, without an error",
      query: '{ run(id: "2") { id ledger } spanCount }',
      data: { run: null, spanCount: 7 },
      missing: [nonNull("ledger", "run", "ledger")],
    },
    {
      claim: "keeps its other fields where only nullable ones are asked for",
      query: '{ run(id: "2") { id cost } }',
      data: { run: { id: "2", cost: null } },
      missing: [],
    },
    {
      claim: "becomes null nested, and what is around it stays",
      query: '{ run(id: "3") { id ledger parent { id ledger } } }',
      data: { run: { id: "3", ledger: "ledger of 3", parent: null } },
      missing: [nonNull("ledger", "run", "parent", "ledger")],
    },
    {
      claim: "becomes null in a list, and its neighbours stay",
      query: '{ run(id: "1") { children { id ledger } } }',
      data: { run: { children: [null, { id: "3", ledger: "ledger of 3" }] } },
      missing: [nonNull("ledger", "run", "children", 0, "ledger")],
    },
    {
      claim: "takes what may not be null with it, up to the nearest that may",
      query: '{ run(id: "5") { id parent { id origin { parent { id } ledger } } } whoami: spanCount }',
      data: { run: { id: "5", parent: null }, whoami: 7 },
      missing: [nonNull("ledger", "run", "parent", "origin", "ledger")],
    },
    {
      claim: "becomes null also where it is selected twice, by a fragment and by another name",
      query: '{ a: run(id: "2") { id } run(id: "2") { ...F id } } fragment F on Run { cost ... on Node { id ... on Run { l: ledger } } }',
      data: { a: { id: "2" }, run: null },
      missing: [nonNull("l", "run", "l")],
    },
    {
      claim: "becomes null where another subgraph than the one that refers to it owned it",
      query: '{ run(id: "4") { id cause { id status cost } } }',
      data: { run: { id: "4", cause: null } },
      missing: [nonNull("status", "run", "cause", "status")],
    },
  ])("$claim", async ({ query, data, missing }) => {
    await using t = await fixtureRouter({ mode });
    for (const id of ["1", "2"]) t.forgotten.add(id);
    const answer = await ask(t, query);
    expect(answer).toEqual({ data, ...(missing.length > 0 && { extensions: { valueCompletion: missing } }) });
    expect(t.logged.filter(({ level }) => Number(level) >= 50)).toEqual([]);
  });

  it("is NOT_FOUND where nothing in the answer may be null instead", async () => {
    await using t = await fixtureRouter({ mode });
    t.forgotten.add("2");
    const { data, errors } = await ask(t, "{ runs { id ledger } }");
    expect(data).toBeNull();
    expect(errors).toMatchObject([
      {
        path: ["runs", 1, "ledger"],
        extensions: { code: "NOT_FOUND", reason: "REFERENCED_RECORD_GONE", field: "runs.1.ledger", requestId: expect.any(String) },
      },
    ]);
  });

  it("is told by the upstream's error alone, where there is one", async () => {
    await using t = await fixtureRouter({ mode });
    t.forgotten.add("2");
    const { data, errors, extensions } = await ask(t, '{ run(id: "2") { ledger } other: run(id: "3") { flaky ledger } }');
    expect(data).toEqual({ run: null, other: { flaky: null, ledger: "ledger of 3" } });
    expect(errors).toMatchObject([{ path: ["other", "flaky"], extensions: { reason: "TRACE_TOO_LARGE", serviceName: "traces" } }]);
    expect([errors?.length, extensions]).toEqual([1, undefined]);
  });
});

describe.each(modes)("a subscription whose events refer to a record that is gone, %s", (mode) => {
  it("has null in its place, and goes on", async () => {
    await using t = await fixtureRouter({ mode });
    t.forgotten.add("2");
    const events = Array.fromAsync(t.stream('subscription { runStatus(id: "3") { id parent { ledger } } }'));
    await t.sources.untilActive(1);
    for (const id of ["3", "4"]) t.sources.push("3", { runStatus: fixtureRun(id) });
    t.sources.end("3");
    expect(await events).toEqual([
      {
        data: { runStatus: { id: "3", parent: null } },
        extensions: { valueCompletion: [nonNull("ledger", "runStatus", "parent", "ledger")] },
      },
      { data: { runStatus: { id: "4", parent: { ledger: "ledger of 3" } } } },
    ]);
  });

  it("is NOT_FOUND for an event that may not be null, and goes on", async () => {
    await using t = await fixtureRouter({ mode });
    t.forgotten.add("2");
    const events = Array.fromAsync(t.stream('subscription { runStatus(id: "9") { id ledger } }'));
    await t.sources.untilActive(1);
    for (const id of ["2", "3"]) t.sources.push("9", { runStatus: fixtureRun(id) });
    t.sources.end("9");
    expect(await events).toMatchObject([
      { data: null, errors: [{ path: ["runStatus", "ledger"], extensions: { code: "NOT_FOUND", reason: "REFERENCED_RECORD_GONE" } }] },
      { data: { runStatus: { id: "3", ledger: "ledger of 3" } } },
    ]);
    expect(t.audits).toMatchObject([{ operationType: "subscription", errorCodes: ["NOT_FOUND"] }]);
  });
});

describe("a null that no missing record explains", () => {
  it.each([
    ["of a field that the subgraph did answer", { data: { _entities: [{ ledger: null }] } }],
    ["of a field that the subgraph left out", { data: { _entities: [{}] } }],
    ["for there are too few entities", { data: { _entities: [] } }],
  ])("is a bug as before: INTERNAL, and the log has the story (%s)", async (_what, answer) => {
    await using t = await fixtureRouter({ endpoints: ({ runs, traces }) => [runs, { ...traces, execute: async () => answer }] });
    const { body } = await t.ask('{ run(id: "1") { id ledger } }');
    expect(body).toMatchObject({ data: { run: null }, errors: [{ path: ["run", "ledger"], extensions: { code: "INTERNAL" } }] });
    expect(JSON.stringify(t.logged)).toContain("Cannot return null for non-nullable field Run.ledger.");
  });
});
