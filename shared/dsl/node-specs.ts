/** What validation and rendering need to know of each node type. */
import { isJsonObject, type JsonObject } from "#shared/json.ts";
import type * as z from "zod";
import {
  agentConfig,
  answerConfig,
  assignerConfig,
  callbackConfig,
  codeConfig,
  delayConfig,
  httpRequestConfig,
  humanInputConfig,
  ifElseConfig,
  iterationConfig,
  knowledgeRetrievalConfig,
  listConfig,
  loopConfig,
  memoryConfig,
  llmConfig,
  skillConfig,
  subWorkflowConfig,
  switchConfig,
  teamConfig,
  templateTransformConfig,
  toolConfig,
  variableAggregatorConfig,
} from "./configs.ts";
import type { FrameName } from "#shared/template/scope.ts";
import { canonicalNodeType, type NodeType } from "./node-types.ts";

/** A config field whose texts are templates. */
export interface TemplateField {
  /** Its key; `messages.*.content` is the content of each message. */
  field: string;
  /**
   * text: the template gives text, whatever its values are; in a list or an object each text is one. json: every text in it is a template, and lone expressions keep their type. keys: as
   * json, and a key whose lone expression has no value is left out.
   */
  as: "text" | "json" | "keys";
}

/** A node type as validation and rendering see it. */
export interface NodeSpec {
  config: z.ZodType;
  /** The keys that the config may have. */
  keys: readonly string[];
  /** Everything else in the config is taken literally. */
  templates: readonly TemplateField[];
  /** Config fields that are expressions; `cases.*.expression` is that of each case. */
  expressions: readonly string[];
  /** Names that its expressions see beside the scope. */
  names?: readonly string[];
  /** Its expressions are asked of each item of a list. */
  isEachItem?: boolean;
  /** The routes of a branching node with this config; none for any other. */
  routes: (config: JsonObject) => readonly string[];
  /** Whether it walks a graph of its own: that of `config.body`, or another workflow's. */
  isComposite?: boolean;
  /** Whether its work is node runs that follow from one another, which are tried again by themselves. */
  isDriven?: boolean;
  /** Names that the texts in its body see beside the scope. */
  frameNames?: readonly FrameName[];
  /** Fields whose texts are read in that graph's scope, when all of it has run. */
  within?: readonly string[];
  /** Whether it waits for a person, a caller or a time, and executes nothing. */
  isWait?: boolean;
  /** Whether AGENT_PLATFORM_MAX_TIMEOUT_SECONDS caps its calls. */
  isCapped?: boolean;
  /** Pairs of fields of which, when both are given, the first is used. */
  precedence: readonly (readonly [used: string, ignored: string])[];
}

/** The spec of every type; adding a type to `nodeTypes` without one does not build. */
export const nodeSpecs: Readonly<Record<NodeType, NodeSpec>> = {
  llm: defineNodeSpec(llmConfig, {
    templates: [...texts("system_prompt", "prompt", "messages.*.content", "messages.*.tool_call_id"), ...values("messages.*.tool_calls")],
    precedence: [["max_completion_tokens", "max_tokens"]],
  }),
  tool: defineNodeSpec(toolConfig, {
    templates: [
      ...texts("url", "base_url", "path"),
      ...values("body"),
      ...optionalKeys("query", "headers", "arguments"),
      ...values("assignees"),
    ],
    expressions: ["requires_approval"],
    names: ["arguments"],
    isCapped: true,
  }),
  code: defineNodeSpec(codeConfig, { templates: values("input_json"), isCapped: true }),
  answer: defineNodeSpec(answerConfig.in, { templates: texts("answer", "template"), precedence: [["answer", "template"]] }),
  "if-else": defineNodeSpec(ifElseConfig, { expressions: ["expression"], routes: () => ["true", "false"] }),
  switch: defineNodeSpec(switchConfig, { expressions: ["cases.*.expression"], routes: switchRoutes }),
  assigner: defineNodeSpec(assignerConfig, { templates: values("assignments") }),
  "knowledge-retrieval": defineNodeSpec(knowledgeRetrievalConfig, {
    templates: texts("query_template", "source_url"),
    precedence: [
      ["query", "query_template"],
      ["source_url", "documents"],
    ],
  }),
  memory: defineNodeSpec(memoryConfig, {
    templates: [...texts("scope", "scope_id", "query", "content", "expires_at"), ...values("metadata")],
  }),
  "template-transform": defineNodeSpec(templateTransformConfig, { templates: values("template") }),
  iteration: defineNodeSpec(iterationConfig, {
    templates: values("items", "output"),
    within: ["output"],
    isComposite: true,
    frameNames: ["item", "index"],
  }),
  loop: defineNodeSpec(loopConfig, {
    templates: values("variables", "output"),
    expressions: ["until"],
    within: ["output", "until"],
    isComposite: true,
    frameNames: ["index", "loop"],
  }),
  agent: defineNodeSpec(agentConfig, {
    templates: [...texts("input", "user_id", "session_id", "message_id", "team_id"), ...values("input_json")],
    isDriven: true,
    precedence: [
      ["agent_version_id", "agent_id"],
      ["agent_version_id", "agent_code"],
      ["agent_id", "agent_code"],
    ],
  }),
  team: defineNodeSpec(teamConfig, {
    templates: [...texts("input", "user_id", "session_id", "message_id"), ...values("input_json")],
    isDriven: true,
    precedence: [
      ["team_version_id", "team_id"],
      ["team_version_id", "team_code"],
      ["team_id", "team_code"],
    ],
  }),
  skill: defineNodeSpec(skillConfig, {
    templates: values("input"),
    precedence: [
      ["skill_version_id", "skill_id"],
      ["skill_version_id", "skill_code"],
      ["skill_id", "skill_code"],
    ],
  }),
  "sub-workflow": defineNodeSpec(subWorkflowConfig, {
    templates: values("input"),
    isComposite: true,
    precedence: [["workflow_version_id", "workflow_id"]],
  }),
  list: defineNodeSpec(listConfig, {
    templates: values("items"),
    expressions: ["filter", "sort.by", "unique"],
    names: ["item", "index"],
    isEachItem: true,
  }),
  "variable-aggregator": defineNodeSpec(variableAggregatorConfig, { templates: values("variables") }),
  "http-request": defineNodeSpec(httpRequestConfig, {
    templates: [...texts("method", "url"), ...values("body"), ...optionalKeys("query", "headers")],
    isCapped: true,
  }),
  "human-input": defineNodeSpec(humanInputConfig, {
    templates: [...texts("text"), ...values("form", "assignees")],
    routes: humanRoutes,
    isWait: true,
  }),
  callback: defineNodeSpec(callbackConfig, { templates: texts("text"), routes: callbackRoutes, isWait: true }),
  delay: defineNodeSpec(delayConfig, {
    templates: [...values("seconds"), ...texts("until", "zone")],
    precedence: [
      ["until", "seconds"],
      ["seconds", "zone"],
    ],
    isWait: true,
  }),
};

