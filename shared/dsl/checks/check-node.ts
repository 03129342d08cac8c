import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { nodeIdPattern, nodeOptions, retryPolicy } from "../document.ts";
import { problemOf, show, type IssueList } from "../issue.ts";
import { canonicalNodeType, nodeTypeAliases, nodeTypes } from "../node-types.ts";
import { nodeSpecs, type NodeSpec } from "../node-specs.ts";
import { suggester } from "../suggest.ts";

/** A node as far as it can be used by the checks that follow. */
export interface CheckedNode {
  /** Its place in the document. */
  index: number;
  id: string;
  /** Canonical; of an unknown type, what stands there. */
  type: string;
  /** Null for a node of unknown type. */
  spec: NodeSpec | null;
  config: JsonObject;
  /** The node's own timeout_seconds, whatever it is. */
  timeoutSeconds: Json | undefined;
  /** Of a branching node with this config; none for any other. */
  routes: readonly string[];
  /** What becomes of its failure. */
  onError: "fail" | "branch" | "default";
  /** The condition of its retry, if it has one. */
  retryWhen: string | undefined;
}

/** Types beside the public ones, by name; tests have a type that waits. */
export type ExtraTypes = Readonly<Record<string, NodeSpec>>;

// Beside what nodeOptions has: what editors keep.
const knownKeys = new Set(["id", "type", "config", "description", "position", "metadata", ...Object.keys(nodeOptions.shape)]);

/** Checks what a node says about itself; null when it has no usable id. */
export function checkNode(node: Json, index: number, extraTypes: ExtraTypes, issues: IssueList): CheckedNode | null {
  const at = ["nodes", index];
  if (!isJsonObject(node)) {
    issues.error("NODE_INVALID", at, `A node is an object { id, type, config }, not ${show(node)}.`);
    return null;
  }
  const { id, type, config = {} } = node;
  const name = typeof id === "string" ? id : `number ${index}`;
  checkId(id, index, issues);
  checkOptions(node, name, at, issues);
  const spec = specOf(type, extraTypes);
  if (spec !== null && isOwnRun(node, spec)) checkOwnRunOptions(node, name, at, issues);
  else if (spec?.isComposite === true || spec?.isDriven === true) checkCompositeOptions(node, { name, spec }, at, issues);
  if (spec?.isWait === true) checkWaitOptions(node, name, at, issues);
  if (spec === null) reportUnknownType(type, name, extraTypes, at, issues);
  if (!isJsonObject(config))
    issues.error("CONFIG_INVALID", [...at, "config"], `The config of node ${name} is an object, not ${show(config)}.`);
  const usable = isJsonObject(config) ? config : {};
  if (spec !== null && isJsonObject(config)) checkConfig({ name, type: type as string, spec, config }, [...at, "config"], issues);
  if (typeof id !== "string") return null;
  const routes = spec?.routes(usable) ?? [];
  checkDefault({ name, routes, onError: node["on_error"] }, at, issues);
  const known = { index, id, type: canonicalName(type, extraTypes), spec, config: usable, timeoutSeconds: node["timeout_seconds"] };
  return { ...known, routes, onError: handlingOf(node["on_error"]), retryWhen: retryWhenOf(node["retry"]) };
}

function handlingOf(onError: Json | undefined): CheckedNode["onError"] {
  if (onError === "branch") return "branch";
  return isJsonObject(onError) ? "default" : "fail";
}

function retryWhenOf(retry: Json | undefined): string | undefined {
  const when = isJsonObject(retry) ? retry["when"] : undefined;
  return typeof when === "string" && when !== "" ? when : undefined;
}

/** A default that stands for a branching node's output says which way it goes on. */
function checkDefault(
  { name, routes, onError }: { name: string; routes: readonly string[]; onError: Json | undefined },
  at: readonly PropertyKey[],
  issues: IssueList,
): void {
  const given = isJsonObject(onError) ? onError["default"] : undefined;
  if (routes.length === 0 || !isJsonObject(given)) return;
  const json = given["output_json"];
  const route = isJsonObject(json) ? json["route"] : undefined;
  if (typeof route === "string" && routes.includes(route)) return;
  const known = routes.map((one) => `"${one}"`).join(" or ");
  const found = route === undefined ? "it is missing" : `it is ${show(route)}`;
  const message = `on_error.default.output_json.route of node ${name} says on which route the run goes on: ${known}; ${found}.`;
  issues.error("NODE_INVALID", [...at, "on_error", "default", "output_json", "route"], message);
}

