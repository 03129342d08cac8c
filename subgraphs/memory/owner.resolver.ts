import { Args, Ctx, FieldResolver, Resolver, Root } from "type-graphql";
import { PageArgs, type Connection } from "#shared/graphql/pagination.ts";
import { AgentStub } from "./agent.stub.ts";
import type { MemoryContext } from "./memory.context.ts";
import type { Memory } from "./memory.entity.ts";
import { MemoryConnection } from "./memory.resolver.ts";
import { SessionStub } from "./session.stub.ts";
import { TeamStub } from "./team.stub.ts";

const memories = {
  nullable: true,
  description: "What is remembered in its scope and has not expired, newest first; null where the memory subgraph does not answer.",
};

/** What memories add to sessions. */
@Resolver(() => SessionStub)
export class SessionResolver {
  @FieldResolver(() => MemoryConnection, memories)
  memories(
    @Root() { id }: SessionStub,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { loaders }: MemoryContext,
  ): Promise<Connection<Memory>> {
    return loaders.memoriesOfSession.load({ parentId: id, page });
  }
}

/** What memories add to agents. */
@Resolver(() => AgentStub)
export class AgentResolver {
  @FieldResolver(() => MemoryConnection, memories)
  memories(
    @Root() { id }: AgentStub,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { loaders }: MemoryContext,
  ): Promise<Connection<Memory>> {
    return loaders.memoriesOfAgent.load({ parentId: id, page });
  }
}

/** What memories add to teams. */
@Resolver(() => TeamStub)
export class TeamResolver {
  @FieldResolver(() => MemoryConnection, memories)
  memories(@Root() { id }: TeamStub, @Args(() => PageArgs) page: PageArgs, @Ctx() { loaders }: MemoryContext): Promise<Connection<Memory>> {
    return loaders.memoriesOfTeam.load({ parentId: id, page });
  }
}
