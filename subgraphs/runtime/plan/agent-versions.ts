/**
 * Agents are frozen whole: prompt, model, limits, and the versions of the tools that they may call, as they were when the run was created. The plan of an agent's
 * own run is one node, the same as that of an agent in a workflow.
 */
import type { JsonObject } from "#shared/json.ts";
import { findAgent, type AgentReference, type AgentVersionFound } from "../client/agent.client.ts";
import { findBindings, type BindingFound } from "../client/tool.client.ts";
import { agentType } from "../engine/drivers/agent-plan.ts";
import type { PlanDocument, PlanNode } from "../engine/plan.ts";
import { runtimeErrors } from "../errors.ts";
import type { FrozenAgent } from "../nodes/agent/agent-frozen.ts";
import { agentRunDocument } from "./agent-document.ts";
import type { AgentQuestion } from "./agent-question.ts";
import { freezeAgentSkills, type FrozenSkills } from "./agent-skills.ts";
import { readModelConfig, type ModelConfig } from "./agent-model-config.ts";
import { askedByNode } from "./asked-by-node.ts";
import { allNodes, graphsOf, mapNodes } from "./document-nodes.ts";
import { freeName, parametersOf } from "./function-names.ts";
import { PlanSize } from "./plan-size.ts";

/** Side by side; a document may have 2,000 agents. */
const lookupsAtOnce = 20;
const charactersOfToken = 4;
const historyTokens = 8_000;
const defaultImportance = 50;

/** What is not the author's to say, as it was when the plan was made. */
const fixedLimits = {
  model_attempts: 3,
  model_backoff_seconds: 1,
  calls: 64,
  same_calls: 3,
  result_characters: 64_000,
  // Of one model call; the model subgraph takes 4 MiB, and what is around it counts.
  prompt_bytes: 3_800_000,
  prompt_messages: 1_000,
};

/** A version of an agent, as a plan has it; without `history`, which the node says. */
export interface FrozenVersion {
  agentId: string;
  versionId: string;
  frozen: Omit<FrozenAgent, "history">;
}

/** Whether a document has agents, in its bodies too. */
export function hasAgents(document: PlanDocument): boolean {
  return allNodes(document).some(({ type }) => type === agentType);
}

/**
 * The document, and those of its sub-workflows, with their agents in the configs of the nodes that name them.
 *
 * @throws AppError of {@link freezeAgent}; PLAN_TOO_LARGE
 */
export async function freezeAgents(asked: AgentQuestion, document: PlanDocument, size = new PlanSize()): Promise<PlanDocument> {
  const agents = graphsOf(document)
    .flatMap(allNodes)
    .filter(({ type }) => type === agentType);
  if (agents.length === 0) return document;
  const references = Map.groupBy(agents, keyOf);
  const found = new Map<string, FrozenVersion>();
  const waiting = [...references];
  for (let batch = waiting.splice(0, lookupsAtOnce); batch.length > 0; batch = waiting.splice(0, lookupsAtOnce)) {
    await Promise.all(
      batch.map(async ([key, nodes]) => {
        const version = await askedByNode(nodes[0]!, () => freezeAgent(asked, referenceOf(nodes[0]!)));
        size.add(version.frozen, nodes.length);
        found.set(key, version);
      }),
    );
  }
  return withAgents(document, found);
}

function withAgents(document: PlanDocument, found: ReadonlyMap<string, FrozenVersion>): PlanDocument {
  return mapNodes(document, (node) => {
    const version = node.type === agentType ? found.get(keyOf(node)) : undefined;
    if (version === undefined) return node;
    const { agent_id: _id, agent_code: _code, agent_version_id: _version, ...opening } = node.config;
    return { ...node, config: agentConfig(version, opening) };
  });
}

/** The config of an agent's node: who it is, and what it is given when it opens. */
function agentConfig({ frozen }: FrozenVersion, opening: JsonObject): JsonObject {
  return { ...opening, agent: { ...frozen, history: opening["session_id"] !== undefined } };
}

/** The plan of an agent's own run. */
export function agentDocument({ frozen }: FrozenVersion, of: { hasSession: boolean }): PlanDocument {
  return agentRunDocument(frozen, of);
}

function referenceOf({ config }: PlanNode): AgentReference {
  const { agent_id: id, agent_code: code, agent_version_id: versionId } = config;
  const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
  return { id: text(id), code: text(code), versionId: text(versionId) };
}

function keyOf(node: PlanNode): string {
  return JSON.stringify(referenceOf(node));
}

/**
 * Finds an agent and freezes a version of it: the published one unless one is named, which may be archived where `mayBeArchived` says so.
 *
 * @throws AppError AGENT_NOT_FOUND, AGENT_VERSION_NOT_FOUND, AGENT_VERSION_NOT_PUBLISHED, AGENT_VERSION_ARCHIVED, AGENT_VERSION_OF_OTHER_AGENT,
 *   AGENT_MODEL_CONFIG_INVALID, TOOL_BINDING_NOT_FOUND, TOOL_NOT_FOUND, TOOL_ARCHIVED, TOOL_VERSION_MISSING, and those of {@link freezeAgentSkills}
 */
