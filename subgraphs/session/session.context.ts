import type { SubgraphContext } from "#shared/graphql/context.ts";
import type { SessionLoaders } from "./session.loaders.ts";

/** What the session subgraph's resolvers and services are given. */
export type SessionContext = SubgraphContext<SessionLoaders, undefined>;
