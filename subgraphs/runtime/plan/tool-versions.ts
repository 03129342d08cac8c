/**
 * Tool calls are frozen by reference: a run calls the versions that were current when it was created, with the secrets of the day. Whether a person is asked before is
 * frozen as it was then: by the binding, or by the node, and neither takes back what the other asks. So is the tool's code, by which a person is told what they approve of.
 */
import type { SubgraphCaller } from "#shared/endpoint/caller.ts";
import type { RequestInfo } from "#shared/request-info.ts";
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import type { PlanDocument, PlanNode } from "../engine/plan.ts";
import { runtimeErrors } from "../errors.ts";
import { allNodes, bodyDocument, graphsOf } from "./document-nodes.ts";
import { findToolReference, type ToolFound, type ToolReference } from "../client/tool.client.ts";

/** Side by side; a document may have 2,000 tool nodes. */
const lookupsAtOnce = 20;

/**
 * The document with `tool_version_id`, `tool_code`, and `requires_approval` of the binding, in the config of every node that calls a tool of the platform. A node that names a version keeps it.
 *
 * @throws AppError TOOL_NOT_FOUND, TOOL_BINDING_NOT_FOUND, TOOL_ARCHIVED, TOOL_VERSION_MISSING
 */
export async function freezeToolVersions(call: SubgraphCaller, info: RequestInfo, document: PlanDocument): Promise<PlanDocument> {
  const references = Map.groupBy(
    graphsOf(document)
      .flatMap(allNodes)
      .filter((node) => openReference(node) !== undefined),
    referenceKey,
  );
  if (references.size === 0) return document;
  const versions = new Map<string, FrozenTool>();
  const waiting = [...references];
  for (let batch = waiting.splice(0, lookupsAtOnce); batch.length > 0; batch = waiting.splice(0, lookupsAtOnce)) {
    await Promise.all(batch.map(async ([key, [node]]) => versions.set(key, await frozenTool(call, info, node!))));
  }
  return withVersions(document, versions);
}

/** What is frozen of a reference. */
interface FrozenTool {
  /** undefined: the node names it. */
  version: string | undefined;
  /** undefined: there is no such tool any more, which the call says. */
  code: string | undefined;
  /** The binding's `requires_approval`. */
  policy: Json | undefined;
}

function withVersions(document: PlanDocument, versions: ReadonlyMap<string, FrozenTool>): PlanDocument {
  const frozen = (node: PlanNode): PlanNode => {
    const body = bodyDocument(node);
    if (body !== undefined) return { ...node, config: { ...node.config, body: withVersions(body, versions) as unknown as JsonObject } };
    return openReference(node) ? { ...node, config: frozenConfig(node, versions.get(referenceKey(node))!) } : node;
  };
  const workflows = Object.entries(document.workflows ?? {}).map(([id, workflow]) => [id, withVersions(workflow, versions)]);
  return { ...document, nodes: document.nodes.map(frozen), ...(workflows.length > 0 && { workflows: Object.fromEntries(workflows) }) };
}

function frozenConfig({ config }: PlanNode, { version, code, policy }: FrozenTool): JsonObject {
  const requires = eitherPolicy(config["requires_approval"], policy);
  const frozenVersion = config["tool_version_id"] || version;
  return {
    ...config,
    ...(frozenVersion !== undefined && { tool_version_id: frozenVersion }),
    // Not the one that the node may give beside an id: that is not what is called.
    ...(code !== undefined && { tool_code: code }),
    ...(requires !== undefined && { requires_approval: requires }),
  };
}

/** A person is asked where one of them says so. What is too long together, or no expression, fails the node, and lets nothing through. */
export function eitherPolicy(own: Json | undefined, bound: Json | undefined): true | string | undefined {
  const [a, b] = [own, bound].filter((policy): policy is true | string => policy === true || typeof policy === "string");
  if (a === true || b === true) return true;
  return b === undefined ? a : `(${a}) || (${b})`;
}

/** What is to be looked up of a node's call: which tool and version, and what its binding says. undefined where nobody needs to know, and for one that names no tool: that is plain HTTP. */
function openReference({ type, config }: PlanNode): ToolReference | undefined {
  const { tool_binding_id: binding, tool_id: id, tool_code: code, tool_version_id: version } = config;
  if (type === "tool" && binding) return { toolBindingId: String(binding) };
  if (type !== "tool") return undefined;
  // The call finds out whether there is such a version; only who is asked has to be told whose it is.
  if (version) return config["requires_approval"] ? { toolVersionId: String(version) } : undefined;
  if (id) return { toolId: String(id) };
  return code ? { toolCode: String(code) } : undefined;
}

function referenceKey(node: PlanNode): string {
  return JSON.stringify(openReference(node));
}

async function frozenTool(call: SubgraphCaller, info: RequestInfo, node: PlanNode): Promise<FrozenTool> {
  const reference = openReference(node)!;
  const found = await findToolReference(call, info, reference);
  if ("toolVersionId" in reference) return { version: undefined, code: found.toolVersion?.tool?.code, policy: undefined };
  if ("toolBindingId" in reference) {
    const { toolBinding } = found;
    if (toolBinding == null || toolBinding.deletedAt !== null)
      throw runtimeErrors.TOOL_BINDING_NOT_FOUND({ id: reference.toolBindingId, nodeId: node.id });
    const policy = isJsonObject(toolBinding.config) ? toolBinding.config["requires_approval"] : undefined;
    const { tool, toolVersion } = toolBinding;
    return { version: usableVersion(tool, toolVersion, node.id), code: tool.code, policy };
  }
  const tool = "toolId" in reference ? found.tool : found.toolByCode;
  if (tool == null)
    throw runtimeErrors.TOOL_NOT_FOUND({ id: "toolId" in reference ? reference.toolId : reference.toolCode, nodeId: node.id });
  return { version: usableVersion(tool, null, node.id), code: tool.code, policy: undefined };
}

function usableVersion(tool: ToolFound, bound: { id: string } | null, nodeId: string): string {
  const { id } = tool;
  if (tool.deletedAt !== null) throw runtimeErrors.TOOL_NOT_FOUND({ id, nodeId });
  if (tool.status === "ARCHIVED") throw runtimeErrors.TOOL_ARCHIVED({ id, nodeId });
  const version = bound ?? tool.latestVersion;
  if (version === null) throw runtimeErrors.TOOL_VERSION_MISSING({ id, nodeId });
  return version.id;
}
