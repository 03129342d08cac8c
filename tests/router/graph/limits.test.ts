/** What one operation on the platform's own graph may cost, told before anything is asked of a subgraph. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { getIntrospectionQuery, getNamedType, isLeafType, parse, type GraphQLError, type GraphQLObjectType } from "graphql";
import { AppError } from "#shared/errors.ts";
import { documentExcess } from "../../../router/graph/document-weight.ts";
import { defaultLimits } from "../../../router/graph/limits.ts";
import { hashOf, Operations } from "../../../router/graph/operations.ts";
import { RefusedOperation } from "../../../router/graph/refused-operation.ts";
import { rootPricesOf } from "../../../router/graph/root-points.ts";
import { loadSupergraph, printApiSchema } from "../../../router/graph/supergraph.ts";

const supergraph = fileURLToPath(new URL("../../../codegen/supergraph.graphql", import.meta.url));
const graph = loadSupergraph(readFileSync(supergraph, "utf8"));
const operationsWithin = (maxPlannedBytes?: number) =>
  new Operations({ graph, rules: [], limits: defaultLimits, ...(maxPlannedBytes !== undefined && { maxPlannedBytes }) });
const operations = operationsWithin();

const times = (count: number, part: (index: number) => string) => Array.from({ length: count }, (_, index) => part(index)).join(" ");
const plan = (text: string, variables: Record<string, unknown> = {}) => {
  const planned = operations.fromText(text, undefined);
  return planned.weighAnswer({ ...planned.defaults, ...variables });
};

/** The facts of the refusal; undefined where there is none. */
function refusal(text: string, variables?: Record<string, unknown>): object | undefined {
  const told = (error?: GraphQLError) => (error?.originalError instanceof AppError ? error.originalError.facts : error);
  try {
    return told(plan(text, variables).errors[0]);
  } catch (error) {
    if (error instanceof RefusedOperation) return told(error.errors[0]);
    throw error;
  }
}

/** Bytes that the heap has more of, once all is collected that nobody has. */
function heapGrown(work: () => void): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  const before = process.memoryUsage().heapUsed;
  work();
  collect();
  return process.memoryUsage().heapUsed - before;
}

const runsOf = (inner: string, page = "(first: 200)") => `runs${page} { edges { node { ${inner} } } }`;

