import { ArgsType, Field, ID, InputType } from "type-graphql";
import { PageArgs } from "#shared/graphql/pagination.ts";
import { InstallScope } from "./skill-installation.entity.ts";

/** Where a skill is to be installed. */
@InputType({ description: "Where a skill is to be installed." })
export class InstallSkillInput {
  @Field(() => ID, { description: "The skill." })
  skillId!: string;

  @Field(() => InstallScope, { description: "What kind of place." })
  installScope!: InstallScope;

  @Field(() => String, {
    nullable: true,
    description:
      "Which agent, team, app or user: 1 to 200 characters, kept as given: whether there is such a one is not asked. For TENANT the caller's tenant, which may be left out.",
  })
  scopeId?: string | null;

  @Field(() => String, { nullable: true, description: "Who installs it, as you name your users: up to 200 characters." })
  installedBy?: string | null;
}

/** Which installations, and which page of them. */
@ArgsType()
export class SkillInstallationsArgs extends PageArgs {
  @Field(() => ID, { nullable: true, description: "Only installations of this skill." })
  skillId?: string | null;

  @Field(() => InstallScope, { nullable: true, description: "Only installations in places of this kind." })
  installScope?: InstallScope | null;

  @Field(() => String, { nullable: true, description: "Only installations in this place." })
  scopeId?: string | null;
}
