import type { SubgraphContext } from "#shared/graphql/context.ts";
import type { TeamLoaders } from "./team.loaders.ts";

/** What the team subgraph's resolvers and services are given. */
export type TeamContext = SubgraphContext<TeamLoaders, undefined>;
