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

  @Field(() => String, {
    description: "Its name in programs and URLs: unique among the tenant's apps that are not deleted. It never changes.",
  })
  @Property({ type: "text" })
  code!: string;

  @Field(() => String, { description: "Its name, for people." })
  @Property({ type: "text" })
  name!: string;

  @Field(() => String, { nullable: true, description: "What it is, for people; null: nobody said." })
  @Property({ type: "text", nullable: true })
  description!: string | null;

  @Field(() => AppStatus, { description: "ACTIVE unless archived." })
  @Enum({ items: () => AppStatus, type: "text" })
  status!: AppStatus;

  @Field(() => Date, { description: "When it was made." })
  @Property({ type: "datetime", columnType: "timestamptz" })
  createdAt!: Date;

  @Field(() => Date, { description: "When it was changed last; before any change, when it was made." })
  @Property({ type: "datetime", columnType: "timestamptz" })
  updatedAt!: Date;

  @Field(() => Date, {
    nullable: true,
    description:
      "When it was deleted; null: it was not. A deleted app is in no list and not found by code; its code is free again, and its id still resolves.",
  })
  @Property({ type: "datetime", columnType: "timestamptz", nullable: true })
  deletedAt!: Date | null;
}
