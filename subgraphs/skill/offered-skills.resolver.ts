import { Arg, Ctx, Directive, Field, ID, InputType, ObjectType, Query, Resolver } from "type-graphql";
import { OwnLimit } from "#shared/graphql/argument-limits.ts";
import { Needs } from "#shared/graphql/needs.ts";
import { JsonObjectScalar } from "#shared/graphql/scalars.ts";
import type { JsonObject } from "#shared/json.ts";
import { offeredSkillsOf, type OfferedSkillRow } from "./offered-skills.service.ts";
import { SkillRuntimeType } from "./runtime-type.ts";
import { InstallScope } from "./skill-installation.entity.ts";
import type { SkillContext } from "./skill.context.ts";

/** A place where skills are installed. */
@InputType({ description: "A place where skills are installed." })
@Directive("@inaccessible")
class SkillPlaceInput {
  @Field(() => InstallScope, { description: "What kind of place." })
  installScope!: InstallScope;

  @Field(() => String, { description: "Which one." })
  scopeId!: string;
}

/** Of which skills an agent is offered some. */
@InputType({ description: "Of which skills an agent is offered some." })
@Directive("@inaccessible")
class OfferedSkillsInput {
  @OwnLimit()
  @Field(() => [ID], { description: "Its own, at most 128." })
  skillIds!: string[];

  @Field(() => [SkillPlaceInput], { description: "Where others may be installed for it, the nearest first." })
  places!: SkillPlaceInput[];
}

/** A skill that an agent is offered. */
@ObjectType({ description: "A skill that an agent is offered, with its published version." })
@Directive("@inaccessible")
class OfferedSkill implements OfferedSkillRow {
  @Field(() => ID, { description: "The skill." })
  id!: string;

  @Field(() => String, { description: "Its code." })
  code!: string;

  @Field(() => String, { description: "Its name." })
  name!: string;

  @Field(() => String, { nullable: true, description: "What it does." })
  description!: string | null;

  @Field(() => Boolean, { description: "Whether it is installed in a place; else it is one of the ids." })
  installed!: boolean;

  @Field(() => Boolean, { description: "Whether it is out of use." })
  archived!: boolean;

  @Field(() => Boolean, { description: "Whether it was deleted." })
  deleted!: boolean;

  @Field(() => ID, { nullable: true, description: "Its published version; null: it has none." })
  versionId!: string | null;

  @Field(() => SkillRuntimeType, { nullable: true, description: "How that is done." })
  runtimeType!: SkillRuntimeType | null;

  @Field(() => Boolean, { description: "Whether there is no room for it: then what it is made of is left out." })
  beyond!: boolean;

  @Field(() => JsonObjectScalar, { nullable: true, description: "What it takes." })
  parameterSchema!: JsonObject | null;

  @Field(() => JsonObjectScalar, { nullable: true, description: "What it gives." })
  outputSchema!: JsonObject | null;

  @Field(() => JsonObjectScalar, { nullable: true, description: "What it is made of." })
  implementation!: JsonObject | null;
}

/** For the runtime subgraph only; the public graph does not have it. */
@Resolver()
export class OfferedSkillsResolver {
  @Needs("skill:read")
  @Query(() => [OfferedSkill], { description: "Internal: the skills that an agent is offered when a run freezes it, in one read." })
  @Directive("@inaccessible")
  offeredSkills(
    @Arg("input", () => OfferedSkillsInput) { skillIds, places }: OfferedSkillsInput,
    @Ctx() context: SkillContext,
  ): Promise<OfferedSkillRow[]> {
    return offeredSkillsOf(context, { skillIds, places });
  }
}
