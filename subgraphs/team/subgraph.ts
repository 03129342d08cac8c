import { defineSubgraph } from "#shared/graphql/subgraph.ts";
import { AgentResolver } from "./agent.resolver.ts";
import { Teams } from "./migrations/0001-teams.ts";
import { JsonAsWritten0002 } from "./migrations/0002-json-as-written.ts";
import { TeamMember } from "./team-member.entity.ts";
import { TeamVersion } from "./team-version.entity.ts";
import { TeamMemberResolver, TeamVersionResolver } from "./team-version.resolver.ts";
import { Team } from "./team.entity.ts";
import { teamLoaders, type TeamLoaders } from "./team.loaders.ts";
import { TeamResolver } from "./team.resolver.ts";

/** Teams of agents and their versions: members, coordination, objective. */
export const teamSubgraph = defineSubgraph<TeamLoaders>({
  name: "team",
  entities: [Team, TeamVersion, TeamMember],
  resolvers: [TeamResolver, TeamVersionResolver, TeamMemberResolver, AgentResolver],
  references: {
    Team: (ids, { loaders }) => Promise.all(ids.map((id) => loaders.team.load(id))),
    TeamVersion: (ids, { loaders }) => Promise.all(ids.map((id) => loaders.teamVersion.load(id))),
    // Any id will do: an agent that is in no team has an empty page.
    Agent: (ids) => Promise.resolve(ids.map((id) => ({ id }))),
  },
  migrations: [
    { name: "0001-teams", class: Teams },
    { name: "0002-json-as-written", class: JsonAsWritten0002 },
  ],
  loaders: ({ db }) => teamLoaders(db),
});
