import { Field, ID, InputType } from "type-graphql";
import { OwnLimit } from "#shared/graphql/argument-limits.ts";
import { JsonObjectScalar } from "#shared/graphql/scalars.ts";
import type { JsonObject } from "#shared/json.ts";
import { RunExecution } from "./run-request.entity.ts";

/** The node that a run begins with, instead of those that the DSL starts with. */
@InputType({ description: "The node that a run begins with, instead of those that the DSL starts with." })
export class InitialNodeInput {
  @Field(() => String, { description: "The node's id in the DSL; BAD_USER_INPUT when it has none of that id." })
  nodeId!: string;

  @Field(() => String, { nullable: true, description: "The node's type; BAD_USER_INPUT when the DSL says another." })
  nodeType?: string | null;
}

/** A wish to run something. */
@InputType({
  description:
    "What runs: workflowVersionId, else the app version's, else that of the app's published version, else the published version of its only workflow; else CONFLICT.\n" +
    "message is stored as a USER message of the session, and is input.query of the run whatever input says.",
})
export class CreateRunRequestInput {
  @Field(() => ID, { description: "The conversation." })
  sessionId!: string;

  @Field(() => ID, { nullable: true, description: "A version of the session's app." })
  appVersionId?: string | null;

  @Field(() => ID, { nullable: true, description: "A version of a workflow of the session's app; drafts too, archived ones not." })
  workflowVersionId?: string | null;

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description: "The run's input: {} unless given; together with message up to 256 KiB of JSON.",
  })
  input?: JsonObject | null;

  @OwnLimit()
  @Field(() => String, {
    nullable: true,
    description: "What the user says: at least a character; together with input up to 256 KiB of JSON.",
  })
  message?: string | null;

  @Field(() => InitialNodeInput, {
    nullable: true,
    description: "The node that the run begins with; nodes that cannot be reached from it take no part.",
  })
  initialNode?: InitialNodeInput | null;

  @Field(() => RunExecution, { nullable: true, defaultValue: RunExecution.WORKERS, description: "Who advances the run." })
  execution?: RunExecution | null;

  @Field(() => String, {
    nullable: true,
    description:
      "1 to 200 characters. Asking again with it and the same input gives the first request; other input is CONFLICT, IDEMPOTENCY_KEY_REUSED.",
  })
  idempotencyKey?: string | null;
}
