/** Structured output of an agent: whether its answer is what responseFormat asks for. */
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { schemaResult, schemaValidator } from "#shared/json/json-schema.ts";
import { readJson } from "#shared/json/nesting.ts";
import { storableText } from "#shared/json/storable.ts";

/** What is to be said of an answer: its JSON, or why it does not fit, for the model and for people. Neither where any text fits. */
export interface CheckedAnswer {
  parsed?: Json;
  problem?: string;
}

const limitMs = 250;
const mostProblems = 5;

/** Checks an answer against a response format as the OpenAI API has it. */
export function answerCheck(format: JsonObject | undefined, text: string): CheckedAnswer {
  const type = format?.["type"];
  if (type !== "json_object" && type !== "json_schema") return {};
  const parsed = readJson(storableText(text).replace(/^\ufeff/, ""), () => {});
  if (parsed === undefined) return { problem: "It is no JSON." };
  const schema = isJsonObject(format?.["json_schema"]) ? format["json_schema"]["schema"] : undefined;
  if (!isJsonObject(schema)) return { parsed };
  const problem = problemOf(schema, parsed);
  return problem === undefined ? { parsed } : { problem };
}

function problemOf(schema: JsonObject, value: Json): string | undefined {
  const result = schemaResult({ schema, value, validator: () => schemaValidator(schema), limitMs });
  if (result === undefined) return `It cannot be checked against the schema within ${limitMs} ms.`;
  if (result.valid) return undefined;
  const leaves = result.errors.slice(-mostProblems);
  return leaves.map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`).join(" ");
}
