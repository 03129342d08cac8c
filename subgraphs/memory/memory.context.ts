import type { SubgraphContext } from "#shared/context.ts";
import type { MemoryLoaders } from "./memory.loaders.ts";

/** What the memory subgraph's resolvers and services are given. */
export type MemoryContext = SubgraphContext<MemoryLoaders, undefined>;
