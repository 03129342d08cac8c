import { Entity, Enum, PrimaryKey, Property } from "@mikro-orm/decorators/legacy";
import { Directive, Field, ID, ObjectType, registerEnumType } from "type-graphql";

/** Whether a skill is in use. */
export enum SkillStatus {
  ACTIVE = "ACTIVE",
  ARCHIVED = "ARCHIVED",
}
registerEnumType(SkillStatus, {
  name: "SkillStatus",
  description: "Whether a skill is in use.",
  valuesConfig: {
    ACTIVE: { description: "In use." },
    ARCHIVED: {
      description:
        "No longer in use: CONFLICT, SKILL_ARCHIVED, for new runs and installations of it, and new versions of agents that name it. Nothing is hidden.",
    },
  },
});

/** A reusable ability; what it does stands in its versions. */
@Directive('@key(fields: "id")')
@ObjectType({ description: "A reusable ability; what it does stands in its versions." })
@Entity({ tableName: "skill" })
export class Skill {
  @Field(() => ID, { description: "Opaque id." })
  @PrimaryKey({ type: "text" })
  id!: string;

  @Property({ type: "text" })
  tenantId!: string;

  @Field(() => String, {
    description: "Its name in programs and URLs: unique among the tenant's skills that are not deleted. It never changes.",
  })
  @Property({ type: "text" })
  code!: string;

  @Field(() => String, { description: "Its name, for people." })
  @Property({ type: "text" })
  name!: string;

  @Field(() => String, { description: "A word for clients, such as template; the platform does not read it." })
  @Property({ type: "text" })
  skillType!: string;

  @Field(() => String, { nullable: true, description: "What it is, for people; null: nobody said." })
  @Property({ type: "text", nullable: true })
  description!: string | null;

  @Field(() => SkillStatus, { description: "ACTIVE unless archived." })
  @Enum({ items: () => SkillStatus, type: "text" })
  status!: SkillStatus;

  @Field(() => Date, { description: "When it was made." })
  @Property({ type: "datetime", columnType: "timestamptz" })
  createdAt!: Date;

  @Field(() => Date, { description: "When it was changed last; before any change, when it was made." })
  @Property({ type: "datetime", columnType: "timestamptz" })
  updatedAt!: Date;

  @Field(() => Date, {
    nullable: true,
    description:
      "When it was deleted; null: it was not. A deleted skill is in no list and not found by code; its code is free again, and its id still resolves.",
  })
  @Property({ type: "datetime", columnType: "timestamptz", nullable: true })
  deletedAt!: Date | null;
}
