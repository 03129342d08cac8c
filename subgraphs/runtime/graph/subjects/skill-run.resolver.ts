import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from "type-graphql";
import { Needs } from "#shared/graphql/needs.ts";
import { listPage, PageArgs, type Connection } from "#shared/graphql/pagination.ts";
import { JsonObjectScalar } from "#shared/graphql/scalars.ts";
import type { JsonObject } from "#shared/json.ts";
import { Run } from "../run.entity.ts";
import type { RuntimeContext } from "../runtime.context.ts";
import { ClaimSkillRunInput, CreateSkillRunInput, ExecuteSkillRunInput } from "./skill-run.inputs.ts";
import * as skillRuns from "./skill-run.service.ts";
import { SkillRun, SkillRunConnection } from "./skill-run.ts";
import { SkillStub, SkillVersionStub } from "./skill.stub.ts";

/** Skill runs in the graph: each is a run. */
@Resolver(() => SkillRun)
export class SkillRunResolver {
  @Needs("run:read")
  @Query(() => SkillRun, { nullable: true, description: "A skill run by id; null where there is none." })
  async skillRun(
    @Arg("id", () => ID, { description: "The id of the run. A malformed one is an unknown one." }) id: string,
    @Ctx() { loaders }: RuntimeContext,
  ): Promise<Run | null> {
    return skillRunOf(await loaders.run.load(id));
  }

  @Needs("run:read")
  @Query(() => SkillRunConnection, { nullable: true, description: "The tenant's skill runs, newest first." })
  skillRuns(
    @Arg("skillId", () => ID, { nullable: true, description: "Only those of this skill." }) skillId: string | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { db }: RuntimeContext,
  ): Promise<Connection<Run>> {
    return db.read(({ em }) => listPage(em, Run, page, { where: { kind: "SKILL", ...(skillId != null && { subjectId: skillId }) } }));
  }

  @Needs("run:write")
  @Mutation(() => SkillRun, {
    nullable: true,
    description:
      "Uses a skill. Without skillVersionId the latest published version is used; a skill with none is refused with CONFLICT. Workers execute it; runEvents of its id is the live stream.",
  })
  createSkillRun(@Arg("input", () => CreateSkillRunInput) input: CreateSkillRunInput, @Ctx() context: RuntimeContext): Promise<Run> {
    return skillRuns.createSkillRun(context, input);
  }

  @Needs("run:write")
  @Mutation(() => SkillRun, {
    nullable: true,
    description:
      "Executes the run here and now, and waits until it has finished or waits for somebody. dryRun: without calling a model or a tool. CONFLICT, RUN_OWNED while a worker executes it.",
  })
  executeSkillRun(
    @Arg("id", () => ID, { description: "The run; NOT_FOUND where there is no such skill run." }) id: string,
    @Arg("input", () => ExecuteSkillRunInput) input: ExecuteSkillRunInput,
    @Ctx() context: RuntimeContext,
  ): Promise<Run> {
    return skillRuns.executeSkillRun(context, id, input);
  }

  @Needs("run:write")
  @Mutation(() => SkillRun, {
    nullable: true,
    description: "Claims and executes one queued skill run, as a worker does, and waits; null when none is queued.",
  })
  executeNextSkillRun(
    @Arg("input", () => ClaimSkillRunInput) input: ClaimSkillRunInput,
    @Ctx() context: RuntimeContext,
  ): Promise<Run | null> {
    return skillRuns.executeNextSkillRun(context, input);
  }

  @FieldResolver(() => SkillStub, {
    nullable: true,
    description: "The skill, a deleted one too; null where the skill subgraph does not answer.",
  })
  skill(@Root() run: Run): SkillStub | null {
    return run.subjectId === null ? null : { id: run.subjectId };
  }

  @FieldResolver(() => SkillVersionStub, {
    nullable: true,
    description: "The version that is used; null where the skill subgraph does not answer.",
  })
  skillVersion(@Root() run: Run): SkillVersionStub | null {
    return run.subjectVersionId === null ? null : { id: run.subjectVersionId };
  }

  @FieldResolver(() => JsonObjectScalar, { description: "What the skill was given." })
  async input(@Root() run: Run, @Ctx() { loaders }: RuntimeContext): Promise<JsonObject> {
    return (await loaders.runInput.load(run.id))?.input ?? {};
  }

  @FieldResolver(() => Run, { nullable: true, description: "The run itself: its status, output, node runs, usage and events; never null." })
  run(@Root() run: Run): Run {
    return run;
  }
}

/** The runs of skills. */
@Resolver(() => SkillStub)
export class SkillRunsResolver {
  @FieldResolver(() => SkillRunConnection, {
    nullable: true,
    description: "Its runs, newest first; null where the runtime subgraph does not answer.",
  })
  runs(@Root() skill: SkillStub, @Args(() => PageArgs) page: PageArgs, @Ctx() { loaders }: RuntimeContext): Promise<Connection<Run>> {
    return loaders.runsOfSkill.load({ parentId: skill.id, page });
  }
}

/** The run, where it is a skill's. */
export function skillRunOf(run: Run | null): Run | null {
  return run?.kind === "SKILL" ? run : null;
}
