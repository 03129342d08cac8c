import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from "type-graphql";
import { Needs } from "#shared/graphql/needs.ts";
import { connectionType, listPage, PageArgs, type Connection } from "#shared/graphql/pagination.ts";
import { AgentVersion } from "./agent-version.entity.ts";
import type { AgentContext } from "./agent.context.ts";
import { Agent, AgentStatus } from "./agent.entity.ts";
import { CreateAgentInput, UpdateAgentInput } from "./agent.inputs.ts";
import * as service from "./agent.service.ts";

const AgentConnection = connectionType("Agent", () => Agent);
const AgentVersionConnection = connectionType("AgentVersion", () => AgentVersion);

/** Agents in the graph. */
@Resolver(() => Agent)
export class AgentResolver {
  @Needs("agent:read")
  @Query(() => Agent, { nullable: true, description: "An agent by id, deleted ones too; null where there is none." })
  agent(
    @Arg("id", () => ID, { description: "The agent's id. A malformed one is an unknown one." }) id: string,
    @Ctx() { loaders }: AgentContext,
  ): Promise<Agent | null> {
    return loaders.agent.load(id);
  }

  @Needs("agent:read")
  @Query(() => Agent, { nullable: true, description: "An agent by its code; null where there is none." })
  agentByCode(
    @Arg("code", () => String, { description: "The agent's code; case counts." }) code: string,
    @Ctx() { db }: AgentContext,
  ): Promise<Agent | null> {
    return db.read(({ em }) => em.findOne(Agent, { code, deletedAt: null }));
  }

  @Needs("agent:read")
  @Query(() => AgentConnection, { nullable: true, description: "The tenant's agents, newest first." })
  agents(
    @Arg("agentType", () => String, { nullable: true, description: "Only agents of this type." }) agentType: string | null,
    @Arg("status", () => AgentStatus, { nullable: true, description: "Only agents of this status." }) status: AgentStatus | null,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { db }: AgentContext,
  ): Promise<Connection<Agent>> {
    const filter = { ...(agentType != null && { agentType }), ...(status != null && { status }) };
    return db.read(({ em }) => listPage(em, Agent, page, { where: { deletedAt: null, ...filter } }));
  }

  @Needs("agent:write")
  @Mutation(() => Agent, { nullable: true, description: "Makes an agent. CONFLICT when its code is taken." })
  createAgent(@Arg("input", () => CreateAgentInput) input: CreateAgentInput, @Ctx() context: AgentContext): Promise<Agent> {
    return service.createAgent(context, input);
  }

  @Needs("agent:write")
  @Mutation(() => Agent, { nullable: true, description: "Changes what is given; the code stays for ever." })
  updateAgent(
    @Arg("id", () => ID, { description: "The agent; NOT_FOUND where there is none." }) id: string,
    @Arg("input", () => UpdateAgentInput) input: UpdateAgentInput,
    @Ctx() context: AgentContext,
  ): Promise<Agent> {
    return service.updateAgent(context, id, input);
  }

  @Needs("agent:write")
  @Mutation(() => Agent, {
    nullable: true,
    description:
      "Deletes an agent; its versions stay, and teams that have it as a member keep it. Answers the agent as it was, with its deletedAt.",
  })
  deleteAgent(
    @Arg("id", () => ID, { description: "The agent; NOT_FOUND where there is none." }) id: string,
    @Ctx() context: AgentContext,
  ): Promise<Agent> {
    return service.deleteAgent(context, id);
  }

  @FieldResolver(() => AgentVersion, { nullable: true, description: "The version with the highest number; null: it has none." })
  latestVersion(@Root() agent: Agent, @Ctx() { loaders }: AgentContext): Promise<AgentVersion | null> {
    return loaders.agentLatest.load(agent.id);
  }

  @FieldResolver(() => AgentVersion, {
    nullable: true,
    description: "The version that was published last, of those that are not archived; null: it has none.",
  })
  publishedVersion(@Root() agent: Agent, @Ctx() { loaders }: AgentContext): Promise<AgentVersion | null> {
    return loaders.agentPublished.load(agent.id);
  }

  @FieldResolver(() => AgentVersionConnection, { description: "Its versions, newest first." })
  versions(
    @Root() agent: Agent,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() { loaders }: AgentContext,
  ): Promise<Connection<AgentVersion>> {
    return loaders.versionsOfAgent.load({ parentId: agent.id, page });
  }
}
