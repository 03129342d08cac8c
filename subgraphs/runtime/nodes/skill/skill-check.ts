/** What goes into a skill, and what comes out, by the schemas of its version: all that is wrong at once. */
import { fieldProblem, type FieldProblem } from "#shared/json/form-answers.ts";
import { problemsShown } from "#shared/json/form.ts";
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { checkedValue } from "#shared/json/schema-checks.ts";
import type { NodeContext, NodeOutcome } from "../executor.ts";
import { failed } from "../outcome.ts";
import type { FrozenSkill } from "./skill-frozen.ts";

/** The input, with the defaults that its schema gives for what it does not have. */
export function withDefaults({ parameters }: Pick<FrozenSkill, "parameters">, input: JsonObject): JsonObject {
  const { properties } = parameters;
  if (!isJsonObject(properties)) return input;
  const given = Object.entries(properties).flatMap(([name, schema]) =>
    !Object.hasOwn(input, name) && isJsonObject(schema) && schema["default"] !== undefined ? [[name, schema["default"]] as const] : [],
  );
  return given.length === 0 ? input : { ...input, ...Object.fromEntries(given) };
}

/** The failure of an input that does not fit; undefined: it does. */
export function inputMisfit(context: NodeContext, { code, parameters }: FrozenSkill, input: JsonObject): Promise<NodeOutcome | undefined> {
  const said = { code: "SKILL_INPUT_INVALID", what: `The input does not fit what the skill ${code} takes` };
  return misfit(context, { type: "object", ...parameters }, input, said);
}

/** The failure of an output that does not fit; undefined: it does. */
export function outputMisfit(context: NodeContext, { code, output }: FrozenSkill, value: Json): Promise<NodeOutcome | undefined> {
  return misfit(context, output, value, {
    code: "SKILL_OUTPUT_INVALID",
    what: `The skill ${code} gave what does not fit its outputSchema`,
  });
}

async function misfit(
  { tenantId, signal }: NodeContext,
  schema: JsonObject,
  value: Json,
  { code, what }: { code: string; what: string },
): Promise<NodeOutcome | undefined> {
  if (Object.keys(schema).length === 0) return undefined;
  const found = await checkedValue({ tenantId, signal, whenBusy: "wait" }, schema, value);
  if (found === undefined) return failed({ code, message: `${what}: to find that out takes too long.` });
  if (found.length === 0) return undefined;
  const problems: FieldProblem[] = found.map(fieldProblem);
  const outputJson = { problems: problems.map((problem) => ({ ...problem })), ...(code === "SKILL_OUTPUT_INVALID" && { output: value }) };
  return failed({ code, message: `${what}: ${problemsShown(problems)}`, outputJson });
}
