import type { JsonObject } from "#shared/json.ts";
import { checkArguments, checkSchema } from "../../subgraphs/tool/argument-schema.ts";
import { longestTurnAtBest } from "../testkit/longest-turn.ts";

let serial = 0;
const refusal = async (work: () => Promise<unknown>) => {
  try {
    await work();
  } catch (error) {
    const { reason, facts, message } = error as { reason: string; facts: JsonObject; message: string };
    return { ...facts, reason, message } as JsonObject;
  }
  throw new Error("it was not refused");
};
const check = (inputSchema: JsonObject, values: JsonObject) =>
  checkArguments({ tenantId: "acme" }, { id: `v${serial++}`, inputSchema }, values);
const checked = (schema: JsonObject) => checkSchema("acme", "inputSchema", schema);

/** It doubles with each reference: looked into to its end it would take years. */
const doubling = {
  $ref: "#/$defs/s0",
  $defs: {
    ...Object.fromEntries(
      Array.from({ length: 40 }, (_, level) => [`s${level}`, { allOf: [1, 2].map(() => ({ $ref: `#/$defs/s${level + 1}` })) }]),
    ),
    s40: {},
  },
} satisfies JsonObject;
/** In line each would hold the main loop up for 250 ms. */
const allowedMs = 100;

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
  ])("takes %j", async (schema) => {
    expect(await checked(schema)).toBe(schema);
  });

  it.each<[JsonObject, string]>([
    [{ type: "text" }, "#/type"],
    [{ properties: { a: { type: "object", required: "a" } } }, "#/properties/a/required"],
    [{ properties: { a: { pattern: "(" } } }, "#/properties/a/pattern"],
    [{ properties: [] as never }, "#/properties"],
    [{ properties: { a: { $ref: "#/$defs/none" } } }, "#/properties/a"],
    [{ $ref: "https://example.com/other.json" }, "#"],
    [{ $ref: "#" }, "#"],
  ])("refuses %j with the place of the fault", async (schema, path) => {
    expect(await refusal(() => checked(schema))).toMatchObject({ reason: "TOOL_SCHEMA_INVALID", field: "inputSchema", path });
  });

  it("refuses a schema above 64 KiB", async () => {
    expect(await refusal(() => checked({ description: "x".repeat(65_536) }))).toMatchObject({
      reason: "JSON_TOO_LARGE",
      max: 65_536,
    });
  });

  it("looks elsewhere than in the main loop into schemas that take long, however many come at once", async () => {
    const schemas = Array.from({ length: 4 }, () => doubling);
    const { outcome, longestMs } = await longestTurnAtBest(() => Promise.all(schemas.map((schema) => refusal(() => checked(schema)))));
    for (const told of outcome) expect(told).toMatchObject({ reason: "TOOL_SCHEMA_INVALID", problem: expect.stringContaining("250 ms") });
    expect(longestMs).toBeLessThan(allowedMs);
  });
});

describe("checkArguments", () => {
  it("takes what fits", async () => {
    await check(search, { q: "lamp", limit: 3, tags: ["new"] });
    await check({}, { anything: [1] });
  });

  it("lists every problem with its place", async () => {
    const { reason, problems } = await refusal(() => check(search, { limit: 11, tags: ["old"], x: 1 }));
    expect(reason).toBe("TOOL_ARGUMENTS_INVALID");
    const paths = (problems as { path: string }[]).map(({ path }) => path);
    expect(paths.toSorted()).toEqual(["#", "#/limit", "#/tags/0", "#/x"]);
  });

  it("gives up on patterns that are made to be slow, elsewhere than in the main loop", async () => {
    const bomb = { properties: { a: { type: "string", pattern: "^(a+)+$" } } };
    const { outcome, longestMs } = await longestTurnAtBest(() => refusal(() => check(bomb, { a: `${"a".repeat(40)}!` })));
    expect(outcome).toMatchObject({ reason: "TOOL_ARGUMENTS_TOO_SLOW", limitMs: 250 });
    expect(longestMs).toBeLessThan(allowedMs);
  });
});
