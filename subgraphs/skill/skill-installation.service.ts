import { LockMode } from "@mikro-orm/core";
import { databaseNow } from "#shared/database-time.ts";
import { checkScopeId, checkText } from "#shared/fields.ts";
import { newId } from "#shared/ids.ts";
import { skillErrors } from "./errors.ts";
import { InstallationStatus, SkillInstallation } from "./skill-installation.entity.ts";
import type { InstallSkillInput } from "./skill-installation.inputs.ts";
import type { SkillContext } from "./skill.context.ts";
import { SkillStatus } from "./skill.entity.ts";
import { lockSkill } from "./skill.service.ts";

/**
 * Installs a skill in a place. An installation that is there is returned as it is; a removed one becomes active again, with the same
 * id and the new `installedBy`.
 *
 * @throws AppError SKILL_NOT_FOUND, SKILL_ARCHIVED, SCOPE_ID_REQUIRED, SCOPE_ID_INVALID
 */
export async function installSkill({ db }: SkillContext, input: InstallSkillInput): Promise<SkillInstallation> {
  const { skillId, installScope } = input;
  const place = { skillId, installScope, scopeId: checkScopeId(installScope, input.scopeId, db.tenantId) };
  const installedBy = input.installedBy == null ? null : checkText("installedBy", input.installedBy, { max: 200 });
  return db.transaction(async (tx) => {
    // The skill's lock makes installations of it take turns: the same place is never taken twice.
    const { status } = await lockSkill(tx, skillId);
    const there = await tx.em.findOne(SkillInstallation, place);
    if (there?.status === InstallationStatus.ACTIVE) return there;
    // It would be offered to nobody, and nobody told.
    if (status === SkillStatus.ARCHIVED) throw skillErrors.SKILL_ARCHIVED({ field: "skillId", id: skillId });
    if (there !== null) return Object.assign(there, { status: InstallationStatus.ACTIVE, installedBy });
    const fields = { ...place, installedBy, status: InstallationStatus.ACTIVE, createdAt: databaseNow() };
    return tx.em.create(SkillInstallation, { ...fields, id: newId(), tenantId: db.tenantId });
  });
}

/** Takes a skill out of use in a place; once removed it stays so. @throws AppError SKILL_INSTALLATION_NOT_FOUND */
export async function uninstallSkill({ db }: SkillContext, id: string): Promise<SkillInstallation> {
  return db.transaction(async ({ em }) => {
    const installation = await em.findOne(SkillInstallation, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
    if (installation === null) throw skillErrors.SKILL_INSTALLATION_NOT_FOUND({ id });
    installation.status = InstallationStatus.REMOVED;
    return installation;
  });
}
