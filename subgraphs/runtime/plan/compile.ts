/**
 * Freezes what a run needs, when it is created: asks the graph once, before any transaction. From then on no edit of a workflow or a
 * tool changes the run, and a subgraph that is down does not stop it from being decided what it does.
 */
import type { SubgraphCaller } from "#shared/endpoint/caller.ts";
import type { RequestInfo } from "#shared/request-info.ts";
import type { JsonObject } from "#shared/json.ts";
import { canonicalNodeType } from "#shared/dsl/node-types.ts";
import { compilePlan, PlanError, type PlanDocument } from "../engine/plan.ts";
import { runtimeErrors } from "../errors.ts";
import { findSession, type SessionFound } from "../client/session.client.ts";
import { freezePlan, type FrozenPlan } from "./frozen-plan.ts";
import { findRunSource, type RunNames, type RunSource } from "../client/workflow.client.ts";
import type { AgentPlaces } from "./agent-question.ts";
import { agentDocument, freezeAgent, freezeAgents, hasAgents } from "./agent-versions.ts";
import { allNodes } from "./document-nodes.ts";
import type { CachedDocument } from "./document-cache.ts";
import { checkNest } from "./nest-limits.ts";
import { PlanSize } from "./plan-size.ts";
import { withMocks, type GivenMocks } from "./run-mocks.ts";
import { skillDocument } from "./skill-document.ts";
import { freezeSkill, freezeSkills, hasSkills } from "./skill-versions.ts";
import { freezeSubWorkflows, hasSubWorkflows, type VersionDocument } from "./sub-workflows.ts";
import { freezeTeam, freezeTeams, hasTeams, teamDocument } from "./team-versions.ts";
import { freezeToolVersions } from "./tool-versions.ts";
import { findVersionSource, type CompileHost } from "./version-source.ts";

/** What a run is asked for with. */
export interface RunQuestion extends RunNames {
  sessionId?: string | null | undefined;
  initialNode?: { nodeId: string; nodeType?: string | null | undefined } | null | undefined;
  /** Outputs by path, of nodes that do not run. */
  mocks?: JsonObject | null | undefined;
  /** The run that had these mocks, where it is forked. */
  mocksOf?: string | undefined;
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
  /** What its document says is run when it fails. */
  onFailure: string | undefined;
  /** How many of its runs are executed at once. */
  concurrency: PlanDocument["concurrency"];
  /** What the run's input is to fit. */
  inputSchema: JsonObject | undefined;
  /** What of its session it sees. */
  history: PlanDocument["session_history"];
}

/**
 * Decides and freezes what a run executes.
 *
 * @throws AppError WORKFLOW_NOT_GIVEN, …_NOT_FOUND of whatever was named, WORKFLOW_VERSION_NOT_PUBLISHED, WORKFLOW_VERSION_ARCHIVED,
 *   WORKFLOW_OF_OTHER_APP, WORKFLOW_VERSION_OF_OTHER_WORKFLOW, SESSION_CLOSED, INITIAL_NODE_UNKNOWN, INITIAL_NODE_TYPE_DIFFERS, PLAN_INVALID,
 *   TOOL_NOT_FOUND, TOOL_BINDING_NOT_FOUND, TOOL_ARCHIVED, TOOL_VERSION_MISSING, those of {@link withMocks}, {@link freezeSubWorkflows}, {@link freezeAgent} and {@link checkNest}
 */
