import { renderConfig } from "#shared/dsl/render-config.ts";
import { isJsonObject, type JsonObject } from "#shared/json.ts";
import { problemsShown, schemaProblems } from "#shared/json/form.ts";
import { isSimpleSchema } from "#shared/json/simple-schema.ts";
import { evaluatedNode, type Given } from "./evaluation.ts";
import type { NodeOutcome } from "./executor.ts";
import { completed, failed } from "./outcome.ts";

/** Renders `input`, when the node opens, to what its workflow is given, and checks it by the workflow's `input_schema`. */
export function give({ config, scope }: Given): NodeOutcome {
  const { input } = renderConfig("sub-workflow", config, scope);
  if (isJsonObject(input)) return misfit(config["input_schema"] as JsonObject | undefined, input) ?? completed({ outputJson: [input] });
  const found = input === null || input === undefined ? "nothing" : `${JSON.stringify(input).slice(0, 80)}, which is no object`;
  return failed({
    code: "NODE_CONFIG_INVALID",
    message: `config.input gives ${found}; give an object, such as { "order": "{{ input.order }}" }.`,
  });
}

function misfit(schema: JsonObject | undefined, input: JsonObject): NodeOutcome | undefined {
  if (schema === undefined) return undefined;
  const problems = schemaProblems(schema, input);
  if (problems === undefined)
    return failed({ code: "INPUT_CHECK_TOO_SLOW", message: "Checking config.input by the input_schema of its workflow takes too long." });
  if (problems.length === 0) return undefined;
  return failed({
    code: "INPUT_INVALID",
    message: `config.input does not fit the input_schema of its workflow: ${problemsShown(problems)}`,
    outputJson: { problems: problems.map((problem) => ({ ...problem })) },
  });
}

/** One object a plan, however often the node runs. */
const quickSchemas = new WeakMap<JsonObject, boolean>();

function isQuick({ input_schema: schema }: JsonObject): boolean {
  if (!isJsonObject(schema)) return true;
  const known = quickSchemas.get(schema) ?? isSimpleSchema(schema);
  quickSchemas.set(schema, known);
  return known;
}

/** `sub-workflow`: runs another workflow version as a part of the run. What it computes is its input; the engine does the rest (engine/drive.ts). */
export const subWorkflowNode = evaluatedNode("sub-workflow", give, isQuick);
