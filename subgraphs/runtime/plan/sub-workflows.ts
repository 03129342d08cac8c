/**
 * Sub-workflows are frozen with the run that they are part of: a plan holds the document of each version that its nodes, and theirs, execute, once however many
 * do. All of them are the tenant's own, as everything is that the workflow subgraph is asked for.
 */
import type { RequestInfo } from "#shared/request-info.ts";
import type { JsonObject } from "#shared/json.ts";
import { isChildRun } from "../engine/child-run.ts";
import type { PlanDocument, PlanNode } from "../engine/plan.ts";
import { runtimeErrors } from "../errors.ts";
import { allNodes, bodyDocument } from "./document-nodes.ts";
import { PlanSize } from "./plan-size.ts";
import { findVersionSource, type CompileHost } from "./version-source.ts";

/** What a run may have of sub-workflows: one within the other, different ones, and bytes of all documents together. */
export const subWorkflowLimits = { depth: 5, versions: 100 } as const;

/** Side by side. */
const lookupsAtOnce = 20;

/** The version that a run, or a node of it, executes. */
export interface VersionDocument {
  versionId: string;
  workflowId: string;
  /** Of the workflow. */
  appId?: string | undefined;
  document: PlanDocument;
}

/** Whether any node of a document executes another workflow. */
export function hasSubWorkflows(document: PlanDocument): boolean {
  return allNodes(document).some(({ type }) => type === "sub-workflow");
}

/**
 * The document with those of its sub-workflows beside it, each node naming its version.
 *
 * @throws AppError SUB_WORKFLOW_NOT_FOUND, SUB_WORKFLOW_NOT_PUBLISHED, SUB_WORKFLOW_ARCHIVED, SUB_WORKFLOW_CYCLE, SUB_WORKFLOW_TOO_DEEP, PLAN_TOO_LARGE
 */
export async function freezeSubWorkflows(host: CompileHost, info: RequestInfo, root: VersionDocument): Promise<PlanDocument> {
  if (!hasSubWorkflows(root.document)) return root.document;
  const found = await findAll(host, info, root);
  checkNesting(root, found);
  const workflows = [...found.versions.values()].map(({ versionId, document }) => [versionId, withVersions(document, found)]);
  const frozen = { ...withVersions(root.document, found), workflows: Object.fromEntries(workflows) as Record<string, PlanDocument> };
  new PlanSize().add(frozen);
  return frozen;
}

/** Versions by id, and which version a reference names. */
interface Found {
  versions: Map<string, VersionDocument>;
  byReference: Map<string, string>;
}

/** Level by level, so that what is asked for at once goes together. */
async function findAll(host: CompileHost, info: RequestInfo, root: VersionDocument): Promise<Found> {
  const found: Found = { versions: new Map(), byReference: new Map() };
  let level: PlanDocument[] = [root.document];
  while (level.length > 0) {
    const unknown = level.flatMap(subWorkflowNodes).filter((node) => !found.byReference.has(referenceOf(node)));
    const asked = [...new Map(unknown.map((node) => [referenceOf(node), node])).values()];
    const limit = subWorkflowLimits.versions;
    if (found.byReference.size + asked.length > limit)
      throw runtimeErrors.PLAN_TOO_LARGE({ of: "sub-workflows", found: found.byReference.size + asked.length, limit });
    const next: PlanDocument[] = [];
    for (let batch = asked.splice(0, lookupsAtOnce); batch.length > 0; batch = asked.splice(0, lookupsAtOnce)) {
      const versions = await Promise.all(batch.map(async (node) => ({ node, version: await versionOf(host, info, node) })));
      for (const { node, version } of versions) {
        found.byReference.set(referenceOf(node), version.versionId);
        if (version.versionId === root.versionId || found.versions.has(version.versionId)) continue;
        found.versions.set(version.versionId, version);
        next.push(version.document);
      }
    }
    level = next;
  }
  return found;
}

function subWorkflowNodes(document: PlanDocument): PlanNode[] {
  return allNodes(document).filter(({ type }) => type === "sub-workflow");
}

