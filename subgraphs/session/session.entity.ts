import { Entity, Enum, PrimaryKey, Property } from "@mikro-orm/decorators/legacy";
import { Directive, Field, ID, ObjectType, registerEnumType } from "type-graphql";

/** Whether a conversation goes on. */
export enum SessionStatus {
  ACTIVE = "ACTIVE",
  CLOSED = "CLOSED",
}
registerEnumType(SessionStatus, {
  name: "SessionStatus",
  description: "Whether a conversation goes on.",
  valuesConfig: {
    ACTIVE: { description: "Takes messages and runs." },
    CLOSED: { description: "Takes no messages and starts no runs; the answers of runs that were started before still come." },
  },
});

/** A conversation of one user with an app. */
@Directive('@key(fields: "id")')
@ObjectType({ description: "A conversation of one user with an app." })
@Entity({ tableName: "session" })
export class Session {
  @Field(() => ID, { description: "Opaque id." })
  @PrimaryKey({ type: "text" })
  id!: string;

  @Property({ type: "text" })
  tenantId!: string;

  @Property({ type: "text" })
  appId!: string;

  @Field(() => String, { description: "Who talks, as the app's client names its users." })
  @Property({ type: "text" })
  userId!: string;

  @Field(() => String, { description: "Where the conversation takes place, such as web." })
  @Property({ type: "text" })
  channelType!: string;

  @Field(() => String, { nullable: true, description: "What it is about, for people; null: nobody said." })
  @Property({ type: "text", nullable: true })
  title!: string | null;

  @Field(() => SessionStatus, { description: "ACTIVE until closeSession." })
  @Enum({ items: () => SessionStatus, type: "text" })
  status!: SessionStatus;

  /** The number of its last message; whoever adds one holds the row's lock from reading it to the commit. */
  @Property({ type: "integer" })
  messageSeq!: number;

  @Field(() => Date, { description: "When it was made." })
  @Property({ type: "datetime", columnType: "timestamptz" })
  createdAt!: Date;

  @Field(() => Date, { nullable: true, description: "When it was closed; null: it is not." })
  @Property({ type: "datetime", columnType: "timestamptz", nullable: true })
  closedAt!: Date | null;
}
