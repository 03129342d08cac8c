import type { SubgraphContext } from "#shared/graphql/context.ts";
import type { MemoryLoaders } from "./memory.loaders.ts";

/** What the memory subgraph's resolvers and services are given. */
export type MemoryContext = SubgraphContext<MemoryLoaders, undefined>;
