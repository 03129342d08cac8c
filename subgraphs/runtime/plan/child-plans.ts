/**
 * The runs that nodes make (`mode: "run"`) are frozen with the run that they are made by: each has a plan of its own, which the config of its node names. A plan
 * holds what is part of its own run and no more.
 */
import { isJsonObject, type JsonObject } from "#shared/json.ts";
import { agentType } from "../engine/drivers/agent-plan.ts";
import { isChildRun, skillType, type ChildPlan } from "../engine/child-run.ts";
import { subWorkflowVersion } from "../engine/composite.ts";
import type { PlanDocument, PlanNode } from "../engine/plan.ts";
import { teamType } from "../engine/drivers/team-plan.ts";
import type { FrozenSkill } from "../nodes/skill/skill-frozen.ts";
import { agentRunDocument } from "./agent-document.ts";
import { allNodes, bodyDocument, graphsOf } from "./document-nodes.ts";
import { skillDocument } from "./skill-document.ts";
import { teamRunDocument } from "./team-document.ts";
import type { FrozenTeam } from "./team-frozen.ts";

/** What is asked of a frozen plan here. */
interface PlanOfChild<Plan> {
  id: string;
  isEmpty: boolean;
  children?: readonly Plan[];
}

/** A document whose nodes name the plans of the runs that they make, and these, and theirs. */
export interface WithChildPlans<Plan> {
  document: PlanDocument;
  children: Plan[];
}

type FrozenChild = Pick<PlanOfChild<unknown>, "id" | "isEmpty">;
type Workflows = Readonly<Record<string, PlanDocument>>;

/** @param freeze  freezes the document of such a run, that of a version once however many nodes name it. */
export function withChildPlans<Plan extends PlanOfChild<Plan>>(
  document: PlanDocument,
  freeze: (document: PlanDocument, versionId?: string) => Plan,
): WithChildPlans<Plan> {
  if (!graphsOf(document).flatMap(allNodes).some(isChildRun)) return { document, children: [] };
  const { workflows = {}, ...own } = document;
  const children = new Map<string, Plan>();
  const frozen: typeof freeze = (made, versionId) => {
    const plan = freeze(made, versionId);
    for (const one of [plan, ...(plan.children ?? [])]) children.set(one.id, one);
    return plan;
  };
  const named = (graph: PlanDocument): PlanDocument => ({ ...graph, nodes: graph.nodes.map(nodeNamed) });
  const nodeNamed = (node: PlanNode): PlanNode => {
    const body = bodyDocument(node);
    if (body !== undefined) return { ...node, config: { ...node.config, body: named(body) as unknown as JsonObject } };
    if (!isChildRun(node)) return node;
    switch (node.type) {
      case agentType:
        return agentNamed(node, frozen);
      case teamType:
        return teamNamed(node, frozen);
      case skillType:
        return skillNamed(node, frozen);
      default:
        return workflowNamed(node, workflows, frozen);
    }
  };
  const inline = reachedOf(document, workflows, (node) => !isChildRun(node));
  const parts = Object.entries(inline).map(([id, part]) => [id, named(part)]);
  const whole = { ...named(own), ...(parts.length > 0 && { workflows: Object.fromEntries(parts) as Record<string, PlanDocument> }) };
  return { document: whole, children: [...children.values()] };
}

function workflowNamed(node: PlanNode, workflows: Workflows, freeze: (document: PlanDocument, versionId: string) => FrozenChild): PlanNode {
  const versionId = subWorkflowVersion(node) ?? "";
  const document = Object.hasOwn(workflows, versionId) ? workflows[versionId] : undefined;
  // It fails when it is executed, as a node of a type that nobody knows does.
  if (document === undefined) return withChild(node, undefined);
  const all = reachedOf(document, workflows, () => true);
  const plan = freeze({ ...document, ...(Object.keys(all).length > 0 && { workflows: all }) }, versionId);
  const { workflowId, appId } = (isJsonObject(node.config["child"]) ? node.config["child"] : {}) as Partial<ChildPlan>;
  const schema = document.input_schema;
  const checked = schema === undefined ? node : { ...node, config: { ...node.config, input_schema: schema } };
  return withChild(checked, {
    planId: plan.id,
    kind: "WORKFLOW",
    workflowVersionId: versionId,
    ...(workflowId !== undefined && { workflowId }),
    ...(appId !== undefined && { appId }),
    ...(document.on_failure !== undefined && { onFailure: document.on_failure }),
    ...(document.concurrency !== undefined && { concurrency: { ...document.concurrency } }),
    ...(plan.isEmpty && { isEmpty: true }),
  });
}

function agentNamed(node: PlanNode, freeze: (document: PlanDocument) => FrozenChild): PlanNode {
  const { agent, ...opening } = node.config;
  if (!isJsonObject(agent)) return withChild(node, undefined);
  const plan = freeze(agentRunDocument(agent, { hasSession: opening["session_id"] !== undefined }));
  const { id, version_id: versionId } = agent;
  return withChild(
    { ...node, config: opening },
    { planId: plan.id, kind: "AGENT", subjectId: String(id), subjectVersionId: String(versionId) },
  );
}

function teamNamed(node: PlanNode, freeze: (document: PlanDocument) => FrozenChild): PlanNode {
  const { team, ...opening } = node.config;
  if (!isJsonObject(team)) return withChild(node, undefined);
  const frozen = team as unknown as FrozenTeam;
  const { id, version_id: versionId } = frozen;
  const plan = freeze(teamRunDocument(frozen, { hasSession: opening["session_id"] !== undefined }));
  return withChild({ ...node, config: opening }, { planId: plan.id, kind: "TEAM", subjectId: id, subjectVersionId: versionId });
}

function skillNamed(node: PlanNode, freeze: (document: PlanDocument) => FrozenChild): PlanNode {
  const { skill, ...opening } = node.config;
  if (!isJsonObject(skill)) return withChild(node, undefined);
  const frozen = skill as unknown as FrozenSkill;
  const plan = freeze(skillDocument(frozen));
  return withChild(
    { ...node, config: opening },
    { planId: plan.id, kind: "SKILL", subjectId: frozen.id, subjectVersionId: frozen.version_id },
  );
}

function withChild(node: PlanNode, child: ChildPlan | undefined): PlanNode {
  const { child: _given, ...config } = node.config;
  return { ...node, config: child === undefined ? config : { ...config, child: child as unknown as JsonObject } };
}

/** The versions that a document names, and they, as far as their nodes are followed. */
function reachedOf(document: PlanDocument, workflows: Workflows, isFollowed: (node: PlanNode) => boolean): Record<string, PlanDocument> {
  const reached: Record<string, PlanDocument> = {};
  const waiting = [document];
  for (let graph = waiting.pop(); graph !== undefined; graph = waiting.pop()) {
    for (const node of allNodes(graph)) {
      const id = isFollowed(node) ? subWorkflowVersion(node) : undefined;
      const version = id === undefined || !Object.hasOwn(workflows, id) ? undefined : workflows[id];
      if (id === undefined || version === undefined || Object.hasOwn(reached, id)) continue;
      reached[id] = version;
      waiting.push(version);
    }
  }
  return reached;
}
