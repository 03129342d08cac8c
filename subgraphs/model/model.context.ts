import type { SubgraphContext } from "#shared/graphql/context.ts";
import type { EgressPolicy } from "#shared/fetch/egress.ts";
import type { CallRecorder } from "./usage/call-recorder.ts";
import type { ModelLoaders } from "./model.loaders.ts";
import type { ProviderCircuits } from "./providers/provider-circuits.ts";
import type { RefusedParameters } from "./openai/request-profile.ts";
import type { ProviderDeadlines } from "./openai/transport.ts";

/** What the model subgraph keeps open. */
export interface ModelServices {
  /** Where providers of tenants may be. */
  egress: EgressPolicy;
  /** Where the operator's own provider is: it may be private. */
  configuredEgress: EgressPolicy;
  deadlines: ProviderDeadlines;
  calls: CallRecorder;
  /** What providers refused of late. */
  refused: RefusedParameters;
  /** Which of them are left alone just now. */
  circuits: ProviderCircuits;
}

/** What the model subgraph's resolvers and services are given. */
export type ModelContext = SubgraphContext<ModelLoaders, ModelServices>;
