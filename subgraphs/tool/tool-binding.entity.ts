import { Entity, PrimaryKey, Property } from "@mikro-orm/decorators/legacy";
import { Directive, Field, ID, ObjectType } from "type-graphql";
import type { JsonObject } from "#shared/json.ts";

/** A tool set up for use: where it is, and the secrets that it takes. */
@Directive('@key(fields: "id")')
@ObjectType({ description: "A tool set up for use: where it is, and the secrets that it takes." })
@Entity({ tableName: "tool_binding" })
export class ToolBinding {
  @Field(() => ID, { description: "Opaque id." })
  @PrimaryKey({ type: "text" })
  id!: string;

  @Property({ type: "text" })
  tenantId!: string;

  @Property({ type: "text" })
  toolId!: string;

  @Property({ type: "text", nullable: true })
  toolVersionId!: string | null;

  @Field(() => String, { description: "Its name, for people; not unique." })
  @Property({ type: "text" })
  name!: string;

  /** As stored: secret headers are sealed. The graph shows it without them. */
  @Property({ type: "json", columnType: "json" })
  config!: JsonObject;

  @Field(() => Date, { description: "When it was made." })
  @Property({ type: "datetime", columnType: "timestamptz" })
  createdAt!: Date;

  @Field(() => Date, { description: "When it was changed last; before any change, when it was made." })
  @Property({ type: "datetime", columnType: "timestamptz" })
  updatedAt!: Date;

  @Field(() => Date, {
    nullable: true,
    description: "When it was deleted; null: it was not. A deleted binding is in no list, and its id still resolves.",
  })
  @Property({ type: "datetime", columnType: "timestamptz", nullable: true })
  deletedAt!: Date | null;
}
