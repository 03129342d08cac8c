import { databaseNow } from "#shared/database-time.ts";
import type { Tx } from "#shared/db/database.ts";
import { nextPublishedAt, nextVersionNumber } from "#shared/db/versions.sql.ts";
import { checkJson, checkRange, checkText, creatableStatus } from "#shared/fields.ts";
import { newId } from "#shared/ids.ts";
import { AgentVersion, AgentVersionStatus } from "./agent-version.entity.ts";
import type { CreateAgentVersionInput } from "./agent-version.inputs.ts";
import { checkMemoryPolicy, checkModelConfig, checkReferences } from "./agent-version.rules.ts";
import type { AgentContext } from "./agent.context.ts";
import { lockAgent } from "./agent.service.ts";
import { agentErrors } from "./errors.ts";
import { findSkills } from "./skill.client.ts";
import { findToolBindings } from "./tool.client.ts";

const modelConfigBytes = 64 * 1024;
const versions = { table: "agent.agent_version", parent: "agent_id" };

/**
 * Makes an agent's next version.
 *
 * @throws AppError AGENT_NOT_FOUND, TOOL_BINDING_NOT_FOUND, TOOL_ARCHIVED, SKILL_NOT_FOUND, SKILL_ARCHIVED, and BAD_USER_INPUT for what a version may not hold
 */
export async function createAgentVersion(context: AgentContext, input: CreateAgentVersionInput): Promise<AgentVersion> {
  const { db } = context;
  const { agentId } = input;
  const status = creatableStatus(input.status ?? AgentVersionStatus.DRAFT);
  const content = versionContent(input);
  await checkReferencesThere(context, input);
  return db.transaction(async (tx) => {
    await lockAgent(tx, agentId);
    const version = await nextVersionNumber(tx, versions, agentId);
    const publishedAt = status === AgentVersionStatus.PUBLISHED ? await nextPublishedAt(tx, versions, agentId) : null;
    return tx.em.create(AgentVersion, {
      ...content,
      id: newId(),
      tenantId: db.tenantId,
      agentId,
      version,
      status,
      createdAt: databaseNow(),
      publishedAt,
    });
  });
}

/** Makes a version the agent's published one, whatever its number. @throws AppError AGENT_VERSION_NOT_FOUND, AGENT_NOT_FOUND */
export async function publishAgentVersion({ db }: AgentContext, id: string): Promise<AgentVersion> {
  return db.transaction(async (tx) => {
    const version = await lockVersion(tx, id);
    version.status = AgentVersionStatus.PUBLISHED;
    version.publishedAt = await nextPublishedAt(tx, versions, version.agentId);
    return version;
  });
}

/** Takes a version out of use: it is no published version any more. @throws AppError AGENT_VERSION_NOT_FOUND, AGENT_NOT_FOUND */
export async function archiveAgentVersion({ db }: AgentContext, id: string): Promise<AgentVersion> {
  return db.transaction(async (tx) => {
    const version = await lockVersion(tx, id);
    version.status = AgentVersionStatus.ARCHIVED;
    return version;
  });
}

/** The version, with its agent's row locked: whoever publishes or archives waits for whoever does. */
async function lockVersion(tx: Tx, id: string): Promise<AgentVersion> {
  const found = await tx.em.findOne(AgentVersion, { id }, { fields: ["agentId"] });
  if (found === null) throw agentErrors.AGENT_VERSION_NOT_FOUND({ id });
  await lockAgent(tx, found.agentId);
  return tx.em.findOneOrFail(AgentVersion, { id }, { refresh: true });
}

/** Asks the subgraphs that have them, before any transaction. What is deleted or archived afterwards stays. No run would begin with what is archived now. */
async function checkReferencesThere(context: AgentContext, input: CreateAgentVersionInput): Promise<void> {
  const bindingIds = input.toolBindingIds ?? [];
  const skillIds = input.skillIds ?? [];
  const [bindings, skills] = await Promise.all([findToolBindings(context, bindingIds), findSkills(context, skillIds)]);
  bindingIds.forEach((id, index) => {
    const field = `toolBindingIds[${index}]`;
    const binding = bindings.get(id);
    if (binding === undefined) throw agentErrors.TOOL_BINDING_NOT_FOUND({ field, id });
    if (binding.tool.status === "ARCHIVED") throw agentErrors.TOOL_ARCHIVED({ field, id, toolId: binding.tool.id });
  });
  skillIds.forEach((id, index) => {
    const field = `skillIds[${index}]`;
    const skill = skills.get(id);
    if (skill === undefined) throw agentErrors.SKILL_NOT_FOUND({ field, id });
    if (skill.status === "ARCHIVED") throw agentErrors.SKILL_ARCHIVED({ field, id });
  });
}

function versionContent(input: CreateAgentVersionInput) {
  const text = (field: "goal" | "systemPrompt" | "model", limits: { min?: number; max: number }) =>
    input[field] == null ? null : checkText(field, input[field], limits);
  return {
    role: checkText("role", input.role, { min: 1, max: 2_000 }),
    goal: text("goal", { max: 10_000 }),
    systemPrompt: text("systemPrompt", { max: 100_000 }),
    model: text("model", { min: 1, max: 200 }),
    modelConfig: checkModelConfig(checkJson("modelConfig", input.modelConfig ?? {}, modelConfigBytes)),
    toolBindingIds: checkReferences("toolBindingIds", input.toolBindingIds),
    skillIds: checkReferences("skillIds", input.skillIds),
    memoryPolicy: checkMemoryPolicy(input.memoryPolicy),
    maxSteps: checkRange("maxSteps", input.maxSteps ?? 8, { min: 1, max: 500 }),
  };
}
