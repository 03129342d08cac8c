/** The memory subgraph, and sessions, as agents ask them. */
import { graphql } from "#codegen/subgraph-clients/memory/gql.ts";
import type { SubgraphCaller } from "#shared/endpoint/caller.ts";
import type { JsonObject } from "#shared/json.ts";
import type { MemoryPort } from "../nodes/ports/memory.port.ts";
import { requestOf } from "./model.client.ts";
import { sessionMessages } from "./session.client.ts";

const searchDocument = graphql(`
  query RuntimeSearchMemories($input: SearchMemoriesInput!) {
    searchMemories(input: $input) {
      memory {
        contentText
      }
    }
  }
`);

const findDocument = graphql(`
  query RuntimeFindMemories($input: SearchMemoriesInput!) {
    searchMemories(input: $input) {
      score
      memory {
        id
        memoryType
        contentText
        metadata
        importanceScore
        createdAt
      }
    }
  }
`);

const writeDocument = graphql(`
  mutation RuntimeCreateMemory($input: CreateMemoryInput!) {
    createMemory(input: $input) {
      id
    }
  }
`);

/** The port over whatever reaches the subgraphs: their schemas in this process, or HTTP. */
export function memoryClient(call: SubgraphCaller): MemoryPort {
  return {
    async search(search, port) {
      const data = await call.request({
        subgraph: "memory",
        document: searchDocument,
        variables: { input: search },
        info: requestOf(port),
        onBytes: port.arrives,
      });
      return (data.searchMemories ?? []).map(({ memory }) => memory.contentText);
    },
    async find(search, port) {
      const variables = { input: search };
      const info = requestOf(port);
      const data = await call.request({ subgraph: "memory", document: findDocument, variables, info, onBytes: port.arrives });
      return (data.searchMemories ?? []).map(({ score, memory }) => ({
        id: memory.id,
        memory_type: memory.memoryType,
        text: memory.contentText,
        metadata: memory.metadata as JsonObject,
        importance: memory.importanceScore,
        score,
        created_at: memory.createdAt,
      }));
    },
    async write(draft, port) {
      const variables = { input: { ...draft, idempotencyKey: port.idempotencyKey } };
      const data = await call.request({ subgraph: "memory", document: writeDocument, variables, info: requestOf(port) });
      if (data.createMemory == null) throw new Error("the memory subgraph made no memory and no error");
      return { id: data.createMemory.id };
    },
    messages: (sessionId, last, port) => sessionMessages(call, requestOf(port), { sessionId, last, onBytes: port.arrives }),
  };
}
