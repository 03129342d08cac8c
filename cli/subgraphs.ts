/** The nine subgraphs and the router's own, by name; each is loaded only where it is needed. */
import type { SubgraphDefinition } from "#shared/subgraph.ts";

type Load = () => Promise<SubgraphDefinition<never, never>>;
const definition = (loaded: SubgraphDefinition<never, never>) => loaded;

/** The domain's subgraphs, in the order of the architecture's table. */
export const subgraphs: Record<string, Load> = {
  workflow: async () => definition((await import("../subgraphs/workflow/subgraph.ts")).workflowSubgraph as never),
};

/** The router's own subgraph: audits and health. */
export const accessSubgraphName = "access";

/** All that own tables. */
export function allSubgraphs(): Record<string, Load> {
  return subgraphs;
}
