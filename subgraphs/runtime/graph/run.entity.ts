import { Entity, PrimaryKey, Property } from "@mikro-orm/decorators/legacy";
import { Directive, Field, Float, ID, Int, ObjectType } from "type-graphql";
import { RunExecutionEnum, RunKindEnum, type RunExecution, type RunKind } from "./run.enums.ts";

/** Model calls beneath a run or a node run, added up. */
@ObjectType({ description: "The model calls of a run or a node run, added up." })
export class Usage {
  @Field(() => Int, { description: "Model calls that were answered." })
  modelCalls!: number;

  @Field(() => Float, { description: "Tokens of the prompts, as the providers counted." })
  promptTokens!: number;

  @Field(() => Float, { description: "Tokens of the answers, as the providers counted." })
  completionTokens!: number;
}

/** A run without its payload (input, state, output), which is loaded only where it is asked for. Only the engine writes it. */
@Directive('@key(fields: "id")')
@ObjectType({ description: "One execution of a version of a workflow, an agent or a team: a tree of node runs." })
@Entity({ tableName: "run" })
export class Run {
  @Field(() => ID, { description: "Opaque id." })
  @PrimaryKey({ type: "text" })
  id!: string;

  @Property({ type: "text" })
  tenantId!: string;

  /** Never loaded: without a lazy property the ORM selects `*`, and with it the whole payload of each run of a list. */
  @Property({ type: "json", fieldName: "input", lazy: true })
  protected readonly unread?: never;

  @Field(() => RunKindEnum, { description: "What it executes." })
  @Property({ type: "text" })
  kind!: RunKind;

  @Property({ type: "text", nullable: true })
  appId!: string | null;

  @Property({ type: "text", nullable: true })
  appVersionId!: string | null;

  @Property({ type: "text", nullable: true })
  workflowId!: string | null;

  @Property({ type: "text", nullable: true })
  workflowVersionId!: string | null;

  @Property({ type: "text", nullable: true })
  sessionId!: string | null;

  @Property({ type: "text", nullable: true })
  subjectId!: string | null;

  @Property({ type: "text", nullable: true })
  subjectVersionId!: string | null;

  @Field(() => RunExecutionEnum, { description: "Who advances it." })
  @Property({ type: "text" })
  execution!: RunExecution;

  @Field(() => Boolean, { description: "True: no model, tool or source of documents is called." })
  @Property({ type: "boolean" })
  dryRun!: boolean;

  @Property({ type: "smallint" })
  status!: number;

  @Field(() => String, {
    nullable: true,
    description:
      "FAILED: the errorCode of the node that failed, RUN_TIMEOUT where it took longer than its document's timeout_seconds, or FAILED_OUTSIDE where updateRunStatus set it; else null.",
  })
  @Property({ type: "text", nullable: true })
  errorCode!: string | null;

  @Field(() => String, { nullable: true, description: "FAILED: what happened, for people; else null." })
  @Property({ type: "text", nullable: true })
  errorMessage!: string | null;

  @Field(() => String, { nullable: true, description: "CANCELLED: the reason that was given; else null." })
  @Property({ type: "text", nullable: true })
  cancelReason!: string | null;

  @Property({ type: "text", nullable: true })
  originRunId!: string | null;

  @Property({ type: "text", nullable: true })
  parentRunId!: string | null;

  @Property({ type: "text", nullable: true })
  parentPath!: string | null;

  @Field(() => Boolean, {
    description: "Of a run that another has made: nobody waits for it, and it goes on whatever becomes of that one. False for any other.",
  })
  @Property({ type: "boolean" })
  detached!: boolean;

  @Field(() => Int, { description: "How many runs lie around it, each made by another: 0 of one that a request made, 5 at most." })
  @Property({ type: "smallint" })
  depth!: number;

  @Field(() => String, { description: "W3C trace id of all its spans; that of the request's traceparent, where one came." })
  @Property({ type: "text" })
  traceId!: string;

  @Property({ type: "integer" })
  modelCalls!: number;

  @Property({ type: "double" })
  promptTokens!: number;

  @Property({ type: "double" })
  completionTokens!: number;

  @Property({ type: "integer", nullable: true })
  keptModelCalls!: number | null;

  @Property({ type: "double", nullable: true })
  keptPromptTokens!: number | null;

  @Property({ type: "double", nullable: true })
  keptCompletionTokens!: number | null;

  @Field(() => Int, {
    description:
      "Node runs that FAILED with an error that was handled, so far: by their on_error, or, of an item, by the on_item_error of its iteration. A run that is COMPLETED may have some.",
  })
  @Property({ type: "integer" })
  handledErrors!: number;

  @Field(() => Date, { description: "When it was created." })
  @Property({ type: "datetime", columnType: "timestamptz" })
  createdAt!: Date;

  @Field(() => Date, { nullable: true, description: "When its first node began; null: none has." })
  @Property({ type: "datetime", columnType: "timestamptz", nullable: true })
  startedAt!: Date | null;

  @Field(() => Date, { nullable: true, description: "When it finished; null: it has not." })
  @Property({ type: "datetime", columnType: "timestamptz", nullable: true })
  endedAt!: Date | null;
}

/** `runtime.run` without its payload, for statements that would otherwise read it all. */
export const runHeads = `(select id, tenant_id, kind, app_id, app_version_id, workflow_id, workflow_version_id, session_id, subject_id, subject_version_id, execution, dry_run, status,
  error_code, error_message, cancel_reason, origin_run_id, parent_run_id, parent_path, detached, depth, trace_id, model_calls, prompt_tokens, completion_tokens,
  kept_model_calls, kept_prompt_tokens, kept_completion_tokens, handled_errors, created_at, started_at,
  ended_at from runtime.run)`;
