import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from "type-graphql";
import { Needs } from "#shared/graphql/needs.ts";
import { listPage, PageArgs, type Connection } from "#shared/graphql/pagination.ts";
import { ClaimTeamRunInput, CreateTeamRunInput, ExecuteTeamRunInput } from "./team-run.inputs.ts";
import * as teamRuns from "./team-run.service.ts";
import { TeamRun, TeamRunConnection } from "./team-run.ts";
import { TeamStub, TeamVersionStub } from "./team.stub.ts";
import { Run } from "../run.entity.ts";
import type { RuntimeContext } from "../runtime.context.ts";
import { SessionStub } from "../session.stub.ts";

/** Team runs in the graph: each is a run. */
@Resolver(() => TeamRun)
export class TeamRunResolver {
  @Needs("run:read")
  @Query(() => TeamRun, { nullable: true, description: "A team run by id; null where there is none." })
  async teamRun(
    @Arg("id", () => ID, { description: "The id of the run. A malformed one is an unknown one." }) id: string,
    @Ctx() { loaders }: RuntimeContext,
  ): Promise<Run | null> {
    return teamRunOf(await loaders.run.load(id));
  }

  @Needs("run:read")
  @Query(() => TeamRunConnection, { nullable: true, description: "The tenant's team runs, newest first." })
  teamRuns(
    @Arg("teamId", () => ID, { nullable: true, description: "Only those of this team." }) teamId: string | null,
    @Arg("sessionId", () => ID, { nullable: true, description: "Only those of this conversation." }) sessionId: string | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { db }: RuntimeContext,
  ): Promise<Connection<Run>> {
    const filter = { ...(teamId != null && { subjectId: teamId }), ...(sessionId != null && { sessionId }) };
    return db.read(({ em }) => listPage(em, Run, page, { where: { kind: "TEAM", ...filter } }));
  }

  @Needs("run:write")
  @Mutation(() => TeamRun, {
    nullable: true,
    description:
      "Asks a team. Without teamVersionId the latest published version runs; a team with none is refused with CONFLICT. Workers execute it; runEvents of its id is the live stream.",
  })
  createTeamRun(@Arg("input", () => CreateTeamRunInput) input: CreateTeamRunInput, @Ctx() context: RuntimeContext): Promise<Run> {
    return teamRuns.createTeamRun(context, input);
  }

  @Needs("run:write")
  @Mutation(() => TeamRun, {
    nullable: true,
    description:
      "Executes the run here and now, and waits until it has finished or waits for somebody. dryRun: without calling a model. CONFLICT, RUN_OWNED while a worker executes it.",
  })
  executeTeamRun(
    @Arg("id", () => ID, { description: "The run; NOT_FOUND where there is no such team run." }) id: string,
    @Arg("input", () => ExecuteTeamRunInput) input: ExecuteTeamRunInput,
    @Ctx() context: RuntimeContext,
  ): Promise<Run> {
    return teamRuns.executeTeamRun(context, id, input);
  }

  @Needs("run:write")
  @Mutation(() => TeamRun, {
    nullable: true,
    description: "Claims and executes one queued team run, as a worker does, and waits; null when none is queued.",
  })
  executeNextTeamRun(@Arg("input", () => ClaimTeamRunInput) input: ClaimTeamRunInput, @Ctx() context: RuntimeContext): Promise<Run | null> {
    return teamRuns.executeNextTeamRun(context, input);
  }

  @FieldResolver(() => TeamStub, {
    nullable: true,
    description: "The team, a deleted one too; null where the team subgraph does not answer.",
  })
  team(@Root() run: Run): TeamStub | null {
    return run.subjectId === null ? null : { id: run.subjectId };
  }

  @FieldResolver(() => TeamVersionStub, {
    nullable: true,
    description: "The version that works; null where the team subgraph does not answer.",
  })
  teamVersion(@Root() run: Run): TeamVersionStub | null {
    return run.subjectVersionId === null ? null : { id: run.subjectVersionId };
  }

  @FieldResolver(() => SessionStub, { nullable: true, description: "The conversation that it is part of; null: none." })
  session(@Root() run: Run): SessionStub | null {
    return run.sessionId === null ? null : { id: run.sessionId };
  }

  @FieldResolver(() => String, { description: "What the team was asked." })
  async inputText(@Root() run: Run, @Ctx() { loaders }: RuntimeContext): Promise<string> {
    const text = (await loaders.runInput.load(run.id))?.input["text"];
    return typeof text === "string" ? text : "";
  }

  @FieldResolver(() => Run, { nullable: true, description: "The run itself: its status, output, node runs, usage and events; never null." })
  run(@Root() run: Run): Run {
    return run;
  }
}

/** The runs of teams. */
@Resolver(() => TeamStub)
export class TeamRunsResolver {
  @FieldResolver(() => TeamRunConnection, {
    nullable: true,
    description: "Its runs, newest first; null where the runtime subgraph does not answer.",
  })
  runs(@Root() team: TeamStub, @Args(() => PageArgs) page: PageArgs, @Ctx() { loaders }: RuntimeContext): Promise<Connection<Run>> {
    return loaders.runsOfTeam.load({ parentId: team.id, page });
  }
}

/** The run, where it is a team's. */
export function teamRunOf(run: Run | null): Run | null {
  return run?.kind === "TEAM" ? run : null;
}
