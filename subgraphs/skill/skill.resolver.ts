import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from "type-graphql";
import { Needs } from "#shared/graphql/needs.ts";
import { connectionType, listPage, PageArgs, type Connection } from "#shared/graphql/pagination.ts";
import type { SkillInstallation } from "./skill-installation.entity.ts";
import { SkillInstallationConnection } from "./skill-installation.resolver.ts";
import { SkillVersion } from "./skill-version.entity.ts";
import type { SkillContext } from "./skill.context.ts";
import { Skill, SkillStatus } from "./skill.entity.ts";
import { CreateSkillInput, UpdateSkillInput } from "./skill.inputs.ts";
import * as service from "./skill.service.ts";

const SkillConnection = connectionType("Skill", () => Skill);
const SkillVersionConnection = connectionType("SkillVersion", () => SkillVersion);

/** Skills in the graph. */
@Resolver(() => Skill)
export class SkillResolver {
  @Needs("skill:read")
  @Query(() => Skill, { nullable: true, description: "A skill by id, deleted ones too; null where there is none." })
  skill(
    @Arg("id", () => ID, { description: "The skill's id. A malformed one is an unknown one." }) id: string,
    @Ctx() { loaders }: SkillContext,
  ): Promise<Skill | null> {
    return loaders.skill.load(id);
  }

  @Needs("skill:read")
  @Query(() => Skill, { nullable: true, description: "A skill by its code; null where there is none." })
  skillByCode(
    @Arg("code", () => String, { description: "The skill's code; case counts." }) code: string,
    @Ctx() { db }: SkillContext,
  ): Promise<Skill | null> {
    return db.read(({ em }) => em.findOne(Skill, { code, deletedAt: null }));
  }

  @Needs("skill:read")
  @Query(() => SkillConnection, { nullable: true, description: "The tenant's skills, newest first." })
  skills(
    @Arg("skillType", () => String, { nullable: true, description: "Only skills of this type." }) skillType: string | null,
    @Arg("status", () => SkillStatus, { nullable: true, description: "Only skills of this status." }) status: SkillStatus | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { db }: SkillContext,
  ): Promise<Connection<Skill>> {
    const filter = { ...(skillType != null && { skillType }), ...(status != null && { status }) };
    return db.read(({ em }) => listPage(em, Skill, page, { where: { deletedAt: null, ...filter } }));
  }

  @Needs("skill:write")
  @Mutation(() => Skill, { nullable: true, description: "Makes a skill. CONFLICT when its code is taken." })
  createSkill(@Arg("input", () => CreateSkillInput) input: CreateSkillInput, @Ctx() context: SkillContext): Promise<Skill> {
    return service.createSkill(context, input);
  }

  @Needs("skill:write")
  @Mutation(() => Skill, { nullable: true, description: "Changes what is given; the code stays for ever." })
  updateSkill(
    @Arg("id", () => ID, { description: "The skill; NOT_FOUND where there is none." }) id: string,
    @Arg("input", () => UpdateSkillInput) input: UpdateSkillInput,
    @Ctx() context: SkillContext,
  ): Promise<Skill> {
    return service.updateSkill(context, id, input);
  }

  @Needs("skill:write")
  @Mutation(() => Skill, {
    nullable: true,
    description: "Deletes a skill; its versions stay. CONFLICT while it is installed. Answers the skill as it was, with its deletedAt.",
  })
  deleteSkill(
    @Arg("id", () => ID, { description: "The skill; NOT_FOUND where there is none." }) id: string,
    @Ctx() context: SkillContext,
  ): Promise<Skill> {
    return service.deleteSkill(context, id);
  }

  @FieldResolver(() => SkillVersion, { nullable: true, description: "The version with the highest number; null: it has none." })
  latestVersion(@Root() skill: Skill, @Ctx() { loaders }: SkillContext): Promise<SkillVersion | null> {
    return loaders.skillLatest.load(skill.id);
  }

  @FieldResolver(() => SkillVersion, {
    nullable: true,
    description: "The version that was published last, of those that are not archived; null: it has none.",
  })
  publishedVersion(@Root() skill: Skill, @Ctx() { loaders }: SkillContext): Promise<SkillVersion | null> {
    return loaders.skillPublished.load(skill.id);
  }

  @FieldResolver(() => SkillVersionConnection, { description: "Its versions, newest first." })
  versions(
    @Root() skill: Skill,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { loaders }: SkillContext,
  ): Promise<Connection<SkillVersion>> {
    return loaders.versionsOfSkill.load({ parentId: skill.id, page });
  }

  @FieldResolver(() => SkillInstallationConnection, {
    description: "Where it is installed, newest first; removed installations are left out.",
  })
  installations(
    @Root() skill: Skill,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { loaders }: SkillContext,
  ): Promise<Connection<SkillInstallation>> {
    return loaders.installationsOfSkill.load({ parentId: skill.id, page });
  }
}
