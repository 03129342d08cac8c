import { Entity, Enum, PrimaryKey, Property } from "@mikro-orm/decorators/legacy";
import { Directive, Field, ID, ObjectType, registerEnumType } from "type-graphql";

/** Whether an app is in use. */
export enum AppStatus {
  ACTIVE = "ACTIVE",
  ARCHIVED = "ARCHIVED",
}
registerEnumType(AppStatus, {
  name: "AppStatus",
  description: "Whether an app is in use.",
  valuesConfig: {
    ACTIVE: { description: "In use." },
    ARCHIVED: { description: "No longer in use. It only says so: nothing is hidden or refused." },
  },
});

/** A product that is made of workflows. */
@Directive('@key(fields: "id")')
@ObjectType({ description: "A product made of workflows; what sessions and runs belong to." })
@Entity({ tableName: "app" })
export class App {
  @Field(() => ID, { description: "Opaque id." })
  @PrimaryKey({ type: "text" })
  id!: string;

  @Property({ type: "text" })
  tenantId!: string;

  @Field(() => String, { description: "Unique in its tenant." })
  @Property({ type: "text" })
  code!: string;

  @Field(() => String, { description: "For people." })
  @Property({ type: "text" })
  name!: string;

  @Field(() => String, { nullable: true, description: "For people." })
  @Property({ type: "text", nullable: true })
  description!: string | null;

  @Field(() => AppStatus, { description: "ACTIVE unless archived." })
  @Enum({ items: () => AppStatus, type: "text" })
  status!: AppStatus;

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
