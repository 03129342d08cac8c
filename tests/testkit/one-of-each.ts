/** One record of each type of the graph, made by a tenant through the graph. */
import { graphql } from "#codegen/graph/gql.ts";
import type { Json } from "#shared/json.ts";
import { ask, finishRun } from "./graph.ts";
import type { TestPlatform } from "./platform.ts";

/** Ids by the type's name in lower camel case; `code` is the code of whatever has one. */
export interface OneOfEach extends Record<string, string> {
  code: string;
  run: string;
  /** A MANUAL run that has not begun. */
  manualRun: string;
  session: string;
}

/** What stands in every text of {@link makeOneOfEach}'s records. */
export const secretWord = "tangerine";

// Above 2 kB an output is an artifact.
const longAnswer = `${secretWord} {{ input.word }} ${"x".repeat(4_000)}`;
const dsl = { nodes: [{ id: "reply", type: "answer", config: { answer: longAnswer } }], edges: [] };

const messages = graphql(`
  subscription OneOfEachMessages($sessionId: ID!, $after: String) {
    messageAdded(sessionId: $sessionId, after: $after) {
      cursor
      message {
        role
      }
    }
  }
`);

/** Makes them, and returns when the run's answer is in its session; needs a worker. */
export async function makeOneOfEach(platform: TestPlatform, tenantId: string): Promise<OneOfEach> {
  const code = `code-of-${tenantId}`;
  const named = { code, name: secretWord };
  const make = async (type: string, input: Record<string, Json>, mutation = `create${type}`): Promise<string> => {
    const query = `mutation ($input: ${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input!) { made: ${mutation}(input: $input) { id } }`;
    return (await ask<{ made: { id: string } }>(platform, query, { input }, { "x-tenant-id": tenantId })).made.id;
  };
  const app = await make("App", named);
  const workflow = await make("Workflow", { ...named, appId: app });
  const workflowVersion = await make("WorkflowVersion", { workflowId: workflow, dsl, status: "PUBLISHED" });
  const appVersion = await make("AppVersion", { appId: app, workflowVersionId: workflowVersion, status: "PUBLISHED" });
  const session = await make("Session", { appId: app, userId: secretWord, title: secretWord });
  const message = await make("Message", { sessionId: session, content: secretWord }, "addMessage");
  const request = { sessionId: session, appVersionId: appVersion, input: { word: secretWord } };
  const runRequest = await make("RunRequest", request);
  const run = await make("Run", { workflowId: workflow, sessionId: session, input: { word: secretWord } });
  await finishRun(platform, run, { tenantId });
  for await (const { messageAdded } of platform.client({ tenantId }).subscribe(messages, { sessionId: session })) {
    if (messageAdded.message.role === "ASSISTANT") break;
  }
  const manualRun = await make("Run", { workflowId: workflow, execution: "MANUAL" });
  const schedule = await make("Schedule", { name: secretWord, workflowId: workflow, cron: "0 0 1 1 *", input: { word: secretWord } });
  const hookInput = { name: secretWord, workflowId: workflow, signature: { header: "x-signature" } };
  const hookQuery = "mutation ($input: CreateWebhookInput!) { made: createWebhook(input: $input) { webhook { id } } }";
  const madeHook = await ask<{ made: { webhook: { id: string } } }>(platform, hookQuery, { input: hookInput }, { "x-tenant-id": tenantId });
  const webhook = madeHook.made.webhook.id;
  const tool = await make("Tool", { ...named, toolType: "HTTP" });
  const toolVersion = await make("ToolVersion", { toolId: tool, invokeConfig: { url: `http://127.0.0.1:9/${secretWord}` } });
  const toolBinding = await make("ToolBinding", { toolId: tool, name: secretWord });
  const modelProvider = await make("ModelProvider", { ...named, baseUrl: `http://127.0.0.1:9/${secretWord}` });
  const secretName = `OF_${tenantId.replace(/\W/g, "_")}`;
  const secret = await make("Secret", { name: secretName, value: secretWord, origins: ["https://api.example.com"] });
  const agent = await make("Agent", named);
  const agentVersion = await make("AgentVersion", { agentId: agent, role: secretWord, status: "PUBLISHED" });
  const agentRun = await make("AgentRun", { agentId: agent, inputText: secretWord, execution: "MANUAL" });
  const memory = await make("Memory", { contentText: secretWord, scopeType: "SESSION", scopeId: session });
  const team = await make("Team", named);
  const members = [{ memberKey: "one", agentId: agent, role: "supervisor" }];
  const teamVersion = await make("TeamVersion", {
    ...{ teamId: team, coordinationMode: "SUPERVISOR", objective: secretWord, members, status: "PUBLISHED" },
  });
  const teamRun = await make("TeamRun", { teamId: team, teamVersionId: teamVersion, inputText: secretWord, execution: "MANUAL" });
  const skill = await make("Skill", named);
  const folder = `---\nname: ${secretWord}\ndescription: ${secretWord}\n---\n${secretWord}`;
  const files = [{ path: "SKILL.md", contentBase64: Buffer.from(folder).toString("base64") }];
  const skillVersion = await make("SkillVersion", { skillId: skill, files, status: "PUBLISHED" }, "importSkill");
  const skillRun = await make("SkillRun", { skillId: skill, input: { path: secretWord }, execution: "MANUAL" });
  const skillInstallation = await make("SkillInstallation", { skillId: skill, installScope: "TENANT" }, "installSkill");
  return {
    ...{ code, app, workflow, workflowVersion, appVersion, session, message, runRequest, run, manualRun },
    ...{ nodeRun: `${run}:reply`, queuedNodeRun: `${manualRun}:reply`, tool, toolVersion, toolBinding, modelProvider, secret },
    ...{ schedule, webhook },
    ...{ agent, agentVersion, agentRun, memory, team, teamVersion, teamRun, skill, skillVersion, skillRun, skillInstallation },
  };
}
