import { databaseNow } from "#shared/database-time.ts";
import type { Tx } from "#shared/db/database.ts";
import { nextPublishedAt, nextVersionNumber } from "#shared/db/versions.sql.ts";
import { creatableStatus } from "#shared/fields.ts";
import { newId } from "#shared/ids.ts";
import { SkillVersion, SkillVersionStatus } from "./skill-version.entity.ts";
import type { CreateSkillVersionInput } from "./skill-version.inputs.ts";
import { checkImplementation, checkParameterSchema, checkSchema } from "./skill-version.rules.ts";
import { SkillRuntimeType } from "./runtime-type.ts";
import type { SkillContext } from "./skill.context.ts";
import { lockSkill } from "./skill.service.ts";
import { skillErrors } from "./errors.ts";
import { findToolBinding } from "./tool.client.ts";

const versions = { table: "skill.skill_version", parent: "skill_id" };

/**
 * Makes a skill's next version.
 *
 * @throws AppError SKILL_NOT_FOUND, TOOL_BINDING_NOT_FOUND, TOOL_ARCHIVED, and BAD_USER_INPUT for what a version may not hold
 */
export async function createSkillVersion(context: SkillContext, input: CreateSkillVersionInput): Promise<SkillVersion> {
  const { db } = context;
  const { skillId } = input;
  const status = creatableStatus(input.status ?? SkillVersionStatus.DRAFT);
  const content = await versionContent(db.tenantId, input);
  await checkBindingThere(context, content);
  return db.transaction((tx) => addVersion(tx, { ...content, skillId, status }));
}

type Content = Pick<SkillVersion, "skillId" | "status" | "runtimeType" | "parameterSchema" | "outputSchema" | "implementation">;

/** Adds the next version of a skill, which is locked; `id`: a new one unless given. @throws AppError SKILL_NOT_FOUND */
export async function addVersion(tx: Tx, content: Content, id = newId()): Promise<SkillVersion> {
  const { skillId, status } = content;
  await lockSkill(tx, skillId);
  const version = await nextVersionNumber(tx, versions, skillId);
  const publishedAt = status === SkillVersionStatus.PUBLISHED ? await nextPublishedAt(tx, versions, skillId) : null;
  const { tenantId } = tx;
  return tx.em.create(SkillVersion, { ...content, id, tenantId, version, createdAt: databaseNow(), publishedAt });
}

/** Makes a version the skill's published one, whatever its number. @throws AppError SKILL_VERSION_NOT_FOUND, SKILL_NOT_FOUND */
export async function publishSkillVersion({ db }: SkillContext, id: string): Promise<SkillVersion> {
  return db.transaction(async (tx) => {
    const version = await lockVersion(tx, id);
    version.status = SkillVersionStatus.PUBLISHED;
    version.publishedAt = await nextPublishedAt(tx, versions, version.skillId);
    return version;
  });
}

/** Takes a version out of use: it is no published version any more. @throws AppError SKILL_VERSION_NOT_FOUND, SKILL_NOT_FOUND */
export async function archiveSkillVersion({ db }: SkillContext, id: string): Promise<SkillVersion> {
  return db.transaction(async (tx) => {
    const version = await lockVersion(tx, id);
    version.status = SkillVersionStatus.ARCHIVED;
    return version;
  });
}

/** The version, with its skill's row locked: whoever publishes or archives waits for whoever does. */
async function lockVersion(tx: Tx, id: string): Promise<SkillVersion> {
  const found = await tx.em.findOne(SkillVersion, { id }, { fields: ["skillId"] });
  if (found === null) throw skillErrors.SKILL_VERSION_NOT_FOUND({ id });
  await lockSkill(tx, found.skillId);
  return tx.em.findOneOrFail(SkillVersion, { id }, { refresh: true });
}

/** Asks the tool subgraph for what an HTTP skill calls, before any transaction. What is deleted or archived afterwards is refused when a run is created. */
async function checkBindingThere(
  context: SkillContext,
  { runtimeType, implementation }: Pick<SkillVersion, "runtimeType" | "implementation">,
) {
  if (runtimeType !== SkillRuntimeType.HTTP) return;
  const field = "implementation.tool_binding_id";
  const id = String(implementation["tool_binding_id"]);
  const binding = await findToolBinding(context, id);
  if (binding === undefined) throw skillErrors.TOOL_BINDING_NOT_FOUND({ field, id });
  if (binding.tool.status === "ARCHIVED") throw skillErrors.TOOL_ARCHIVED({ field, id, toolId: binding.tool.id });
}

async function versionContent(tenantId: string, input: CreateSkillVersionInput) {
  const { runtimeType, parameterSchema, outputSchema, implementation } = input;
  return {
    runtimeType,
    parameterSchema: await checkParameterSchema(tenantId, parameterSchema),
    outputSchema: await checkSchema(tenantId, "outputSchema", outputSchema),
    implementation: checkImplementation(runtimeType, implementation),
  };
}
