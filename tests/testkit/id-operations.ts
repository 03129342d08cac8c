/**
 * An operation of every root field that takes ids: `<app>` stands for the id that is asked for, `<own app>` for one of the caller's. tests/e2e/foreign-ids.test.ts
 * sees that none is missing.
 */
const types = ["agent", "app", "modelProvider", "session", "skill", "team", "tool", "toolBinding", "workflow"];
const versions = ["agentVersion", "appVersion", "skillVersion", "teamVersion", "workflowVersion"];

const skillFileBase64 = Buffer.from("---\nname: x\ndescription: x\n---\n").toString("base64");

/** Reads of one record. */
export const singles = [
  ...[
    ...types,
    ...versions,
    "agentRun",
    "teamRun",
    "skillRun",
    "memory",
    "message",
    "modelCall",
    "nodeArtifact",
    "nodeRun",
    "requestAudit",
    "run",
    "runRequest",
    "schedule",
    "secret",
    "skillInstallation",
    "toolVersion",
    "traceSpan",
    "webhook",
  ].map((type) => `${type}(id: "<${type}>") { id }`),
  ...["agent", "app", "modelProvider", "skill", "team", "tool"].map((type) => `${type}ByCode(code: "<code>") { id }`),
  'skillFile(skillVersionId: "<skillVersion>", path: "SKILL.md") { path }',
  'workflowByCode(appId: "<app>", code: "<code>") { id }',
  'workflowByCode(appId: "<app>", code: "<own code>") { id }',
];

/** Lists that are narrowed by an id. */
export const narrowed = [
  'agentRuns(agentId: "<agent>")',
  'teamRuns(sessionId: "<session>")',
  'teamRuns(teamId: "<team>")',
  'skillRuns(skillId: "<skill>")',
  'memories(scopeType: SESSION, scopeId: "<session>")',
  'modelCalls(runId: "<run>")',
  'runs(filter: { appId: "<app>" })',
  'runs(filter: { sessionId: "<session>" })',
  'runs(filter: { workflowId: "<workflow>" })',
  'runs(filter: { workflowVersionId: "<workflowVersion>" })',
  'schedules(filter: { workflowId: "<workflow>" })',
  'sessions(appId: "<app>")',
  'waitingNodeRuns(filter: { appId: "<app>" })',
  'waitingNodeRuns(filter: { runId: "<run>" })',
  'skillInstallations(skillId: "<skill>")',
  'webhooks(filter: { workflowId: "<workflow>" })',
  'toolBindings(toolId: "<tool>")',
  'workflows(appId: "<app>")',
].map((list) => `${list} { edges { node { id } } }`);

/** Whole lists, and what the caller has in them. */
export const whole: Record<string, string[]> = {
  ...{
    agents: ["agent"],
    apps: ["app"],
    memories: ["memory"],
    modelProviders: ["modelProvider"],
    runs: ["skillRun", "teamRun", "agentRun", "manualRun", "run"],
  },
  agentRuns: ["agentRun"],
  teamRuns: ["teamRun"],
  skillRuns: ["skillRun"],
  ...{ schedules: ["schedule"], secrets: ["secret"], webhooks: ["webhook"] },
  ...{ sessions: ["session"], skillInstallations: ["skillInstallation"], skills: ["skill"], teams: ["team"] },
  ...{ toolBindings: ["toolBinding"], tools: ["tool"], workflows: ["workflow"] },
};

/** Lists beneath a record. */
export const below = ['nodeArtifacts(runId: "<run>") { edges { cursor } }', 'traceSpans(runId: "<run>") { edges { cursor } }'];

const member = (agent: string) => `{ memberKey: "one", agentId: "${agent}", role: "supervisor" }`;
const teamVersion = (team: string, agent: string) =>
  `createTeamVersion(input: { teamId: "${team}", coordinationMode: SUPERVISOR, objective: "x", members: [${member(agent)}] })`;

