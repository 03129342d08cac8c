import type { Db } from "#shared/db/database.ts";
import { childPageLoader, latestLoader, publishedLoader, rowLoader } from "#shared/graphql/loaders.ts";
import { SkillInstallation } from "./skill-installation.entity.ts";
import { SkillVersion } from "./skill-version.entity.ts";
import { Skill } from "./skill.entity.ts";

/** The loaders of one operation. */
export type SkillLoaders = ReturnType<typeof skillLoaders>;

/** Makes them; each turns the keys of a tick into one statement. */
export function skillLoaders(db: Db) {
  const versions = { table: "skill.skill_version", parent: "skill_id", entity: SkillVersion };
  const installations = { table: "skill.skill_installation", parent: "skill_id", entity: SkillInstallation };
  return {
    skill: rowLoader(db, Skill),
    skillVersion: rowLoader(db, SkillVersion),
    skillInstallation: rowLoader(db, SkillInstallation),
    skillLatest: latestLoader(db, versions),
    skillPublished: publishedLoader(db, versions),
    versionsOfSkill: childPageLoader(db, versions),
    installationsOfSkill: childPageLoader(db, { ...installations, condition: "c.status = 'ACTIVE'" }),
  };
}
