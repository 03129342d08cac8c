import type { Json, JsonObject } from "#shared/json.ts";
import { isQuickCheck } from "#shared/json/plain-schema.ts";

const text = { type: "string" };

describe("isQuickCheck", () => {
  it.each<[string, JsonObject, Json, boolean]>([
    ["an object's properties", { type: "object", properties: { a: text }, required: ["a"], additionalProperties: false }, { a: "x" }, true],
    ["a list of them", { type: "array", items: { type: "object", properties: { a: text } } }, [{ a: "x" }], true],
    ["no schema to speak of", {}, { a: 1 }, true],
    ["a pattern", { properties: { a: { type: "string", pattern: "(a+)+$" } } }, {}, false],
    ["a format", { properties: { a: { format: "email" } } }, {}, false],
    ["a reference", { properties: { a: { $ref: "#" } } }, {}, false],
    ["alternatives", { items: { anyOf: [text, text] } }, [], false],
    ["what must not be twice", { items: { uniqueItems: true } }, [], false],
    ["a pattern in what is beyond", { additionalProperties: { propertyNames: { pattern: "x" } } }, {}, false],
    ["many choices", { enum: Array.from({ length: 101 }, (_, index) => index) }, 1, false],
    ["choices that are objects", { enum: [{ a: 1 }] }, {}, false],
    ["a large value", {}, Array.from({ length: 3_000 }, () => 1), false],
    ["a long text", {}, "x".repeat(200_000), false],
    ["a large schema", { properties: Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`p${index}`, text])) }, {}, false],
  ])("knows %s", (_name, schema, value, isQuick) => {
    expect(isQuickCheck(schema, value)).toBe(isQuick);
  });
});
