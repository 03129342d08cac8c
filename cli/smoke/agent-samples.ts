/** Agents in the smoke test: one that uses a tool, asks a person before a call, is told something while it works, and remembers. No key is needed: the model is ours. */
import type { GraphClient } from "#codegen/client/client.ts";
import {
  createAgent,
  createAgentRun,
  createAgentVersion,
  createModelProvider,
  runEventPages,
  sendAgentInput,
} from "../client/documents.ts";
import { answerNodeRun, createToolBinding, finishedRun, usageOfRun } from "./documents.ts";
import { requireEgress, runJudged, type JudgedSample } from "./judging.ts";
import { saidByPeople, toolAnswers, type Conversation, type Saying } from "./scripted-model.ts";
import type { SmokeResult } from "./smoke-result.ts";

const steering = "In Fahrenheit too, please.";
const question = "How warm is it in Lyon, and in Oslo?";
const remembered = "I remember Lyon.";

/** The model of these agents: two calls, the second of which a person is asked for, then an answer that says what it was told. */
export function sayInSmoke(conversation: Conversation): Saying {
  const name = conversation.tools?.[0]?.function.name ?? "";
  const system = conversation.messages[0]?.content ?? "";
  if (system.includes("What you remember:") && system.includes("Lyon")) return { text: remembered };
  const answers = toolAnswers(conversation);
  const city = ["Lyon", "Oslo"][answers.length];
  if (city !== undefined) return { calls: [{ name, arguments: { city } }] };
  const degrees = answers.map((answer) => String((JSON.parse(answer) as { degrees?: number }).degrees)).join(" and ");
  return { text: `${degrees} degrees.${saidByPeople(conversation).includes(steering) ? " I was told to give Fahrenheit." : ""}` };
}

interface SmokeAgent {
  id: string;
}

/** Runs the agents, one after the other. @param local  host:port of the test's HTTP server. */
export async function runAgentSmoke(
  client: GraphClient,
  { local, toolId }: { local: string; toolId: string },
  hear: (result: SmokeResult) => void,
): Promise<SmokeResult[]> {
  let agent: SmokeAgent | undefined;
  const samples: JudgedSample[] = [
    ["agent with approval", async () => withApproval(client, (agent = await makeAgent(client, { local, toolId })))],
    ["agent that remembers", async () => thatRemembers(client, agent)],
    ["agent, dry run", async () => dryRun(client, agent)],
  ];
  return runJudged(samples, hear);
}

async function makeAgent(client: GraphClient, { local, toolId }: { local: string; toolId: string }): Promise<SmokeAgent> {
  const code = `smoke-${Date.now().toString(36)}`;
  await client.mutate(createModelProvider, {
    input: { code, name: "Smoke test", baseUrl: `http://${local}/v1`, defaultModel: "scripted" },
  });
  const config = { base_url: `http://${local}`, requires_approval: "arguments.city == 'Oslo'" };
  const { createToolBinding: binding } = await client.mutate(createToolBinding, { input: { toolId, name: "asks", config } });
  const { createAgent: agent } = await client.mutate(createAgent, { input: { code, name: "Weather" } });
  const version = {
    agentId: agent!.id,
    status: "PUBLISHED" as const,
    role: "You tell the weather.",
    modelConfig: { providerCode: code },
    toolBindingIds: [binding!.id],
    memoryPolicy: { enabled: true, writeEnabled: true, memoryScope: "AGENT" as const },
  };
  await client.mutate(createAgentVersion, { input: version });
  return { id: agent!.id };
}

async function withApproval(client: GraphClient, { id: agentId }: SmokeAgent): Promise<string[]> {
  const { createAgentRun: made } = await client.mutate(createAgentRun, { input: { agentId, inputText: question } });
  const runId = made!.id;
  let isAsked = false;
  for await (const { runEventPages: page } of client.subscribe(runEventPages, { runId })) {
    if (isAsked || !(page ?? []).some(({ path, nodeStatus }) => path === "agent/tool#2.0" && nodeStatus === "WAITING")) continue;
    isAsked = true;
    await client.mutate(sendAgentInput, { runId, input: { text: steering } });
    await client.mutate(answerNodeRun, { id: `${runId}:agent/tool#2.0`, input: { decision: "APPROVE" } });
  }
  const { run } = await client.query(finishedRun, { id: runId });
  requireEgress(run);
  const expected = "21 and 21 degrees. I was told to give Fahrenheit.";
  const parts = new Set(run?.nodeRuns.edges.map(({ node }) => node.path));
  const missing = ["agent/memory#0", "agent/model#3", "agent/input#1", "agent/memory#1"].filter((part) => !parts.has(part));
  const { modelUsage } = await client.query(usageOfRun, { runId });
  const calls = modelUsage?.[0]?.calls;
  return [
    ...(run?.outputText === expected
      ? []
      : [`the answer is ${JSON.stringify(run?.outputText)}, not ${JSON.stringify(expected)}: ${run?.errorCode}`]),
    ...(isAsked ? [] : ["nobody was asked for approval"]),
    ...missing.map((part) => `there is no node run ${part}`),
    ...(calls === 3 ? [] : [`the ledger has ${calls} model calls, not 3`]),
  ];
}

async function thatRemembers(client: GraphClient, agent: SmokeAgent | undefined): Promise<string[]> {
  const run = await finished(client, agent, { inputText: "What about Lyon?" });
  return run?.outputText === remembered ? [] : [`the answer is ${JSON.stringify(run?.outputText)}: ${run?.errorMessage}`];
}

async function dryRun(client: GraphClient, agent: SmokeAgent | undefined): Promise<string[]> {
  const run = await finished(client, agent, { inputText: question, dryRun: true });
  return run?.outputText === "[dry run]" ? [] : [`the answer is ${JSON.stringify(run?.outputText)}: ${run?.errorMessage}`];
}

async function finished(client: GraphClient, agent: SmokeAgent | undefined, input: { inputText: string; dryRun?: boolean }) {
  if (agent === undefined) throw new Error("there is no agent");
  const { createAgentRun: made } = await client.mutate(createAgentRun, { input: { agentId: agent.id, ...input } });
  const events = client.subscribe(runEventPages, { runId: made!.id });
  while ((await events.next()).done !== true);
  const { run } = await client.query(finishedRun, { id: made!.id });
  requireEgress(run);
  return run;
}
