import type { SubgraphContext } from "#shared/graphql/context.ts";
import type { AgentLoaders } from "./agent.loaders.ts";

/** What the agent subgraph's resolvers and services are given. */
export type AgentContext = SubgraphContext<AgentLoaders, undefined>;
