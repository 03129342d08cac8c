import { formProperties } from "../../../../subgraphs/runtime/graph/waiting/form-properties.ts";
import type { JsonObject } from "#shared/json.ts";

const shown = (form: JsonObject) => formProperties(form).map(({ key, schema, isRequired }) => [key, schema["type"] ?? null, isRequired]);

describe("formProperties", () => {
  const text = { type: "string" };
  it.each<[string, JsonObject, unknown[]]>([
    [
      "its own, as they stand",
      { properties: { b: text, a: { type: "number" } }, required: ["a"] },
      [
        ["b", "string", false],
        ["a", "number", true],
      ],
    ],
    [
      "what it only asks for",
      { required: ["a", "b"], properties: { a: text } },
      [
        ["a", "string", true],
        ["b", null, true],
      ],
    ],
    [
      "what its schema refers to",
      { $ref: "#/$defs/all", $defs: { all: { properties: { a: text }, required: ["a"] } } },
      [["a", "string", true]],
    ],
    [
      "what a property refers to, by steps",
      { properties: { a: { $ref: "#/$defs/x" } }, $defs: { x: { $ref: "#/$defs/y~1z%20" }, "y/z ": text } },
      [["a", "string", false]],
    ],
    [
      "what a property says itself before what it refers to",
      { properties: { a: { $ref: "#/$defs/x", type: "number" } }, $defs: { x: text } },
      [["a", "number", false]],
    ],
    [
      "what all of it adds",
      { allOf: [{ properties: { a: text }, required: ["a"] }, { required: ["b"] }] },
      [
        ["a", "string", true],
        ["b", null, true],
      ],
    ],
    [
      "what one alternative asks for is not asked of all",
      {
        oneOf: [
          { properties: { a: text }, required: ["a"] },
          { properties: { b: text }, required: ["b"] },
        ],
      },
      [
        ["a", "string", false],
        ["b", "string", false],
      ],
    ],
    [
      "conditions",
      {
        if: { properties: { a: text } },
        then: { properties: { b: text } },
        else: { properties: { c: text } },
        dependentSchemas: { a: { properties: { d: text } } },
      },
      [
        ["a", "string", false],
        ["b", "string", false],
        ["c", "string", false],
        ["d", "string", false],
      ],
    ],
    ["nothing of what it does not say", {}, []],
    ["no end of itself", { properties: { a: { $ref: "#/properties/a" } }, allOf: [{ $ref: "#" }] }, [["a", null, false]]],
    ["a reference that leads nowhere", { $ref: "#/$defs/none", properties: { a: { $ref: "#/%E0%A4%A" } } }, [["a", null, false]]],
    [
      "names that objects have of themselves",
      { properties: JSON.parse('{"__proto__":{"type":"string"},"constructor":{"type":"number"}}') },
      [
        ["__proto__", "string", false],
        ["constructor", "number", false],
      ],
    ],
  ])("finds %s", (_, form, properties) => {
    expect(shown(form)).toEqual(properties);
  });
});
