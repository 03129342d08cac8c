/**
 * Whether a person is to be asked before a tool is called: `requires_approval` of the node or of its binding, frozen with the plan. What the person sees is what is called:
 * the arguments are kept with the question, and the call is made with those, whatever the templates would give by then.
 */
import { toolConfig } from "#shared/dsl/configs.ts";
import { nodeSpecs } from "#shared/dsl/node-specs.ts";
import { renderConfig } from "#shared/dsl/render-config.ts";
import { compileExpression } from "#shared/expression/expression.ts";
import type { FieldProblem } from "#shared/json/form-answers.ts";
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { hiddenValue, shownRequestConfig, shownUrl } from "#shared/secret/credentials.ts";
import { climbs } from "#shared/url-path.ts";
import { evaluatedNode, type Given } from "../evaluation/evaluation.ts";
import type { Approval, NodeExecutor, NodeOutcome, NodeScope } from "../executor.ts";
import { approvalBytes, waiting, waitOf } from "./waiting.ts";

/** What of a call is no argument of a tool: what a person sees of a plain request, and may change. Not headers, which may hold credentials, nor which tool it is. */
const requestKeys = ["method", "url", "base_url", "path", "query", "body"] as const;

/** The question of a call that a person is to approve of; `allowed` where the policy does not hold. */
export function askApproval({ config, scope }: Given): NodeOutcome {
  const rendered = renderConfig("tool", config, scope);
  const { assignees, wait_seconds: wait, tool_binding_id, tool_code, tool_id, tool_version_id } = toolConfig.parse(rendered);
  const request = requestOf(rendered);
  const shown = shownRequestConfig(request);
  const isRequest = !isJsonObject(rendered["arguments"]);
  const asked = isJsonObject(rendered["arguments"]) ? rendered["arguments"] : shown;
  if (!isPolicyHeld(config["requires_approval"], scope, asked)) return { kind: "allowed" };
  const name =
    tool_code ??
    tool_binding_id ??
    tool_id ??
    tool_version_id ??
    shownAddress(request["url"]) ??
    shownAddress(request["base_url"]) ??
    "http";
  const question = {
    tool: { name, ...(tool_version_id !== undefined && { version: tool_version_id }), ...(isRequest && { isRequest }) },
    ...(!isRequest && Object.keys(shown).length > 0 && { text: `Beside the arguments, the request has ${JSON.stringify(shown)}` }),
    arguments: asked,
    request,
    ...(assignees !== undefined && { assignees: assignees as string[] }),
  };
  return waiting({ reason: "APPROVAL", question, ...waitOf(wait) }, approvalBytes);
}

/** Whether a policy wants a person to be asked of a call with such arguments. @throws AppError EXPRESSION_…: a policy that cannot be worked out lets nothing through */
export function isPolicyHeld(policy: Json | undefined, scope: NodeScope, asked: JsonObject): boolean {
  if (typeof policy !== "string") return policy === true;
  return compileExpression(policy, nodeSpecs.tool.names).test(scope, { arguments: asked });
}

function requestOf(rendered: JsonObject): JsonObject {
  return Object.fromEntries(requestKeys.flatMap((key) => (rendered[key] === undefined ? [] : [[key, rendered[key]]])));
}

/** A URL as it stands, or, where it has credentials, without them. */
function shownAddress(address: Json | undefined): string | undefined {
  if (typeof address !== "string" || !URL.canParse(address)) return typeof address === "string" ? address : undefined;
  const shown = shownUrl(new URL(address));
  return shown === new URL(address).href ? address : shown;
}

/** The config that a call is made with after it was approved of: its request is that of the question, whatever the templates would give by now. */
export function approvedConfig(rendered: JsonObject, approval: Approval | undefined): JsonObject {
  const { arguments: decided, request = requestOf(rendered) } = approval ?? {};
  if (decided === undefined) return rendered;
  const rest = Object.fromEntries(Object.entries(rendered).filter(([key]) => !isRequestKey(key)));
  if (isJsonObject(rendered["arguments"])) return { ...rest, ...request, arguments: decided };
  const shown = shownRequestConfig(request);
  const changed = Object.entries(decided).filter(([key]) => isRequestKey(key));
  return {
    ...rest,
    ...request,
    ...Object.fromEntries(changed.map(([key, value]) => [key, unhide(value, { shown: shown[key], own: request[key] })])),
  };
}

function isRequestKey(key: string): boolean {
  return (requestKeys as readonly string[]).includes(key);
}

/** What is wrong with the parts of a request that a person has changed; `shown`: as they saw it. */
export function requestProblems(changed: JsonObject, shown: JsonObject): FieldProblem[] {
  const unknown = Object.keys(changed)
    .filter((key) => !isRequestKey(key))
    .map((key) => ({ field: `/${key}`, message: `It is no part of the request: give some of ${requestKeys.join(", ")}.` }));
  const misfits = toolConfig.safeParse({ tool_code: "it", ...requestOf(changed) }).error?.issues ?? [];
  const hidden = ["url", "base_url", "query"].filter((key) => isHalfHidden(changed[key], shown[key]));
  // A url counts alone, and a person who changed the others would approve of what they did not mean.
  const idle =
    (changed["url"] ?? shown["url"]) === undefined
      ? []
      : ["base_url", "path"].filter((key) => changed[key] !== undefined && changed[key] !== shown[key]);
  const broken = ["url", "base_url"].flatMap((key) => addressProblem(key, changed[key], shown[key]) ?? []);
  const { path } = changed;
  const isClimbing = typeof path === "string" && path !== shown["path"] && climbs(path);
  const origins = [shown["url"], shown["base_url"]].map(originOf);
  const moved = ["url", "base_url"].filter((key) => originOf(changed[key]) !== undefined && !origins.includes(originOf(changed[key])));
  return [
    ...unknown,
    ...moved.map((key) => ({
      field: `/${key}`,
      message: "It names another origin than was shown, which would get the credentials of the request: keep scheme, host and port.",
    })),
    ...idle.map((key) => ({ field: `/${key}`, message: "The request has a url, which counts alone: change that." })),
    ...broken,
    ...(isClimbing ? [{ field: "/path", message: 'It has the step "..", which would leave base_url: name the path without it.' }] : []),
    ...misfits.map(({ path, message }) => ({ field: `/${path.join("/")}`, message })),
    ...hidden.map((key) => ({
      field: `/${key}`,
      message: `A credential of it is ${hiddenValue}: leave it as it was shown, or write all of it.`,
    })),
  ];
}

/** What the tool would be called with in vain: the answer is used up then. */
function addressProblem(key: string, value: Json | undefined, shown: Json | undefined): FieldProblem | undefined {
  // An empty one is a misfit.
  if (typeof value !== "string" || value === "" || value === shown) return undefined;
  const field = `/${key}`;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") return { field, message: "It is no http or https URL: write all of it." };
  if (url.username === "" && url.password === "") return undefined;
  return { field, message: "It carries credentials, which a person does not give a call: leave them out." };
}

function originOf(value: Json | undefined): string | undefined {
  return typeof value === "string" && URL.canParse(value) ? new URL(value).origin : undefined;
}

/** A credential that was not shown stands in something that was changed: nobody knows any more what it was. */
function isHalfHidden(changed: Json | undefined, shown: Json | undefined): boolean {
  if (typeof changed === "string") return changed !== shown && changed.includes(hiddenValue);
  if (!isJsonObject(changed)) return false;
  const before = isJsonObject(shown) ? shown : {};
  return Object.entries(changed).some(([name, value]) => isHalfHidden(value, before[name]));
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
