/** Teams in the smoke test: one of each mode, with a model that says who has worked before whom. */
import type { GraphClient } from "#codegen/client/client.ts";
import {
  createAgent,
  createAgentVersion,
  createModelProvider,
  createTeam,
  createTeamRun,
  createTeamVersion,
  runEventPages,
} from "../client/documents.ts";
import { finishedRun, usageOfRun } from "./documents.ts";
import { requireEgress, runJudged, type JudgedSample } from "./judging.ts";
import { saidByPeople, toolAnswers, type Conversation, type Saying } from "./scripted-model.ts";
import type { SmokeResult } from "./smoke-result.ts";

type Mode = "SUPERVISOR" | "SEQUENTIAL" | "PARALLEL" | "ROUND_ROBIN";

/** A team, the answer that its members come to, and the model calls that it takes. */
interface TeamSample {
  mode: Mode;
  members: readonly string[];
  answer: string;
  calls: number;
}

const samples: readonly TeamSample[] = [
  { mode: "SUPERVISOR", members: ["chef", "cook", "baker"], answer: "Served: cook after nobody and baker after nobody.", calls: 4 },
  { mode: "SEQUENTIAL", members: ["cook", "baker"], answer: "baker after cook", calls: 2 },
  { mode: "PARALLEL", members: ["cook", "baker"], answer: "cook after cook, baker", calls: 3 },
  { mode: "ROUND_ROBIN", members: ["cook", "waiter"], answer: "Enough: waiter after cook", calls: 2 },
];

/** The model of these teams; undefined: who asks is in none. */
export function sayInTeam(conversation: Conversation): Saying | undefined {
  const [, member] = /You are (\w+), the /.exec(conversation.messages[0]?.content ?? "") ?? [];
  if (member === undefined) return undefined;
  const offered = conversation.tools?.map((tool) => tool.function.name) ?? [];
  if (offered.includes("delegate")) return sayAsLead(toolAnswers(conversation));
  const before = saidByPeople(conversation).flatMap((said) => [...said.matchAll(/^(\w+):$/gm)].map(([, key]) => key));
  const text = `${member} after ${before.join(", ") || "nobody"}`;
  return member === "waiter" && offered.includes("conclude")
    ? { calls: [{ name: "conclude", arguments: { answer: `Enough: ${text}` } }] }
    : { text };
}

function sayAsLead(answers: string[]): Saying {
  if (answers.length > 0) return { text: `Served: ${answers.join(" and ")}.` };
  return { calls: ["cook", "baker"].map((member) => ({ name: "delegate", arguments: { member, task: "Make a dish." } })) };
}

/** Runs the teams, one after the other. @param local  host:port of the test's HTTP server. */
export async function runTeamSmoke(client: GraphClient, local: string, hear: (result: SmokeResult) => void): Promise<SmokeResult[]> {
  const providerCode = `smoke-teams-${Date.now().toString(36)}`;
  const provider = { code: providerCode, name: "Smoke test of teams", baseUrl: `http://${local}/v1`, defaultModel: "scripted" };
  await client.mutate(createModelProvider, { input: provider });
  const judged = samples.map((sample): JudgedSample => [
    `team, ${sample.mode.toLowerCase().replace("_", " ")}`,
    async () => problemsOf(client, await madeTeam(client, providerCode, sample), sample),
  ]);
  return runJudged(judged, hear);
}

async function madeTeam(client: GraphClient, providerCode: string, { mode, members }: TeamSample): Promise<string> {
  const code = `${providerCode}-${mode.toLowerCase().replace("_", "-")}`;
  const { createAgent: agent } = await client.mutate(createAgent, { input: { code, name: "Kitchen" } });
  const agentId = agent!.id;
  const version = { agentId, status: "PUBLISHED" as const, role: "You work in a kitchen.", modelConfig: { providerCode } };
  await client.mutate(createAgentVersion, { input: version });
  const { createTeam: team } = await client.mutate(createTeam, { input: { code, name: "Kitchen" } });
  const roleOf = (memberKey: string) => (memberKey === "chef" ? "supervisor" : "worker");
  await client.mutate(createTeamVersion, {
    input: {
      teamId: team!.id,
      status: "PUBLISHED" as const,
      coordinationMode: mode,
      objective: "Dinner.",
      members: members.map((memberKey) => ({ memberKey, agentId, role: roleOf(memberKey) })),
    },
  });
  return team!.id;
}

async function problemsOf(client: GraphClient, teamId: string, { answer, calls }: TeamSample): Promise<string[]> {
  const { createTeamRun: made } = await client.mutate(createTeamRun, { input: { teamId, inputText: "Dinner, please." } });
  const runId = made!.id;
  const events = client.subscribe(runEventPages, { runId });
  while ((await events.next()).done !== true);
  const { run } = await client.query(finishedRun, { id: runId });
  requireEgress(run);
  // Where no member has answered, the run says that alone.
  for (const { node } of run?.nodeRuns?.edges ?? []) requireEgress({ errorCode: node.errorCode, errorMessage: `${node.path} failed` });
  const { modelUsage } = await client.query(usageOfRun, { runId });
  const counted = modelUsage?.[0]?.calls;
  return [
    ...(run?.outputText === answer
      ? []
      : [`the answer is ${JSON.stringify(run?.outputText)}, not ${JSON.stringify(answer)}: ${run?.errorCode}`]),
    ...(counted === calls ? [] : [`the ledger has ${counted} model calls, not ${calls}`]),
  ];
}