describe("what an operation may return", () => {
  it.each<[string, string, Record<string, unknown>, number]>([
    ["a look-up", "{ app(id: 1) { id name } }", {}, 1],
    ["the default page", `{ ${runsOf("id", "")} }`, {}, 20],
    ["a page", `{ ${runsOf("id")} }`, {}, 200],
    ["a page from the end", `{ ${runsOf("id", "(last: 7)")} }`, {}, 7],
    ["a page of a variable", `query ($n: Int) { ${runsOf("id", "(first: $n)")} }`, { n: 50 }, 50],
    ["a page of a variable's default", `query ($n: Int = 30) { ${runsOf("id", "(first: $n)")} }`, {}, 30],
    ["a page of a variable that is null", `query ($n: Int) { ${runsOf("id", "(first: $n)")} }`, { n: null }, 20],
    ["no more than a page may have", `{ ${runsOf("id", "(first: 100000)")} }`, {}, 200],
    ["an object beneath each", `{ ${runsOf("workflow { id }")} }`, {}, 400],
    [
      "pages of plain values",
      "{ schedules(first: 100) { edges { node { a: nextTimes(first: 10) b: nextTimes } } } }",
      {},
      100 + 1_000 + 500,
    ],
    ["pages beneath each", `{ ${runsOf("nodeRuns(first: 10) { edges { node { id } } }")} }`, {}, 2_200],
    ["twice the same under two names", `{ a: ${runsOf("id")} b: ${runsOf("id")} }`, {}, 400],
    ["a list without pages", "{ agentVersion(id: 1) { tools { id } } }", {}, 21],
    ["cursors only", "{ runs(first: 200) { edges { cursor } pageInfo { endCursor } } }", {}, 0],
    ["what is left out", `query ($no: Boolean!) { ${runsOf("workflow @include(if: $no) { id }")} }`, { no: false }, 200],
    [
      "a fragment",
      `{ ${runsOf("...F")} } fragment F on Run { workflow { ...G } } fragment G on Workflow { ${runsOf("id", "(first: 9)")} }`,
      {},
      2_200,
    ],
  ])("is counted: %s", (_what, text, variables, nodes) => {
    expect(plan(text, variables)).toEqual({ errors: [], nodes });
  });

  it("is refused above the limit, with the place, the number, and what to lower", () => {
    const text = `{ workflow(id: 1) { ${runsOf(`workflow { ${runsOf(`workflow { ${runsOf("id")} }`)} }`)} } }`;
    const path = `workflow${".runs.edges.node.workflow".repeat(2)}.runs.edges.node`;
    expect(refusal(text)).toEqual({ of: "nodes", limit: 10_000, found: 1 + 200 + 200 + 40_000 + 40_000 + 8_000_000, path });
    expect(plan(text).errors[0]?.message).toContain("Ask for smaller pages (first, last)");
  });

  it.each<[string, string, Record<string, unknown>]>([
    ["by variables alone", `query ($n: Int) { ${runsOf(runsBeneath("(first: $n)"), "(first: $n)")} }`, { n: 200 }],
    ["from the end", `{ ${runsOf(runsBeneath("(last: 200)"), "(last: 200)")} }`, {}],
    ["by default pages, deep enough", `{ ${runsOf(`workflow { ${runsOf(`workflow { ${runsOf(runsBeneath(""), "")} }`, "")} }`, "")} }`, {}],
    ["side by side", `{ ${times(51, (index) => `a${index}: ${runsOf("id")}`)} }`, {}],
    ["in fragments", `{ ${runsOf("...F")} } fragment F on Run { ${runsBeneath("(first: 200)")} }`, {}],
  ])("is refused however it is written: %s", (_what, text, variables) => {
    expect(refusal(text, variables)).toMatchObject({ of: "nodes", limit: 10_000 });
  });

  it("is bounded in fields too: few objects may have very many", () => {
    const wide = (pages: number) =>
      `{ ${times(pages, (index) => `a${index}: ${runsOf("...F")}`)} } fragment F on Run { ${times(28, (index) => `a${index}: status`)} }`;
    expect(refusal(wide(6))).toBeUndefined();
    expect(
      refusal(
        `{ a: ${runsOf(times(190, (index) => `a${index}: id`))} b: ${runsOf("...F")} } fragment F on Run { ${"status ".repeat(400)} }`,
      ),
    ).toMatchObject({
      of: "values",
      limit: 100_000,
      path: "a.edges.node",
    });
  });

  function runsBeneath(page: string): string {
    return `workflow { ${runsOf("id", page)} }`;
  }
});

describe("root fields", () => {
  it.each([
    ["a few look-ups", `{ ${times(150, (index) => `a${index}: app(id: ${index}) { id }`)} }`],
    ["two documents to check", `{ a: validateDsl(dsl: {}) { message } b: validateDsl(dsl: {}) { message } }`],
    ["ten mutations", `mutation { ${times(10, (index) => `a${index}: deleteApp(id: ${index}) { id }`)} }`],
    ["the same field, written twice", `{ ${"validateDsl(dsl: {}) { message } ".repeat(20)} }`],
  ])("may be asked together: %s", (_what, text) => {
    expect(refusal(text)).toBeUndefined();
  });

  it.each([
    ["documents to check", 9_500, `{ ${times(190, (index) => `a${index}: validateDsl(dsl: {}) { message }`)} }`],
    ["mutations", 1_990, `mutation { ${times(199, (index) => `a${index}: createApp(input: { code: "c", name: "n" }) { id }`)} }`],
    [
      "mutations, in fragments",
      600,
      `mutation { ...F } fragment F on Mutation { ... { ${times(60, (index) => `a${index}: deleteApp(id: 1) { id }`)} } }`,
    ],
    [
      "calls of somebody outside",
      250,
      `mutation { ${times(5, (index) => `a${index}: executeRun(id: ${index}, input: { workerKey: "w" }) { executed { id } }`)} }`,
    ],
  ])("weigh by what they do: too many %s", (_what, found, text) => {
    expect(refusal(text)).toMatchObject({
      of: "points",
      found,
      limit: 200,
    });
  });

  it("have the price that their subgraph declares, and clients see nothing of it", () => {
    const { points, outside } = rootPricesOf(graph.supergraph.schema);
    const calls = [
      "chatCompletion",
      "createEmbeddings",
      "executeNextNode",
      "executeNextNodeRun",
      "executeNode",
      "executeNodeRun",
      "executeRun",
      "invokeTool",
    ];
    // hookOutput is asked by the router alone.
    expect([...outside].sort()).toEqual(["chatCompletionStream", "hookOutput", "searchMemories", ...calls].sort());
    expect(Object.fromEntries(points.query)).toEqual({
      validateDsl: 50,
      searchMemories: 10,
      memoryEmbedding: 10,
      modelUsage: 10,
      services: 10,
    });
    expect(new Set(points.mutation.values())).toEqual(new Set([50]));
    expect([...points.mutation.keys()].sort()).toEqual([...calls, "createWorkflowVersion", "publishWorkflowVersion"].sort());
    expect(printApiSchema(graph)).not.toMatch(/@cost|@tag|directive @(cost|tag)/);
  });
});

