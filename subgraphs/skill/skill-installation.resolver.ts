import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from "type-graphql";
import { Needs } from "#shared/graphql/needs.ts";
import { connectionType, listPage, type Connection } from "#shared/graphql/pagination.ts";
import { InstallationStatus, SkillInstallation } from "./skill-installation.entity.ts";
import { InstallSkillInput, SkillInstallationsArgs } from "./skill-installation.inputs.ts";
import * as service from "./skill-installation.service.ts";
import type { SkillContext } from "./skill.context.ts";
import { Skill } from "./skill.entity.ts";

/** Pages of installations; skills have them too. */
export const SkillInstallationConnection = connectionType("SkillInstallation", () => SkillInstallation);

/** Installations of skills in the graph. */
@Resolver(() => SkillInstallation)
export class SkillInstallationResolver {
  @Needs("skill:read")
  @Query(() => SkillInstallation, { nullable: true, description: "An installation by id, removed ones too; null where there is none." })
  skillInstallation(
    @Arg("id", () => ID, { description: "The installation's id. A malformed one is an unknown one." }) id: string,
    @Ctx() { loaders }: SkillContext,
  ): Promise<SkillInstallation | null> {
    return loaders.skillInstallation.load(id);
  }

  @Needs("skill:read")
  @Query(() => SkillInstallationConnection, {
    nullable: true,
    description: "Where skills are installed, newest first; removed installations are left out.",
  })
  skillInstallations(
    @Args(() => SkillInstallationsArgs) { skillId, installScope, scopeId, ...page }: SkillInstallationsArgs,
    @Ctx() { db }: SkillContext,
  ): Promise<Connection<SkillInstallation>> {
    const filter = {
      ...(skillId != null && { skillId }),
      ...(installScope != null && { installScope }),
      ...(scopeId != null && { scopeId }),
    };
    return db.read(({ em }) => listPage(em, SkillInstallation, page, { where: { status: InstallationStatus.ACTIVE, ...filter } }));
  }

  @Needs("skill:write")
  @Mutation(() => SkillInstallation, {
    nullable: true,
    description:
      "Installs a skill in a place. Where it is installed there already, that installation is returned; a removed one becomes ACTIVE again, under its id and with the new installedBy.",
  })
  installSkill(@Arg("input", () => InstallSkillInput) input: InstallSkillInput, @Ctx() context: SkillContext): Promise<SkillInstallation> {
    return service.installSkill(context, input);
  }

  @Needs("skill:write")
  @Mutation(() => SkillInstallation, {
    nullable: true,
    description: "Takes a skill out of use in a place. Returns the installation, now REMOVED; doing it again changes nothing.",
  })
  uninstallSkill(
    @Arg("id", () => ID, { description: "The installation; NOT_FOUND where there is none." }) id: string,
    @Ctx() context: SkillContext,
  ): Promise<SkillInstallation> {
    return service.uninstallSkill(context, id);
  }

  @FieldResolver(() => Skill, { description: "The skill." })
  skill(@Root() installation: SkillInstallation, @Ctx() { loaders }: SkillContext): Promise<Skill | null> {
    return loaders.skill.load(installation.skillId);
  }
}
