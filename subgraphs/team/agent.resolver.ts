import { Args, Ctx, FieldResolver, Resolver, Root } from "type-graphql";
import { PageArgs, type Connection } from "#shared/graphql/pagination.ts";
import { AgentStub } from "./agent.stub.ts";
import type { TeamContext } from "./team.context.ts";
import type { Team } from "./team.entity.ts";
import { TeamConnection } from "./team.resolver.ts";

/** What teams add to agents. */
@Resolver(() => AgentStub)
export class AgentResolver {
  @FieldResolver(() => TeamConnection, {
    nullable: true,
    description:
      "Teams whose published or latest version has the agent as a member, newest first; null where the team subgraph does not answer.",
  })
  teams(@Root() agent: AgentStub, @Args(() => PageArgs) page: PageArgs, @Ctx() { loaders }: TeamContext): Promise<Connection<Team>> {
    return loaders.teamsOfAgent.load({ parentId: agent.id, page });
  }
}
