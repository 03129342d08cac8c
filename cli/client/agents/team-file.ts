/** A team in a file, with the agents that are its members. */
import * as z from "zod";
import type { GraphClient } from "#codegen/client/client.ts";
import type { CreateAgentVersionInput, CreateTeamVersionInput } from "#codegen/graph/graphql.ts";
import { cliErrors } from "../../errors.ts";
import { agentByCode, createAgent, createAgentVersion, createTeam, createTeamVersion, teamByCode } from "../documents.ts";
import { readJsonFile } from "../workflow-file.ts";

const object = z.record(z.string(), z.unknown());

const teamFile = z.object({
  code: z.string(),
  name: z.string(),
  description: z.string().optional(),
  coordinationMode: z.enum(["SUPERVISOR", "SEQUENTIAL", "PARALLEL", "ROUND_ROBIN"]),
  objective: z.string(),
  config: object.optional(),
  members: z
    .array(
      z.object({
        memberKey: z.string(),
        role: z.string(),
        responsibility: z.string().optional(),
        /** As createAgentVersion takes it; or the code of an agent that is there. */
        agent: z.union([z.string(), object]),
      }),
    )
    .min(1),
});

/** What a file holds. */
export type TeamFile = z.infer<typeof teamFile>;

/** @throws AppError FILE_UNREADABLE, FILE_NOT_JSON, FILE_NO_TEAM */
export async function readTeamFile(path: string): Promise<TeamFile> {
  const read = teamFile.safeParse(await readJsonFile(path));
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw cliErrors.FILE_NO_TEAM({ path, problem: `${issue?.path.join(".") || "the file"}: ${issue?.message ?? ""}` });
}

/**
 * Makes the team and its agents, or new versions of those that are there. Agents of the file are called as the team and the member are: `research-team-lead`.
 *
 * @returns the code of the team
 */
export async function makeTeam(client: GraphClient, file: TeamFile): Promise<string> {
  const members = [];
  for (const { agent, ...member } of file.members) {
    const agentId =
      typeof agent === "string" ? await agentIdOf(client, agent) : await makeAgent(client, `${file.code}-${member.memberKey}`, agent);
    members.push({ ...member, agentId });
  }
  const { code, name, description, coordinationMode, objective, config } = file;
  const known = (await client.query(teamByCode, { code })).teamByCode?.id;
  const teamId = known ?? (await client.mutate(createTeam, { input: { code, name, ...(description && { description }) } })).createTeam!.id;
  const version: CreateTeamVersionInput = { teamId, status: "PUBLISHED", coordinationMode, objective, members, ...(config && { config }) };
  await client.mutate(createTeamVersion, { input: version });
  return code;
}

async function agentIdOf(client: GraphClient, code: string): Promise<string> {
  const { agentByCode: agent } = await client.query(agentByCode, { code });
  if (agent == null) throw cliErrors.AGENT_CODE_UNKNOWN({ code });
  return agent.id;
}

async function makeAgent(client: GraphClient, code: string, version: Record<string, unknown>): Promise<string> {
  const known = (await client.query(agentByCode, { code })).agentByCode?.id;
  const agentId = known ?? (await client.mutate(createAgent, { input: { code, name: code } })).createAgent!.id;
  const input = { status: "PUBLISHED", ...version, agentId } as CreateAgentVersionInput;
  await client.mutate(createAgentVersion, { input });
  return agentId;
}
