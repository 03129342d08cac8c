/** The properties that a form's JSON Schema speaks of, wherever in it: what a page shows as fields. Pure. */
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";

/** One property, by its own schema with what that refers to. */
export interface FormProperty {
  key: string;
  /** Of its schema what a page shows ({@link shownKeywords}); {} where the form says nothing of it. */
  schema: JsonObject;
  isRequired: boolean;
  /** Only some answers have it: it stands in alternatives alone. */
  isAlternative: boolean;
}

/** The rest of a schema may be as wide as the form, and be referred to from hundreds of places. */
const shownKeywords = ["type", "enum", "title", "description", "format", "maxLength", "default"] as const;

/** Schemas that a form is made of. More than any form that people fill in; without it one that refers to itself would not end. */
const mostParts = 200;
/** References that lead to references. */
const mostSteps = 16;

/**
 * The properties of a form in the order in which it names them: its own, those of what it refers to (`$ref`, `allOf`), those of its alternatives (`anyOf`, `oneOf`, `if`, `then`, `else`,
 * `dependentSchemas`), and those that it only asks for (`required`). What an alternative asks for is not asked of everybody.
 */
export function formProperties(form: JsonObject): FormProperty[] {
  const targetOf = references(form);
  const found = new Map<string, JsonObject>();
  /** Keys that every answer may have, and must have. */
  const [common, asked] = [new Set<string>(), new Set<string>()];
  const seen = { all: new Set<JsonObject>(), alternatives: new Set<JsonObject>() };
  const walk = (part: Json | undefined, ofAll: boolean): void => {
    if (!isJsonObject(part) || seen.all.has(part) || seen.all.size + seen.alternatives.size >= mostParts) return;
    if (!ofAll && seen.alternatives.has(part)) return;
    seen[ofAll ? "all" : "alternatives"].add(part);
    for (const [key, schema] of entriesOf(part["properties"])) {
      if (!found.has(key)) found.set(key, resolved(schema, targetOf));
      if (ofAll) common.add(key);
    }
    if (ofAll) for (const key of textsOf(part["required"])) asked.add(key);
    walk(targetOf(part["$ref"]), ofAll);
    for (const one of listOf(part["allOf"])) walk(one, ofAll);
    for (const one of [...listOf(part["anyOf"]), ...listOf(part["oneOf"]), part["if"], part["then"], part["else"]]) walk(one, false);
    for (const [, one] of entriesOf(part["dependentSchemas"])) walk(one, false);
  };
  walk(form, true);
  for (const key of asked) if (!found.has(key)) found.set(key, {});
  return [...found].map(([key, schema]) => {
    const isRequired = asked.has(key);
    return { key, schema, isRequired, isAlternative: !isRequired && !common.has(key) };
  });
}

type TargetOf = (reference: Json | undefined) => Json | undefined;

/** Follows each reference of a form once, however often it stands there. */
function references(form: JsonObject): TargetOf {
  const targets = new Map<Json | undefined, Json | undefined>();
  return (reference) => {
    if (!targets.has(reference)) targets.set(reference, targetIn(form, reference));
    return targets.get(reference);
  };
}

/** A schema with what it refers to; what it says itself goes before. */
function resolved(schema: Json | undefined, targetOf: TargetOf): JsonObject {
  const whole: JsonObject = {};
  let part = schema;
  for (let step = 0; step <= mostSteps && isJsonObject(part); step++) {
    for (const keyword of shownKeywords) if (!Object.hasOwn(whole, keyword) && Object.hasOwn(part, keyword)) whole[keyword] = part[keyword];
    part = targetOf(part["$ref"]);
  }
  return whole;
}

/** Where a reference leads that is a JSON pointer into the form. */
function targetIn(form: JsonObject, reference: Json | undefined): Json | undefined {
  if (typeof reference !== "string" || !reference.startsWith("#")) return undefined;
  let at: Json | undefined = form;
  for (const word of pointerWords(reference.slice(1))) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, word)) return undefined;
    at = (at as JsonObject)[word];
  }
  return at;
}

function pointerWords(fragment: string): string[] {
  const words = fragment.split("/").slice(1);
  return words.map((word) => decoded(word).replaceAll("~1", "/").replaceAll("~0", "~"));
}

function decoded(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}

function entriesOf(value: Json | undefined): [string, Json | undefined][] {
  return isJsonObject(value) ? Object.entries(value) : [];
}

function listOf(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

function textsOf(value: Json | undefined): string[] {
  return listOf(value).filter((one) => typeof one === "string");
}