export async function compileRun(host: CompileHost, info: RequestInfo, question: RunQuestion): Promise<CompiledRun> {
  const { call } = host;
  if (question.workflowId == null && question.workflowVersionId == null) throw runtimeErrors.WORKFLOW_NOT_GIVEN({ field: "workflowId" });
  const [{ source, documentOf }, session] = await Promise.all([
    findVersionSource(host, info, question),
    checkSession(call, info, question.sessionId),
  ]);
  if (question.workflowVersionId == null && source.workflowId === null) throw await workflowNotFound(call, info, question.workflowId ?? "");
  const { versionId, workflowId, appId } = usableVersion(question, source);
  checkApp(question, source, { workflowId, appId });
  const cached = documentOf({ versionId, workflowId });
  const initialNode = checkInitialNode(question, cached.document);
  return {
    plan: await frozenPlan(host, info, {
      cached,
      version: { versionId, workflowId, document: cached.document },
      given: { field: "mocks", mocks: question.mocks ?? {}, takenOverFrom: question.mocksOf },
      places: { appId, userId: session?.userId },
    }),
    appId,
    appVersionId: question.appVersionId ?? undefined,
    workflowId,
    workflowVersionId: versionId,
    sessionId: question.sessionId ?? undefined,
    initialNode,
    onFailure: cached.document.on_failure,
    concurrency: cached.document.concurrency,
    inputSchema: cached.document.input_schema,
    history: cached.document.session_history,
  };
}

/** What a plan is made of. */
interface PlanQuestion {
  cached: Pick<CachedDocument, "document" | "plan">;
  version: VersionDocument;
  given: GivenMocks;
  /** For whom its agents work. */
  places?: AgentPlaces;
}

/** Freezes a document with mocks; that of the document alone is made once a process. @throws AppError as compileRun does for what it calls, and withMocks */
export async function frozenPlan(
  host: CompileHost,
  info: RequestInfo,
  { cached, version, given, places }: PlanQuestion,
): Promise<FrozenPlan> {
  const isAlone = !callsOthers(cached.document);
  if (isAlone && Object.keys(given.mocks).length === 0) return (cached.plan ??= freeze(info.tenantId, cached.document));
  const document = isAlone ? cached.document : await withOthers(host, info, version, places);
  return freeze(info.tenantId, withMocks(document, given));
}

/** Whether something goes into the plan beside the document. */
function callsOthers(document: PlanDocument): boolean {
  return callsTools(document) || hasAgents(document) || hasTeams(document) || hasSkills(document) || hasSubWorkflows(document);
}

/** The document with its sub-workflows, and the versions of the tools that it, and they, call, and their skills, agents and teams. */
async function withOthers(host: CompileHost, info: RequestInfo, version: VersionDocument, places: AgentPlaces = {}): Promise<PlanDocument> {
  const { call } = host;
  const size = new PlanSize();
  const withTools = await freezeToolVersions(call, info, await freezeSubWorkflows(host, info, version));
  if (hasAgents(withTools) || hasTeams(withTools) || hasSkills(withTools)) size.add(withTools);
  const asked = { call, info, places };
  const withSkills = await freezeSkills(asked, withTools, size);
  return freezeTeams(asked, await freezeAgents(asked, withSkills, size), size);
}

/** A version's document, whatever its status. @throws AppError WORKFLOW_VERSION_NOT_FOUND */
export async function versionDocument(host: CompileHost, info: RequestInfo, versionId: string): Promise<PlanDocument> {
  const { source, documentOf } = await findVersionSource(host, info, { workflowVersionId: versionId });
  if (source.versionId === null || source.workflowId === null) throw runtimeErrors.WORKFLOW_VERSION_NOT_FOUND({ id: versionId });
  return documentOf({ versionId, workflowId: source.workflowId }).document;
}

/** What an agent's run is asked for with. */
export interface AgentRunQuestion {
  agentId: string;
  agentVersionId?: string | null | undefined;
  sessionId?: string | null | undefined;
  /** For whom it works. */
  teamId?: string | null | undefined;
  userId?: string | null | undefined;
}

/** What a run of an agent, a team or a skill executes. */
export interface CompiledSubjectRun {
  plan: FrozenPlan;
  subjectId: string;
  subjectVersionId: string;
}

/**
 * Decides and freezes what an agent's run executes.
 *
 * @throws AppError of freezeAgent; SESSION_NOT_FOUND, SESSION_CLOSED, PLAN_INVALID
 */
