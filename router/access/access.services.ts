import type { SubgraphContext } from "#shared/graphql/context.ts";
import type { PartHealth } from "#shared/part-health.ts";
import type { ServiceHealth } from "../edge/health.ts";
import type { AccessLoaders } from "./access.loaders.ts";
import type { KeyRing } from "./keys/key-ring.ts";

/** Asks all subgraphs how they are. */
export type ProbeServices = () => Promise<ServiceHealth[]>;

/** What the access subgraph keeps. */
export interface AccessServices {
  probe: ProbeServices;
  parts: () => readonly PartHealth[];
  /** The router's keys; not there where only the schema is wanted. */
  keys?: KeyRing | undefined;
}

/** The context of its resolvers. */
export type AccessContext = SubgraphContext<AccessLoaders, AccessServices>;

/** The router's keys, for who changes them. */
export function requireKeys({ services: { keys } }: AccessContext): KeyRing {
  if (keys === undefined) throw new Error("this process has no keys");
  return keys;
}
