import { Entity, PrimaryKey, Property } from "@mikro-orm/decorators/legacy";
import { Directive, Field, ID, ObjectType } from "type-graphql";

/** A named graph of nodes under an app; what runs are its versions. */
@Directive('@key(fields: "id")')
@ObjectType({ description: "A named graph of nodes under an app; what runs are its versions." })
@Entity({ tableName: "workflow" })
export class Workflow {
  @Field(() => ID, { description: "Opaque id." })
  @PrimaryKey({ type: "text" })
  id!: string;

  @Property({ type: "text" })
  tenantId!: string;

  @Property({ type: "text" })
  appId!: string;

  @Field(() => String, { description: "Unique in its app." })
  @Property({ type: "text" })
  code!: string;

  @Field(() => String, { description: "For people." })
  @Property({ type: "text" })
  name!: string;

  @Field(() => String, { nullable: true, description: "For people." })
  @Property({ type: "text", nullable: true })
  description!: string | null;

  @Field(() => Date, { description: "When it was made." })
  @Property({ type: "datetime", columnType: "timestamptz" })
  createdAt!: Date;

  @Field(() => Date, { description: "When it was changed last." })
  @Property({ type: "datetime", columnType: "timestamptz" })
  updatedAt!: Date;

  @Field(() => Date, {
    nullable: true,
    description: "Set: deleted, gone from lists and byCode, its code free again; the id still resolves.",
  })
  @Property({ type: "datetime", columnType: "timestamptz", nullable: true })
  deletedAt!: Date | null;
}
