/**
 * Freezes what a run needs, when it is created: asks the graph once, before any transaction. From then on no edit of a workflow or a
 * tool changes the run, and a subgraph that is down does not stop it from being decided what it does.
 */
import type { SubgraphCaller } from "#shared/caller.ts";
import type { RequestInfo } from "#shared/request-info.ts";
import { canonicalNodeType } from "#shared/dsl/node-types.ts";
import { PlanError, type PlanDocument } from "../engine/plan.ts";
import { runtimeErrors } from "../errors.ts";
import { sessionExists } from "../session.client.ts";
import { freezePlan, type FrozenPlan } from "../worker/frozen-plan.ts";
import { findRunSources, type RunNames, type RunSources, type VersionFound } from "../workflow.client.ts";
import { planDocument } from "./freeze.ts";
import { freezeToolVersions } from "./tool-versions.ts";

/** What a run is asked for with. */
export interface RunQuestion extends RunNames {
  sessionId?: string | null | undefined;
  initialNode?: { nodeId: string; nodeType?: string | null | undefined } | null | undefined;
}

/** What a run executes, and whose it is. */
export interface CompiledRun {
  plan: FrozenPlan;
  appId: string;
  appVersionId: string | undefined;
  workflowId: string;
  workflowVersionId: string;
  sessionId: string | undefined;
  initialNode: string | undefined;
}

/**
 * Decides and freezes what a run executes.
 *
 * @throws AppError WORKFLOW_NOT_GIVEN, …_NOT_FOUND of whatever was named, WORKFLOW_VERSION_NOT_PUBLISHED, WORKFLOW_VERSION_ARCHIVED,
 *   WORKFLOW_OF_OTHER_APP, WORKFLOW_VERSION_OF_OTHER_WORKFLOW, INITIAL_NODE_UNKNOWN, INITIAL_NODE_TYPE_DIFFERS, PLAN_INVALID,
 *   TOOL_NOT_FOUND, TOOL_BINDING_NOT_FOUND, TOOL_ARCHIVED, TOOL_VERSION_MISSING
 */
export async function compileRun(call: SubgraphCaller, info: RequestInfo, question: RunQuestion): Promise<CompiledRun> {
  if (question.workflowId == null && question.workflowVersionId == null) throw runtimeErrors.WORKFLOW_NOT_GIVEN({ field: "workflowId" });
  const [sources] = await Promise.all([findRunSources(call, info, question), checkSession(call, info, question.sessionId)]);
  const version = usableVersion(question, sources);
  checkApp(question, sources, version);
  const document = planDocument(version.dsl);
  const initialNode = checkInitialNode(question, document);
  const plan = freeze(info.tenantId, await freezeToolVersions(call, info, document));
  return {
    plan,
    appId: version.workflow.app.id,
    appVersionId: question.appVersionId ?? undefined,
    workflowId: version.workflow.id,
    workflowVersionId: version.id,
    sessionId: question.sessionId ?? undefined,
    initialNode,
  };
}

async function checkSession(call: SubgraphCaller, info: RequestInfo, id: string | null | undefined): Promise<void> {
  if (id != null && !(await sessionExists(call, info, id))) throw runtimeErrors.SESSION_NOT_FOUND({ id });
}

function usableVersion({ workflowId, workflowVersionId: id }: RunQuestion, sources: RunSources): VersionFound {
  if (id == null) return publishedVersion(workflowId ?? "", sources);
  const version = sources.workflowVersion;
  if (version == null) throw runtimeErrors.WORKFLOW_VERSION_NOT_FOUND({ id });
  if (workflowId != null && version.workflow.id !== workflowId) throw runtimeErrors.WORKFLOW_VERSION_OF_OTHER_WORKFLOW({ id, workflowId });
  if (version.status === "ARCHIVED") throw runtimeErrors.WORKFLOW_VERSION_ARCHIVED({ id });
  return version;
}

function publishedVersion(workflowId: string, { workflow }: RunSources): VersionFound {
  if (workflow == null || workflow.deletedAt !== null) throw runtimeErrors.WORKFLOW_NOT_FOUND({ id: workflowId });
  if (workflow.publishedVersion === null) throw runtimeErrors.WORKFLOW_VERSION_NOT_PUBLISHED({ workflowId });
  return workflow.publishedVersion;
}

function checkApp({ appId, appVersionId }: RunQuestion, { app, appVersion }: RunSources, { workflow }: VersionFound): void {
  if (appId != null && app == null) throw runtimeErrors.APP_NOT_FOUND({ id: appId });
  if (appVersionId != null && appVersion == null) throw runtimeErrors.APP_VERSION_NOT_FOUND({ id: appVersionId });
  for (const named of [appId, appVersion?.app.id]) {
    if (named != null && named !== workflow.app.id) throw runtimeErrors.WORKFLOW_OF_OTHER_APP({ workflowId: workflow.id, appId: named });
  }
}

function checkInitialNode({ initialNode }: RunQuestion, document: PlanDocument): string | undefined {
  if (initialNode == null) return undefined;
  const { nodeId, nodeType } = initialNode;
  const node = document.nodes.find((candidate) => candidate.id === nodeId);
  if (node === undefined) throw runtimeErrors.INITIAL_NODE_UNKNOWN({ nodeId });
  if (nodeType != null && (canonicalNodeType(nodeType) ?? nodeType) !== node.type) {
    throw runtimeErrors.INITIAL_NODE_TYPE_DIFFERS({ nodeId, given: nodeType, type: node.type });
  }
  return nodeId;
}

function freeze(tenantId: string, document: PlanDocument): FrozenPlan {
  try {
    return freezePlan(tenantId, document);
  } catch (cause) {
    if (cause instanceof PlanError) throw runtimeErrors.PLAN_INVALID({ problem: cause.message }, { cause });
    throw cause;
  }
}
