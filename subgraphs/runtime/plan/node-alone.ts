/** The plan of one node of a version by itself: the node, and mocks of others that lead to it, whatever lies between. */
import { suggester } from "#shared/dsl/suggest.ts";
import { excerpt } from "#shared/fields.ts";
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import type { RequestInfo } from "#shared/request-info.ts";
import type { PlanDocument, PlanNode } from "../engine/plan.ts";
import { runtimeErrors } from "../errors.ts";
import { isErrorMock } from "../nodes/mock.ts";
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
  const cached = { document, plan: undefined };
  const plan = await frozenPlan(host, info, { cached, version, given: { field: "scope.nodes", mocks }, places: { appId } });
  return { plan, appId, workflowId, workflowVersionId: versionId };
}

function nodeAlone({ nodes }: PlanDocument, nodeId: string, mocks: JsonObject): PlanDocument {
  if (!nodes.some(({ id }) => id === nodeId)) {
    const meant = suggester(nodes.map(({ id }) => id))(nodeId);
    throw runtimeErrors.EXECUTED_NODE_UNKNOWN({ field: "nodeId", nodeId: excerpt(nodeId), meant: meant ?? null });
  }
  if (Object.hasOwn(mocks, nodeId)) throw runtimeErrors.EXECUTED_NODE_MOCKED({ field: "scope.nodes", nodeId });
  const part = nodes.flatMap((node) => (node.id === nodeId ? [node] : Object.hasOwn(mocks, node.id) ? [given(node, mocks[node.id])] : []));
  return { nodes: part, edges: part.flatMap(({ id }) => (id === nodeId ? [] : [{ source: id, target: nodeId }])) };
}

/** A node that only gives. Its failure is there to be seen, so it ends nothing, and turns nobody from the node that is asked for. */
function given(node: PlanNode, mock: Json | undefined): PlanNode {
  const isHandled = isJsonObject(node.on_error) && isJsonObject(node.on_error["default"]);
  return mock === undefined || !isErrorMock(mock) || isHandled ? node : { ...node, on_error: { default: {} } };
}
