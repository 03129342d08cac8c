import { Ctx, Query, Resolver } from "type-graphql";
import { Costs, widePoints } from "#shared/graphql/cost.ts";
import { Needs } from "#shared/graphql/needs.ts";
import { MemoryEmbedding } from "./memory-embedding.ts";
import { memoryEmbedding } from "./memory-embedding.service.ts";
import type { MemoryContext } from "../memory.context.ts";

/** The embedding of memories in the graph. */
@Resolver(() => MemoryEmbedding)
export class MemoryEmbeddingResolver {
  @Needs("memory:read")
  @Costs(widePoints)
  @Query(() => MemoryEmbedding, { nullable: true, description: "How far the embedding of the tenant's memories is." })
  memoryEmbedding(@Ctx() context: MemoryContext): Promise<MemoryEmbedding> {
    return memoryEmbedding(context);
  }
}
