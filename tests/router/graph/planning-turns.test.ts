/** The main loop is free between the steps in which an operation of the platform's own graph is planned, and in which questions about its schema are answered. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { executeSync } from "graphql";
import { executePlan } from "../../../router/graph/execute-plan.ts";
import { defaultLimits } from "../../../router/graph/limits.ts";
import { Operations } from "../../../router/graph/operations.ts";
import { rehearsedOperations } from "../../../router/graph/rehearsal.ts";
import { RefusedOperation } from "../../../router/graph/refused-operation.ts";
import { loadSupergraph } from "../../../router/graph/supergraph.ts";

const supergraph = fileURLToPath(new URL("../../../codegen/supergraph.graphql", import.meta.url));
const graph = loadSupergraph(readFileSync(supergraph, "utf8"));
const operationsOf = () => new Operations({ graph, rules: [], limits: defaultLimits });
const times = (count: number, part: (index: number) => string) => Array.from({ length: count }, (_, index) => part(index)).join(" ");

/** How many turns the main loop had until something was done. */
async function turnsOf<T>(work: () => Promise<T>): Promise<{ turns: number; done: T }> {
  let turns = 0;
  let isDone = false;
  const count = () => {
    turns += 1;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  const done = await work();
  isDone = true;
  return { turns, done };
}

describe("planning", () => {
  const ofRun = "id status createdAt workflow { id name app { id } }";
  const long = `{ ${times(50, (index) => `a${index}: run(id: 1) { ${ofRun} } b${index}: app(id: 1) { id name code status }`)} }`;

  it("has turns between its steps, and others what it gave them", async () => {
    const operations = operationsOf();
    const parsed = { ...operations.parsed(long), operationName: undefined };
    const { turns, done } = await turnsOf(() => operations.fromDocumentInTurns(parsed));
    // Steps that are quick share one: of a quick machine there are two of them.
    expect(turns).toBeGreaterThan(0);
    expect(operations.fromDocument(parsed)).toBe(done);
    const again = await turnsOf(() => operations.fromDocumentInTurns(parsed));
    expect(again).toEqual({ turns: 0, done });
  });

  it("of two at once for one operation keeps one", async () => {
    const operations = operationsOf();
    const parsed = operations.parsed("query A { app(id: 1) { id } } query B { runs { edges { cursor } } }");
    const names = ["A", "A", "B"];
    const [first, second, other] = await Promise.all(
      names.map((operationName) => operations.fromDocumentInTurns({ ...parsed, operationName })),
    );
    expect(second).toBe(first);
    expect(other).toMatchObject({ rootFields: ["runs"] });
    expect(operations.kept.documents).toBe(1);
    expect(operations.isPlanned(parsed.hash, "B")).toBe(true);
  });

  it("refuses in turns what it refuses at once", async () => {
    const operations = operationsOf();
    const parsed = { ...operations.parsed("{ nothing }"), operationName: undefined };
    await expect(operations.fromDocumentInTurns(parsed)).rejects.toThrow(RefusedOperation);
    expect(() => operations.fromDocument(parsed)).toThrow(RefusedOperation);
  });
});

describe("a rehearsal", () => {
  it("is of operations that can be planned, and nothing of it is kept", async () => {
    const operations = operationsOf();
    await operations.rehearse();
    expect(operations.kept.documents).toBe(0);
    const texts = [...rehearsedOperations(graph.apiSchema)];
    for (const text of texts) operations.fromText(text, undefined);
    expect(operations.kept.documents).toBe(texts.length);
    expect(texts.length).toBeGreaterThan(20);
  });

  it("leaves out what the limits refuse", async () => {
    const operations = new Operations({ graph, rules: [], limits: { ...defaultLimits, maxAliases: 0 } });
    await expect(operations.rehearse()).resolves.toBeUndefined();
  });
});

describe("questions about the schema", () => {
  it.each([
    `{ ${times(9, (index) => `s${index}: __schema { queryType { name } }`)} }`,
    `{ ...F b: __type(name: "App") { name } __typename } fragment F on Query { a: __schema { directives { name } } }`,
    `query ($no: Boolean = true, $name: String = "Run") { a: __type(name: $name) { name } b: __schema @skip(if: $no) { types { name } } }`,
    `{ a: __type(name: "Nothing") { name } a: __type(name: "Nothing") { kind } }`,
    `{ a: __type(name: "RunFilter") { isOneOf } b: __type(name: "Run") { isOneOf inputFields { name } } }`,
    `{ __typename ... @include(if: true) { a: __schema { queryType { name } } } }`,
    `{ a: __type(name: "Run") { name } ... @include(if: false) { __schema { types { name } } } }`,
    `query ($no: Boolean = false) { ...F @skip(if: $no) } fragment F on Query { ... @include(if: true) { a: __type(name: "Run") { kind } } }`,
  ])("are answered as graphql-js answers them, each in a turn of its own: %s", async (text) => {
    const planned = operationsOf().fromText(text, undefined);
    const fetch = () => Promise.reject(new Error("nobody is asked"));
    const run = { graph, planned, variables: {}, fetch, meter: { refusal: undefined }, report: () => {} };
    const { turns, done } = await turnsOf(() => executePlan(run));
    const expected = executeSync({ schema: graph.apiSchema, document: planned.document, rootValue: {} });
    expect(JSON.stringify(done)).toBe(JSON.stringify(expected));
    const asked = Object.keys(expected.data ?? {}).filter((name) => name !== "__typename");
    expect(turns).toBeGreaterThanOrEqual(asked.length);
  });
});
