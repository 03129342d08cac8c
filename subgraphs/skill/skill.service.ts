import { LockMode } from "@mikro-orm/core";
import { databaseNow } from "#shared/database-time.ts";
import type { Tx } from "#shared/db/database.ts";
import { onDuplicate } from "#shared/db/errors.ts";
import { checkCode, checkDescription, checkName, checkText, given } from "#shared/fields.ts";
import { newId } from "#shared/ids.ts";
import { InstallationStatus, SkillInstallation } from "./skill-installation.entity.ts";
import type { SkillContext } from "./skill.context.ts";
import { Skill, SkillStatus } from "./skill.entity.ts";
import type { CreateSkillInput, UpdateSkillInput } from "./skill.inputs.ts";
import { skillErrors } from "./errors.ts";

/** Makes a skill. @throws AppError SKILL_CODE_TAKEN */
export async function createSkill({ db }: SkillContext, input: CreateSkillInput): Promise<Skill> {
  const code = checkCode("code", input.code);
  const skillType = checkText("skillType", input.skillType ?? "template", { min: 1, max: 64 });
  const now = databaseNow();
  const fields = {
    id: newId(),
    tenantId: db.tenantId,
    code,
    skillType,
    name: checkName(input.name),
    description: checkDescription(input.description),
  };
  return onDuplicate(
    "skill_code",
    (cause) => skillErrors.SKILL_CODE_TAKEN({ field: "code", value: code }, { cause }),
    () =>
      db.transaction(async ({ em }) =>
        em.create(Skill, { ...fields, status: SkillStatus.ACTIVE, createdAt: now, updatedAt: now, deletedAt: null }),
      ),
  );
}

/** Changes what is given. @throws AppError SKILL_NOT_FOUND */
export async function updateSkill({ db }: SkillContext, id: string, input: UpdateSkillInput): Promise<Skill> {
  return db.transaction(async (tx) => {
    const skill = await lockSkill(tx, id);
    if (given(input.name)) skill.name = checkName(input.name);
    if (input.description !== undefined) skill.description = checkDescription(input.description);
    if (given(input.status)) skill.status = input.status;
    skill.updatedAt = databaseNow();
    return skill;
  });
}

/** Deletes a skill that is installed nowhere; its versions stay for what points to them. @throws AppError SKILL_NOT_FOUND, SKILL_HAS_INSTALLATIONS */
export async function deleteSkill({ db }: SkillContext, id: string): Promise<Skill> {
  return db.transaction(async (tx) => {
    const skill = await lockSkill(tx, id);
    const installations = await tx.em.count(SkillInstallation, { skillId: id, status: InstallationStatus.ACTIVE });
    if (installations > 0) throw skillErrors.SKILL_HAS_INSTALLATIONS({ id, installations });
    skill.deletedAt = skill.updatedAt = databaseNow();
    return skill;
  });
}

/** The skill, locked, unless it was deleted. @throws AppError SKILL_NOT_FOUND */
export async function lockSkill({ em }: Tx, id: string): Promise<Skill> {
  const skill = await em.findOne(Skill, { id, deletedAt: null }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (skill === null) throw skillErrors.SKILL_NOT_FOUND({ id });
  return skill;
}