function checkId(id: Json | undefined, index: number, issues: IssueList): void {
  if (typeof id === "string" && nodeIdPattern.test(id)) return;
  const rule = "1 to 64 letters, digits, _ or -";
  const found = id === undefined ? "it has none" : `${show(id)} is not`;
  issues.error("NODE_ID_INVALID", ["nodes", index, "id"], `The id of node number ${index} must be ${rule}; ${found}.`);
}

function checkOptions(node: JsonObject, name: string, at: readonly PropertyKey[], issues: IssueList): void {
  for (const key of Object.keys(node)) {
    if (knownKeys.has(key)) continue;
    const known = [...knownKeys].join(", ");
    issues.warning("NODE_UNKNOWN_KEY", [...at, key], `Node ${name} has ${key}, which means nothing here; a node has ${known}.`);
  }
  const retry = node["retry"];
  for (const key of isJsonObject(retry) ? Object.keys(retry) : []) {
    if (key in retryPolicy.shape) continue;
    const known = Object.keys(retryPolicy.shape).join(", ");
    issues.warning(
      "NODE_UNKNOWN_KEY",
      [...at, "retry", key],
      `The retry of node ${name} has ${key}, which means nothing here; it has ${known}.`,
    );
  }
  if (node["at_most_once"] === true && retryWhenOf(retry) !== undefined) {
    const message = `Node ${name} is at_most_once and has retry.when, which would make a call again that took effect. Remove one of them.`;
    issues.error("NODE_INVALID", [...at, "retry", "when"], message);
  }
  const parsed = nodeOptions.safeParse(node);
  for (const issue of parsed.error?.issues ?? []) {
    const path = issue.path.map(String).join(".");
    const value = valueAt(node, issue.path);
    const problem = value === undefined ? "it is missing." : `${problemOf(issue)}. It is ${show(value)}.`;
    issues.error("NODE_INVALID", [...at, ...issue.path], `${path} of node ${name}: ${problem}`);
  }
}

/** Whether a node works as a run of its own. */
function isOwnRun({ config }: JsonObject, { keys }: NodeSpec): boolean {
  return keys.includes("mode") && isJsonObject(config) && config["mode"] === "run";
}

/** What walks a graph, an agent, and a team, is not tried again as a whole, and has no time of its own: its nodes are and have, and an agent's calls. */
function checkCompositeOptions(
  node: JsonObject,
  { name, spec }: { name: string; spec: NodeSpec },
  at: readonly PropertyKey[],
  issues: IssueList,
): void {
  const type = String(node["type"]);
  const isAgent = spec.isDriven === true;
  const graph = type === "sub-workflow" ? "workflow" : "body";
  const asRun = spec.keys.includes("mode") ? ', or let it be a run of its own: "mode": "run" in its config' : "";
  const instead = `${isAgent ? "its model calls are tried again by themselves" : `give retry to the nodes of its ${graph}`}${asRun}`;
  if (node["retry"] !== undefined)
    issues.error("COMPOSITE_RETRY", [...at, "retry"], `Node ${name} (${type}) cannot be tried again as a whole; ${instead}.`);
  const where = isAgent ? `${type === "team" ? "a team" : "an agent"} has none` : `give it to the nodes of its ${graph}`;
  for (const key of ["at_most_once", "timeout_seconds"]) {
    if (node[key] === undefined) continue;
    issues.error(
      "NODE_INVALID",
      [...at, key],
      `${key} of node ${name} (${type}): it is for nodes that are executed; ${where}${key === "timeout_seconds" ? asRun : ""}.`,
    );
  }
}

