import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from "type-graphql";
import { Needs } from "#shared/graphql/needs.ts";
import { AgentStub } from "./agent.stub.ts";
import { TeamMember } from "./team-member.entity.ts";
import { TeamVersion } from "./team-version.entity.ts";
import { CreateTeamVersionInput } from "./team-version.inputs.ts";
import * as service from "./team-version.service.ts";
import type { TeamContext } from "./team.context.ts";
import { Team } from "./team.entity.ts";

/** Versions of teams in the graph. */
@Resolver(() => TeamVersion)
export class TeamVersionResolver {
  @Needs("team:read")
  @Query(() => TeamVersion, { nullable: true, description: "A team version by id; null where there is none." })
  teamVersion(
    @Arg("id", () => ID, { description: "The team version's id. A malformed one is an unknown one." }) id: string,
    @Ctx() { loaders }: TeamContext,
  ): Promise<TeamVersion | null> {
    return loaders.teamVersion.load(id);
  }

  @Needs("team:write")
  @Mutation(() => TeamVersion, {
    nullable: true,
    description: "Makes the team's next version. A version's content never changes: a change is a new version.",
  })
  createTeamVersion(
    @Arg("input", () => CreateTeamVersionInput) input: CreateTeamVersionInput,
    @Ctx() context: TeamContext,
  ): Promise<TeamVersion> {
    return service.createTeamVersion(context, input);
  }

  @Needs("team:write")
  @Mutation(() => TeamVersion, {
    nullable: true,
    description:
      "Makes a version the team's published one, which is always the one that was published last: an older version can be published again. NOT_FOUND too when the team was deleted.",
  })
  publishTeamVersion(
    @Arg("id", () => ID, { description: "The version; NOT_FOUND where there is none." }) id: string,
    @Ctx() context: TeamContext,
  ): Promise<TeamVersion> {
    return service.publishTeamVersion(context, id);
  }

  @Needs("team:write")
  @Mutation(() => TeamVersion, {
    nullable: true,
    description:
      "Archives a version: it is not the team's published one any more, the one that was published before it is. Publishing it again takes it back into use. NOT_FOUND too when the team was deleted.",
  })
  archiveTeamVersion(
    @Arg("id", () => ID, { description: "The version; NOT_FOUND where there is none." }) id: string,
    @Ctx() context: TeamContext,
  ): Promise<TeamVersion> {
    return service.archiveTeamVersion(context, id);
  }

  @FieldResolver(() => Team, { description: "The team." })
  team(@Root() version: TeamVersion, @Ctx() { loaders }: TeamContext): Promise<Team | null> {
    return loaders.team.load(version.teamId);
  }

  @FieldResolver(() => [TeamMember], { description: "Its members, 1 to 50, in the order in which they were given." })
  members(@Root() version: TeamVersion, @Ctx() { loaders }: TeamContext): Promise<TeamMember[]> {
    return loaders.membersOfVersion.load(version.id);
  }
}

/** What members lead to. */
@Resolver(() => TeamMember)
export class TeamMemberResolver {
  @FieldResolver(() => AgentStub, {
    nullable: true,
    description: "The agent, a deleted one too; null where the agent subgraph does not answer.",
  })
  agent(@Root() member: TeamMember): AgentStub {
    return { id: member.agentId };
  }
}
