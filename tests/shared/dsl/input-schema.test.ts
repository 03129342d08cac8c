import { objectSchemaFault } from "#shared/json/form.ts";
import { readDsl } from "#shared/dsl/read.ts";
import { validateDsl } from "#shared/dsl/validate.ts";
import type { Json } from "#shared/json.ts";

const document = (schema: Json) => ({ nodes: [], edges: [], input_schema: schema });
const found = (schema: Json) =>
  validateDsl(document(schema), { schemaFault: objectSchemaFault }).map(({ code, path }) => `${code} ${path}`);
const refused = ["INPUT_SCHEMA_INVALID /input_schema"];

describe("input_schema of a document", () => {
  it.each<[string, Json, string[]]>([
    ["any object", {}, []],
    ["properties", { type: "object", properties: { email: { type: "string" } }, required: ["email"] }, []],
    ["a reference into itself", { properties: { a: { $ref: "#/$defs/a" } }, $defs: { a: { type: "string", pattern: "^(a+)+$" } } }, []],
    ["null", null, refused],
    ["a list", [], refused],
    ["a text", "object", refused],
    ["no object", { type: "array" }, refused],
    ["an unknown type", { properties: { a: { type: "text" } } }, refused],
    ["a reference to somewhere else", { properties: { a: { $ref: "https://example.com/schema.json" } } }, refused],
    ["a reference into nothing", { $ref: "#/$defs/no" }, refused],
    ["a reference without end", { $ref: "#" }, refused],
    ["a pattern that is none", { properties: { a: { pattern: "(" } } }, refused],
    ["more than 32 KiB", { description: "x".repeat(33_000) }, refused],
    [
      "doubling at each step",
      Object.fromEntries([
        ["$ref", "#/$defs/n40"],
        ["$defs", doubling(40)],
      ]),
      refused,
    ],
  ])("%s", (_, schema, issues) => {
    expect(found(schema)).toEqual(issues);
  });

  it("is read with the document", () => {
    const schema = { type: "object" };
    expect(readDsl(document(schema)).input_schema).toEqual(schema);
    expect(readDsl({ nodes: [] })).not.toHaveProperty("input_schema");
  });
});

function doubling(steps: number): Record<string, Json> {
  const twice = (n: number): Json => ({ allOf: [{ $ref: `#/$defs/n${n - 1}` }, { $ref: `#/$defs/n${n - 1}` }] });
  return Object.fromEntries([["n0", {}], ...Array.from({ length: steps }, (_, n) => [`n${n + 1}`, twice(n + 1)])]) as Record<string, Json>;
}
