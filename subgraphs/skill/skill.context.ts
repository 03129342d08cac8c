import type { SubgraphContext } from "#shared/graphql/context.ts";
import type { SkillLoaders } from "./skill.loaders.ts";

/** What the skill subgraph's resolvers and services are given. */
export type SkillContext = SubgraphContext<SkillLoaders, undefined>;
