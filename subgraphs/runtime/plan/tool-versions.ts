/** Tool calls are frozen by reference: a run calls the versions that were current when it was created, with the secrets of the day. */
import type { SubgraphCaller } from "#shared/caller.ts";
import type { RequestInfo } from "#shared/request-info.ts";
import type { PlanDocument, PlanNode } from "../engine/plan.ts";
import { runtimeErrors } from "../errors.ts";
import { findToolReference, type ToolFound } from "../tool.client.ts";

/** Side by side; a document may have 2,000 tool nodes. */
const lookupsAtOnce = 20;

/**
 * The document with `tool_version_id` in the config of every node that calls a tool of the platform. A node that names one keeps it.
 *
 * @throws AppError TOOL_NOT_FOUND, TOOL_BINDING_NOT_FOUND, TOOL_ARCHIVED, TOOL_VERSION_MISSING
 */
export async function freezeToolVersions(call: SubgraphCaller, info: RequestInfo, document: PlanDocument): Promise<PlanDocument> {
  const references = Map.groupBy(document.nodes.filter(isOpenReference), referenceKey);
  if (references.size === 0) return document;
  const versions = new Map<string, string>();
  const waiting = [...references];
  for (let batch = waiting.splice(0, lookupsAtOnce); batch.length > 0; batch = waiting.splice(0, lookupsAtOnce)) {
    await Promise.all(batch.map(async ([key, [node]]) => versions.set(key, await versionOf(call, info, node!))));
  }
  const frozen = (node: PlanNode): PlanNode =>
    isOpenReference(node) ? { ...node, config: { ...node.config, tool_version_id: versions.get(referenceKey(node))! } } : node;
  return { ...document, nodes: document.nodes.map(frozen) };
}

/** True for a node that calls a tool without saying which version. One without tool and binding is plain HTTP. */
function isOpenReference({ type, config }: PlanNode): boolean {
  return type === "tool" && !config["tool_version_id"] && Boolean(config["tool_binding_id"] ?? config["tool_id"]);
}

function referenceKey({ config }: PlanNode): string {
  return JSON.stringify([config["tool_binding_id"] ?? null, config["tool_binding_id"] ? null : config["tool_id"]]);
}

async function versionOf(call: SubgraphCaller, info: RequestInfo, { id: nodeId, config }: PlanNode): Promise<string> {
  if (config["tool_binding_id"]) {
    const id = String(config["tool_binding_id"]);
    const { toolBinding } = await findToolReference(call, info, { toolBindingId: id });
    if (toolBinding == null || toolBinding.deletedAt !== null) throw runtimeErrors.TOOL_BINDING_NOT_FOUND({ id, nodeId });
    return usableVersion(toolBinding.tool, toolBinding.toolVersion, nodeId);
  }
  const id = String(config["tool_id"]);
  const { tool } = await findToolReference(call, info, { toolId: id });
  if (tool == null) throw runtimeErrors.TOOL_NOT_FOUND({ id, nodeId });
  return usableVersion(tool, null, nodeId);
}

function usableVersion(tool: ToolFound, bound: { id: string } | null, nodeId: string): string {
  const { id } = tool;
  if (tool.deletedAt !== null) throw runtimeErrors.TOOL_NOT_FOUND({ id, nodeId });
  if (tool.status === "ARCHIVED") throw runtimeErrors.TOOL_ARCHIVED({ id, nodeId });
  const version = bound ?? tool.latestVersion;
  if (version === null) throw runtimeErrors.TOOL_VERSION_MISSING({ id, nodeId });
  return version.id;
}
