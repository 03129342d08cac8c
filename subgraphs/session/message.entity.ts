import { Entity, Enum, PrimaryKey, Property } from "@mikro-orm/decorators/legacy";
import { Directive, Field, ID, ObjectType, registerEnumType } from "type-graphql";
import { JsonScalar } from "#shared/graphql/scalars.ts";
import type { Json } from "#shared/json.ts";

/** Who speaks. */
export enum MessageRole {
  SYSTEM = "SYSTEM",
  USER = "USER",
  ASSISTANT = "ASSISTANT",
  TOOL = "TOOL",
}
registerEnumType(MessageRole, {
  name: "MessageRole",
  description: "Who speaks.",
  valuesConfig: {
    USER: { description: "The user of the session." },
    ASSISTANT: { description: "The app, such as the answer of a run." },
    SYSTEM: { description: "An instruction or a notice of whoever runs the app." },
    TOOL: { description: "What a tool answered." },
  },
});

/** One message of a conversation. */
@Directive('@key(fields: "id")')
@ObjectType({ description: "One message of a conversation." })
@Entity({ tableName: "message" })
export class Message {
  @Field(() => ID, { description: "Opaque id." })
  @PrimaryKey({ type: "text" })
  id!: string;

  @Property({ type: "text" })
  tenantId!: string;

  @Property({ type: "text" })
  sessionId!: string;

  /** 1, 2, 3, … in its session, in the order of the commits; cursors of messages hold it. */
  @Property({ type: "integer" })
  seq!: number;

  @Field(() => MessageRole, { description: "Who speaks." })
  @Enum({ items: () => MessageRole, type: "text" })
  role!: MessageRole;

  @Field(() => String, { description: "The text." })
  @Property({ type: "text" })
  content!: string;

  @Field(() => JsonScalar, { nullable: true, description: "What the text says, as data; null: nothing was given." })
  @Property({ type: "json", columnType: "json", nullable: true })
  contentJson!: Json;

  @Property({ type: "text", nullable: true })
  runId!: string | null;

  @Field(() => Date, { description: "When it was added." })
  @Property({ type: "datetime", columnType: "timestamptz" })
  createdAt!: Date;
}

/** One step of the stream of a session's messages. */
@ObjectType({ description: "A message that was added, with its place in the stream." })
export class MessageAdded {
  @Field(() => String, { description: "Give it to `after` to go on behind this message; Session.messages has the same cursors." })
  cursor!: string;

  /** The message's id. */
  messageId!: string;

  /** The message, if it is short: a long one is read when it is told. In the graph it is never null. */
  message!: Message | undefined;
}
