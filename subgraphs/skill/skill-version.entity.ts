import { Entity, Enum, PrimaryKey, Property } from "@mikro-orm/decorators/legacy";
import { Directive, Field, ID, Int, ObjectType, registerEnumType } from "type-graphql";
import { JsonObjectScalar } from "#shared/graphql/scalars.ts";
import type { JsonObject } from "#shared/json.ts";
import { SkillRuntimeType } from "./runtime-type.ts";

/** The life of a version: DRAFT, PUBLISHED, ARCHIVED. Its content never changes. */
export enum SkillVersionStatus {
  DRAFT = "DRAFT",
  PUBLISHED = "PUBLISHED",
  ARCHIVED = "ARCHIVED",
}
registerEnumType(SkillVersionStatus, {
  name: "SkillVersionStatus",
  description: "The life of a version; its content never changes.",
  valuesConfig: {
    DRAFT: { description: "Not published yet." },
    PUBLISHED: { description: "Was published; the one that was published last is the published version." },
    ARCHIVED: { description: "Out of use until it is published again." },
  },
});

/** One immutable make of a skill: what it takes, what it gives, how it is done. */
@Directive('@key(fields: "id")')
@ObjectType({ description: "One immutable make of a skill: what it takes, what it gives, how it is done." })
@Entity({ tableName: "skill_version" })
export class SkillVersion {
  @Field(() => ID, { description: "Opaque id." })
  @PrimaryKey({ type: "text" })
  id!: string;

  @Property({ type: "text" })
  tenantId!: string;

  @Property({ type: "text" })
  skillId!: string;

  @Field(() => Int, { description: "1, 2, 3, ... in its skill. A version's content never changes." })
  @Property({ type: "integer" })
  version!: number;

  @Field(() => SkillVersionStatus, { description: "The skill's published version is the one that was published last." })
  @Enum({ items: () => SkillVersionStatus, type: "text" })
  status!: SkillVersionStatus;

  @Field(() => SkillRuntimeType, { description: "How the skill is done." })
  @Enum({ items: () => SkillRuntimeType, type: "text" })
  runtimeType!: SkillRuntimeType;

  @Field(() => JsonObjectScalar, { description: "JSON Schema of what the skill takes." })
  @Property({ type: "json", columnType: "json" })
  parameterSchema!: JsonObject;

  @Field(() => JsonObjectScalar, { description: "JSON Schema of what the skill gives." })
  @Property({ type: "json", columnType: "json" })
  outputSchema!: JsonObject;

  @Field(() => JsonObjectScalar, {
    description: "By runtimeType: { template }, { language, code }, { tool_binding_id }, { prompt }, { name, description, files }.",
  })
  @Property({ type: "json", columnType: "json" })
  implementation!: JsonObject;

  @Field(() => Date, { description: "When it was made." })
  @Property({ type: "datetime", columnType: "timestamptz" })
  createdAt!: Date;

  @Field(() => Date, { nullable: true, description: "When it was published last; null: never." })
  @Property({ type: "datetime", columnType: "timestamptz", nullable: true })
  publishedAt!: Date | null;
}
