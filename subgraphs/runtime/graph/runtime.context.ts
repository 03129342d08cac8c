import type { Evaluator } from "#shared/evaluation/job.ts";
import type { SubgraphContext } from "#shared/graphql/context.ts";
import type { DocumentCache } from "../plan/document-cache.ts";
import type { RuntimeLoaders } from "./run.loaders.ts";
import type { SessionAnswers } from "../control/session-answers.ts";
import type { TenantQuotas } from "../control/tenant-quotas.ts";
import type { RunControl } from "../control/run-control.ts";

/** What the runtime subgraph keeps open. */
export interface RuntimeServices {
  control: RunControl;
  /** Tells sessions the answers of their runs. */
  answers: SessionAnswers;
  quotas: TenantQuotas;
  /** Documents of versions that ran before. */
  documents: DocumentCache;
  /** The threads that evaluate what is not small. */
  evaluation: Evaluator;
}

/** What the runtime subgraph's resolvers and services are given. */
export type RuntimeContext = SubgraphContext<RuntimeLoaders, RuntimeServices>;