/** Names that the condition of a retry sees beside the scope: the output of the attempt that it is asked of. */
export const outputNames = ["output", "text"] as const;

/** The condition of a retry (`retry.when`) as a text: that of `{ when }`. */
export const retryWhenSpec: Pick<NodeSpec, "templates" | "expressions" | "names"> = {
  templates: [],
  expressions: ["when"],
  names: outputNames,
};

/** The key of a document's `concurrency` as a text: that of `{ key }`. */
export const concurrencySpec: Pick<NodeSpec, "templates" | "expressions"> = { templates: [], expressions: ["key"] };

/** Whether nodes of a type have a graph in their config. */
export function hasBody({ isComposite, keys }: NodeSpec): boolean {
  return isComposite === true && keys.includes("body");
}

/** Makes a spec, for types of one's own (`validateDsl(document, { extraTypes })`). */
export function defineNodeSpec(config: z.ZodObject, parts: Partial<Omit<NodeSpec, "config" | "keys">> = {}): NodeSpec {
  return { config, keys: Object.keys(config.shape), templates: [], expressions: [], routes: () => [], precedence: [], ...parts };
}

/** Which config fields of a type are templates; aliases count, an unknown type has none. */
export function templateFields(type: string): readonly TemplateField[] {
  const canonical = canonicalNodeType(type);
  return canonical === undefined ? [] : nodeSpecs[canonical].templates;
}

/** The route of a person's only way out, where no actions are named; of a callback that was made in time; and of a wait that is over. */
export const submitRoute = "submit";
export const receivedRoute = "received";
export const timeoutRoute = "timeout";

// Without a choice and without an end of the wait there is nothing to branch on.
function humanRoutes({ actions, wait_seconds: wait }: JsonObject): readonly string[] {
  const ids = Array.isArray(actions)
    ? actions.flatMap((one) => (isJsonObject(one) && typeof one["id"] === "string" ? [one["id"]] : []))
    : [];
  if (wait === undefined) return ids;
  return [...(ids.length === 0 ? [submitRoute] : ids), timeoutRoute];
}

function callbackRoutes({ wait_seconds: wait }: JsonObject): readonly string[] {
  return wait === undefined ? [] : [receivedRoute, timeoutRoute];
}

/** The route of a switch none of whose cases holds. */
export const defaultCase = "default";

function switchRoutes({ cases }: JsonObject): readonly string[] {
  const ids = Array.isArray(cases) ? cases.flatMap((one) => (isJsonObject(one) && typeof one["id"] === "string" ? [one["id"]] : [])) : [];
  return [...ids, defaultCase];
}

function texts(...fields: string[]): TemplateField[] {
  return fields.map((field) => ({ field, as: "text" }));
}

function optionalKeys(...fields: string[]): TemplateField[] {
  return fields.map((field) => ({ field, as: "keys" }));
}

function values(...fields: string[]): TemplateField[] {
  return fields.map((field) => ({ field, as: "json" }));
}
