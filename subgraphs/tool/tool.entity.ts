import { Entity, Enum, PrimaryKey, Property } from "@mikro-orm/decorators/legacy";
import { Directive, Field, ID, ObjectType, registerEnumType } from "type-graphql";

/** Whether a tool takes new calls. */
export enum ToolStatus {
  ACTIVE = "ACTIVE",
  ARCHIVED = "ARCHIVED",
}
registerEnumType(ToolStatus, {
  name: "ToolStatus",
  description: "Whether a tool takes new calls.",
  valuesConfig: {
    ACTIVE: { description: "Takes calls." },
    ARCHIVED: { description: "Refuses calls with CONFLICT, TOOL_ARCHIVED, but for those of runs that had frozen one of its versions." },
  },
});

/** How a tool is called. */
export enum ToolType {
  HTTP = "HTTP",
  MCP = "MCP",
}
registerEnumType(ToolType, {
  name: "ToolType",
  description: "How a tool is called.",
  valuesConfig: {
    HTTP: { description: "By one HTTP request." },
    MCP: { description: "Not available yet: BAD_USER_INPUT, NOT_AVAILABLE." },
  },
});

/** Something outside that workflows and agents can call. */
@Directive('@key(fields: "id")')
@ObjectType({ description: "Something outside that workflows and agents can call. What is called are its versions, through bindings." })
@Entity({ tableName: "tool" })
export class Tool {
  @Field(() => ID, { description: "Opaque id." })
  @PrimaryKey({ type: "text" })
  id!: string;

  @Property({ type: "text" })
  tenantId!: string;

  @Field(() => String, {
    description: "Its name in programs and URLs: unique among the tenant's tools that are not deleted. It never changes.",
  })
  @Property({ type: "text" })
  code!: string;

  @Field(() => String, { description: "Its name, for people." })
  @Property({ type: "text" })
  name!: string;

  @Field(() => ToolType, { description: "How it is called." })
  @Enum({ items: () => ToolType, type: "text" })
  toolType!: ToolType;

  @Field(() => String, {
    nullable: true,
    description: "What it does, for people and for models that choose between tools; null: nobody said.",
  })
  @Property({ type: "text", nullable: true })
  description!: string | null;

  @Field(() => ToolStatus, { description: "ARCHIVED tools refuse calls, but for those of runs that had frozen one of its versions." })
  @Enum({ items: () => ToolStatus, type: "text" })
  status!: ToolStatus;

  @Field(() => Date, { description: "When it was made." })
  @Property({ type: "datetime", columnType: "timestamptz" })
  createdAt!: Date;

  @Field(() => Date, { description: "When it was changed last; before any change, when it was made." })
  @Property({ type: "datetime", columnType: "timestamptz" })
  updatedAt!: Date;

  @Field(() => Date, {
    nullable: true,
    description:
      "When it was deleted; null: it was not. A deleted tool is in no list and not found by code; its code is free again, and its id still resolves.",
  })
  @Property({ type: "datetime", columnType: "timestamptz", nullable: true })
  deletedAt!: Date | null;
}