/** Changes of one record, or by one. */
export const mutations = [
  'addMessage(input: { sessionId: "<session>", content: "x" }) { id }',
  ...versions.filter((type) => type !== "appVersion").map((type) => `archive${typeName(type)}(id: "<${type}>") { id }`),
  'cancelRun(id: "<manualRun>") { id }',
  'cancelRun(id: "<run>") { id }',
  'chatCompletion(input: { providerCode: "<code>", messages: [{ role: USER, content: "x" }] }) { id }',
  'closeSession(id: "<session>") { id }',
  'createAgentRun(input: { agentId: "<agent>", inputText: "x" }) { id }',
  'createAgentRun(input: { agentId: "<own agent>", agentVersionId: "<agentVersion>", inputText: "x" }) { id }',
  'createAgentRun(input: { agentId: "<own agent>", sessionId: "<session>", inputText: "x" }) { id }',
  'createTeamRun(input: { teamId: "<team>", inputText: "x" }) { id }',
  'createTeamRun(input: { teamId: "<own team>", teamVersionId: "<teamVersion>", inputText: "x" }) { id }',
  'createTeamRun(input: { teamId: "<own team>", sessionId: "<session>", inputText: "x" }) { id }',
  'createSkillRun(input: { skillId: "<skill>", input: {} }) { id }',
  'createSkillRun(input: { skillId: "<own skill>", skillVersionId: "<skillVersion>", input: {} }) { id }',
  `importSkill(input: { skillId: "<skill>", files: [{ path: "SKILL.md", contentBase64: "${skillFileBase64}" }] }) { id }`,
  'createAgentVersion(input: { agentId: "<agent>", role: "x" }) { id }',
  'createAgentVersion(input: { agentId: "<own agent>", role: "x", skillIds: ["<skill>"] }) { id }',
  'createAgentVersion(input: { agentId: "<own agent>", role: "x", toolBindingIds: ["<toolBinding>"] }) { id }',
  'createAppVersion(input: { appId: "<app>", workflowVersionId: "<own workflowVersion>" }) { id }',
  'createAppVersion(input: { appId: "<own app>", workflowVersionId: "<workflowVersion>" }) { id }',
  'createEmbeddings(input: { providerCode: "<code>", input: ["x"] }) { model }',
  'createRun(input: { workflowId: "<workflow>" }) { id }',
  'createRun(input: { workflowVersionId: "<workflowVersion>" }) { id }',
  'createRun(input: { workflowId: "<own workflow>", appId: "<app>" }) { id }',
  'createRun(input: { workflowId: "<own workflow>", appVersionId: "<appVersion>" }) { id }',
  'createRun(input: { workflowId: "<own workflow>", sessionId: "<session>" }) { id }',
  ...["createRunRequest", "dispatchRun"].flatMap((mutation) => [
    `${mutation}(input: { sessionId: "<session>", appVersionId: "<own appVersion>" }) { id }`,
    `${mutation}(input: { sessionId: "<own session>", appVersionId: "<appVersion>" }) { id }`,
    `${mutation}(input: { sessionId: "<own session>", workflowVersionId: "<workflowVersion>" }) { id }`,
  ]),
  'createSchedule(input: { workflowId: "<workflow>", name: "x", cron: "@daily" }) { id }',
  'createSchedule(input: { workflowId: "<own workflow>", workflowVersionId: "<workflowVersion>", name: "x", cron: "@daily" }) { id }',
  'createWebhook(input: { workflowId: "<workflow>", name: "x" }) { url }',
  'createWebhook(input: { workflowId: "<own workflow>", workflowVersionId: "<workflowVersion>", name: "x" }) { url }',
  'createSession(input: { appId: "<app>", userId: "x" }) { id }',
  'createSkillVersion(input: { skillId: "<skill>", runtimeType: TEMPLATE, implementation: { template: "x" } }) { id }',
  `${teamVersion("<team>", "<own agent>")} { id }`,
  `${teamVersion("<own team>", "<agent>")} { id }`,
  'createToolBinding(input: { toolId: "<tool>", name: "x" }) { id }',
  'createToolBinding(input: { toolId: "<own tool>", toolVersionId: "<toolVersion>", name: "x" }) { id }',
  'createToolVersion(input: { toolId: "<tool>", invokeConfig: { url: "http://x" } }) { id }',
  'createWorkflow(input: { appId: "<app>", code: "x", name: "x" }) { id }',
  'createWorkflowVersion(input: { workflowId: "<workflow>", dsl: { nodes: [], edges: [] } }) { id }',
  ...[...types.filter((type) => type !== "session"), "memory"].map((type) => `delete${typeName(type)}(id: "<${type}>") { id }`),
  'deleteRun(id: "<run>") { id }',
  'deleteSchedule(id: "<schedule>") { id }',
  'deleteSecret(id: "<secret>") { id }',
  'deleteWebhook(id: "<webhook>") { id }',
  'dispatchRunRequest(id: "<runRequest>") { id }',
  'executeAgentRun(id: "<agentRun>", input: { workerKey: "x" }) { id }',
  'executeSkillRun(id: "<skillRun>", input: { workerKey: "x" }) { id }',
  'executeTeamRun(id: "<teamRun>", input: { workerKey: "x" }) { id }',
  'executeNextNode(runId: "<manualRun>", input: { workerKey: "x" }) { id }',
  'executeNodeRun(id: "<queuedNodeRun>", input: { workerKey: "x" }) { id }',
  'executeRun(id: "<manualRun>", input: { workerKey: "x" }) { stopReason }',
  'installSkill(input: { skillId: "<skill>", installScope: TENANT }) { id }',
  'invokeTool(input: { toolId: "<tool>" }) { ok }',
  'invokeTool(input: { toolBindingId: "<toolBinding>" }) { ok }',
  'invokeTool(input: { toolId: "<own tool>", toolVersionId: "<toolVersion>" }) { ok }',
  ...versions.map((type) => `publish${typeName(type)}(id: "<${type}>") { id }`),
  'pauseSchedule(id: "<schedule>") { id }',
  'resumeSchedule(id: "<schedule>") { id }',
  'rotateWebhookSecret(id: "<webhook>") { url }',
  'rotateWebhookUrl(id: "<webhook>") { url }',
  'resumeNodeRun(id: "<queuedNodeRun>", input: {}) { id }',
  'retryRun(id: "<run>") { id }',
  'forkRun(id: "<run>", fromNode: "a") { id }',
  'executeNode(workflowVersionId: "<workflowVersion>", nodeId: "a") { id }',
  'sendAgentInput(runId: "<agentRun>", input: { text: "x" }) { id }',
  'uninstallSkill(id: "<skillInstallation>") { id }',
  ...types.map((type) => `update${typeName(type)}(id: "<${type}>", input: { ${type === "session" ? "title" : "name"}: "x" }) { id }`),
  'updateMemory(id: "<memory>", input: { contentText: "x" }) { id }',
  'updateSchedule(id: "<schedule>", input: { name: "x" }) { id }',
  'updateSchedule(id: "<own schedule>", input: { workflowVersionId: "<workflowVersion>" }) { id }',
  'updateSecret(id: "<secret>", input: { value: "x" }) { id }',
  'updateWebhook(id: "<webhook>", input: { name: "x" }) { id }',
  'updateWebhook(id: "<own webhook>", input: { workflowVersionId: "<workflowVersion>" }) { id }',
  'updateNodeRunStatus(id: "<queuedNodeRun>", input: { status: COMPLETED }) { id }',
  'updateRunStatus(id: "<manualRun>", status: RUNNING) { id }',
];