/** A version wins over the workflow beside it. */
function namesOf({ config }: PlanNode): { workflowId: string } | { workflowVersionId: string } {
  const { workflow_id: workflowId, workflow_version_id: versionId } = config;
  return typeof versionId === "string" ? { workflowVersionId: versionId } : { workflowId: String(workflowId) };
}

function referenceOf(node: PlanNode): string {
  return JSON.stringify(namesOf(node));
}

async function versionOf(host: CompileHost, info: RequestInfo, node: PlanNode): Promise<VersionDocument> {
  const names = namesOf(node);
  const id = "workflowId" in names ? names.workflowId : names.workflowVersionId;
  const { source, documentOf } = await findVersionSource(host, info, names);
  const { versionId, workflowId, versionStatus, workflowDeleted } = source;
  const facts = { id, nodeId: node.id };
  const isThere = "workflowId" in names ? workflowId !== null && workflowDeleted !== true : versionId !== null && workflowId !== null;
  if (!isThere || workflowId === null) throw runtimeErrors.SUB_WORKFLOW_NOT_FOUND({ ...facts, isVersion: "workflowVersionId" in names });
  if (versionId === null) throw runtimeErrors.SUB_WORKFLOW_NOT_PUBLISHED(facts);
  if (versionStatus === "ARCHIVED") throw runtimeErrors.SUB_WORKFLOW_ARCHIVED(facts);
  return { versionId, workflowId, appId: source.workflowAppId ?? undefined, document: documentOf({ versionId, workflowId }).document };
}

/** Refuses a workflow that is part of itself, and more of them within each other than there may be. Each version is looked at once. */
function checkNesting(root: VersionDocument, { versions, byReference }: Found): void {
  const depths = new Map<string, number>();
  const depthOf = (version: VersionDocument, around: readonly VersionDocument[]): number => {
    const known = depths.get(version.versionId);
    if (known !== undefined) return known;
    const path = [...around, version];
    let depth = 0;
    for (const node of subWorkflowNodes(version.document)) {
      const id = byReference.get(referenceOf(node)) ?? "";
      const first = path.findIndex(({ versionId }) => versionId === id);
      if (first >= 0) throw cycle(path.slice(first), node);
      const inner = versions.get(id);
      if (inner === undefined) continue;
      if (path.length > subWorkflowLimits.depth) throw tooDeep(node);
      depth = Math.max(depth, 1 + depthOf(inner, path));
    }
    depths.set(version.versionId, depth);
    return depth;
  };
  if (depthOf(root, []) > subWorkflowLimits.depth) throw tooDeep(subWorkflowNodes(root.document)[0]!);
}

function cycle(versions: readonly VersionDocument[], { id: nodeId }: PlanNode): Error {
  const ids = versions.map(({ workflowId }) => workflowId);
  return runtimeErrors.SUB_WORKFLOW_CYCLE({ workflowIds: [...ids, ids[0] ?? ""], nodeId });
}

function tooDeep({ id: nodeId }: PlanNode): Error {
  return runtimeErrors.SUB_WORKFLOW_TOO_DEEP({ nodeId, limit: subWorkflowLimits.depth });
}

function withVersions(document: PlanDocument, { byReference, versions }: Found): PlanDocument {
  const frozen = (node: PlanNode): PlanNode => {
    const body = bodyDocument(node);
    if (body !== undefined) return withConfig(node, { body: withVersions(body, { byReference, versions }) as unknown as JsonObject });
    if (node.type !== "sub-workflow") return node;
    const versionId = byReference.get(referenceOf(node)) ?? "";
    return withConfig(node, { workflow_version_id: versionId, ...(isChildRun(node) && { child: factsOf(versions.get(versionId)) }) });
  };
  return { ...document, nodes: document.nodes.map(frozen) };
}

/** Whose the run is that a node makes. */
function factsOf(version: VersionDocument | undefined): JsonObject {
  return { ...(version && { workflowId: version.workflowId }), ...(version?.appId !== undefined && { appId: version.appId }) };
}

function withConfig(node: PlanNode, more: JsonObject): PlanNode {
  return { ...node, config: { ...node.config, ...more } };
}
