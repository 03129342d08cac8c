import { Entity, Enum, PrimaryKey, Property } from "@mikro-orm/decorators/legacy";
import { Directive, Field, ID, Int, ObjectType, registerEnumType } from "type-graphql";
import { JsonObjectScalar } from "#shared/graphql/scalars.ts";
import type { JsonObject } from "#shared/json.ts";

/** Whose memory it is. */
export enum MemoryScopeType {
  TENANT = "TENANT",
  USER = "USER",
  SESSION = "SESSION",
  AGENT = "AGENT",
  TEAM = "TEAM",
}
registerEnumType(MemoryScopeType, {
  name: "MemoryScopeType",
  description: "Whose memory it is.",
  valuesConfig: {
    TENANT: { description: "Everybody of the tenant." },
    USER: { description: "One user." },
    SESSION: { description: "One conversation." },
    AGENT: { description: "One agent." },
    TEAM: { description: "One team." },
  },
});

/** Something that is remembered of somebody. */
@Directive('@key(fields: "id")')
@ObjectType({ description: "Something that is remembered of a tenant, a user, a session, an agent or a team." })
@Entity({ tableName: "memory" })
export class Memory {
  @Field(() => ID, { description: "Opaque id." })
  @PrimaryKey({ type: "text" })
  id!: string;

  @Property({ type: "text" })
  tenantId!: string;

  @Field(() => MemoryScopeType, { description: "Whose memory it is." })
  @Enum({ items: () => MemoryScopeType, type: "text" })
  scopeType!: MemoryScopeType;

  @Field(() => String, { description: "Which user, session, agent or team; the tenant for TENANT." })
  @Property({ type: "text" })
  scopeId!: string;

  @Field(() => String, { description: "fact, preference, conversation, ..." })
  @Property({ type: "text" })
  memoryType!: string;

  @Field(() => String, { description: "What is remembered; searched by its words." })
  @Property({ type: "text" })
  contentText!: string;

  /** How many words the search has of the content. */
  @Property({ type: "integer" })
  wordCount!: number;

  @Field(() => JsonObjectScalar, { description: "The client's own; not searched, {} where none was given." })
  @Property({ type: "json", columnType: "json" })
  metadata!: JsonObject;

  @Field(() => Int, { description: "0 to 100: how much it counts in a search." })
  @Property({ type: "integer" })
  importanceScore!: number;

  @Field(() => Date, { description: "When it was made." })
  @Property({ type: "datetime", columnType: "timestamptz" })
  createdAt!: Date;

  @Field(() => Date, { description: "When it was changed last; before any change, when it was made." })
  @Property({ type: "datetime", columnType: "timestamptz" })
  updatedAt!: Date;

  @Field(() => Date, { nullable: true, description: "When a search found it last; null: never." })
  @Property({ type: "datetime", columnType: "timestamptz", nullable: true })
  lastAccessedAt!: Date | null;

  @Field(() => Date, {
    nullable: true,
    description: "From then on it is in no list, no search and not found by id; null: it never expires.",
  })
  @Property({ type: "datetime", columnType: "timestamptz", nullable: true })
  expiresAt!: Date | null;
}
