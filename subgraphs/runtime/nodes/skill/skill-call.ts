/**
 * Does a skill with an input, for a node of a workflow, a run of its own, or an agent that calls it. A program, a tool and a model are called as nodes call them, with a
 * config that is made of the skill; so limits, spans, dry runs and retries are the same.
 */
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { JsonProblem, readJsonInTurns } from "#shared/json-reader.ts";
import { dollarsToLiquid, missingParameters, renderDollars } from "#shared/template/dollars.ts";
import { codeNode } from "../code.node.ts";
import type { NodeContext, NodeOutcome, NodeScope } from "../executor.ts";
import { llmNode } from "../llm.node.ts";
import { otherContext } from "../other-context.ts";
import { completed, failed } from "../outcome.ts";
import { inputMisfit, outputMisfit, withDefaults } from "./skill-check.ts";
import { folderCall } from "./skill-folder.ts";
import type { FrozenSkill } from "./skill-frozen.ts";
import { toolNode } from "../tool.node.ts";

/** The input of the skill, where the config of a node is made of it: values are never read as templates. */
const wholeInput = "{{ input }}";

/**
 * Checks the input, does the skill, and checks what comes of it. output_json is what its outputSchema describes; output_text is a text that it gave, or printed.
 *
 * @param asked  hears what a model call of the skill has used, as an llm node has it
 * @throws AppError as the nodes of its kind
 */
export async function callSkill(
  context: NodeContext,
  skill: FrozenSkill,
  given: JsonObject,
  asked: (usage: Json) => void = () => {},
): Promise<NodeOutcome> {
  const input = withDefaults(skill, given);
  const wrong = (await inputMisfit(context, skill, input)) ?? missing(skill, input);
  if (wrong !== undefined) return wrong;
  const outcome = await done(context, skill, input);
  if ((outcome.kind === "completed" || outcome.kind === "failed") && outcome.usage !== undefined)
    asked((isJsonObject(outcome.outputJson) ? outcome.outputJson["usage"] : undefined) ?? null);
  if (outcome.kind !== "completed" || isDry(outcome.outputJson)) return outcome;
  const value = await resultOf(skill, outcome);
  const misfit = await outputMisfit(context, skill, value);
  if (misfit === undefined) return completed({ ...outcome, outputJson: value });
  // A model that said what does not fit is paid for.
  return { ...misfit, ...(outcome.usage && { usage: outcome.usage }) };
}

function done(context: NodeContext, skill: FrozenSkill, input: JsonObject): NodeOutcome | Promise<NodeOutcome> {
  const { implementation } = skill;
  const scope = skillScope(context, input);
  const as = (config: JsonObject): NodeContext => otherContext(context, { config, scope });
  switch (skill.runtime_type) {
    case "TEMPLATE":
      return completed({ outputText: renderDollars(textOf(implementation["template"]), input) });
    case "CODE":
      return codeNode.run(as(configOf(skill, codeConfig)));
    case "HTTP":
      return toolNode.run(as(toolConfigOf(skill)));
    case "PROMPT":
      return llmNode.run(as(configOf(skill, promptConfig)));
    case "FOLDER":
      return folderCall(context, skill, input);
  }
}

/** What the config sees that is made of a skill: its input, and nothing of the run around it. */
export function skillScope({ scope }: NodeContext, input: JsonObject): NodeScope {
  return { ...scope, input, nodes: {}, state: {} };
}

/** What a skill's template needs and is not given. */
function missing({ code, runtime_type: type, implementation }: FrozenSkill, input: JsonObject): NodeOutcome | undefined {
  if (type !== "TEMPLATE" && type !== "PROMPT") return undefined;
  const texts = type === "TEMPLATE" ? [implementation["template"]] : [implementation["system_prompt"], implementation["prompt"]];
  const names = [...new Set(texts.flatMap((text) => missingParameters(textOf(text), input)))];
  if (names.length === 0) return undefined;
  const message = `The skill ${code} needs ${names.join(", ")}, and the input has no such ${names.length === 1 ? "key" : "keys"}.`;
  return failed({
    code: "SKILL_PARAMETER_MISSING",
    message,
    outputJson: { problems: names.map((name) => ({ field: `/${name}`, message })) },
  });
}

/** One object a skill: what is known of a config, such as what its texts read, is kept by it. */
const configs = new WeakMap<FrozenSkill, JsonObject>();

function configOf(skill: FrozenSkill, make: (skill: FrozenSkill) => JsonObject): JsonObject {
  let config = configs.get(skill);
  if (config === undefined) configs.set(skill, (config = make(skill)));
  return config;
}

/** The config of the tool that an HTTP skill calls. */
export function toolConfigOf(skill: FrozenSkill): JsonObject {
  return configOf(skill, ({ implementation, tool_version_id: version, tool_code: code, requires_approval: policy }) => ({
    ...implementation,
    arguments: implementation["arguments"] ?? wholeInput,
    ...(version !== undefined && { tool_version_id: version }),
    ...(code !== undefined && { tool_code: code }),
    ...(policy !== undefined && { requires_approval: policy }),
  }));
}

function codeConfig({ implementation }: FrozenSkill): JsonObject {
  const { language, code, timeout_seconds: timeout } = implementation;
  return { language, code, input_json: wholeInput, ...(timeout != null && { timeout_seconds: timeout }) };
}

function promptConfig({ implementation, output }: FrozenSkill): JsonObject {
  const { prompt, system_prompt: system, response_format: format, ...settings } = implementation;
  const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null));
  const asked = format ?? (takesText(output) ? undefined : { type: "json_schema", json_schema: { name: "answer", schema: output } });
  return {
    ...given,
    prompt: dollarsToLiquid(textOf(prompt)),
    ...(system != null && { system_prompt: dollarsToLiquid(textOf(system)) }),
    ...(asked !== undefined && { response_format: asked }),
  };
}

/** What a skill has given. A text, where JSON is wanted, is read as such; an object that is only described may hold it. */
async function resultOf({ runtime_type: type, output }: FrozenSkill, outcome: Extract<NodeOutcome, { kind: "completed" }>): Promise<Json> {
  const { outputText = "", outputJson } = outcome;
  const made = isJsonObject(outputJson) ? outputJson : {};
  if (type === "CODE") return made["result_json"] ?? null;
  if (type === "HTTP") return typeof made["body"] === "string" ? jsonWanted(output, made["body"]) : (made["body"] ?? null);
  if (type === "FOLDER") return outputJson ?? outputText;
  return made["parsed"] === undefined ? jsonWanted(output, outputText) : made["parsed"];
}

async function jsonWanted(output: JsonObject, text: string): Promise<Json> {
  if (takesText(output)) return text;
  const read = await readJsonInTurns(text, { told: () => {} });
  if (!(read instanceof JsonProblem)) return read;
  return output["type"] === "object" ? { text } : text;
}

/** Whether a text may be what a schema describes, as far as its type says. */
function takesText({ type }: JsonObject): boolean {
  return type === undefined || type === "string" || (Array.isArray(type) && type.includes("string"));
}

function isDry(outputJson: Json | undefined): boolean {
  return isJsonObject(outputJson) && outputJson["dry_run"] === true;
}

function textOf(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}
