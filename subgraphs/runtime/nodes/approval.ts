/**
 * Whether a person is to be asked before a tool is called: `requires_approval` of the node or of its binding, frozen with the plan. What the person sees is what is called:
 * the arguments are kept with the question, and the call is made with those, whatever the templates would give by then.
 */
import { toolConfig } from "#shared/dsl/configs.ts";
import { nodeSpecs } from "#shared/dsl/node-specs.ts";
import { renderConfig } from "#shared/dsl/render-config.ts";
import { compileExpression } from "#shared/expression/expression.ts";
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { hiddenValue, shownRequestConfig } from "#shared/secret/credentials.ts";
import { evaluatedNode, type Given } from "./evaluation.ts";
import type { Approval, NodeExecutor, NodeOutcome, NodeScope } from "./executor.ts";
import { waiting, waitOf } from "./waiting.ts";

/** What of a call is no argument of a tool: what a person sees of a plain request. Not headers, which may hold credentials. */
const requestKeys = ["method", "url", "base_url", "path", "query", "body"] as const;

/** The question of a call that a person is to approve of; `allowed` where the policy does not hold. */
export function askApproval({ config, scope }: Given): NodeOutcome {
  const rendered = renderConfig("tool", config, scope);
  const { assignees, wait_seconds: wait, tool_binding_id, tool_code, tool_id, tool_version_id, url, base_url } = toolConfig.parse(rendered);
  const asked = argumentsOf(rendered);
  if (!isPolicyHeld(config["requires_approval"], scope, asked)) return { kind: "allowed" };
  const name = tool_code ?? tool_binding_id ?? tool_id ?? url ?? base_url ?? "http";
  const question = {
    tool: { name, ...(tool_version_id !== undefined && { version: tool_version_id }) },
    arguments: asked,
    ...(assignees !== undefined && { assignees: assignees as string[] }),
  };
  return waiting({ reason: "APPROVAL", question, ...waitOf(wait) });
}

/** Whether a policy wants a person to be asked of a call with such arguments. @throws AppError EXPRESSION_…: a policy that cannot be worked out lets nothing through */
export function isPolicyHeld(policy: Json | undefined, scope: NodeScope, asked: JsonObject): boolean {
  if (typeof policy !== "string") return policy === true;
  return compileExpression(policy, nodeSpecs.tool.names).test(scope, { arguments: asked });
}

/** The arguments that a tool is called with; of a plain request what there is of it. */
function argumentsOf(rendered: JsonObject): JsonObject {
  const { arguments: given } = rendered;
  if (isJsonObject(given)) return given;
  const parts = requestKeys.flatMap((key) => (rendered[key] === undefined ? [] : [[key, rendered[key]] as const]));
  return shownRequestConfig(Object.fromEntries(parts));
}

/** The config that a call is made with after it was approved of. */
export function approvedConfig(rendered: JsonObject, approval: Approval | undefined): JsonObject {
  if (approval?.arguments === undefined) return rendered;
  if (isJsonObject(rendered["arguments"])) return { ...rendered, arguments: approval.arguments };
  const shown = shownRequestConfig(rendered);
  const unhidden = Object.entries(approval.arguments).map(([key, value]) => [
    key,
    unhide(value, { shown: shown[key], own: rendered[key] }),
  ]);
  return { ...rendered, ...Object.fromEntries(unhidden) };
}

/** Credentials in a URL and its query were not shown; where they were left as they were shown, they are those of the node. */
function unhide(value: Json | undefined, { shown, own }: { shown: Json | undefined; own: Json | undefined }): Json | undefined {
  if (typeof value === "string") return value === shown ? own : value;
  if (!isJsonObject(value) || !isJsonObject(own)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, item === hiddenValue ? (own[name] ?? item) : item]));
}

/** Asks for tools. */
export const toolApproval: NonNullable<NodeExecutor["ask"]> = {
  isNeeded: ({ requires_approval: policy }) => policy === true || typeof policy === "string",
  run: evaluatedNode("tool", askApproval).run,
};
