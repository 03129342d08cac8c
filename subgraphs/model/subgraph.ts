import { createEgressPolicy } from "#shared/fetch/egress.ts";
import { defineSubgraph } from "#shared/graphql/subgraph.ts";
import { CallRecorder } from "./usage/call-recorder.ts";
import { ChatResolver } from "./chat.resolver.ts";
import { ProvidersAndCalls } from "./migrations/0001-providers-and-calls.ts";
import { ProviderSettings0002 } from "./migrations/0002-provider-settings.ts";
import { DataKeys0003 } from "./migrations/0003-data-keys.ts";
import { UsageLedger0004 } from "./migrations/0004-usage-ledger.ts";
import { PricesAndFallbacks0005 } from "./migrations/0005-prices-and-fallbacks.ts";
import { ModelCall } from "./usage/model-call.entity.ts";
import { sealedTables } from "./providers/model-provider-reseal.sql.ts";
import { ModelProvider } from "./providers/model-provider.entity.ts";
import { ModelProviderResolver } from "./providers/model-provider.resolver.ts";
import type { ModelServices } from "./model.context.ts";
import { modelLoaders, type ModelLoaders } from "./model.loaders.ts";
import { RefusedParameters } from "./openai/request-profile.ts";
import { ProviderCircuits } from "./providers/provider-circuits.ts";
import { defaultDeadlines, type ProviderDeadlines } from "./openai/transport.ts";

/** The model subgraph with deadlines of its own; for tests. */
export function defineModelSubgraph(deadlines: ProviderDeadlines) {
  return defineSubgraph<ModelLoaders, ModelServices>({
    name: "model",
    entities: [ModelProvider, ModelCall],
    resolvers: [ModelProviderResolver, ChatResolver],
    references: {
      ModelProvider: (ids, { loaders }) => Promise.all(ids.map((id) => loaders.modelProvider.load(id))),
      ModelCall: (ids, { loaders }) => Promise.all(ids.map((id) => loaders.modelCall.load(id))),
    },
    migrations: [
      { name: "0001-providers-and-calls", class: ProvidersAndCalls },
      { name: "0002-provider-settings", class: ProviderSettings0002 },
      { name: "0003-data-keys", class: DataKeys0003 },
      { name: "0004-usage-ledger", class: UsageLedger0004 },
      { name: "0005-prices-and-fallbacks", class: PricesAndFallbacks0005 },
    ],
    sealedTables,
    keepsReads: true,
    loaders: ({ db }) => modelLoaders(db),
    async open({ env, database, log }) {
      const calls = new CallRecorder({ database, log, keepDays: env.retentionModelCallsDays });
      const egress = createEgressPolicy({ allow: env.egressAllow });
      const configuredEgress = createEgressPolicy({ allow: [...env.egressAllow, ...hostPort(env.providerBaseUrl)] });
      const [refused, circuits] = [new RefusedParameters(), new ProviderCircuits()];
      return { services: { egress, configuredEgress, deadlines, calls, refused, circuits }, close: () => calls.settled() };
    },
  });
}

/** The model gateway: providers that speak the OpenAI API, completions whole or streamed, embeddings, and usage. */
export const modelSubgraph = defineModelSubgraph(defaultDeadlines);

/** The operator named this provider, so it may be where strangers' URLs may not lead. */
function hostPort(baseUrl: string | undefined): string[] {
  if (baseUrl === undefined) return [];
  const { hostname, port, protocol } = new URL(baseUrl);
  return [`${hostname}:${port || (protocol === "https:" ? 443 : 80)}`];
}
