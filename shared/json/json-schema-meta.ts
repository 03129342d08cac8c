/** What a JSON Schema looks like, as far as validators read it: types, not advice. Unknown keywords are allowed, as the specification has it. */
import type { JsonObject } from "#shared/json.ts";

const schema = { $ref: "#" };
const schemas = { type: "array", minItems: 1, items: schema };
const schemaMap = { type: "object", additionalProperties: schema };
const count = { type: "integer", minimum: 0 };
const number = { type: "number" };
const names = { type: "array", items: { type: "string" } };
const pattern = { type: "string", format: "regex" };
const typeName = { enum: ["array", "boolean", "integer", "null", "number", "object", "string"] };

/** The schema of schemas. */
export const metaSchema: JsonObject = {
  type: ["object", "boolean"],
  properties: {
    $id: { type: "string" },
    $schema: { type: "string" },
    $ref: { type: "string" },
    $anchor: { type: "string" },
    $defs: schemaMap,
    definitions: schemaMap,
    type: { anyOf: [typeName, { type: "array", items: typeName, minItems: 1 }] },
    enum: { type: "array" },
    multipleOf: { type: "number", exclusiveMinimum: 0 },
    maximum: number,
    exclusiveMaximum: number,
    minimum: number,
    exclusiveMinimum: number,
    maxLength: count,
    minLength: count,
    pattern,
    format: { type: "string" },
    maxItems: count,
    minItems: count,
    uniqueItems: { type: "boolean" },
    maxContains: count,
    minContains: count,
    maxProperties: count,
    minProperties: count,
    required: names,
    dependentRequired: { type: "object", additionalProperties: names },
    properties: schemaMap,
    patternProperties: { ...schemaMap, propertyNames: pattern },
    additionalProperties: schema,
    propertyNames: schema,
    unevaluatedProperties: schema,
    dependentSchemas: schemaMap,
    prefixItems: schemas,
    items: { anyOf: [schema, schemas] },
    additionalItems: schema,
    unevaluatedItems: schema,
    contains: schema,
    allOf: schemas,
    anyOf: schemas,
    oneOf: schemas,
    not: schema,
    if: schema,
    then: schema,
    else: schema,
  },
};
