import { Field, ID, InputType, Int } from "type-graphql";
import { OwnLimit } from "#shared/graphql/argument-limits.ts";
import { JsonScalar } from "#shared/graphql/scalars.ts";
import type { Json } from "#shared/json.ts";
import { RunExecutionEnum, type RunExecution } from "./run.enums.ts";

/** What an agent is asked. */
@InputType({ description: "Who is asked, and what." })
export class CreateAgentRunInput {
  @Field(() => ID, { description: "The agent; NOT_FOUND where there is none." })
  agentId!: string;

  @Field(() => ID, {
    nullable: true,
    description: "The version that works, a draft too, an archived one not; the published one unless given: CONFLICT where there is none.",
  })
  agentVersionId?: string | null;

  @Field(() => ID, {
    nullable: true,
    description:
      "The conversation: the agent knows its messages, the input becomes one of the user's, and the answer one of the assistant's. CONFLICT where it is closed.",
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

  @Field(() => String, {
    nullable: true,
    description:
      "1 to 200 characters. Asking again with it and the same input gives the first run; other input is CONFLICT, IDEMPOTENCY_KEY_REUSED.",
  })
  idempotencyKey?: string | null;

  @Field(() => RunExecutionEnum, {
    nullable: true,
    defaultValue: "WORKERS",
    description: "Who executes it: workers, as soon as one is free, or whoever calls executeAgentRun.",
  })
  execution?: RunExecution | null;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: "True: no model and no tool is called; outputJson says what would have been asked.",
  })
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
    description: "1 to 200 characters. Said again with the same one it counts once.",
  })
  idempotencyKey?: string | null;

  @Field(() => ID, {
    nullable: true,
    description: "The node run of the agent, where the run is not an agent's own: that of a node of type agent.",
  })
  nodeRunId?: string | null;
}

/** How an agent run is executed. */
@InputType({ description: "How an agent run is executed." })
export class ExecuteAgentRunInput {
  @Field(() => String, { description: "Who executes it, in its node runs: 1 to 200 characters." })
  workerKey!: string;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: "True: without calling a model or a tool; CONFLICT, AGENT_RUN_BEGUN where it has begun.",
  })
  dryRun?: boolean | null;
}

/** Which agent run is executed, and by whom. */
@InputType({ description: "By whom the next agent run is executed." })
export class ClaimAgentRunInput {
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
