/**
 * Skills are frozen whole, but for the files of folders, which are asked for by their version: it never changes. The plan of a skill's own run is one node, the same as
 * that of a skill in a workflow.
 */
import type { Json, JsonObject } from "#shared/json.ts";
import { findSkill, type SkillReference, type SkillVersionFound } from "../client/skill.client.ts";
import { findBindings, type BindingFound } from "../client/tool.client.ts";
import { skillType } from "../engine/child-run.ts";
import type { PlanDocument, PlanNode } from "../engine/plan.ts";
import { runtimeErrors } from "../errors.ts";
import type { FrozenSkill } from "../nodes/skill/skill-frozen.ts";
import type { AgentQuestion } from "./agent-question.ts";
import { askedByNode } from "./asked-by-node.ts";
import { allNodes, graphsOf, mapNodes } from "./document-nodes.ts";
import { PlanSize } from "./plan-size.ts";
import { skillConfig } from "./skill-document.ts";
import { eitherPolicy } from "./tool-versions.ts";

/** Side by side; a document may have 2,000 skills. */
const lookupsAtOnce = 20;

/** A version of a skill, as far as freezing it needs to know it. */
export interface SkillContent {
  skill: { id: string; code: string; name: string; description?: string | null | undefined };
  versionId: string;
  runtimeType: FrozenSkill["runtime_type"];
  parameterSchema: JsonObject;
  outputSchema: JsonObject;
  implementation: JsonObject;
}

/** Whether a document has skills, in its bodies too. */
export function hasSkills(document: PlanDocument): boolean {
  return graphsOf(document)
    .flatMap(allNodes)
    .some(({ type }) => type === skillType);
}

/**
 * The document, and those of its sub-workflows, with their skills in the configs of the nodes that name them.
 *
 * @throws AppError of {@link freezeSkill}; PLAN_TOO_LARGE
 */
export async function freezeSkills(asked: AgentQuestion, document: PlanDocument, size = new PlanSize()): Promise<PlanDocument> {
  if (!hasSkills(document)) return document;
  const skills = graphsOf(document)
    .flatMap(allNodes)
    .filter(({ type }) => type === skillType);
  const found = new Map<string, FrozenSkill>();
  const waiting = [...Map.groupBy(skills, keyOf)];
  for (let batch = waiting.splice(0, lookupsAtOnce); batch.length > 0; batch = waiting.splice(0, lookupsAtOnce)) {
    await Promise.all(
      batch.map(async ([key, nodes]) => {
        const skill = await askedByNode(nodes[0]!, () => freezeSkill(asked, referenceOf(nodes[0]!)));
        size.add(skill, nodes.length);
        found.set(key, skill);
      }),
    );
  }
  return mapNodes(document, (node) => {
    const skill = node.type === skillType ? found.get(keyOf(node)) : undefined;
    return skill === undefined ? node : { ...node, config: skillConfig(skill, openingOf(node)) };
  });
}

/** What a node is given when it opens, and whether as a run of its own. */
function openingOf({ config }: PlanNode): JsonObject {
  const { input = {}, mode, detached } = config;
  return { input, ...(mode !== undefined && { mode }), ...(detached !== undefined && { detached }) };
}

function referenceOf({ config }: PlanNode): SkillReference {
  const { skill_id: id, skill_code: code, skill_version_id: versionId } = config;
  const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
  return { id: text(id), code: text(code), versionId: text(versionId) };
}

function keyOf(node: PlanNode): string {
  return JSON.stringify(referenceOf(node));
}

/**
 * Finds a skill and freezes a version of it: the published one unless one is named.
 *
 * @throws AppError SKILL_NOT_FOUND, SKILL_ARCHIVED, SKILL_VERSION_NOT_FOUND, SKILL_VERSION_NOT_PUBLISHED, SKILL_VERSION_ARCHIVED, SKILL_VERSION_OF_OTHER_SKILL, and of
 *   what an HTTP skill calls TOOL_BINDING_NOT_FOUND, TOOL_NOT_FOUND, TOOL_ARCHIVED, TOOL_VERSION_MISSING
 */
