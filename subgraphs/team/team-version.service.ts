import { databaseNow } from "#shared/database-time.ts";
import type { Tx } from "#shared/db/database.ts";
import { nextPublishedAt, nextVersionNumber } from "#shared/db/versions.sql.ts";
import { checkJson, checkText, creatableStatus } from "#shared/fields.ts";
import { newId } from "#shared/ids.ts";
import { findAgents } from "./agent.client.ts";
import { teamErrors } from "./errors.ts";
import { TeamMember } from "./team-member.entity.ts";
import { TeamVersion, TeamVersionStatus } from "./team-version.entity.ts";
import type { CreateTeamVersionInput } from "./team-version.inputs.ts";
import { checkConfig, checkMembers, type CheckedMember } from "./team-version.rules.ts";
import type { TeamContext } from "./team.context.ts";
import { lockTeam } from "./team.service.ts";

const configBytes = 64 * 1024;
const versions = { table: "team.team_version", parent: "team_id" };

/**
 * Makes a team's next version, members and all.
 *
 * @throws AppError TEAM_NOT_FOUND, AGENT_NOT_FOUND, and BAD_USER_INPUT for what a version may not hold
 */
export async function createTeamVersion(context: TeamContext, input: CreateTeamVersionInput): Promise<TeamVersion> {
  const { db } = context;
  const { teamId, coordinationMode } = input;
  const status = creatableStatus(input.status ?? TeamVersionStatus.DRAFT);
  const members = checkMembers(coordinationMode, input.members);
  const objective = checkText("objective", input.objective, { min: 1, max: 10_000 });
  const config = checkJson("config", input.config ?? {}, configBytes);
  checkConfig(coordinationMode, config, members);
  await checkAgentsThere(context, members);
  const row = { id: newId(), tenantId: db.tenantId, teamId, status, coordinationMode, objective, config };
  return db.transaction(async (tx) => {
    await lockTeam(tx, teamId);
    const version = await nextVersionNumber(tx, versions, teamId);
    const publishedAt = status === TeamVersionStatus.PUBLISHED ? await nextPublishedAt(tx, versions, teamId) : null;
    const made = tx.em.create(TeamVersion, { ...row, version, createdAt: databaseNow(), publishedAt });
    // Without a relation between the two the ORM does not know that a member needs its version first.
    await tx.em.flush();
    members.forEach((member, position) => tx.em.create(TeamMember, { ...member, teamVersionId: row.id, position, tenantId: db.tenantId }));
    return made;
  });
}

/** Makes a version the team's published one, whatever its number. @throws AppError TEAM_VERSION_NOT_FOUND, TEAM_NOT_FOUND */
export async function publishTeamVersion({ db }: TeamContext, id: string): Promise<TeamVersion> {
  return db.transaction(async (tx) => {
    const version = await lockVersion(tx, id);
    version.status = TeamVersionStatus.PUBLISHED;
    version.publishedAt = await nextPublishedAt(tx, versions, version.teamId);
    return version;
  });
}

/** Takes a version out of use: it is no published version any more. @throws AppError TEAM_VERSION_NOT_FOUND, TEAM_NOT_FOUND */
export async function archiveTeamVersion({ db }: TeamContext, id: string): Promise<TeamVersion> {
  return db.transaction(async (tx) => {
    const version = await lockVersion(tx, id);
    version.status = TeamVersionStatus.ARCHIVED;
    return version;
  });
}

/** The version, with its team's row locked: whoever publishes or archives waits for whoever does. */
async function lockVersion(tx: Tx, id: string): Promise<TeamVersion> {
  const found = await tx.em.findOne(TeamVersion, { id }, { fields: ["teamId"] });
  if (found === null) throw teamErrors.TEAM_VERSION_NOT_FOUND({ id });
  await lockTeam(tx, found.teamId);
  return tx.em.findOneOrFail(TeamVersion, { id }, { refresh: true });
}

/** Asks the agent subgraph, before any transaction. An agent that is deleted afterwards stays, with its deletedAt. */
async function checkAgentsThere(context: TeamContext, members: readonly CheckedMember[]): Promise<void> {
  const ids = members.map(({ agentId }) => agentId);
  const agents = await findAgents(context, ids);
  ids.forEach((id, index) => {
    if (!agents.has(id)) throw teamErrors.AGENT_NOT_FOUND({ field: `members[${index}].agentId`, id });
  });
}
