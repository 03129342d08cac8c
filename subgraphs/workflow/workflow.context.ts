import type { SubgraphContext } from "#shared/graphql/context.ts";
import type { WorkflowLoaders } from "./workflow.loaders.ts";

/** What the workflow subgraph's resolvers and services are given. */
export type WorkflowContext = SubgraphContext<WorkflowLoaders, undefined>;
