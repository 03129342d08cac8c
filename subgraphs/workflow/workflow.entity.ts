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

  @Field(() => String, {
    description: "Its name in programs and URLs: unique among the app's workflows that are not deleted. It never changes.",
  })
  @Property({ type: "text" })
  code!: string;

  @Field(() => String, { description: "Its name, for people." })
  @Property({ type: "text" })
  name!: string;

  @Field(() => String, { nullable: true, description: "What it is, for people; null: nobody said." })
  @Property({ type: "text", nullable: true })
  description!: string | null;

  @Field(() => Date, { description: "When it was made." })
  @Property({ type: "datetime", columnType: "timestamptz" })
  createdAt!: Date;

  @Field(() => Date, { description: "When it was changed last; before any change, when it was made." })
  @Property({ type: "datetime", columnType: "timestamptz" })
  updatedAt!: Date;

  @Field(() => Date, {
    nullable: true,
    description:
      "When it was deleted; null: it was not. A deleted workflow is in no list and not found by code; its code is free again, and its id still resolves.",
  })
  @Property({ type: "datetime", columnType: "timestamptz", nullable: true })
  deletedAt!: Date | null;
}
