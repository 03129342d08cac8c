import DataLoader from "dataloader";
import type { Db } from "#shared/db/database.ts";
import { childPageLoader, latestLoader, publishedLoader, rowLoader } from "#shared/graphql/loaders.ts";
import { TeamMember } from "./team-member.entity.ts";
import { TeamVersion } from "./team-version.entity.ts";
import { Team } from "./team.entity.ts";

/** The loaders of one operation. */
export type TeamLoaders = ReturnType<typeof teamLoaders>;

/** Makes them; each turns the keys of a tick into one statement. */
export function teamLoaders(db: Db) {
  const versions = { table: "team.team_version", parent: "team_id", entity: TeamVersion };
  return {
    team: rowLoader(db, Team),
    teamVersion: rowLoader(db, TeamVersion),
    teamLatest: latestLoader(db, versions),
    teamPublished: publishedLoader(db, versions),
    versionsOfTeam: childPageLoader(db, versions),
    membersOfVersion: membersLoader(db),
    // A view: the team's columns beside member_agent_id.
    teamsOfAgent: childPageLoader(db, { entity: Team, table: "team.team_of_agent", parent: "member_agent_id" }),
  };
}

function membersLoader(db: Db): DataLoader<string, TeamMember[]> {
  return new DataLoader(async (versionIds) => {
    const rows = await db.read(({ em }) =>
      em.find(TeamMember, { teamVersionId: { $in: [...versionIds] } }, { orderBy: { teamVersionId: "asc", position: "asc" } }),
    );
    const byVersion = Map.groupBy(rows, (row) => row.teamVersionId);
    return versionIds.map((id) => byVersion.get(id) ?? []);
  });
}
