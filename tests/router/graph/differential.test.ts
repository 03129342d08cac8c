import fc from "fast-check";
import { execute, parse, validate, type ExecutionResult } from "graphql";
import { composeSupergraph } from "../../../router/graph/compose.ts";
import { loadSupergraph, printApiSchema } from "../../../router/graph/supergraph.ts";
import { executePlan } from "../../../router/graph/execute-plan.ts";
import { defaultLimits } from "../../../router/graph/limits.ts";
import { AnswerBytes, answerLimits } from "../../../router/graph/answer-bytes.ts";
import { Operations } from "../../../router/graph/operations.ts";
import { defaultDeadlines, fetchFor } from "../../../router/graph/subgraph-fetch.ts";
import { fixtureMonolith, fixtureSubgraphs } from "../../testkit/fixture-subgraphs.ts";

const info = { tenantId: "acme", requestId: "r-1" };
const variables = { yes: true, no: false, n: 2, id: "6" };

/** Random selections of the fixtures' graph: aliases, fragments, directives, arguments, both subgraphs at any depth. */
const { query } = fc.letrec<{ run: string; query: string }>((tie) => {
  const directive = fc.constantFrom("", "", "", " @include(if: $yes)", " @skip(if: $yes)", " @include(if: $no)", " @skip(if: $no)");
  const plain = fc.constantFrom("__typename", "id", "status", "seq", "agent", "failing", "cost", "caller", "flaky");
  // Under names that the plan needs for itself.
  const renamed = fc.constantFrom("id: status", "agent: cost", "__typename: agent", "status: id", "id: flaky", "_client_id: cost");
  const leaf = fc.oneof({ weight: 6, arbitrary: plain }, { weight: 1, arbitrary: renamed });
  const spans = fc.constantFrom("spans { id name }", "spans(first: $n) { durationMs label: name }", "many: spans(first: 3) { id }");
  const nested = (selections: fc.Arbitrary<string>) =>
    fc.oneof(
      selections.map((inner) => `parent { ${inner} }`),
      selections.map((inner) => `p: parent { ${inner} }`),
      selections.map((inner) => `... on Run { ${inner} }`),
    );
  const selection = fc.oneof({ weight: 5, arbitrary: leaf }, { weight: 1, arbitrary: spans }, { weight: 2, arbitrary: nested(tie("run")) });
  const fragments = fc.constantFrom("...F", "... on Node { id }");
  const item = fc.tuple(fc.oneof({ weight: 8, arbitrary: selection }, { weight: 1, arbitrary: fragments }), directive).map(([text, d]) => {
    const brace = text.indexOf("{");
    return brace < 0 ? text + d : `${text.slice(0, brace).trimEnd()}${d} ${text.slice(brace)}`;
  });
  const root = fc.oneof(
    tie("run").map((inner) => `run(id: $id) { ${inner} }`),
    tie("run").map((inner) => `runs(first: $n) { ${inner} }`),
    tie("run").map((inner) => `node(id: 3) { id ... on Run { ${inner} } }`),
    tie("run").map((inner) => `events(id: 2) { __typename ... on LogLine { text } ... on Run { ${inner} } }`),
    // agentCost without directives: of a skipped @requires field the planner leaves out what it needs, and so loses the whole fetch.
    fc.constantFrom(
      "run(id: 9) { agentCost status a: agentCost cost }",
      "whoami",
      "spanCount",
      "refused",
      "echo(value: { a: [1, $n] })",
      "__typename",
    ),
  );
  return {
    run: fc.array(item, { minLength: 1, maxLength: 5 }).map((items) => items.join(" ")),
    query: fc
      .array(root, { minLength: 1, maxLength: 3 })
      .map((roots) => roots.map((text, i) => (text.startsWith("__") ? text : `r${i}: ${text}`)).join(" "))
      .map(
        (inner) =>
          `query Q($yes: Boolean! = true, $no: Boolean!, $n: Int!, $id: ID!) { x: spanCount @include(if: $yes) @skip(if: $no) n: runs(first: $n) { i: id } v: run(id: $id) { ...F } ${inner} } fragment F on Run { id cost parent { id } }`,
      ),
  };
});
const comparable = ({ data, errors = [] }: ExecutionResult) => ({
  data: JSON.parse(JSON.stringify(data ?? null)) as unknown,
  errors: errors.map(({ path }) => path?.join(".")).sort(),
});

describe("the plan executor", () => {
  it("answers any query as graphql-js does over one schema: data, and the paths of errors", async () => {
    const { runs, traces } = fixtureSubgraphs();
    const graph = loadSupergraph(composeSupergraph([runs, traces]).supergraphSdl);
    const operations = new Operations({ graph, rules: [], limits: defaultLimits });
    const monolith = fixtureMonolith(printApiSchema(graph));
    const endpoints = new Map([runs, traces].map((endpoint) => [endpoint.name, endpoint]));
    const meter = new AnswerBytes(answerLimits()).open({ tenantId: "t", isMutation: false });
    const fetch = fetchFor({ endpoints, info, deadlines: defaultDeadlines, meter });
    await fc.assert(
      fc.asyncProperty(query, async (text) => {
        const document = parse(text);
        // Random aliases may conflict; such a query is refused by both.
        fc.pre(validate(monolith, document).length === 0);
        const expected = comparable(await execute({ schema: monolith, document, variableValues: variables, contextValue: info }));
        const planned = operations.fromText(text, undefined);
        const actual = comparable(await executePlan({ graph, planned, variables, meter, fetch, report: () => {} }));
        expect(actual).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });
});
