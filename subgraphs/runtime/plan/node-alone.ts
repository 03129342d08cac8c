/** The plan of one node of a version by itself: the node, and mocks of others that lead to it, whatever lies between. */
import { suggester } from "#shared/dsl/suggest.ts";
import { excerpt } from "#shared/fields.ts";
import type { JsonObject } from "#shared/json.ts";
import type { RequestInfo } from "#shared/request-info.ts";
import type { PlanDocument } from "../engine/plan.ts";
import { runtimeErrors } from "../errors.ts";
import { usableVersion, frozenPlan, type CompiledRun } from "./compile.ts";
import { findVersionSource, type CompileHost } from "./version-source.ts";

/** Which node, and what others give. */
export interface NodeQuestion {
  workflowVersionId: string;
  nodeId: string;
  mocks: JsonObject;
}

/**
 * Freezes a node by itself.
 *
 * @throws AppError WORKFLOW_VERSION_NOT_FOUND, WORKFLOW_VERSION_ARCHIVED, EXECUTED_NODE_UNKNOWN, MOCK_PATH_UNKNOWN, MOCK_INVALID, those of compileRun for what the
 *   node calls
 */
export async function compileNodeAlone(
  host: CompileHost,
  info: RequestInfo,
  { workflowVersionId, nodeId, mocks }: NodeQuestion,
): Promise<Pick<CompiledRun, "plan" | "appId" | "workflowId" | "workflowVersionId">> {
  const { source, documentOf } = await findVersionSource(host, info, { workflowVersionId });
  const { versionId, workflowId, appId } = usableVersion({ workflowVersionId }, source);
  const document = nodeAlone(documentOf({ versionId, workflowId }).document, nodeId, mocks);
  const version = { versionId, workflowId, document };
  const plan = await frozenPlan(host, info, { cached: { document, plan: undefined }, version, given: { field: "scope.nodes", mocks } });
  return { plan, appId, workflowId, workflowVersionId: versionId };
}

function nodeAlone({ nodes }: PlanDocument, nodeId: string, mocks: JsonObject): PlanDocument {
  if (!nodes.some(({ id }) => id === nodeId)) {
    const meant = suggester(nodes.map(({ id }) => id))(nodeId);
    throw runtimeErrors.EXECUTED_NODE_UNKNOWN({ field: "nodeId", nodeId: excerpt(nodeId), meant: meant ?? null });
  }
  if (Object.hasOwn(mocks, nodeId)) throw runtimeErrors.EXECUTED_NODE_MOCKED({ field: "scope.nodes", nodeId });
  const part = nodes.filter(({ id }) => id === nodeId || Object.hasOwn(mocks, id));
  return { nodes: part, edges: part.flatMap(({ id }) => (id === nodeId ? [] : [{ source: id, target: nodeId }])) };
}
