import { Field, ID, InputType, Int } from "type-graphql";
import { OwnLimit } from "#shared/graphql/argument-limits.ts";
import { JsonScalar } from "#shared/graphql/scalars.ts";
import type { Json } from "#shared/json.ts";
import { RunExecutionEnum, type RunExecution } from "./run.enums.ts";

/** What a team is asked. */
@InputType({ description: "Which team is asked, and what." })
export class CreateTeamRunInput {
  @Field(() => ID, { description: "The team; NOT_FOUND where there is none." })
  teamId!: string;

  @Field(() => ID, {
    nullable: true,
    description: "The version that works, a draft too, an archived one not; the published one unless given: CONFLICT where there is none.",
  })
  teamVersionId?: string | null;

  @Field(() => ID, {
    nullable: true,
    description:
      "The conversation: the team knows its messages, the input becomes one of the user's, and the answer one of the assistant's. CONFLICT where it is closed.",
  })
  sessionId?: string | null;

  @Field(() => String, {
    nullable: true,
    description: "Whose memories are read and written by members whose memory policy's scope is USER.",
  })
  userId?: string | null;

  @OwnLimit()
  @Field(() => String, { description: "What the team is to do: 1 to 250,000 characters." })
  inputText!: string;

  @Field(() => JsonScalar, { nullable: true, description: "Shown to the models behind the text: up to 256 KiB." })
  inputJson?: Json | undefined;

  @Field(() => String, {
    nullable: true,
    description:
      "1 to 200 characters. Asking again with it and the same input gives the first run; other input is CONFLICT, IDEMPOTENCY_KEY_REUSED.",
  })
  idempotencyKey?: string | null;

  @Field(() => RunExecutionEnum, {
    nullable: true,
    defaultValue: "WORKERS",
    description: "Who executes it: workers, as soon as one is free, or whoever calls executeTeamRun.",
  })
  execution?: RunExecution | null;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: "True: no model and no tool is called; outputJson says what would have been asked.",
  })
  dryRun?: boolean | null;
}

/** How a team run is executed. */
@InputType({ description: "How a team run is executed." })
export class ExecuteTeamRunInput {
  @Field(() => String, { description: "Who executes it, in its node runs: 1 to 200 characters." })
  workerKey!: string;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: "True: without calling a model or a tool; CONFLICT, TEAM_RUN_BEGUN where it has begun.",
  })
  dryRun?: boolean | null;
}

/** Which team run is executed, and by whom. */
@InputType({ description: "By whom the next team run is executed." })
export class ClaimTeamRunInput {
  @Field(() => String, { description: "Who executes it, in its node runs: 1 to 200 characters." })
  workerKey!: string;

  @Field(() => Int, {
    nullable: true,
    defaultValue: 300,
    description: "1 to 3,600. The run is owned for as long as it is executed; when this process dies, others may take it after 30 seconds.",
  })
  leaseSeconds?: number | null;

  @Field(() => Boolean, { nullable: true, defaultValue: false, description: "True: without calling a model or a tool." })
  dryRun?: boolean | null;
}