/** A run of its own is tried again by another, and is cancelled where it takes too long; one that nobody waits for has neither. */
function checkOwnRunOptions(node: JsonObject, name: string, at: readonly PropertyKey[], issues: IssueList): void {
  const type = String(node["type"]);
  const isDetached = isJsonObject(node["config"]) && node["config"]["detached"] === true;
  if (!isDetached && retryWhenOf(node["retry"]) !== undefined) {
    const message = `retry.when of node ${name} (${type}) is asked of calls, and a run of its own is none: give it to a node of that run.`;
    issues.error("NODE_INVALID", [...at, "retry", "when"], message);
  }
  for (const key of isDetached ? ["retry", "at_most_once", "timeout_seconds"] : ["at_most_once"]) {
    if (node[key] === undefined) continue;
    const why = isDetached
      ? "nobody waits for a detached run; give them to the nodes of its workflow"
      : "it is for nodes that are executed; give it to the nodes of the run that it makes";
    issues.error("NODE_INVALID", [...at, key], `${key} of node ${name} (${type}): ${why}.`);
  }
}

/** What waits makes no attempts: how long it waits is in its config. */
function checkWaitOptions(node: JsonObject, name: string, at: readonly PropertyKey[], issues: IssueList): void {
  const type = String(node["type"]);
  const instead = type === "delay" ? "config.seconds or config.until says how long it waits" : "config.wait_seconds says how long it waits";
  for (const key of ["timeout_seconds", "retry", "at_most_once"]) {
    if (node[key] === undefined) continue;
    const next = key === "timeout_seconds" ? instead : "it calls nothing that could fail";
    issues.error("NODE_INVALID", [...at, key], `${key} of node ${name} (${type}) is for nodes that are executed: ${next}. Remove it.`);
  }
}

function specOf(type: Json | undefined, extraTypes: ExtraTypes): NodeSpec | null {
  if (typeof type !== "string") return null;
  const canonical = canonicalNodeType(type);
  if (canonical !== undefined) return nodeSpecs[canonical];
  return Object.hasOwn(extraTypes, type) ? (extraTypes[type] ?? null) : null;
}

function canonicalName(type: Json | undefined, extraTypes: ExtraTypes): string {
  const name = typeof type === "string" ? type : "";
  return Object.hasOwn(extraTypes, name) ? name : (canonicalNodeType(name) ?? name);
}

function reportUnknownType(
  type: Json | undefined,
  name: string,
  extraTypes: ExtraTypes,
  at: readonly PropertyKey[],
  issues: IssueList,
): void {
  const known = [...nodeTypes, ...Object.keys(nodeTypeAliases), ...Object.keys(extraTypes)];
  const found = type === undefined ? "has no type" : `is of type ${show(type)}, which does not exist`;
  const meant = typeof type === "string" ? suggester(known)(type) : undefined;
  const hint = meant === undefined ? "" : `; did you mean ${meant}`;
  issues.error("NODE_TYPE_UNKNOWN", [...at, "type"], `Node ${name} ${found}${hint}; types are ${known.join(", ")}.`);
}

interface ConfigInQuestion {
  name: string;
  type: string;
  spec: NodeSpec;
  config: JsonObject;
}

function checkConfig({ name, type, spec, config }: ConfigInQuestion, at: readonly PropertyKey[], issues: IssueList): void {
  const suggest = suggester(spec.keys);
  for (const key of Object.keys(config)) {
    if (spec.keys.includes(key)) continue;
    const meant = suggest(key);
    const hint = meant === undefined ? `it knows ${spec.keys.join(", ")}` : `did you mean ${meant}`;
    issues.warning("CONFIG_UNKNOWN_KEY", [...at, key], `Node ${name} (${type}) has config.${key}, which is ignored; ${hint}.`);
  }
  for (const [used, ignored] of spec.precedence) {
    if (config[used] === undefined || config[ignored] === undefined) continue;
    issues.warning("CONFIG_IGNORED", [...at, ignored], `Node ${name} has config.${used} as well, so config.${ignored} is ignored.`);
  }
  for (const issue of spec.config.safeParse(config).error?.issues ?? []) {
    const field = ["config", ...issue.path.map(String)].join(".");
    const value = valueAt(config, issue.path);
    const missing = value === undefined || issue.path.length === 0;
    const found = missing ? "" : ` It is ${show(value)}.`;
    const message = missing && issue.code === "invalid_type" ? "it is missing" : problemOf(issue);
    issues.error(
      missing ? "CONFIG_MISSING" : "CONFIG_INVALID",
      [...at, ...issue.path],
      `${field} of node ${name} (${type}): ${message}.${found}`,
    );
  }
}

function valueAt(object: JsonObject, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | null | undefined)?.[key], object);
}