describe("the schema", () => {
  it("is told whole to a tool that asks for it", () => {
    for (const options of [{}, { specifiedByUrl: true, inputValueDeprecation: true }])
      expect(refusal(getIntrospectionQuery(options))).toBeUndefined();
  });

  it("is not told four times at once", () => {
    const [, fragments = ""] = /(fragment FullType[^]*)/.exec(getIntrospectionQuery()) ?? [];
    const text = `{ ${times(4, (index) => `a${index}: __schema { types { ...FullType } directives { name } }`)} } ${fragments}`;
    expect(refusal(text)).toMatchObject({ of: "values of the schema" });
  });
});

describe("a document", () => {
  /** Eight fields of a run from a place on. */
  const leaves = (from: number) => {
    const fields = Object.values((graph.apiSchema.getType("Run") as GraphQLObjectType).getFields()).filter(({ type }) =>
      isLeafType(getNamedType(type)),
    );
    return fields
      .slice(from, from + 8)
      .map(({ name }) => name)
      .join(" ");
  };
  const comparing = (text: string) =>
    documentExcess(parse(text), defaultLimits).map((error) => (error.originalError as AppError).facts["of"]);

  it.each([
    ["of equal fields", `{ app(id: 1) { ${"id ".repeat(1_200)} } }`, "comparisons"],
    [
      "of equal fields within equal fields",
      `{ app(id: 1) { ${`workflows { ${`edges { ${"cursor ".repeat(10)} } `.repeat(12)} } `.repeat(15)} } }`,
      "comparisons",
    ],
    [
      "of equal fields in fragments",
      `{ app(id: 1) { ${times(60, (index) => `...F${index}`)} } } ${times(60, (index) => `fragment F${index} on App { ${"id ".repeat(30)} }`)}`,
      "comparisons",
    ],
    [
      "of chained fragments",
      `{ app(id: 1) { ...F0 } } ${times(120, (index) => `fragment F${index} on App { id ${index < 119 ? `...F${index + 1}` : ""} }`)}`,
      "levels of fragments",
    ],
    [
      "of many different fields",
      `{ ${times(160, (index) => `a${index}: run(id: 1) { ...F ...G }`)} } fragment F on Run { ${leaves(0)} } fragment G on Run { ${leaves(4)} }`,
      "different fields",
    ],
    ["of many branches", `{ ${times(45, (index) => `a${index}: app(id: 1) { ${runsOf("workflow { app { id } }")} }`)} }`, "branches"],
  ])("%s is refused before it is validated", (_what, text, of) => {
    expect(comparing(text)).toEqual([of]);
    expect(refusal(text)).toMatchObject({ of });
  });

  it("may have more fields than may be different, where they are equal", () => {
    const asked = (from: number) =>
      `{ ${times(120, (index) => `a${index}: run(id: 1) { ${leaves(0)} ${leaves(from)} ${leaves(from)} }`)} }`;
    expect([0, 4].map((from) => comparing(asked(from)))).toEqual([[], ["different fields"]]);
  });

  it("of fragments within themselves is refused for that, not walked for ever", () => {
    expect(refusal("{ app(id: 1) { ...A } } fragment A on App { workflows { edges { node { app { ...A } } } } }")).toMatchObject({
      message: expect.stringContaining("within itself"),
    });
  });

  it("of four hundred fragments is refused by their number alone", () => {
    const text = `{ app(id: 1) { ${times(399, (index) => `...F${index}`)} } } ${times(399, (index) => `fragment F${index} on App { id }`)}`;
    expect(refusal(text)).toMatchObject({ of: "fragments", found: 399 });
  });
});

