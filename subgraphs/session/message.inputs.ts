import { Directive, Field, ID, InputType } from "type-graphql";
import { OwnLimit } from "#shared/graphql/argument-limits.ts";
import { JsonScalar } from "#shared/graphql/scalars.ts";
import type { Json } from "#shared/json.ts";
import { MessageRole } from "./message.entity.ts";

/** A message that a client adds. */
@InputType({ description: "A new message." })
export class AddMessageInput {
  @Field(() => ID, { description: "The session." })
  sessionId!: string;

  @Field(() => MessageRole, { nullable: true, defaultValue: MessageRole.USER, description: "Who speaks." })
  role?: MessageRole | null;

  @OwnLimit()
  @Field(() => String, { description: "The text: 1 to 262,144 characters." })
  content!: string;

  @Field(() => JsonScalar, { nullable: true, description: "What the text says, as data: up to 256 KiB." })
  contentJson?: Json;

  @Field(() => String, {
    nullable: true,
    description:
      "1 to 200 characters. Adding again with it and the same input gives the first message; other input is CONFLICT, IDEMPOTENCY_KEY_REUSED.",
  })
  idempotencyKey?: string | null;
}

/** The answer of a run, from the runtime. */
@Directive("@inaccessible")
@InputType({ description: "The answer of a run. For the platform itself." })
export class RecordRunMessageInput {
  @Field(() => ID, { description: "The run; it has one message at most." })
  runId!: string;

  @Field(() => ID, { description: "The session that the run was started from." })
  sessionId!: string;

  @OwnLimit()
  @Field(() => String, { description: "The run's output text." })
  content!: string;

  @Field(() => JsonScalar, { nullable: true, description: "The run's output as data." })
  contentJson?: Json;
}
