/**
 * JSON Schemas (2020-12) that users write. They are interpreted (@cfworker/json-schema), never compiled to code. Nothing is fetched: a
 * $ref leads into its own document. A time limit stands against patterns and documents that are made to be slow.
 */
import { Validator, type ValidationResult } from "@cfworker/json-schema";
import { metaSchema } from "./json-schema-meta.ts";
import { isQuickCheck } from "./plain-schema.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import { withinTime } from "#shared/time-limit.ts";

const draft = "2020-12";
const limitMs = 250;

/** Why a document is no usable schema. `path` is a JSON pointer into it, as a fragment (`#/properties/a`). */
export interface SchemaFault {
  path: string;
  problem: string;
}

/** The first fault of a schema; undefined: it can be used. Bound its size first. */
export function schemaFault(schema: JsonObject): SchemaFault | undefined {
  const checked = withinTime(limitMs, () => ({ fault: metaFault(schema) ?? referenceFault(schema) }));
  return checked === undefined ? { path: "#", problem: `it cannot be checked within ${limitMs} ms.` } : checked.fault;
}

/** A validator of a schema that {@link schemaFault} finds nothing in; it gives all problems of a value. Run it within a time limit. */
export function schemaValidator(schema: JsonObject): Validator {
  // The validator writes into the schema that it is given.
  return new Validator(structuredClone(schema), draft, false);
}

/**
 * Applies a schema to a value: under a watchdog, unless both are small and the schema plain. @param check.validator  of the schema; it is made within the time, too
 * @returns undefined: it has not ended within `limitMs`.
 */
export function schemaResult(check: {
  schema: JsonObject;
  value: Json;
  validator: () => Validator;
  limitMs: number;
}): ValidationResult | undefined {
  const { schema, value, validator, limitMs } = check;
  const work = () => validator().validate(value);
  return isQuickCheck(schema, value) ? work() : withinTime(limitMs, work);
}

function metaFault(schema: JsonObject): SchemaFault | undefined {
  const { valid, errors } = new Validator(structuredClone(metaSchema), draft).validate(schema);
  const last = errors.at(-1);
  return valid || last === undefined ? undefined : { path: last.instanceLocation, problem: last.error };
}

function referenceFault(schema: JsonObject): SchemaFault | undefined {
  try {
    const validator = schemaValidator(schema);
    const { lookup } = validator as unknown as { lookup: Record<string, object | boolean> };
    for (const [place, part] of Object.entries(lookup)) {
      const target: unknown = typeof part === "object" ? Reflect.get(part, "__absolute_ref__") : undefined;
      if (typeof target === "string" && !(target in lookup)) {
        const reference = JSON.stringify(Reflect.get(part as object, "$ref"));
        return { path: `#${place.split("#")[1] ?? ""}`, problem: `$ref ${reference} leads nowhere in this document.` };
      }
    }
    // A schema that refers to itself without going deeper would never end.
    validator.validate({});
    return undefined;
  } catch (error) {
    return { path: "#", problem: error instanceof RangeError ? "it refers to itself without end." : (error as Error).message };
  }
}
