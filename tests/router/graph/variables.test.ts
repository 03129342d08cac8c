import { buildSchema, parse, type OperationDefinitionNode } from "graphql";
import type { AppError } from "#shared/errors.ts";
import { checkVariables } from "../../../router/graph/variables.ts";

const schema = buildSchema(`
  scalar JSON
  enum Status { FAILED DONE }
  input Filter { status: [Status!] nested: [Filter!] value: JSON matrix: [[Int]] }
  type Query { runs(filter: Filter, status: [Status!], value: JSON): Int }
`);

function check(types: string, variables: Record<string, unknown>, limits?: { maxValues: number; maxItems: number }) {
  const node = parse(`query (${types}) { runs }`).definitions[0] as OperationDefinitionNode;
  return checkVariables({ schema, node, variables, ...(limits && { limits }) });
}

const factsOf = (errors: ReturnType<typeof check>) => errors.map(({ originalError }) => (originalError as AppError | undefined)?.facts);
const many = (count: number, value: unknown) => Array.from({ length: count }, () => value);
const items = [{ variable: "v", of: "items of lists", limit: 10_000 }];
const values = [{ variable: "v", of: "values", limit: 200_000 }];

describe("variables", () => {
  it.each<[string, string, unknown, object[]]>([
    ["a list of enum values", "[Status!]", many(200_000, "FAILED"), items],
    ["a list of what does not fit", "[Status!]", many(40_000, 1), items],
    ["a list in an input", "Filter", { status: many(20_000, "FAILED") }, items],
    ["many lists, each of them short", "Filter", { nested: many(150, { status: many(100, "FAILED") }) }, items],
    ["lists of lists", "Filter", { matrix: many(200, many(200, 1)) }, items],
    ["a JSON value of too many values", "JSON", many(200_001, 0), values],
    ["a JSON value in an input", "Filter", { value: { a: many(200_001, []) } }, values],
    [
      "fields of an object, which are two each",
      "JSON",
      Object.fromEntries(many(100_001, 1).map((one, index) => [`f${index}`, one])),
      values,
    ],
    ["what the operation does not declare", "JSON", many(250_000, 0), values],
  ])("are counted before they are read: %s", (_what, type, value, facts) => {
    expect(factsOf(check(`$v: ${type}`, { v: value }))).toEqual(facts);
  });

  it("are refused where nobody declares them, too", () => {
    expect(factsOf(check("$other: JSON", { v: many(250_000, 0) }))).toEqual(values);
  });

  it("are counted together, over all of them", () => {
    const [first] = factsOf(check("$a: [Status!], $b: [Status!]", { a: many(6_000, "FAILED"), b: many(6_000, "FAILED") }));
    expect(first).toMatchObject({ variable: "b", of: "items of lists" });
  });

  it("may be as many as the limits say", () => {
    expect(check("$v: JSON", { v: many(131_072, 1) })).toEqual([]);
    expect(check("$v: [Status!]", { v: many(10_000, "FAILED") })).toEqual([]);
  });

  it.each<[string, string, unknown, string]>([
    [
      "of many fields that are none",
      "Filter",
      Object.fromEntries(many(50_000, 0).map((_, index) => [`f${index}`, 1])),
      'Field "f0" is not defined',
    ],
    ["beside a large value", "Filter", { wrong: 1, value: Object.fromEntries(many(90_000, 0).map((_, index) => [index, 1])) }, "wrong"],
    ["where a text belongs", "[Int]", many(60, { a: "x".repeat(50_000) }), "Int belongs there"],
  ])("that do not fit are not repeated: an object %s", (_what, type, value, said) => {
    const [first, ...others] = check(`$v: ${type}`, { v: value });
    expect(first?.message).toContain(said);
    // Each of fifty would write the whole value out.
    expect([first, ...others].filter((error) => error!.message.length > 400)).toEqual([]);
  });

  it("are told as missing or null where they must be there", () => {
    expect(check("$a: Int!, $b: Int!, $c: Int! = 1, $d: Int", { b: null }).map(({ message }) => message)).toEqual([
      'Variable "$a" of required type "Int!" was not provided.',
      'Variable "$b" of non-null type "Int!" must not be null.',
    ]);
  });

  it("that do not fit are told fifty times at most", () => {
    expect(check("$v: [Status!]", { v: many(10_000, 1) }).length).toBeLessThanOrEqual(51);
  });
});
