import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from "type-graphql";
import { Needs } from "#shared/graphql/needs.ts";
import { connectionType, listPage, PageArgs, type Connection } from "#shared/graphql/pagination.ts";
import { TeamVersion } from "./team-version.entity.ts";
import type { TeamContext } from "./team.context.ts";
import { Team, TeamStatus } from "./team.entity.ts";
import { CreateTeamInput, UpdateTeamInput } from "./team.inputs.ts";
import * as service from "./team.service.ts";

/** Pages of teams; agents have them too. */
export const TeamConnection = connectionType("Team", () => Team);
const TeamVersionConnection = connectionType("TeamVersion", () => TeamVersion);

/** Teams in the graph. */
@Resolver(() => Team)
export class TeamResolver {
  @Needs("team:read")
  @Query(() => Team, { nullable: true, description: "A team by id, deleted ones too; null where there is none." })
  team(
    @Arg("id", () => ID, { description: "The team's id. A malformed one is an unknown one." }) id: string,
    @Ctx() { loaders }: TeamContext,
  ): Promise<Team | null> {
    return loaders.team.load(id);
  }

  @Needs("team:read")
  @Query(() => Team, { nullable: true, description: "A team by its code; null where there is none." })
  teamByCode(
    @Arg("code", () => String, { description: "The team's code; case counts." }) code: string,
    @Ctx() { db }: TeamContext,
  ): Promise<Team | null> {
    return db.read(({ em }) => em.findOne(Team, { code, deletedAt: null }));
  }

  @Needs("team:read")
  @Query(() => TeamConnection, { nullable: true, description: "The tenant's teams, newest first." })
  teams(
    @Arg("teamType", () => String, { nullable: true, description: "Only teams of this type." }) teamType: string | null,
    @Arg("status", () => TeamStatus, { nullable: true, description: "Only teams of this status." }) status: TeamStatus | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { db }: TeamContext,
  ): Promise<Connection<Team>> {
    const filter = { ...(teamType != null && { teamType }), ...(status != null && { status }) };
    return db.read(({ em }) => listPage(em, Team, page, { where: { deletedAt: null, ...filter } }));
  }

  @Needs("team:write")
  @Mutation(() => Team, { nullable: true, description: "Makes a team. CONFLICT when its code is taken." })
  createTeam(@Arg("input", () => CreateTeamInput) input: CreateTeamInput, @Ctx() context: TeamContext): Promise<Team> {
    return service.createTeam(context, input);
  }

  @Needs("team:write")
  @Mutation(() => Team, { nullable: true, description: "Changes what is given; the code stays for ever." })
  updateTeam(
    @Arg("id", () => ID, { description: "The team; NOT_FOUND where there is none." }) id: string,
    @Arg("input", () => UpdateTeamInput) input: UpdateTeamInput,
    @Ctx() context: TeamContext,
  ): Promise<Team> {
    return service.updateTeam(context, id, input);
  }

  @Needs("team:write")
  @Mutation(() => Team, {
    nullable: true,
    description: "Deletes a team; its versions stay. Answers the team as it was, with its deletedAt.",
  })
  deleteTeam(
    @Arg("id", () => ID, { description: "The team; NOT_FOUND where there is none." }) id: string,
    @Ctx() context: TeamContext,
  ): Promise<Team> {
    return service.deleteTeam(context, id);
  }

  @FieldResolver(() => TeamVersion, { nullable: true, description: "The version with the highest number; null: it has none." })
  latestVersion(@Root() team: Team, @Ctx() { loaders }: TeamContext): Promise<TeamVersion | null> {
    return loaders.teamLatest.load(team.id);
  }

  @FieldResolver(() => TeamVersion, {
    nullable: true,
    description: "The version that was published last, of those that are not archived; null: it has none.",
  })
  publishedVersion(@Root() team: Team, @Ctx() { loaders }: TeamContext): Promise<TeamVersion | null> {
    return loaders.teamPublished.load(team.id);
  }

  @FieldResolver(() => TeamVersionConnection, { description: "Its versions, newest first." })
  versions(@Root() team: Team, @Args(() => PageArgs) page: PageArgs, @Ctx() { loaders }: TeamContext): Promise<Connection<TeamVersion>> {
    return loaders.versionsOfTeam.load({ parentId: team.id, page });
  }
}
