import type { SubgraphContext } from "#shared/context.ts";
import type { RuntimeLoaders } from "./run.loaders.ts";
import type { RunControl } from "./worker/run-control.ts";

/** What the runtime subgraph keeps open. */
export interface RuntimeServices {
  control: RunControl;
}

/** What the runtime subgraph's resolvers and services are given. */
export type RuntimeContext = SubgraphContext<RuntimeLoaders, RuntimeServices>;
