/** Structured output of an agent: whether its answer is what responseFormat asks for. */
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { checkedValue } from "#shared/json/schema-checks.ts";
import { JsonProblem } from "#shared/json-reader.ts";
import type { NodeContext } from "../executor.ts";
import { jsonSaid } from "../model-call.ts";

/** What is to be said of an answer: its JSON, or why it does not fit, for the model and for people. Neither where any text fits. */
export interface CheckedAnswer {
  parsed?: Json;
  problem?: string;
}

/** As json-schema.ts has it. */
const limitMs = 250;
const mostProblems = 5;

/** Checks an answer against a response format as the OpenAI API has it. */
export async function answerCheck(context: NodeContext, format: JsonObject | undefined, text: string): Promise<CheckedAnswer> {
  const type = format?.["type"];
  if (type !== "json_object" && type !== "json_schema") return {};
  const parsed = await jsonSaid(text, () => {});
  if (parsed instanceof JsonProblem) return { problem: parsed.excess === undefined ? "It is no JSON." : `It ${parsed.excess}.` };
  const schema = isJsonObject(format?.["json_schema"]) ? format["json_schema"]["schema"] : undefined;
  if (!isJsonObject(schema)) return { parsed };
  const problem = await problemOf(context, schema, parsed);
  return problem === undefined ? { parsed } : { problem };
}

async function problemOf({ tenantId, signal }: NodeContext, schema: JsonObject, value: Json): Promise<string | undefined> {
  const problems = await checkedValue({ tenantId, signal, whenBusy: "wait" }, schema, value);
  if (problems === undefined) return `It cannot be checked against the schema within ${limitMs} ms.`;
  if (problems.length === 0) return undefined;
  const told = problems.slice(0, mostProblems);
  return told.map(({ path, message }) => `${path}: ${message}`).join(" ");
}
