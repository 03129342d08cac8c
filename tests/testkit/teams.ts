/** Teams of agents, as tests make them through the graph, and models that answer by who asks them. */
import type { JsonObject } from "#shared/json.ts";
import { makeAgent } from "./agents.ts";
import { ask, type AskedPlatform } from "./graph.ts";
import type { ScriptedAnswer, ScriptedCompletion } from "./scripted-provider.ts";

let serial = 0;

/** A member, with what its agent's version says. */
export interface MadeMember {
  memberKey: string;
  role?: string;
  responsibility?: string;
  agent?: JsonObject;
}

/** A team that was made. */
export interface MadeTeam {
  teamId: string;
  versionId: string;
  code: string;
  /** By member keys. */
  agents: Record<string, { agentId: string; versionId: string }>;
}

/** Makes a team with one version, published unless told otherwise, and an agent for each member. */
export async function makeTeam(
  platform: AskedPlatform,
  coordinationMode: string,
  members: readonly MadeMember[],
  version: JsonObject = {},
  headers?: Record<string, string>,
): Promise<MadeTeam> {
  const code = `team-${Date.now().toString(36)}-${serial++}`;
  const agents: MadeTeam["agents"] = {};
  for (const { memberKey, agent = {} } of members)
    agents[memberKey] = await makeAgent(platform, { role: `agent ${memberKey}`, ...agent }, headers);
  const { createTeam } = await ask<{ createTeam: { id: string } }>(
    platform,
    `mutation ($code: String!) { createTeam(input: { code: $code, name: "Test team" }) { id } }`,
    { code },
    headers,
  );
  const input = {
    teamId: createTeam.id,
    status: "PUBLISHED",
    coordinationMode,
    objective: "Test.",
    members: members.map(({ memberKey, role = "worker", responsibility }) => ({
      memberKey,
      role,
      agentId: agents[memberKey]!.agentId,
      ...(responsibility !== undefined && { responsibility }),
    })),
    ...version,
  };
  const { createTeamVersion } = await ask<{ createTeamVersion: { id: string } }>(
    platform,
    `mutation ($input: CreateTeamVersionInput!) { createTeamVersion(input: $input) { id } }`,
    { input },
    headers,
  );
  return { teamId: createTeam.id, versionId: createTeamVersion.id, code, agents };
}

/** Asks a team. @returns the id of the run */
export async function askTeam(
  platform: AskedPlatform,
  teamId: string,
  inputText: string,
  more: JsonObject = {},
  headers?: Record<string, string>,
): Promise<string> {
  const { createTeamRun } = await ask<{ createTeamRun: { id: string } }>(
    platform,
    `mutation ($input: CreateTeamRunInput!) { createTeamRun(input: $input) { id } }`,
    { input: { teamId, inputText, ...more } },
    headers,
  );
  return createTeamRun.id;
}

/** Who asks a model: the key of the member, as the system message says it. */
export function memberAsking(request: JsonObject): string {
  const [system] = request["messages"] as JsonObject[];
  return /You are ([\w-]+), the /.exec(String(system?.["content"]))?.[1] ?? "";
}

/** Answers each member with the next of its own answers; the last stays. */
export function byMember(answers: Record<string, ScriptedCompletion[]>): ScriptedAnswer {
  const left = new Map(Object.entries(answers).map(([key, own]) => [key, [...own]]));
  return (request) => {
    const own = left.get(memberAsking(request));
    if (own?.[0] === undefined) return { text: `nothing for ${memberAsking(request)}` };
    return own.length > 1 ? own.shift()! : own[0];
  };
}
