import { Arg, Args, Ctx, ID, Mutation, Query, Resolver } from "type-graphql";
import { Costs, WaitsOutside, widePoints } from "#shared/graphql/cost.ts";
import { Needs } from "#shared/graphql/needs.ts";
import { connectionType, listPage, type Connection } from "#shared/graphql/pagination.ts";
import { MemoryHit } from "./search/memory-hit.ts";
import { searchMemories } from "./search/memory-search.service.ts";
import type { MemoryContext } from "./memory.context.ts";
import { Memory } from "./memory.entity.ts";
import { CreateMemoryInput, MemoriesArgs, SearchMemoriesInput, UpdateMemoryInput } from "./memory.inputs.ts";
import { unexpired } from "./memory.rules.ts";
import * as service from "./memory.service.ts";

/** Pages of memories; sessions, agents and teams have them too. */
export const MemoryConnection = connectionType("Memory", () => Memory);

/** Memories in the graph. */
@Resolver(() => Memory)
export class MemoryResolver {
  @Needs("memory:read")
  @Query(() => Memory, { nullable: true, description: "A memory by id; null where there is none, or it has expired." })
  memory(
    @Arg("id", () => ID, { description: "The memory's id. A malformed one is an unknown one." }) id: string,
    @Ctx() { loaders }: MemoryContext,
  ): Promise<Memory | null> {
    return loaders.memory.load(id);
  }

  @Needs("memory:read")
  @Query(() => MemoryConnection, { nullable: true, description: "The tenant's memories that have not expired, newest first." })
  memories(
    @Args(() => MemoriesArgs) { scopeType, scopeId, memoryType, ...page }: MemoriesArgs,
    @Ctx() { db }: MemoryContext,
  ): Promise<Connection<Memory>> {
    const filter = {
      ...(scopeType != null && { scopeType }),
      ...(scopeId != null && { scopeId }),
      ...(memoryType != null && { memoryType }),
    };
    return db.read(({ em }) => listPage(em, Memory, page, { where: { ...filter, ...unexpired() } }));
  }

  @Needs("memory:read")
  @Costs(widePoints)
  // For the model that embeds its query.
  @WaitsOutside()
  @Query(() => [MemoryHit], {
    nullable: true,
    description:
      "Searches memories by their words, best match first; expired ones are not found. It never leaves the caller's tenant nor the scope asked for. What is found gets a new lastAccessedAt.",
  })
  searchMemories(@Arg("input", () => SearchMemoriesInput) input: SearchMemoriesInput, @Ctx() context: MemoryContext): Promise<MemoryHit[]> {
    return searchMemories(context, input);
  }

  @Needs("memory:write")
  @Mutation(() => Memory, { nullable: true, description: "Makes a memory." })
  createMemory(@Arg("input", () => CreateMemoryInput) input: CreateMemoryInput, @Ctx() context: MemoryContext): Promise<Memory> {
    return service.createMemory(context, input);
  }

  @Needs("memory:write")
  @Mutation(() => Memory, { nullable: true, description: "Changes what is given; whose memory it is never changes." })
  updateMemory(
    @Arg("id", () => ID, { description: "The memory; NOT_FOUND where there is none." }) id: string,
    @Arg("input", () => UpdateMemoryInput) input: UpdateMemoryInput,
    @Ctx() context: MemoryContext,
  ): Promise<Memory> {
    return service.updateMemory(context, id, input);
  }

  @Needs("memory:write")
  @Mutation(() => Memory, { nullable: true, description: "Deletes a memory for good: nothing of it stays. Answers the memory as it was." })
  deleteMemory(
    @Arg("id", () => ID, { description: "The memory; NOT_FOUND where there is none." }) id: string,
    @Ctx() context: MemoryContext,
  ): Promise<Memory> {
    return service.deleteMemory(context, id);
  }
}