export async function freezeSkill(asked: AgentQuestion, reference: SkillReference): Promise<FrozenSkill> {
  const { id, skill, runtimeType, ...version } = await usableVersion(asked, reference);
  const content: SkillContent = {
    ...{ skill, versionId: id, runtimeType },
    parameterSchema: version.parameterSchema as JsonObject,
    outputSchema: version.outputSchema as JsonObject,
    implementation: version.implementation as JsonObject,
  };
  const bindings = await findBindings(asked.call, asked.info, bindingIds([content]));
  return frozenSkill(content, bindings);
}

async function usableVersion({ call, info }: AgentQuestion, reference: SkillReference): Promise<SkillVersionFound> {
  const { id, code, versionId } = reference;
  const { skill, version: named } = await findSkill(call, info, reference);
  if (versionId !== undefined && named === null) throw runtimeErrors.SKILL_VERSION_NOT_FOUND({ id: versionId });
  const isNamed = id !== undefined || code !== undefined;
  if (isNamed && (skill === null || skill.deletedAt !== null)) throw runtimeErrors.SKILL_NOT_FOUND({ id: id ?? code ?? "" });
  if (named !== null && skill !== null && named.skill.id !== skill.id)
    throw runtimeErrors.SKILL_VERSION_OF_OTHER_SKILL({ field: "skillVersionId", id: named.id, skillId: skill.id });
  const version = named ?? skill?.publishedVersion ?? null;
  if (version === null) throw runtimeErrors.SKILL_VERSION_NOT_PUBLISHED({ id: skill?.id ?? "" });
  if (version.status === "ARCHIVED") throw runtimeErrors.SKILL_VERSION_ARCHIVED({ id: version.id });
  if (version.skill.deletedAt !== null) throw runtimeErrors.SKILL_NOT_FOUND({ id: version.skill.id });
  if (version.skill.status === "ARCHIVED") throw runtimeErrors.SKILL_ARCHIVED({ id: version.skill.id });
  return version;
}

/** The bindings that HTTP skills call, each once. */
export function bindingIds(contents: readonly SkillContent[]): string[] {
  const ids = contents.flatMap(({ runtimeType, implementation: { tool_binding_id: id } }) =>
    runtimeType === "HTTP" && typeof id === "string" ? [id] : [],
  );
  return [...new Set(ids)];
}

/** A version as a plan has it. @throws AppError TOOL_… of what an HTTP skill calls */
export function frozenSkill(content: SkillContent, bindings: readonly BindingFound[]): FrozenSkill {
  const { skill, versionId, runtimeType, parameterSchema, outputSchema, implementation } = content;
  const description = skill.description ?? (skill.name === skill.code ? undefined : skill.name);
  return {
    v: 1,
    id: skill.id,
    version_id: versionId,
    code: skill.code,
    ...(description != null && description !== "" && { description }),
    runtime_type: runtimeType,
    parameters: parameterSchema,
    output: outputSchema,
    implementation,
    ...(runtimeType === "HTTP" && frozenTool(content, bindings)),
  };
}

function frozenTool({ skill, implementation }: SkillContent, bindings: readonly BindingFound[]) {
  const caller = { skillCode: skill.code };
  const id = String(implementation["tool_binding_id"]);
  const binding = bindings.find((found) => found.id === id);
  if (binding === undefined || binding.deleted) throw runtimeErrors.TOOL_BINDING_NOT_FOUND({ id, ...caller });
  const { tool } = binding;
  if (tool.deleted) throw runtimeErrors.TOOL_NOT_FOUND({ id: tool.id, ...caller });
  if (tool.status === "ARCHIVED") throw runtimeErrors.TOOL_ARCHIVED({ id: tool.id, ...caller });
  const { version } = binding;
  if (version == null) throw runtimeErrors.TOOL_VERSION_MISSING({ id: tool.id, ...caller });
  const policy = eitherPolicy(implementation["requires_approval"], binding.requiresApproval as Json);
  return { tool_version_id: version.id, tool_code: tool.code, ...(policy !== undefined && { requires_approval: policy }) };
}
