import { Entity, PrimaryKey, Property } from "@mikro-orm/decorators/legacy";
import { Directive, Field, ID, Int, ObjectType } from "type-graphql";
import { JsonObjectScalar } from "#shared/graphql/scalars.ts";
import type { JsonObject } from "#shared/json.ts";

/** One immutable description of how a tool is called. */
@Directive('@key(fields: "id")')
@ObjectType({ description: "One immutable description of how a tool is called, and with what." })
@Entity({ tableName: "tool_version" })
export class ToolVersion {
  @Field(() => ID, { description: "Opaque id." })
  @PrimaryKey({ type: "text" })
  id!: string;

  @Property({ type: "text" })
  tenantId!: string;

  @Property({ type: "text" })
  toolId!: string;

  @Field(() => Int, { description: "1, 2, 3, ... in its tool. A version's content never changes." })
  @Property({ type: "integer" })
  version!: number;

  @Field(() => JsonObjectScalar, { description: "JSON Schema of the arguments; {} takes any." })
  @Property({ type: "json", columnType: "json" })
  inputSchema!: JsonObject;

  @Field(() => JsonObjectScalar, { description: "JSON Schema of the answer, for people and models; answers are not checked against it." })
  @Property({ type: "json", columnType: "json" })
  outputSchema!: JsonObject;

  /** As stored: credentials among the headers are sealed. The graph shows it without them. */
  @Property({ type: "json", columnType: "json" })
  invokeConfig!: JsonObject;

  @Field(() => Date, { description: "When it was made." })
  @Property({ type: "datetime", columnType: "timestamptz" })
  createdAt!: Date;
}
