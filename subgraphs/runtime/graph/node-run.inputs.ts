import { Field, InputType, Int } from "type-graphql";
import { OwnLimit } from "#shared/graphql/argument-limits.ts";
import { JsonScalar } from "#shared/graphql/scalars.ts";
import type { Json } from "#shared/json.ts";
import type { NodeRunStatus } from "../queue/statuses.ts";
import { NodeRunStatusEnum } from "./run.enums.ts";

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

/** The output that a waiting node is completed with. */
@InputType({ description: "The output that a waiting node is completed with." })
export class ResumeNodeRunInput {
  @OwnLimit()
  @Field(() => String, { nullable: true, description: "Its text; the whole request may have 4 MiB." })
  outputText?: string | null;

  @Field(() => JsonScalar, {
    nullable: true,
    description: "Its data; of an if-else node with its route, of an assigner with its state_updates. The whole request may have 4 MiB.",
  })
  outputJson?: Json;
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
