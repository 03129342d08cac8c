import { Field, ID, InputType, Int } from "type-graphql";
import { OwnLimit } from "#shared/graphql/argument-limits.ts";
import { JsonScalar } from "#shared/graphql/scalars.ts";
import type { Json } from "#shared/json.ts";
import type { NodeRunStatus } from "../../queue/statuses.ts";
import { ApprovalDecisionEnum, NodeRunStatusEnum, WaitReasonEnum, type ApprovalDecision, type WaitReason } from "../run.enums.ts";

/** Who executes. */
@InputType({ description: "Who executes." })
export class ExecuteInput {
  @Field(() => String, { description: "Your own name, stored on the node run: 1 to 200 characters." })
  workerKey!: string;
}

/** Who executes a run, and how far. */
@InputType({ description: "Who executes, and how far." })
export class ExecuteRunInput extends ExecuteInput {
  @Field(() => Int, { nullable: true, defaultValue: 16, description: "The most nodes to execute: 1 to 10,000." })
  maxSteps?: number | null;
}

/** Who takes a node run off the queue. */
@InputType({ description: "Who takes a node run off the queue." })
export class ClaimInput extends ExecuteInput {
  @Field(() => Int, { nullable: true, defaultValue: 300, description: "How long nobody else may take it: 1 to 3,600 seconds." })
  leaseSeconds?: number | null;
}

/** The answer to a node run that waits. */
@InputType({
  description:
    "The answer to a node run that waits: the output that it is completed with, or of a call that waits for an approval the decision.",
})
export class ResumeNodeRunInput {
  @OwnLimit()
  @Field(() => String, { nullable: true, description: "Its text; the whole request may have 4 MiB." })
  outputText?: string | null;

  @Field(() => JsonScalar, {
    nullable: true,
    description:
      "Its data; of a human-input node what was filled in, which is checked by its form; of an if-else node with its route, of an assigner with its state_updates. The whole request may have 4 MiB.",
  })
  outputJson?: Json;

  @Field(() => String, {
    nullable: true,
    description: "Of a human-input node with actions: the id of the one that is taken. It is the route on which the run goes on.",
  })
  action?: string | null;

  @Field(() => ApprovalDecisionEnum, {
    nullable: true,
    description: "Of a call that waits for an approval, and of nothing else: BAD_USER_INPUT, DECISION_NOT_ASKED.",
  })
  decision?: ApprovalDecision | null;

  @Field(() => JsonScalar, {
    nullable: true,
    description:
      "With APPROVE: the arguments that the call is made with instead of those that NodeRun.waiting shows; an object of up to 64 KiB, checked by the tool's input schema.",
  })
  arguments?: Json;

  @Field(() => String, { nullable: true, description: "With a decision: why, for people; up to 1,000 characters." })
  reason?: string | null;
}

/** Which node runs that wait to list. */
@InputType({ description: "Which node runs that wait; all that is given must hold." })
export class WaitingNodeRunFilter {
  @Field(() => [WaitReasonEnum], { nullable: true, description: "Only those that wait for one of these; an empty list: none." })
  reasons?: WaitReason[] | null;

  @Field(() => String, { nullable: true, description: "Only those that ask this person, among others." })
  assignee?: string | null;

  @Field(() => ID, { nullable: true, description: "Only those of this app's runs." })
  appId?: string | null;

  @Field(() => ID, { nullable: true, description: "Only those of this run." })
  runId?: string | null;

  @Field(() => Date, { nullable: true, description: "Only those whose wait ends by itself before this time." })
  deadlineBefore?: Date | null;
}

/** What an executor outside reports. */
@InputType({ description: "What an executor outside of the platform reports." })
export class UpdateNodeRunStatusInput {
  @Field(() => NodeRunStatusEnum, {
    description: "RUNNING, COMPLETED, FAILED or SKIPPED; others are BAD_USER_INPUT. A whole run is cancelled with cancelRun.",
  })
  status!: NodeRunStatus;

  @Field(() => String, { nullable: true, description: "The executor's own name, stored on the node run: 1 to 200 characters." })
  workerKey?: string | null;

  @OwnLimit()
  @Field(() => String, { nullable: true, description: "COMPLETED: the output's text; the whole request may have 4 MiB." })
  outputText?: string | null;

  @Field(() => JsonScalar, {
    nullable: true,
    description:
      "COMPLETED: the output's data; of an if-else node with its route, of an assigner with its state_updates. The whole request may have 4 MiB.",
  })
  outputJson?: Json;

  @Field(() => String, { nullable: true, description: "FAILED: a code of 1 to 100 characters; FAILED_OUTSIDE unless given." })
  errorCode?: string | null;

  @OwnLimit()
  @Field(() => String, { nullable: true, description: "FAILED: what happened, for people: up to 10,000 characters." })
  errorMessage?: string | null;
}
