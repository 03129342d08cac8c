import { Entity, Enum, PrimaryKey, Property } from "@mikro-orm/decorators/legacy";
import { Directive, Field, ID, Int, ObjectType, registerEnumType } from "type-graphql";
import { JsonObjectScalar } from "#shared/graphql/scalars.ts";
import type { JsonObject } from "#shared/json.ts";
import { CoordinationMode } from "./coordination-mode.ts";

/** The life of a version: DRAFT, PUBLISHED, ARCHIVED. Its content never changes. */
export enum TeamVersionStatus {
  DRAFT = "DRAFT",
  PUBLISHED = "PUBLISHED",
  ARCHIVED = "ARCHIVED",
}
registerEnumType(TeamVersionStatus, {
  name: "TeamVersionStatus",
  description: "The life of a version; its content never changes.",
  valuesConfig: {
    DRAFT: { description: "Not published yet." },
    PUBLISHED: { description: "Was published; the one that was published last is the published version." },
    ARCHIVED: { description: "Out of use until it is published again." },
  },
});

/** One immutable make of a team: its members, how they work together, and on what. */
@Directive('@key(fields: "id")')
@ObjectType({ description: "One immutable make of a team: its members, how they work together, and on what." })
@Entity({ tableName: "team_version" })
export class TeamVersion {
  @Field(() => ID, { description: "Opaque id." })
  @PrimaryKey({ type: "text" })
  id!: string;

  @Property({ type: "text" })
  tenantId!: string;

  @Property({ type: "text" })
  teamId!: string;

  @Field(() => Int, { description: "1, 2, 3, ... in its team. A version's content never changes." })
  @Property({ type: "integer" })
  version!: number;

  @Field(() => TeamVersionStatus, { description: "The team's published version is the one that was published last." })
  @Enum({ items: () => TeamVersionStatus, type: "text" })
  status!: TeamVersionStatus;

  @Field(() => CoordinationMode, { description: "How the members work together." })
  @Enum({ items: () => CoordinationMode, type: "text" })
  coordinationMode!: CoordinationMode;

  @Field(() => String, { description: "What the team is there for." })
  @Property({ type: "text" })
  objective!: string;

  @Field(() => JsonObjectScalar, {
    description: "Settings of the coordination mode: max_rounds, max_turns, max_total_tokens, judge; and what clients keep there.",
  })
  @Property({ type: "json", columnType: "json" })
  config!: JsonObject;

  @Field(() => Date, { description: "When it was made." })
  @Property({ type: "datetime", columnType: "timestamptz" })
  createdAt!: Date;

  @Field(() => Date, { nullable: true, description: "When it was published last; null: never." })
  @Property({ type: "datetime", columnType: "timestamptz", nullable: true })
  publishedAt!: Date | null;
}
