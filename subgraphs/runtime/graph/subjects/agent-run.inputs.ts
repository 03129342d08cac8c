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

/** What an agent is asked. */
@InputType({ description: "Who is asked, and what." })
export class CreateAgentRunInput {
  @Field(() => ID, { description: "The agent; NOT_FOUND where there is none." })
  agentId!: string;

  @versionField("works")
  agentVersionId?: string | null;

  @Field(() => ID, {
    nullable: true,
    description:
      "The conversation: the agent knows its messages, the input becomes one of the user's, and the answer one of the assistant's; a dry run adds neither. CONFLICT where it is closed.",
  })
  sessionId?: string | null;

  @Field(() => String, { nullable: true, description: "Whose memories are read and written, where the memory policy's scope is USER." })
  userId?: string | null;

  @Field(() => ID, { nullable: true, description: "The same where it is TEAM." })
  teamId?: string | null;

  @OwnLimit()
  @Field(() => String, { description: "What the agent is to do: 1 to 250,000 characters." })
  inputText!: string;

  @Field(() => JsonScalar, { nullable: true, description: "Shown to the model behind the text: up to 256 KiB." })
  inputJson?: Json | undefined;

  @idempotencyKeyField()
  idempotencyKey?: string | null;

  @executionField("executeAgentRun")
  execution?: RunExecution | null;

  @dryRunField()
  dryRun?: boolean | null;
}

/** What is said to an agent while it works. */
@InputType({ description: "What is said to an agent while it works." })
export class SendAgentInputInput {
  @OwnLimit()
  @Field(() => String, { description: "1 to 250,000 characters." })
  text!: string;

  @Field(() => String, {
    nullable: true,
    description:
      "1 to 200 characters. Said again with the same one it counts once, and is answered so after the agent's end too; another text is CONFLICT, IDEMPOTENCY_KEY_REUSED.",
  })
  idempotencyKey?: string | null;

  @Field(() => ID, {
    nullable: true,
    description:
      "The node run of the agent, where the run is not an agent's own: that of a node of type agent, of a member of a team, or of a team that a supervisor leads.",
  })
  nodeRunId?: string | null;
}

/** How an agent run is executed. */
@InputType({ description: "How an agent run is executed." })
export class ExecuteAgentRunInput extends ExecuteSubjectRunInput {
  @dryRunField("without calling a model or a tool; CONFLICT, AGENT_RUN_BEGUN where it has begun.")
  dryRun?: boolean | null;
}

/** Which agent run is executed, and by whom. */
@InputType({ description: "By whom the next agent run is executed." })
export class ClaimAgentRunInput extends ClaimSubjectRunInput {}
