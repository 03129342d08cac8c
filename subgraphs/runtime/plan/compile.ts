/**
 * Freezes what a run needs, when it is created: asks the graph once, before any transaction. From then on no edit of a workflow or a
 * tool changes the run, and a subgraph that is down does not stop it from being decided what it does.
 */
import type { SubgraphCaller } from "#shared/endpoint/caller.ts";
import type { DslDocument } from "#shared/dsl/document.ts";
import type { RequestInfo } from "#shared/request-info.ts";
import { canonicalNodeType } from "#shared/dsl/node-types.ts";
import { PlanError, bodyOf, type PlanDocument } from "../engine/plan.ts";
import { runtimeErrors } from "../errors.ts";
import { sessionStatus } from "../client/session.client.ts";
import { freezePlan, type FrozenPlan } from "./frozen-plan.ts";
import { findRunSource, type RunNames, type RunSource } from "../client/workflow.client.ts";
import type { CachedDocument, DocumentCache } from "./document-cache.ts";
import { agentDocument, freezeAgent, freezeAgents, hasAgents, type AgentQuestion } from "./agent-versions.ts";
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
 *   WORKFLOW_OF_OTHER_APP, WORKFLOW_VERSION_OF_OTHER_WORKFLOW, SESSION_CLOSED, INITIAL_NODE_UNKNOWN, INITIAL_NODE_TYPE_DIFFERS, PLAN_INVALID,
 *   TOOL_NOT_FOUND, TOOL_BINDING_NOT_FOUND, TOOL_ARCHIVED, TOOL_VERSION_MISSING, those of freezeAgent
 */
export async function compileRun(host: CompileHost, info: RequestInfo, question: RunQuestion): Promise<CompiledRun> {
  const { call, documents } = host;
  if (question.workflowId == null && question.workflowVersionId == null) throw runtimeErrors.WORKFLOW_NOT_GIVEN({ field: "workflowId" });
  const likely = documents.likely(info.tenantId, question);
  const known = likely === undefined ? [] : [likely.versionId];
  const [source] = await Promise.all([findRunSource(call, info, question, known), checkSession(call, info, question.sessionId)]);
  if (question.workflowVersionId == null && source.workflowId === null) throw await workflowNotFound(call, info, question.workflowId ?? "");
  const { versionId, workflowId, appId } = usableVersion(question, source);
  checkApp(question, source, { workflowId, appId });
  const cached = likely?.versionId === versionId ? likely.entry : readDocument(source.dsl);
  if (cached !== likely?.entry) documents.set(info.tenantId, versionId, cached);
  const initialNode = checkInitialNode(question, cached.document);
  const isAlone = !callsTools(cached.document) && !hasAgents(cached.document);
  cached.plan ??= isAlone ? freeze(info.tenantId, cached.document) : undefined;
  documents.ran(info.tenantId, workflowId, versionId);
  return {
    plan: cached.plan ?? freeze(info.tenantId, await withVersions({ call, info }, cached.document)),
    appId,
    appVersionId: question.appVersionId ?? undefined,
    workflowId,
    workflowVersionId: versionId,
    sessionId: question.sessionId ?? undefined,
    initialNode,
  };
}

async function withVersions(asked: AgentQuestion, document: PlanDocument): Promise<PlanDocument> {
  const withTools = await freezeToolVersions(asked.call, asked.info, document);
  return hasAgents(document) ? freezeAgents(asked, withTools) : withTools;
}

/** What an agent's run is asked for with. */
export interface AgentRunQuestion {
  agentId: string;
  agentVersionId?: string | null | undefined;
  sessionId?: string | null | undefined;
}

/** What an agent's run executes. */
export interface CompiledAgentRun {
  plan: FrozenPlan;
  subjectId: string;
  subjectVersionId: string;
}

/**
 * Decides and freezes what an agent's run executes.
 *
 * @throws AppError of freezeAgent; SESSION_NOT_FOUND, SESSION_CLOSED, PLAN_INVALID
 */
export async function compileAgentRun(call: SubgraphCaller, info: RequestInfo, question: AgentRunQuestion): Promise<CompiledAgentRun> {
  const reference = { id: question.agentId, versionId: question.agentVersionId ?? undefined };
  const [version] = await Promise.all([freezeAgent({ call, info }, reference), checkSession(call, info, question.sessionId)]);
  const document = agentDocument(version, { hasSession: question.sessionId != null });
  return { plan: freeze(info.tenantId, document), subjectId: version.agentId, subjectVersionId: version.versionId };
}

/** What compiling needs of its process. */
export interface CompileHost {
  call: SubgraphCaller;
  documents: DocumentCache;
}

async function checkSession(call: SubgraphCaller, info: RequestInfo, id: string | null | undefined): Promise<void> {
  if (id == null) return;
  const status = await sessionStatus(call, info, id);
  if (status === null) throw runtimeErrors.SESSION_NOT_FOUND({ id });
  if (status === "CLOSED") throw runtimeErrors.SESSION_CLOSED({ id });
}

/** The two ids are easily confused; it costs a look only where there is no such workflow. */
async function workflowNotFound(call: SubgraphCaller, info: RequestInfo, id: string): Promise<Error> {
  const { versionId } = await findRunSource(call, info, { workflowVersionId: id }, [id]);
  return runtimeErrors.WORKFLOW_NOT_FOUND({ id, isVersion: versionId !== null });
}

interface UsableVersion {
  versionId: string;
  workflowId: string;
  appId: string;
}

function usableVersion({ workflowId: asked, workflowVersionId: id }: RunQuestion, source: RunSource): UsableVersion {
  const { versionId, workflowId, workflowAppId } = source;
  if (id == null) {
    if (workflowId === null || source.workflowDeleted === true)
      throw runtimeErrors.WORKFLOW_NOT_FOUND({ id: asked ?? "", isVersion: false });
    if (versionId === null) throw runtimeErrors.WORKFLOW_VERSION_NOT_PUBLISHED({ workflowId });
  } else {
    if (versionId === null) throw runtimeErrors.WORKFLOW_VERSION_NOT_FOUND({ id });
    if (asked != null && workflowId !== asked)
      throw runtimeErrors.WORKFLOW_VERSION_OF_OTHER_WORKFLOW({ field: "workflowVersionId", id, workflowId: asked });
    if (source.versionStatus === "ARCHIVED") throw runtimeErrors.WORKFLOW_VERSION_ARCHIVED({ id });
  }
  // The version's foreign keys: where it is, its workflow and app are.
  return { versionId, workflowId: workflowId!, appId: workflowAppId! };
}

function checkApp({ appId, appVersionId }: RunQuestion, source: RunSource, workflow: { workflowId: string; appId: string }): void {
  if (appId != null && source.appId === null) throw runtimeErrors.APP_NOT_FOUND({ id: appId });
  if (appVersionId != null && source.appVersionId === null) throw runtimeErrors.APP_VERSION_NOT_FOUND({ id: appVersionId });
  for (const named of [appId, source.appVersionAppId]) {
    if (named != null && named !== workflow.appId)
      throw runtimeErrors.WORKFLOW_OF_OTHER_APP({ field: "appId", workflowId: workflow.workflowId, appId: named });
  }
}

function readDocument(dsl: DslDocument | null): CachedDocument {
  if (dsl === null) throw new Error("the workflow subgraph left out a document that was not known");
  return { document: planDocument(dsl), plan: undefined, sizeBytes: JSON.stringify(dsl).length };
}

function callsTools(document: PlanDocument): boolean {
  return document.nodes.some((node) => node.type === "tool" || callsTools(bodyOf(node) ?? { nodes: [], edges: [] }));
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
