import { Field, ID, InputType } from "type-graphql";
import { OwnLimit } from "#shared/graphql/argument-limits.ts";
import { JsonScalar } from "#shared/graphql/scalars.ts";
import type { Json } from "#shared/json.ts";
import type { RunExecution } from "../run.enums.ts";
import {
  ClaimSubjectRunInput,
  dryRunField,
  ExecuteSubjectRunInput,
  executionField,
  idempotencyKeyField,
  versionField,
} from "./subject-run.inputs.ts";

/** What a team is asked. */
@InputType({ description: "Which team is asked, and what." })
export class CreateTeamRunInput {
  @Field(() => ID, { description: "The team; NOT_FOUND where there is none." })
  teamId!: string;

  @versionField("works")
  teamVersionId?: string | null;

  @Field(() => ID, {
    nullable: true,
    description:
      "The conversation: the team knows its messages, the input becomes one of the user's, and the answer one of the assistant's; a dry run adds neither. CONFLICT where it is closed.",
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

  @idempotencyKeyField()
  idempotencyKey?: string | null;

  @executionField("executeTeamRun")
  execution?: RunExecution | null;

  @dryRunField()
  dryRun?: boolean | null;
}

/** How a team run is executed. */
@InputType({ description: "How a team run is executed." })
export class ExecuteTeamRunInput extends ExecuteSubjectRunInput {
  @dryRunField("without calling a model or a tool; CONFLICT, TEAM_RUN_BEGUN where it has begun.")
  dryRun?: boolean | null;
}

/** Which team run is executed, and by whom. */
@InputType({ description: "By whom the next team run is executed." })
export class ClaimTeamRunInput extends ClaimSubjectRunInput {}
