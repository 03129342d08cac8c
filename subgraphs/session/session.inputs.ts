import { Field, ID, InputType } from "type-graphql";

/** A new session. */
@InputType({ description: "A new session." })
export class CreateSessionInput {
  @Field(() => ID, { description: "The app that the user talks to." })
  appId!: string;

  @Field(() => String, { description: "Who talks, as you name your users: 1 to 200 characters." })
  userId!: string;

  @Field(() => String, { nullable: true, defaultValue: "web", description: "Where the conversation takes place: 1 to 64 characters." })
  channelType?: string | null;

  @Field(() => String, { nullable: true, description: "For people: up to 200 characters." })
  title?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      "1 to 200 characters. Asking again with it and the same input gives the first session; other input is CONFLICT, IDEMPOTENCY_KEY_REUSED.",
  })
  idempotencyKey?: string | null;
}

/** What to change; what is left out stays. */
@InputType({ description: "What to change of a session; what is left out stays." })
export class UpdateSessionInput {
  @Field(() => String, { nullable: true, description: "Up to 200 characters; null clears it." })
  title?: string | null;
}
