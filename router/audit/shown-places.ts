/**
 * The texts of the graph's input that the audit keeps: names by which things are found, words of closed lists, and marks of a caller. What people write, what
 * models are told and answer, URLs, headers, JSON and secrets are in none of them. tests/router/audit/shown-places.test.ts holds the list against the schema.
 */
const named = ["code", "name"];
const createInputs = ["Agent", "App", "ModelProvider", "Skill", "Team", "Tool", "Workflow"].map((noun) => `Create${noun}Input`);
const updateInputs = ["Agent", "App", "ModelProvider", "Skill", "Team", "Tool", "ToolBinding", "Workflow"].map(
  (noun) => `Update${noun}Input`,
);
const lists = [
  "agents",
  "apps",
  "memories",
  "modelProviders",
  "nodeArtifacts",
  "requestAudits",
  "runs",
  "secrets",
  "sessions",
  "skillInstallations",
  "skills",
  "teams",
  "toolBindings",
  "tools",
  "traceSpans",
  "workflows",
];
const streams = ["messageAdded", "nodeRunUpdated", "runEventPages", "runEvents", "traceSpanRecorded"];
const byCode = ["agentByCode", "appByCode", "modelProviderByCode", "skillByCode", "teamByCode", "toolByCode", "workflowByCode"];

/** As coordinates of the schema: `Type.field`, `Type.field(argument:)`. */
export const shownPlaces: ReadonlySet<string> = new Set([
  ...createInputs.flatMap((input) => named.map((field) => `${input}.${field}`)),
  ...updateInputs.map((input) => `${input}.name`),
  "CreateSecretInput.name",
  "CreateToolBindingInput.name",
  "CreateAgentInput.agentType",
  "CreateAgentVersionInput.model",
  "CreateSkillInput.skillType",
  "CreateTeamInput.teamType",
  "CreateMemoryInput.memoryType",
  "CreateMemoryInput.scopeId",
  "UpdateMemoryInput.memoryType",
  "CreateModelProviderInput.apiKeyHeader",
  "CreateModelProviderInput.defaultModel",
  "CreateModelProviderInput.embeddingModel",
  "UpdateModelProviderInput.apiKeyHeader",
  "UpdateModelProviderInput.defaultModel",
  "UpdateModelProviderInput.embeddingModel",
  "ChatCompletionInput.model",
  "ChatCompletionInput.providerCode",
  "CreateEmbeddingsInput.model",
  "CreateEmbeddingsInput.providerCode",
  "CreateSessionInput.channelType",
  "CreateSessionInput.userId",
  "InitialNodeInput.nodeId",
  "InitialNodeInput.nodeType",
  "InstallSkillInput.installedBy",
  "InstallSkillInput.scopeId",
  "SearchMemoriesInput.memoryType",
  "SearchMemoriesInput.scopeId",
  "TeamMemberInput.memberKey",
  "UpdateNodeRunStatusInput.errorCode",
  ...["errorCode", "operationName", "requestId", "rootField"].map((field) => `RequestAuditFilter.${field}`),
  ...lists.flatMap((list) => [`Query.${list}(after:)`, `Query.${list}(before:)`]),
  ...streams.map((stream) => `Subscription.${stream}(after:)`),
  ...byCode.map((field) => `Query.${field}(code:)`),
  "Query.agents(agentType:)",
  "Query.memories(memoryType:)",
  "Query.memories(scopeId:)",
  "Query.sessions(userId:)",
  "Query.skillInstallations(scopeId:)",
  "Query.skills(skillType:)",
  "Query.teams(teamType:)",
]);
