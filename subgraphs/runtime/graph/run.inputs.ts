import { Field, ID, InputType, Int } from "type-graphql";
import { OwnLimit } from "#shared/graphql/argument-limits.ts";
import { JsonObjectScalar } from "#shared/graphql/scalars.ts";
import type { JsonObject } from "#shared/json.ts";
import type { RunStatus } from "../queue/statuses.ts";
import { RunExecutionEnum, RunKindEnum, RunStatusEnum, type RunExecution, type RunKind } from "./run.enums.ts";

/** Which runs to list. */
@InputType({ description: "Which runs to list; all that is given must hold." })
export class RunFilter {
  @Field(() => RunKindEnum, { nullable: true, description: "Only runs of this kind." })
  kind?: RunKind | null;

  @Field(() => [RunStatusEnum], { nullable: true, description: "Only runs that now have one of these statuses; an empty list: none." })
  status?: RunStatus[] | null;

  @Field(() => ID, { nullable: true, description: "Only runs of this app." })
  appId?: string | null;

  @Field(() => ID, { nullable: true, description: "Only runs of this workflow." })
  workflowId?: string | null;

  @Field(() => ID, { nullable: true, description: "Only runs of this conversation." })
  sessionId?: string | null;

  @Field(() => ID, { nullable: true, description: "Only runs of this version." })
  workflowVersionId?: string | null;

  @Field(() => Date, { nullable: true, description: "Only runs created at this time or later." })
  createdAfter?: Date | null;

  @Field(() => Date, { nullable: true, description: "Only runs created before this time." })
  createdBefore?: Date | null;
}

/** Which runs to cancel. */
@InputType({
  description:
    "Which runs to cancel; all that is given must hold, and something must be: BAD_USER_INPUT, RUNS_NOT_NAMED otherwise. Finished runs never match.",
})
export class CancelRunsFilter extends RunFilter {
  @OwnLimit()
  @Field(() => [ID], {
    nullable: true,
    description: "Only these runs, at most 1,000; those that have finished, or that the tenant does not have, are passed over.",
  })
  ids?: string[] | null;

  @Field(() => Boolean, {
    nullable: true,
    description: "True stands for a condition where there is no other: all runs that have not finished.",
  })
  all?: boolean | null;
}

/** Which runs to delete. */
@InputType({
  description:
    "Which runs to delete; all that is given must hold, and something must be: BAD_USER_INPUT, RUNS_NOT_NAMED otherwise. Runs that have not finished never match.",
})
export class DeleteRunsFilter extends RunFilter {
  @OwnLimit()
  @Field(() => [ID], {
    nullable: true,
    description: "Only these runs, at most 1,000; those that have not finished, or that the tenant does not have, are passed over.",
  })
  ids?: string[] | null;

  @Field(() => Boolean, {
    nullable: true,
    description: "True stands for a condition where there is no other: all runs that have finished.",
  })
  all?: boolean | null;
}

/** The node that a run begins with, instead of those that the DSL starts with. */
@InputType({ description: "The node that a run begins with, instead of those that the DSL starts with." })
export class InitialNodeInput {
  @Field(() => String, { description: "The node's id in the DSL; BAD_USER_INPUT when it has none of that id." })
  nodeId!: string;

  @Field(() => String, { nullable: true, description: "The node's type; BAD_USER_INPUT when the DSL says another." })
  nodeType?: string | null;
}

/** A new run. */
@InputType({
  description:
    "What to run: workflowVersionId, or workflowId for its published version; where it has none, CONFLICT, WORKFLOW_VERSION_NOT_PUBLISHED.",
})
export class CreateRunInput {
  @Field(() => ID, { nullable: true, description: "The app, which must be the workflow's; not needed." })
  appId?: string | null;

  @Field(() => ID, { nullable: true, description: "The app version that the run is for; it does not decide what runs." })
  appVersionId?: string | null;

  @Field(() => ID, {
    nullable: true,
    description: "The workflow whose published version runs; beside workflowVersionId it must be the version's.",
  })
  workflowId?: string | null;

  @Field(() => ID, { nullable: true, description: "The version that runs: drafts too, archived ones not." })
  workflowVersionId?: string | null;

  @Field(() => ID, { nullable: true, description: "The conversation that gets the run's answer." })
  sessionId?: string | null;

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description:
      "What templates see as input: up to 256 KiB; {} unless given. It fits the version's inputSchema, where it has one: BAD_USER_INPUT, INPUT_INVALID with all problems.",
  })
  input?: JsonObject | null;

  @Field(() => InitialNodeInput, {
    nullable: true,
    description: "The node that the run begins with; nodes that cannot be reached from it take no part.",
  })
  initialNode?: InitialNodeInput | null;

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description:
      "Outputs by path, of nodes that do not run: up to 1,000, 256 KiB together. A path without numbers, such as each/fetch, is of all items and rounds, one with them, each#2/fetch, of one. " +
      "A text is output and text of its node; an object is its output; { output, text } says both, { error: { code, message } } fails it. BAD_USER_INPUT, MOCK_PATH_UNKNOWN for what the run does not have.",
  })
  mocks?: JsonObject | null;

  @Field(() => RunExecutionEnum, { nullable: true, defaultValue: "WORKERS", description: "Who advances it." })
  execution?: RunExecution | null;

  @Field(() => String, {
    nullable: true,
    description:
      "1 to 200 characters. Asking again with it and the same input gives the first run; other input is CONFLICT, IDEMPOTENCY_KEY_REUSED.",
  })
  idempotencyKey?: string | null;

  @Field(() => Int, {
    nullable: true,
    defaultValue: 0,
    description:
      "-100 to 100; each step is worth a second of waiting in the tenant's queue. With -30 a run waits 30 seconds before it may start.",
  })
  priority?: number | null;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description:
      "True: no model, tool or source of documents is called; their nodes say in their output what they would have asked. All other nodes run.",
  })
  dryRun?: boolean | null;
}

/** What is other in a new run than in the one that it is made of. */
@InputType({ description: "What is other in a new run than in the one that it is made of." })
export class ForkPatchInput {
  @Field(() => JsonObjectScalar, {
    nullable: true,
    description: "Keys of the input that are other, up to 256 KiB; all others stay. What is taken over is not computed anew from it.",
  })
  input?: JsonObject | null;

  @Field(() => JsonObjectScalar, { nullable: true, description: "Keys of the state that are other when the node begins, up to 256 KiB." })
  state?: JsonObject | null;

  @OwnLimit()
  @Field(() => [String], {
    nullable: true,
    description:
      "Paths of mocks of the old run that the new one does not have, at most 1,000, as createRun's mocks were given: those of nodes that another version has no more, or that are to be executed. It needs workflowVersionId: on the run's own version its mocks are frozen with it (FORK_MOCKS_FROZEN). BAD_USER_INPUT, FORK_MOCK_UNKNOWN for what is none.",
  })
  dropMocks?: string[] | null;
}

/** What a single node sees. */
@InputType({ description: "What a node sees that is executed alone." })
export class NodeScopeInput {
  @Field(() => JsonObjectScalar, { nullable: true, description: "What templates see as input: up to 256 KiB; {} unless given." })
  input?: JsonObject | null;

  @Field(() => JsonObjectScalar, { nullable: true, description: "What templates see as state: up to 256 KiB; {} unless given." })
  state?: JsonObject | null;

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description: "What templates see as nodes: outputs by node id, as createRun's mocks. Nodes that are not there have no output.",
  })
  nodes?: JsonObject | null;
}
