import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from "type-graphql";
import { Needs } from "#shared/graphql/needs.ts";
import { SkillVersion } from "./skill-version.entity.ts";
import { importSkill } from "./folders/skill-import.service.ts";
import { CreateSkillVersionInput, ImportSkillInput } from "./skill-version.inputs.ts";
import * as service from "./skill-version.service.ts";
import type { SkillContext } from "./skill.context.ts";
import { Skill } from "./skill.entity.ts";

/** Versions of skills in the graph. */
@Resolver(() => SkillVersion)
export class SkillVersionResolver {
  @Needs("skill:read")
  @Query(() => SkillVersion, { nullable: true, description: "A skill version by id; null where there is none." })
  skillVersion(
    @Arg("id", () => ID, { description: "The skill version's id. A malformed one is an unknown one." }) id: string,
    @Ctx() { loaders }: SkillContext,
  ): Promise<SkillVersion | null> {
    return loaders.skillVersion.load(id);
  }

  @Needs("skill:write")
  @Mutation(() => SkillVersion, {
    nullable: true,
    description: "Makes the skill's next version. A version's content never changes: a change is a new version.",
  })
  createSkillVersion(
    @Arg("input", () => CreateSkillVersionInput) input: CreateSkillVersionInput,
    @Ctx() context: SkillContext,
  ): Promise<SkillVersion> {
    return service.createSkillVersion(context, input);
  }

  @Needs("skill:write")
  @Mutation(() => SkillVersion, {
    nullable: true,
    description:
      "Makes the skill's next version of a folder in the open Agent Skills format: runtimeType FOLDER. BAD_USER_INPUT, SKILL_FOLDER_INVALID says what is wrong with it.",
  })
  importSkill(@Arg("input", () => ImportSkillInput) input: ImportSkillInput, @Ctx() context: SkillContext): Promise<SkillVersion> {
    return importSkill(context, input);
  }

  @Needs("skill:write")
  @Mutation(() => SkillVersion, {
    nullable: true,
    description:
      "Makes a version the skill's published one, which is always the one that was published last: an older version can be published again. NOT_FOUND too when the skill was deleted.",
  })
  publishSkillVersion(
    @Arg("id", () => ID, { description: "The version; NOT_FOUND where there is none." }) id: string,
    @Ctx() context: SkillContext,
  ): Promise<SkillVersion> {
    return service.publishSkillVersion(context, id);
  }

  @Needs("skill:write")
  @Mutation(() => SkillVersion, {
    nullable: true,
    description:
      "Archives a version: it is not the skill's published one any more, the one that was published before it is. Publishing it again takes it back into use. NOT_FOUND too when the skill was deleted.",
  })
  archiveSkillVersion(
    @Arg("id", () => ID, { description: "The version; NOT_FOUND where there is none." }) id: string,
    @Ctx() context: SkillContext,
  ): Promise<SkillVersion> {
    return service.archiveSkillVersion(context, id);
  }

  @FieldResolver(() => Skill, { description: "The skill." })
  skill(@Root() version: SkillVersion, @Ctx() { loaders }: SkillContext): Promise<Skill | null> {
    return loaders.skill.load(version.skillId);
  }
}
