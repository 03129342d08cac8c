import { AppError } from "#shared/errors.ts";
import type { RequestInfo } from "#shared/request-info.ts";
import { fakeEndpoint } from "./fake-endpoint.ts";
import type { TestSubgraph } from "./subgraph.ts";

/** A model that a test plays: vectors are written down beside their texts. */
export interface FakeEmbeddings {
  /** The embedding model of a tenant's provider; null: it has none. */
  models: Record<string, string | null>;
  /** Gives a text's vector; what it throws the model subgraph answers. The signal says that nobody waits any more. */
  vectorOf(text: string, tenantId: string, signal: AbortSignal | undefined): number[] | Promise<number[]>;
  /** The texts of each request. */
  requests: { tenantId: string; texts: string[] }[];
}

const types = `
  enum ModelProviderStatus { ACTIVE DISABLED }
  type ModelProvider { id: ID! code: String! embeddingModel: String }
  type ModelProviderConnection { nodes: [ModelProvider!]! }
  type Embeddings { vectors: [[Float]]! }
  input CreateEmbeddingsInput { providerCode: String, model: String, input: [String!]! }
  type Query { modelProviders(status: ModelProviderStatus, last: Int): ModelProviderConnection }
  type Mutation { createEmbeddings(input: CreateEmbeddingsInput!): Embeddings }`;

/** A model that says nothing, until nobody waits any more. */
export const silent: FakeEmbeddings["vectorOf"] = (_text, _tenantId, signal) =>
  new Promise((_resolve, reject) => {
    const gone = new AppError("TIMEOUT", "MODEL_CALL_CANCELLED", "It was given up because its caller has gone.", {});
    if (signal?.aborted === true) reject(gone);
    signal?.addEventListener("abort", () => reject(gone), { once: true });
  });

/** Plays the model subgraph. Tenant t1 has a model unless told otherwise. */
export function registerFakeEmbeddings(t: Pick<TestSubgraph, "registry">, vectorOf: FakeEmbeddings["vectorOf"]): FakeEmbeddings {
  const fake: FakeEmbeddings = { models: { t1: "m1" }, vectorOf, requests: [] };
  const modelProviders = (_: never, { tenantId }: { tenantId: string }) => ({
    // Newest first: the newest has no model.
    nodes: [
      { id: "p2", code: "chat", embeddingModel: null },
      { id: "p1", code: "main", embeddingModel: fake.models[tenantId] ?? null },
    ],
  });
  const createEmbeddings = async ({ input }: { input: { input: string[] } }, { tenantId, signal }: RequestInfo) => {
    fake.requests.push({ tenantId, texts: input.input });
    return { vectors: await Promise.all(input.input.map(async (text) => fake.vectorOf(text, tenantId, signal))) };
  };
  t.registry.register(fakeEndpoint("model", types, { modelProviders, createEmbeddings }));
  return fake;
}
