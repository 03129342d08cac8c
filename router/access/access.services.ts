import type { SubgraphContext } from "#shared/graphql/context.ts";
import type { PartHealth } from "#shared/part-health.ts";
import type { ServiceHealth } from "../edge/health.ts";

/** Asks all subgraphs how they are. */
export type ProbeServices = () => Promise<ServiceHealth[]>;

/** What the access subgraph keeps. */
export interface AccessServices {
  probe: ProbeServices;
  parts: () => readonly PartHealth[];
}

/** The context of its resolvers. */
export type AccessContext = SubgraphContext<undefined, AccessServices>;
