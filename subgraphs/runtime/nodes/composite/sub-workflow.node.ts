import { isJsonObject, type JsonObject } from "#shared/json.ts";
import { fieldProblem } from "#shared/json/form-answers.ts";
import { problemsShown } from "#shared/json/form.ts";
import { schemaProblems } from "#shared/json/json-schema.ts";
import { isQuickCheck } from "#shared/json/plain-schema.ts";
import { childPlanOf } from "../../engine/child-run.ts";
import { gateHere } from "../evaluation/concurrency-key.ts";
import { evaluatedNode, type Given } from "../evaluation/evaluation.ts";
import type { NodeOutcome } from "../executor.ts";
import { renderHandedOn } from "../handed-on.ts";
import { completed, failed } from "../outcome.ts";

/** Renders `input`, when the node opens, to what its workflow is given, and checks it by the workflow's `input_schema`. */
export function give({ config, scope }: Given): NodeOutcome {
  // Left out it is empty: a run of its own opens with the config as it is.
  const given = { config: { ...config, input: config["input"] ?? {} }, scope };
  const handed = renderHandedOn({ type: "sub-workflow", name: "config.input", code: "SUB_WORKFLOW_TOO_LARGE" }, given);
  if ("refused" in handed) return handed.refused;
  const { input } = handed.rendered;
  if (isJsonObject(input)) {
    return misfit(config["input_schema"] as JsonObject | undefined, input) ?? opened(config, input);
  }
  const found = input === null || input === undefined ? "nothing" : `${JSON.stringify(input).slice(0, 80)}, which is no object`;
  return failed({
    code: "NODE_CONFIG_INVALID",
    message: `config.input gives ${found}; give an object, such as { "order": "{{ input.order }}" }.`,
  });
}

/** The line of a run of its own is known with its input: a key that cannot be computed is this node's failure. */
function opened(config: JsonObject, input: JsonObject): NodeOutcome {
  if (config["mode"] !== "run") return completed({ outputJson: [input] });
  const child = childPlanOf(config);
  if (child?.concurrency === undefined) return { kind: "child", input };
  const facts = { workflowId: child.workflowId ?? child.workflowVersionId ?? "", input, sessionId: undefined };
  return { kind: "child", input, gate: gateHere(child.concurrency, facts) };
}

function misfit(schema: JsonObject | undefined, input: JsonObject): NodeOutcome | undefined {
  if (schema === undefined) return undefined;
  const found = schemaProblems({ type: "object", ...schema }, input);
  if (found === undefined)
    return failed({ code: "INPUT_CHECK_TOO_SLOW", message: "Checking config.input by the input_schema of its workflow takes too long." });
  if (found.length === 0) return undefined;
  const problems = found.map(fieldProblem);
  return failed({
    code: "INPUT_INVALID",
    message: `config.input does not fit the input_schema of its workflow: ${problemsShown(problems)}`,
    outputJson: { problems: problems.map((problem) => ({ ...problem })) },
  });
}

/** Schemas with patterns and references do, and the key of a run that stands in a line. */
function computes(config: JsonObject): boolean {
  const { input_schema: schema } = config;
  if (childPlanOf(config)?.concurrency?.key !== undefined) return true;
  return isJsonObject(schema) && !isQuickCheck(schema, null);
}

/** `sub-workflow`: runs another workflow version as a part of the run, or as a run of its own. What it computes is its input; the engine does the rest (engine/drive.ts). */
export const subWorkflowNode = evaluatedNode("sub-workflow", give, computes);