describe("plans", () => {
  const heavy = (index: number) =>
    `query Q${index}($no: Boolean = false) { ${times(45, (each) => `a${each}: app(id: "${each}") @include(if: $no) { id ${runsOf("workflow { id }")} }`)} }`;

  it("that are kept are bounded by what they hold, not by their number", () => {
    const bytes = 16 << 20;
    const kept = operationsWithin(bytes);
    for (let index = 0; index < 30; index++) kept.fromText(heavy(index), undefined);
    expect(kept.kept.bytes).toBeLessThanOrEqual(bytes);
    expect(kept.kept.documents).toBeGreaterThan(0);
    expect(kept.kept.documents).toBeLessThan(20);
  });

  it("weigh what was planned, not what was written", () => {
    const sizeOf = (text: string) => {
      const kept = operationsWithin();
      kept.fromText(text, undefined);
      return kept.kept.bytes;
    };
    const beneath = `id name workflows { edges { node { id ${runsOf("id workflow { name }", "")} } } }`;
    const planned = `query ($c: Boolean = true) { ${times(25, (index) => `a${index}: app(id: "${index}") @skip(if: $c) { ${beneath} }`)} }`;
    const written = `query ($c: Boolean = true) { app(id: 1) { ${times(180, (index) => `a${index}: name @skip(if: $c)`)} } }`;
    const tokens = (text: string) => text.match(/[\w$]+|[^\s\w]/g)!.length;
    expect(tokens(written)).toBeGreaterThan(tokens(planned));
    expect(sizeOf(planned)).toBeGreaterThan(sizeOf(written));
  });

  const of35kB = (conditions: string) => (name: number) =>
    `{ ${times(120, (index) => `f${name}x${index}: app(id: "1") ${conditions} { ${"id code name description status createdAt updatedAt deletedAt ".repeat(4)} }`)} }`;
  it.each<[string, (name: number) => string]>([
    ["of which nothing is planned", of35kB("@skip(if: true)")],
    ["of equal fields", (name) => `query Q${name} { ${times(60, (index) => `f${index}: app(id: "1") { ${"id name ".repeat(15)} }`)} }`],
  ])("count for no less than the heap has of them: documents %s", (_, textOf) => {
    const kept = operationsWithin(1 << 30);
    kept.fromText(textOf(0), undefined);
    const grown = heapGrown(() => {
      for (let name = 1; name <= 8; name++) kept.fromText(textOf(name), undefined);
    });
    expect(grown).toBeGreaterThan(1 << 20);
    expect(grown).toBeLessThan(kept.kept.bytes);
  });

  it("of many operations of one document count with it", () => {
    const kept = operationsWithin();
    const names = ["A", "B", "C"];
    const text = names.map((name) => `query ${name} { app(id: "${name}") { ${runsOf("workflow { id }")} } }`).join(" ");
    const sizes = names.map((name) => {
      kept.fromText(text, name);
      return kept.kept.bytes;
    });
    expect(kept.kept.documents).toBe(1);
    expect(sizes).toEqual([...new Set(sizes)].sort((a, b) => a - b));
  });

  it("are planned by the name that is asked for, which an empty one is not", () => {
    const kept = operationsWithin();
    const text = "query A { __typename } query B { __typename }";
    kept.fromText(text, "A");
    kept.fromText("{ __typename }", undefined);
    const isPlanned = (of: string, name?: string | null) => kept.isPlanned(hashOf(of), name);
    expect([isPlanned(text, "A"), isPlanned(text, "B"), isPlanned(text)]).toEqual([true, false, false]);
    expect([undefined, null, ""].map((name) => isPlanned("{ __typename }", name))).toEqual([true, true, true]);
  });

  it("that are known are not made again", () => {
    expect(operations.fromText(heavy(0), undefined)).toBe(operations.fromText(heavy(0), undefined));
  });
});
