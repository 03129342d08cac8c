import { Entity, Enum, PrimaryKey, Property } from "@mikro-orm/decorators/legacy";
import { Directive, Field, ID, ObjectType, registerEnumType } from "type-graphql";

/** Where a skill can be installed. */
export enum InstallScope {
  TENANT = "TENANT",
  AGENT = "AGENT",
  TEAM = "TEAM",
  APP = "APP",
  USER = "USER",
}
registerEnumType(InstallScope, {
  name: "InstallScope",
  description: "Where a skill can be installed.",
  valuesConfig: {
    TENANT: { description: "The whole tenant." },
    AGENT: { description: "One agent." },
    TEAM: { description: "One team." },
    APP: { description: "One app." },
    USER: { description: "One user." },
  },
});

/** Whether an installation is in use. */
export enum InstallationStatus {
  ACTIVE = "ACTIVE",
  REMOVED = "REMOVED",
}
registerEnumType(InstallationStatus, {
  name: "InstallationStatus",
  description: "Whether an installation is in use.",
  valuesConfig: {
    ACTIVE: { description: "The skill may be used there." },
    REMOVED: { description: "Uninstalled; installing it there again makes it ACTIVE." },
  },
});

/** A skill at a place where it may be used. */
@Directive('@key(fields: "id")')
@ObjectType({ description: "A skill at a place where it may be used." })
@Entity({ tableName: "skill_installation" })
export class SkillInstallation {
  @Field(() => ID, { description: "Opaque id." })
  @PrimaryKey({ type: "text" })
  id!: string;

  @Property({ type: "text" })
  tenantId!: string;

  @Property({ type: "text" })
  skillId!: string;

  @Field(() => InstallScope, { description: "What kind of place." })
  @Enum({ items: () => InstallScope, type: "text" })
  installScope!: InstallScope;

  @Field(() => String, { description: "Which one: an agent's, team's, app's or user's id; the tenant for TENANT." })
  @Property({ type: "text" })
  scopeId!: string;

  @Field(() => String, { nullable: true, description: "Who installed it, as the client named them; null: nobody said." })
  @Property({ type: "text", nullable: true })
  installedBy!: string | null;

  @Field(() => InstallationStatus, { description: "REMOVED ones are gone from lists." })
  @Enum({ items: () => InstallationStatus, type: "text" })
  status!: InstallationStatus;

  @Field(() => Date, { description: "When it was installed first." })
  @Property({ type: "datetime", columnType: "timestamptz" })
  createdAt!: Date;
}