export const subscriptions = [
  'messageAdded(sessionId: "<session>") { cursor }',
  'nodeRunUpdated(runId: "<run>") { cursor }',
  'runEvents(runId: "<run>") { cursor }',
  'runEventPages(runId: "<run>") { cursor }',
  'startRun(input: { workflowVersionId: "<workflowVersion>" }) { cursor }',
  'traceSpanRecorded(runId: "<run>") { cursor }',
];

function typeName(type: string): string {
  return `${type[0]!.toUpperCase()}${type.slice(1)}`;
}

/** The root field of an operation. */
export const fieldOf = (operation: string) => /^\w+/.exec(operation)![0];

/** Gives the id, or the code, of a record of a type. */
export type IdOf = (type: string) => string;

/** An operation of one root field, with ids in its places, as variables. */
export function operation(kind: "query" | "mutation" | "subscription", field: string, { ids, own }: { ids: IdOf; own: IdOf }) {
  const variables: Record<string, string> = {};
  const declared: string[] = [];
  const text = field.replaceAll(
    /(\w+): (\[?)"<(own )?(\w+)>"/g,
    (_place, argument: string, list: string, isOwn: string | undefined, type: string) => {
      const name = `v${declared.length}`;
      variables[name] = isOwn === undefined ? ids(type) : own(type);
      declared.push(`$${name}: ${/code|scopeId/i.test(argument) ? "String" : "ID"}!`);
      return `${argument}: ${list}$${name}`;
    },
  );
  return { query: `${kind} (${declared.join(", ")}) { it: ${text} }`, variables };
}
