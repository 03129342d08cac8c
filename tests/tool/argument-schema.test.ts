import type { JsonObject } from "#shared/json.ts";
import { checkArguments, checkSchema } from "../../subgraphs/tool/argument-schema.ts";
import { ends } from "../testkit/ends.ts";

let serial = 0;
const refusal = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    const { reason, facts, message } = error as { reason: string; facts: JsonObject; message: string };
    return { ...facts, reason, message } as JsonObject;
  }
  throw new Error("it was not refused");
};
const check = (inputSchema: JsonObject, values: JsonObject) => checkArguments({ id: `v${serial++}`, inputSchema }, values);

const search = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  properties: {
    q: { type: "string", minLength: 1 },
    limit: { type: "integer", maximum: 10 },
    tags: { type: "array", items: { $ref: "#/$defs/tag" } },
  },
  required: ["q"],
  additionalProperties: false,
  $defs: { tag: { enum: ["new", "sale"] } },
} satisfies JsonObject;

describe("checkSchema", () => {
  it.each<[JsonObject]>([
    [{}],
    [search],
    [{ type: ["object", "null"], allOf: [{ if: true, then: false }] }],
    [{ "x-order": 1, type: "object" }],
  ])("takes %j", (schema) => {
    expect(checkSchema("inputSchema", schema)).toBe(schema);
  });

  it.each<[JsonObject, string]>([
    [{ type: "text" }, "#/type"],
    [{ properties: { a: { type: "object", required: "a" } } }, "#/properties/a/required"],
    [{ properties: { a: { pattern: "(" } } }, "#/properties/a/pattern"],
    [{ properties: [] as never }, "#/properties"],
    [{ properties: { a: { $ref: "#/$defs/none" } } }, "#/properties/a"],
    [{ $ref: "https://example.com/other.json" }, "#"],
    [{ $ref: "#" }, "#"],
  ])("refuses %j with the place of the fault", (schema, path) => {
    expect(refusal(() => checkSchema("inputSchema", schema))).toMatchObject({ reason: "TOOL_SCHEMA_INVALID", field: "inputSchema", path });
  });

  it("refuses a schema above 64 KiB", () => {
    expect(refusal(() => checkSchema("inputSchema", { description: "x".repeat(65_536) }))).toMatchObject({
      reason: "JSON_TOO_LARGE",
      max: 65_536,
    });
  });
});

describe("checkArguments", () => {
  it("takes what fits", () => {
    check(search, { q: "lamp", limit: 3, tags: ["new"] });
    check({}, { anything: [1] });
  });

  it("lists every problem with its place", () => {
    const { reason, problems } = refusal(() => check(search, { limit: 11, tags: ["old"], x: 1 }));
    expect(reason).toBe("TOOL_ARGUMENTS_INVALID");
    const paths = (problems as { path: string }[]).map(({ path }) => path);
    expect(paths.toSorted()).toEqual(["#", "#/limit", "#/tags/0", "#/x"]);
  });

  it("gives up on patterns that are made to be slow", () => {
    const bomb = { properties: { a: { type: "string", pattern: "^(a+)+$" } } };
    expect(ends(() => refusal(() => check(bomb, { a: `${"a".repeat(40)}!` })))).toMatchObject({
      reason: "TOOL_ARGUMENTS_TOO_SLOW",
      limitMs: 250,
    });
  });
});
