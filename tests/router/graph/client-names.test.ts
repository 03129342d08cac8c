/** Names that clients give fields, where a plan needs fields of these names for itself. */
import { fixtureRouter } from "../../testkit/fixture-router.ts";

describe("a client's name for a field", () => {
  it.each<{ claim: string; query: string; data: unknown }>([
    {
      claim: "may be that of its object's key, which another subgraph is asked with",
      query: '{ run(id: "1") { id: status cost } }',
      data: { run: { id: "RUNNING", cost: 0.01 } },
    },
    {
      claim: "may be so in lists, beneath them, and through fragments",
      query: "{ runs(first: 1) { ...F children { ...F } } } fragment F on Run { id: agent ... on Node { ... on Run { cost } } }",
      data: {
        runs: [
          {
            ...{ id: "agent-1", cost: 0.01 },
            children: [
              { id: "agent-2", cost: 0.02 },
              { id: "agent-3", cost: 0.03 },
            ],
          },
        ],
      },
    },
    {
      claim: "may be that of the key beside the key",
      query: '{ run(id: "2") { key: id id: seq cost } }',
      data: { run: { key: "2", id: 2, cost: 0.02 } },
    },
    {
      claim: "may be that of the type's name, with and without another subgraph",
      query: '{ a: run(id: "1") { __typename: status cost t: __typename } b: run(id: "2") { __typename: id } }',
      data: { a: { __typename: "RUNNING", cost: 0.01, t: "Run" }, b: { __typename: "2" } },
    },
    {
      claim: "may be that of a field which another one requires",
      query: '{ run(id: "9") { agent: status agentCost } }',
      data: { run: { agent: "QUEUED", agentCost: "cost of agent-2" } },
    },
    {
      claim: "may give the key a name that another field has",
      query: '{ run(id: "2") { status: id seq: __typename cost } }',
      data: { run: { status: "2", seq: "Run", cost: 0.02 } },
    },
    {
      claim: "may be so behind an interface and a union",
      query: '{ node(id: "4") { ... on Run { id: status cost } } events(id: "3") { ... on Run { id: seq __typename: agent cost } } }',
      data: {
        node: { id: "RUNNING", cost: 0.04 },
        events: [{ id: 3, __typename: "agent-3", cost: 0.03 }, {}, { id: 3, __typename: "agent-3", cost: 0.03 }],
      },
    },
    {
      claim: "may be so at the root",
      query: '{ id: whoami __typename: spanCount agent: run(id: "1") { cost } type: __typename }',
      data: { id: expect.any(String), __typename: 7, agent: { cost: 0.01 }, type: "Query" },
    },
    {
      claim: "may be one that stands for another inside",
      query:
        '{ run(id: "1") { _client_id: status id: seq _client_: agent _client__client_id: cost } _client_s: __type(name: "Run") { id: name } }',
      data: {
        run: { _client_id: "RUNNING", id: 1, _client_: "agent-1", _client__client_id: 0.01 },
        _client_s: { id: "Run" },
      },
    },
    {
      claim: "is left out where its field is",
      query: 'query ($no: Boolean = false) { run(id: "1") { id: status @include(if: $no) __typename: seq @skip(if: true) cost } }',
      data: { run: { cost: 0.01 } },
    },
  ])("$claim", async ({ query, data }) => {
    await using t = await fixtureRouter();
    const { body } = await t.ask(query);
    expect(body).toEqual({ data });
  });

  it("is that of an error's path", async () => {
    await using t = await fixtureRouter();
    const { body } = await t.ask('{ agent: run(id: "1") { id: failing agent: flaky } }');
    expect(body.data).toEqual({ agent: { id: null, agent: null } });
    expect(body.errors?.map(({ path }) => path).sort()).toEqual([
      ["agent", "agent"],
      ["agent", "id"],
    ]);
  });

  it("is that of an event's field", async () => {
    await using t = await fixtureRouter();
    const events = t.stream('subscription { id: runStatus(id: "1", count: 1) { id: status __typename: seq cost } }');
    expect(await Array.fromAsync(events)).toEqual([{ data: { id: { id: "RUNNING", __typename: 0, cost: 0.01 } } }]);
  });
});
