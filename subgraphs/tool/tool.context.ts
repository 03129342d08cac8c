import type { SubgraphContext } from "#shared/graphql/context.ts";
import type { EgressPolicy } from "#shared/fetch/egress.ts";
import type { ToolLoaders } from "./tool.loaders.ts";

/** What the tool subgraph keeps open. */
export interface ToolServices {
  /** Where tools may be. */
  egress: EgressPolicy;
}

/** What the tool subgraph's resolvers and services are given. */
export type ToolContext = SubgraphContext<ToolLoaders, ToolServices>;
