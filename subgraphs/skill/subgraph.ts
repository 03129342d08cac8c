import { defineSubgraph } from "#shared/graphql/subgraph.ts";
import { Skills } from "./migrations/0001-skills.ts";
import { JsonAsWritten0002 } from "./migrations/0002-json-as-written.ts";
import { Folders0003 } from "./migrations/0003-folders.ts";
import { Idempotency0004 } from "./migrations/0004-idempotency.ts";
import { OfferedSkillsResolver } from "./offered-skills.resolver.ts";
import { SkillFileResolver } from "./folders/skill-file.resolver.ts";
import { SkillInstallation } from "./skill-installation.entity.ts";
import { SkillInstallationResolver } from "./skill-installation.resolver.ts";
import { SkillVersion } from "./skill-version.entity.ts";
import { SkillVersionResolver } from "./skill-version.resolver.ts";
import { Skill } from "./skill.entity.ts";
import { skillLoaders, type SkillLoaders } from "./skill.loaders.ts";
import { SkillResolver } from "./skill.resolver.ts";

/** Skills, their versions and where they are installed. */
export const skillSubgraph = defineSubgraph<SkillLoaders>({
  name: "skill",
  entities: [Skill, SkillVersion, SkillInstallation],
  resolvers: [SkillResolver, SkillVersionResolver, SkillInstallationResolver, SkillFileResolver, OfferedSkillsResolver],
  references: {
    Skill: (ids, { loaders }) => Promise.all(ids.map((id) => loaders.skill.load(id))),
    SkillVersion: (ids, { loaders }) => Promise.all(ids.map((id) => loaders.skillVersion.load(id))),
    SkillInstallation: (ids, { loaders }) => Promise.all(ids.map((id) => loaders.skillInstallation.load(id))),
  },
  migrations: [
    { name: "0001-skills", class: Skills },
    { name: "0002-json-as-written", class: JsonAsWritten0002 },
    { name: "0003-folders", class: Folders0003 },
    { name: "0004-idempotency", class: Idempotency0004 },
  ],
  loaders: ({ db }) => skillLoaders(db),
});