export async function freezeAgent(
  { call, info, places = {} }: AgentQuestion,
  reference: AgentReference,
  { mayBeArchived = false } = {},
): Promise<FrozenVersion> {
  const { id, code, versionId } = reference;
  const agent = await findAgent(call, info, reference);
  const { version } = agent;
  if (versionId !== undefined && version == null) throw runtimeErrors.AGENT_VERSION_NOT_FOUND({ id: versionId });
  const isNamed = id !== undefined || code !== undefined;
  if (isNamed && (agent.id == null || agent.deleted === true)) throw runtimeErrors.AGENT_NOT_FOUND({ id: id ?? code ?? "" });
  if (version == null) throw runtimeErrors.AGENT_VERSION_NOT_PUBLISHED({ id: agent.id ?? "" });
  if (agent.id != null && version.agentId !== agent.id)
    throw runtimeErrors.AGENT_VERSION_OF_OTHER_AGENT({ field: "agentVersionId", id: version.id, agentId: agent.id });
  if (version.status === "ARCHIVED" && !mayBeArchived) throw runtimeErrors.AGENT_VERSION_ARCHIVED({ id: version.id });
  if (version.agentDeleted) throw runtimeErrors.AGENT_NOT_FOUND({ id: version.agentId });
  const config = await readModelConfig(info.tenantId, version.id, version.modelConfig as JsonObject);
  const { agentId, skillIds } = version;
  const tools = toolsOf(version, await findBindings(call, info, version.toolBindingIds));
  const skills = await freezeAgentSkills({ call, info }, { agentId, skillIds, places, names: tools.map(({ name }) => name) });
  return { agentId, versionId: version.id, frozen: frozenOf(version, config, { tools, skills }) };
}

function frozenOf(
  version: AgentVersionFound,
  config: ModelConfig,
  { tools, skills }: { tools: FrozenAgent["tools"]; skills: FrozenSkills },
): FrozenVersion["frozen"] {
  const { id, role, goal, systemPrompt, model, memoryPolicy, maxSteps } = version;
  const score = (memoryPolicy.config as JsonObject)["write_importance_score"];
  return {
    v: 1,
    id: version.agentId,
    version_id: id,
    role,
    ...(goal !== null && { goal: goal ?? "" }),
    ...(systemPrompt !== null && { system_prompt: systemPrompt ?? "" }),
    model: modelOf(model ?? null, config),
    tools,
    ...skills,
    memory: {
      enabled: memoryPolicy.enabled,
      scope: memoryPolicy.memoryScope,
      read_top_k: memoryPolicy.readTopK,
      write_enabled: memoryPolicy.writeEnabled,
      importance: typeof score === "number" ? score : defaultImportance,
    },
    limits: {
      ...fixedLimits,
      max_steps: maxSteps,
      history_characters: (config.historyTokens ?? historyTokens) * charactersOfToken,
      ...(config.maxTotalTokens !== undefined && { max_total_tokens: config.maxTotalTokens }),
      ...(config.maxTotalPrice !== undefined && { max_total_price: config.maxTotalPrice }),
      ...(config.contextTokens !== undefined && { context_tokens: config.contextTokens }),
    },
  };
}

function modelOf(name: string | null, config: ModelConfig): FrozenAgent["model"] {
  const model = {
    name: name ?? undefined,
    provider_code: config.providerCode,
    temperature: config.temperature,
    top_p: config.topP,
    max_tokens: config.maxTokens,
    max_completion_tokens: config.maxCompletionTokens,
    seed: config.seed,
    reasoning_effort: config.reasoningEffort,
    stop: config.stop,
    response_format: config.responseFormat,
    extra_parameters: config.extraParameters,
    timeout_seconds: config.timeoutSeconds,
  };
  return Object.fromEntries(Object.entries(model).filter(([, value]) => value !== undefined));
}

/** In the order of the version, so that a provider's cache of prompts sees the same bytes; by codes of tools, a number behind those that come again. */
function toolsOf({ id, toolBindingIds }: AgentVersionFound, bindings: readonly BindingFound[]): FrozenAgent["tools"] {
  const byId = new Map(bindings.map((binding) => [binding.id, binding]));
  const taken = new Set<string>();
  const caller = { agentVersionId: id };
  return toolBindingIds.map((bindingId) => {
    const binding = byId.get(bindingId);
    if (binding === undefined || binding.deleted) throw runtimeErrors.TOOL_BINDING_NOT_FOUND({ id: bindingId, ...caller });
    const { tool } = binding;
    if (tool.deleted) throw runtimeErrors.TOOL_NOT_FOUND({ id: tool.id, ...caller });
    if (tool.status === "ARCHIVED") throw runtimeErrors.TOOL_ARCHIVED({ id: tool.id, ...caller });
    const { version } = binding;
    if (version == null) throw runtimeErrors.TOOL_VERSION_MISSING({ id: tool.id, ...caller });
    const name = freeName(tool.code, taken);
    const description = tool.description ?? tool.name;
    const parameters = parametersOf(version.inputSchema as JsonObject);
    const policy = policyOf(binding);
    return { name, description, parameters, tool_binding_id: binding.id, tool_version_id: version.id, ...policy };
  });
}

/** Whether a person is asked before it is called, as it is when the run is created. */
function policyOf({ requiresApproval: policy }: BindingFound): Pick<FrozenAgent["tools"][number], "requires_approval"> {
  return policy === true || typeof policy === "string" ? { requires_approval: policy } : {};
}
