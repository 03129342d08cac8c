/** What the memory subgraph asks of the model subgraph, on that subgraph's own schema. */
import { graphql } from "#codegen/subgraph-clients/model/gql.ts";
import type { SubgraphCaller } from "#shared/endpoint/caller.ts";
import type { RequestInfo } from "#shared/request-info.ts";

const providersDocument = graphql(`
  query MemoryEmbeddingProviders {
    modelProviders(status: ACTIVE, last: 50) {
      nodes {
        id
        code
        embeddingModel
      }
    }
  }
`);

const embedDocument = graphql(`
  mutation MemoryEmbeddings($input: CreateEmbeddingsInput!) {
    createEmbeddings(input: $input) {
      vectors
    }
  }
`);

/** The model that a tenant's memories are embedded by. */
export interface EmbeddingModel {
  providerId: string;
  providerCode: string;
  model: string;
}

/** Of the tenant's active providers (the oldest 50) the oldest that has an embedding model; undefined: none has. */
export async function embeddingModelOf(call: SubgraphCaller, info: RequestInfo): Promise<EmbeddingModel | undefined> {
  const { modelProviders } = await call.request({ subgraph: "model", document: providersDocument, variables: {}, info });
  const found = modelProviders?.nodes.findLast(({ embeddingModel }) => embeddingModel != null);
  return found && { providerId: found.id, providerCode: found.code, model: found.embeddingModel! };
}

/** Vectors of texts, in their order. @throws AppError of the model subgraph */
export async function embed(
  call: SubgraphCaller,
  info: RequestInfo,
  { providerCode, model }: EmbeddingModel,
  input: string[],
): Promise<number[][]> {
  const variables = { input: { providerCode, model, input } };
  const { createEmbeddings } = await call.request({ subgraph: "model", document: embedDocument, variables, info });
  return createEmbeddings?.vectors ?? [];
}
