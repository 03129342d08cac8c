import { Arg, Args, Ctx, Field, FieldResolver, ID, Int, Mutation, ObjectType, Query, Resolver, Root } from "type-graphql";
import { Needs } from "#shared/graphql/needs.ts";
import { connectionType, listPage, PageArgs, type Connection } from "#shared/graphql/pagination.ts";
import { Run } from "../graph/run.entity.ts";
import { WorkflowStub, WorkflowVersionStub } from "../graph/workflow.stub.ts";
import { Schedule } from "./schedule.entity.ts";
import { CreateScheduleInput, ScheduleFilter, UpdateScheduleInput } from "./schedule.inputs.ts";
import * as schedules from "./schedule.service.ts";
import type { TriggerContext } from "./trigger.context.ts";

const ScheduleConnection = connectionType("Schedule", () => Schedule);

/** Why a schedule made no run. */
@ObjectType({ description: "Why a schedule could not make the run that is due." })
class ScheduleError {
  @Field(() => String, { description: "The class of the error, as errors of the graph have it." })
  code!: string;

  @Field(() => String, { description: "The closed word beneath it, such as QUOTA_EXCEEDED." })
  reason!: string;

  @Field(() => String, { description: "For people." })
  message!: string;

  @Field(() => Date, { description: "When that was." })
  at!: Date;

  @Field(() => Int, { description: "How often it was tried in vain; the pauses grow with it." })
  attempts!: number;

  @Field(() => Date, {
    nullable: true,
    description: "When it is tried again: 1 second later, then 2, 4, ... up to 5 minutes. Null: it is paused.",
  })
  nextAttemptAt!: Date | null;
}

/** Schedules in the graph. */
@Resolver(() => Schedule)
export class ScheduleResolver {
  @Needs("schedule:read")
  @Query(() => Schedule, { nullable: true, description: "A schedule by id; null where there is none." })
  schedule(
    @Arg("id", () => ID, { description: "The schedule's id. A malformed one is an unknown one." }) id: string,
    @Ctx() { loaders }: TriggerContext,
  ): Promise<Schedule | null> {
    return loaders.schedule.load(id);
  }

  @Needs("schedule:read")
  @Query(() => ScheduleConnection, { nullable: true, description: "The tenant's schedules, newest first." })
  schedules(
    @Arg("filter", () => ScheduleFilter, { nullable: true, description: "Which ones; all unless given." }) filter: ScheduleFilter | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { db }: TriggerContext,
  ): Promise<Connection<Schedule>> {
    return db.read(({ em }) => listPage(em, Schedule, page, { where: schedules.scheduleCondition(filter) }));
  }

  @Needs("schedule:write")
  @Mutation(() => Schedule, {
    nullable: true,
    description:
      "Makes a schedule: a run of the workflow at each time of the expression, once, however many processes there are. At most 10,000 of a tenant, and none more often than each minute.",
  })
  createSchedule(
    @Arg("input", () => CreateScheduleInput, { description: "The new schedule." }) input: CreateScheduleInput,
    @Ctx() context: TriggerContext,
  ): Promise<Schedule> {
    return schedules.createSchedule(context, input);
  }

  @Needs("schedule:write")
  @Mutation(() => Schedule, { nullable: true, description: "Changes a schedule; a run that it has made stays as it is." })
  updateSchedule(
    @Arg("id", () => ID, { description: "The schedule; NOT_FOUND where there is none." }) id: string,
    @Arg("input", () => UpdateScheduleInput, { description: "What changes." }) input: UpdateScheduleInput,
    @Ctx() context: TriggerContext,
  ): Promise<Schedule> {
    return schedules.updateSchedule(context, id, input);
  }

  @Needs("schedule:write")
  @Mutation(() => Schedule, { nullable: true, description: "Pauses a schedule: no run is made until it is resumed. May be called again." })
  pauseSchedule(
    @Arg("id", () => ID, { description: "The schedule; NOT_FOUND where there is none." }) id: string,
    @Ctx() context: TriggerContext,
  ): Promise<Schedule> {
    return schedules.setScheduleStatus(context, id, "PAUSED");
  }

  @Needs("schedule:write")
  @Mutation(() => Schedule, {
    nullable: true,
    description:
      "Lets a paused schedule go on, with its next time from now on: what it would have made meanwhile is not missed. May be called again.",
  })
  resumeSchedule(
    @Arg("id", () => ID, { description: "The schedule; NOT_FOUND where there is none." }) id: string,
    @Ctx() context: TriggerContext,
  ): Promise<Schedule> {
    return schedules.setScheduleStatus(context, id, "ACTIVE");
  }

  @Needs("schedule:write")
  @Mutation(() => Schedule, { nullable: true, description: "Deletes a schedule and gives it as it was; its runs stay." })
  deleteSchedule(
    @Arg("id", () => ID, { description: "The schedule; NOT_FOUND where there is none." }) id: string,
    @Ctx() context: TriggerContext,
  ): Promise<Schedule> {
    return schedules.deleteSchedule(context, id);
  }

  @FieldResolver(() => WorkflowStub, {
    nullable: true,
    description: "The workflow, a deleted one too; null where the workflow subgraph does not answer.",
  })
  workflow(@Root() { workflowId }: Schedule): WorkflowStub {
    return { id: workflowId };
  }

  @FieldResolver(() => WorkflowVersionStub, {
    nullable: true,
    description: "The version that runs; null: the published one, at each time.",
  })
  workflowVersion(@Root() { workflowVersionId }: Schedule): WorkflowVersionStub | null {
    return workflowVersionId === null ? null : { id: workflowVersionId };
  }

  @FieldResolver(() => [Date], { description: "The planned times of its next runs; none while it is paused." })
  nextTimes(
    @Root() schedule: Schedule,
    @Arg("first", () => Int, { nullable: true, defaultValue: 5, description: "How many: 1 to 10." }) first: number | null,
  ): Promise<Date[]> {
    return schedules.scheduleTimes(schedule, first ?? 5);
  }

  @FieldResolver(() => Run, { nullable: true, description: "The last run that it made; null: none, or it was deleted." })
  lastRun(@Root() { lastRunId }: Schedule, @Ctx() { loaders }: TriggerContext): Promise<Run | null> | null {
    return lastRunId === null ? null : loaders.run.load(lastRunId);
  }

  @FieldResolver(() => ScheduleError, { nullable: true, description: "Why the run that was due last could not be made; null: it could." })
  lastError(@Root() { errorCode, errorReason, errorMessage, errorAt, attempts, dueAt }: Schedule): ScheduleError | null {
    if (errorCode === null) return null;
    return { code: errorCode, reason: errorReason!, message: errorMessage!, at: errorAt!, attempts, nextAttemptAt: dueAt };
  }
}

/** The schedules of workflows. */
@Resolver(() => WorkflowStub)
export class WorkflowSchedulesResolver {
  @FieldResolver(() => ScheduleConnection, {
    nullable: true,
    description: "Its schedules, newest first; null where the runtime subgraph does not answer.",
  })
  schedules(
    @Root() workflow: WorkflowStub,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { loaders }: TriggerContext,
  ): Promise<Connection<Schedule>> {
    return loaders.schedulesOfWorkflow.load({ parentId: workflow.id, page });
  }
}
