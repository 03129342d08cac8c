import { buildSchema, parse, type OperationDefinitionNode } from "graphql";
import type { AppError } from "#shared/errors.ts";
import { checkVariables } from "../../../router/graph/variables.ts";

const schema = buildSchema(`
  scalar JSON
  enum Status { FAILED DONE }
  input Filter { status: [Status!] nested: [Filter!] value: JSON matrix: [[Int]] name: String }
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

  it("that do not fit are told fifty times at most", () => {
    expect(check("$v: [Status!]", { v: many(10_000, 1) }).length).toBeLessThanOrEqual(51);
  });

  const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, index]));

  // An error shows the object that it is of: fifty of them showed 100,000 keys each, and nobody was answered for 24 s.
  it.each<[string, string, unknown, string]>([
    ["many unknown fields", "Filter", keys(100_000), 'Field "k0" is not defined by type "Filter".'],
    ["unknown fields beside a large value", "Filter", { value: keys(100_000), ...keys(40) }, 'Field "k0" is not defined by type "Filter".'],
    ["unknown fields beside a long text", "Filter", { name: "x".repeat(3e6), ...keys(40) }, 'Field "k0" is not defined by type "Filter".'],
    ["a long unknown field", "Filter", { ["k".repeat(3e6)]: 1 }, 'is not defined by type "Filter".'],
    ["an object for an enum", "Status", keys(100_000), 'Enum "Status" cannot represent non-string value: {}.'],
    ["a list of objects for a text", "Filter", { name: many(10, keys(10_000)) }, "String cannot represent a non string value: []"],
    ["a long text for a number", "Filter", { matrix: [["9".repeat(3e6)]] }, "Int cannot represent non-integer value"],
    ["a list for an input in a list", "Filter", { nested: [[many(10, keys(10_000))]] }, 'Expected type "Filter" to be an object.'],
  ])("are told in few words, however large they are: %s", (_what, type, value, told) => {
    const messages = check(`$v: ${type}`, { v: value }).map(({ message }) => message);
    expect(messages[0]).toContain(told);
    expect(messages.length).toBeLessThanOrEqual(51);
    expect(messages.join("").length).toBeLessThan(300_000);
  });

  it("are what they are to their types where they are large: long texts, large JSON, unknown ones that nobody declares", () => {
    expect(check("$v: Filter", { v: { name: "x".repeat(3e6), value: keys(100_000), nested: { status: "FAILED" } } })).toEqual([]);
    expect(check("$v: [[Int]]", { v: 1 })).toEqual([]);
    expect(check("$v: JSON", { v: 1, w: keys(100_000) })).toEqual([]);
  });
});
