/**
 * Teams are frozen whole: who is in them, how they work together, and the versions of their agents, as they were when the run was created. The plan of a team's own
 * run is one node, the same as that of a team in a workflow.
 */
import { AppError } from "#shared/errors.ts";
import { lastPublishedVersion } from "../client/agent.client.ts";
import { findTeam, type TeamReference, type TeamVersionFound } from "../client/team.client.ts";
import type { PlanDocument, PlanNode } from "../engine/plan.ts";
import { teamType } from "../engine/drivers/team-plan.ts";
import { runtimeErrors } from "../errors.ts";
import type { AgentQuestion } from "./agent-question.ts";
import { freezeAgent, type FrozenVersion } from "./agent-versions.ts";
import { askedByNode, withWhere } from "./asked-by-node.ts";
import { allNodes, graphsOf, mapNodes } from "./document-nodes.ts";
import { PlanSize } from "./plan-size.ts";
import { teamConfig, teamRunDocument } from "./team-document.ts";
import { frozenTeam, type FrozenTeam } from "./team-frozen.ts";

/** Side by side: a team has 50 members at most. */
const lookupsAtOnce = 10;

/** A version of a team, as a plan has it. */
export interface FrozenTeamVersion {
  teamId: string;
  versionId: string;
  frozen: FrozenTeam;
}

/** Whether a document has teams, in its bodies too. */
export function hasTeams(document: PlanDocument): boolean {
  return graphsOf(document)
    .flatMap(allNodes)
    .some(({ type }) => type === teamType);
}

/**
 * The document, and those of its sub-workflows, with their teams in the configs of the nodes that name them.
 *
 * @throws AppError of {@link freezeTeam}; PLAN_TOO_LARGE
 */
export async function freezeTeams(asked: AgentQuestion, document: PlanDocument, size = new PlanSize()): Promise<PlanDocument> {
  if (!hasTeams(document)) return document;
  const teams = graphsOf(document)
    .flatMap(allNodes)
    .filter(({ type }) => type === teamType);
  const found = new Map<string, FrozenTeamVersion>();
  // One after the other: each asks for its members side by side.
  for (const [key, nodes] of Map.groupBy(teams, keyOf)) {
    const version = await askedByNode(nodes[0]!, () => freezeTeam(asked, referenceOf(nodes[0]!)));
    size.add(version.frozen, nodes.length);
    found.set(key, version);
  }
  return mapNodes(document, (node) => {
    const version = node.type === teamType ? found.get(keyOf(node)) : undefined;
    if (version === undefined) return node;
    const { team_id: _id, team_code: _code, team_version_id: _version, ...opening } = node.config;
    return { ...node, config: teamConfig(version.frozen, opening) };
  });
}

/** The plan of a team's own run. @throws AppError PLAN_TOO_LARGE */
export function teamDocument({ frozen }: FrozenTeamVersion, session: { hasSession: boolean }): PlanDocument {
  new PlanSize().add(frozen);
  return teamRunDocument(frozen, session);
}

function referenceOf({ config }: PlanNode): TeamReference {
  const { team_id: id, team_code: code, team_version_id: versionId } = config;
  const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);
  return { id: text(id), code: text(code), versionId: text(versionId) };
}

function keyOf(node: PlanNode): string {
  return JSON.stringify(referenceOf(node));
}

/**
 * Finds a team and freezes a version of it: the published one unless one is named; and of each member the published version of its agent.
 *
 * @throws AppError TEAM_NOT_FOUND, TEAM_VERSION_NOT_FOUND, TEAM_VERSION_NOT_PUBLISHED, TEAM_VERSION_ARCHIVED, TEAM_VERSION_OF_OTHER_TEAM, TEAM_MEMBER_DELETED, TEAM_MEMBER_NOT_PUBLISHED,
 *   TEAM_MEMBER_TOOLS, those of freezeAgent, which name the member
 */
export async function freezeTeam(asked: AgentQuestion, reference: TeamReference): Promise<FrozenTeamVersion> {
  const version = await usableVersion(asked, reference);
  const agents = new Map<string, FrozenVersion>();
  const ofTeam = { ...asked, places: { ...asked.places, teamId: version.team.id } };
  const waiting = [...new Map(version.members.map((member) => [member.agentId, member])).values()];
  for (let batch = waiting.splice(0, lookupsAtOnce); batch.length > 0; batch = waiting.splice(0, lookupsAtOnce)) {
    await Promise.all(batch.map(async (member) => agents.set(member.agentId, await freezeMember(ofTeam, version, member))));
  }
  return { teamId: version.team.id, versionId: version.id, frozen: frozenTeam(version, agents) };
}

async function usableVersion({ call, info }: AgentQuestion, reference: TeamReference): Promise<TeamVersionFound> {
  const { id, code, versionId } = reference;
  const { team, version: named } = await findTeam(call, info, reference);
  if (versionId !== undefined && named === null) throw runtimeErrors.TEAM_VERSION_NOT_FOUND({ id: versionId });
  const isNamed = id !== undefined || code !== undefined;
  if (isNamed && (team === null || team.deletedAt !== null)) throw runtimeErrors.TEAM_NOT_FOUND({ id: id ?? code ?? "" });
  if (named !== null && team !== null && named.team.id !== team.id)
    throw runtimeErrors.TEAM_VERSION_OF_OTHER_TEAM({ field: "teamVersionId", id: named.id, teamId: team.id });
  const version = named ?? team?.publishedVersion ?? null;
  if (version === null) throw runtimeErrors.TEAM_VERSION_NOT_PUBLISHED({ id: team?.id ?? "" });
  if (version.status === "ARCHIVED") throw runtimeErrors.TEAM_VERSION_ARCHIVED({ id: version.id });
  if (version.team.deletedAt !== null) throw runtimeErrors.TEAM_NOT_FOUND({ id: version.team.id });
  return version;
}

/** A team that was published goes on working when a version of a member is archived: then with the one that was published last. */
async function freezeMember(
  asked: AgentQuestion,
  { id: versionId }: TeamVersionFound,
  { memberKey, agentId }: TeamVersionFound["members"][number],
): Promise<FrozenVersion> {
  try {
    return await freezeAgent(asked, { id: agentId });
  } catch (cause) {
    const reason = cause instanceof AppError ? cause.reason : undefined;
    if (reason === "AGENT_NOT_FOUND") throw runtimeErrors.TEAM_MEMBER_DELETED({ memberKey, agentId, versionId }, { cause });
    if (reason !== "AGENT_VERSION_NOT_PUBLISHED") throw ofMember(cause, { memberKey, versionId });
    const last = await lastPublishedVersion(asked.call, asked.info, agentId);
    if (last === undefined) throw runtimeErrors.TEAM_MEMBER_NOT_PUBLISHED({ memberKey, agentId, versionId }, { cause });
    return freezeAgent(asked, { versionId: last }, { mayBeArchived: true }).catch((cause: unknown) => {
      throw ofMember(cause, { memberKey, versionId });
    });
  }
}

/** Says which member it is that cannot be as its agent says. */
function ofMember(cause: unknown, { memberKey, versionId }: { memberKey: string; versionId: string }): unknown {
  return withWhere(cause, `It is of the member ${memberKey} of team version ${versionId}.`, { memberKey });
}
