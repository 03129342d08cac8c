import type { Evaluator } from "#shared/evaluation/job.ts";
import type { SubgraphContext } from "#shared/graphql/context.ts";
import type { RunSourceBatcher } from "./run-source-batcher.ts";
import type { WorkflowLoaders } from "./workflow.loaders.ts";

/** What the workflow subgraph keeps open. */
export interface WorkflowServices {
  runSources: RunSourceBatcher;
  /** The threads that validate documents. */
  evaluation: Evaluator;
}

/** What the workflow subgraph's resolvers and services are given. */
export type WorkflowContext = SubgraphContext<WorkflowLoaders, WorkflowServices>;