export async function compileAgentRun(call: SubgraphCaller, info: RequestInfo, question: AgentRunQuestion): Promise<CompiledSubjectRun> {
  const reference = { id: question.agentId, versionId: question.agentVersionId ?? undefined };
  const session = await checkSession(call, info, question.sessionId);
  const places = { teamId: question.teamId, appId: session?.appId, userId: question.userId ?? session?.userId };
  const version = await freezeAgent({ call, info, places }, reference);
  const document = agentDocument(version, { hasSession: question.sessionId != null });
  return { plan: freeze(info.tenantId, document), subjectId: version.agentId, subjectVersionId: version.versionId };
}

/** What a team's run is asked for with. */
export interface TeamRunQuestion {
  teamId: string;
  teamVersionId?: string | null | undefined;
  sessionId?: string | null | undefined;
  /** For whom it works. */
  userId?: string | null | undefined;
}

/**
 * Decides and freezes what a team's run executes.
 *
 * @throws AppError of freezeTeam; SESSION_NOT_FOUND, SESSION_CLOSED, PLAN_TOO_LARGE, PLAN_INVALID
 */
export async function compileTeamRun(call: SubgraphCaller, info: RequestInfo, question: TeamRunQuestion): Promise<CompiledSubjectRun> {
  const reference = { id: question.teamId, versionId: question.teamVersionId ?? undefined };
  const session = await checkSession(call, info, question.sessionId);
  const places = { appId: session?.appId, userId: question.userId ?? session?.userId };
  const version = await freezeTeam({ call, info, places }, reference);
  const document = teamDocument(version, { hasSession: question.sessionId != null });
  return { plan: freeze(info.tenantId, document), subjectId: version.teamId, subjectVersionId: version.versionId };
}

/** What a skill's run is asked for with. */
export interface SkillRunQuestion {
  skillId: string;
  skillVersionId?: string | null | undefined;
}

/** What a skill's run executes, and what its input is to fit. */
export interface CompiledSkillRun extends CompiledSubjectRun {
  parameterSchema: JsonObject;
}

/**
 * Decides and freezes what a skill's run executes.
 *
 * @throws AppError of freezeSkill; PLAN_TOO_LARGE, PLAN_INVALID
 */
export async function compileSkillRun(call: SubgraphCaller, info: RequestInfo, question: SkillRunQuestion): Promise<CompiledSkillRun> {
  const skill = await freezeSkill({ call, info }, { id: question.skillId, versionId: question.skillVersionId ?? undefined });
  const plan = freeze(info.tenantId, skillDocument(skill));
  return { plan, subjectId: skill.id, subjectVersionId: skill.version_id, parameterSchema: skill.parameters };
}

async function checkSession(call: SubgraphCaller, info: RequestInfo, id: string | null | undefined): Promise<SessionFound | undefined> {
  if (id == null) return undefined;
  const session = await findSession(call, info, id);
  if (session === null) throw runtimeErrors.SESSION_NOT_FOUND({ id });
  if (session.status === "CLOSED") throw runtimeErrors.SESSION_CLOSED({ id });
  return session;
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

/** The version that was asked for. @throws AppError WORKFLOW_…NOT_FOUND, WORKFLOW_VERSION_NOT_PUBLISHED, WORKFLOW_VERSION_OF_OTHER_WORKFLOW, WORKFLOW_VERSION_ARCHIVED */
export function usableVersion({ workflowId: asked, workflowVersionId: id }: RunQuestion, source: RunSource): UsableVersion {
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

function callsTools(document: PlanDocument): boolean {
  return allNodes(document).some(({ type }) => type === "tool");
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
    if (document.workflows !== undefined || hasTeams(document)) checkNest(compilePlan(document));
    const plan = freezePlan(tenantId, document);
    for (const { json } of plan.children ?? []) checkNest(compilePlan(JSON.parse(json) as PlanDocument));
    return plan;
  } catch (cause) {
    if (cause instanceof PlanError) throw runtimeErrors.PLAN_INVALID({ problem: cause.message }, { cause });
    throw cause;
  }
}
