import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from "type-graphql";
import { Needs } from "#shared/graphql/needs.ts";
import { AgentVersion } from "./agent-version.entity.ts";
import { CreateAgentVersionInput } from "./agent-version.inputs.ts";
import * as service from "./agent-version.service.ts";
import type { AgentContext } from "./agent.context.ts";
import { Agent } from "./agent.entity.ts";
import { SkillStub } from "./skill.stub.ts";
import { ToolBindingStub } from "./tool-binding.stub.ts";

/** Versions of agents in the graph. */
@Resolver(() => AgentVersion)
export class AgentVersionResolver {
  @Needs("agent:read")
  @Query(() => AgentVersion, { nullable: true, description: "An agent version by id; null where there is none." })
  agentVersion(
    @Arg("id", () => ID, { description: "The agent version's id. A malformed one is an unknown one." }) id: string,
    @Ctx() { loaders }: AgentContext,
  ): Promise<AgentVersion | null> {
    return loaders.agentVersion.load(id);
  }

  @Needs("agent:write")
  @Mutation(() => AgentVersion, {
    nullable: true,
    description: "Makes the agent's next version. A version's content never changes: a change is a new version.",
  })
  createAgentVersion(
    @Arg("input", () => CreateAgentVersionInput) input: CreateAgentVersionInput,
    @Ctx() context: AgentContext,
  ): Promise<AgentVersion> {
    return service.createAgentVersion(context, input);
  }

  @Needs("agent:write")
  @Mutation(() => AgentVersion, {
    nullable: true,
    description:
      "Makes a version the agent's published one, which is always the one that was published last: an older version can be published again. NOT_FOUND too when the agent was deleted.",
  })
  publishAgentVersion(
    @Arg("id", () => ID, { description: "The version; NOT_FOUND where there is none." }) id: string,
    @Ctx() context: AgentContext,
  ): Promise<AgentVersion> {
    return service.publishAgentVersion(context, id);
  }

  @Needs("agent:write")
  @Mutation(() => AgentVersion, {
    nullable: true,
    description:
      "Archives a version: it is not the agent's published one any more, the one that was published before it is. Publishing it again takes it back into use. NOT_FOUND too when the agent was deleted.",
  })
  archiveAgentVersion(
    @Arg("id", () => ID, { description: "The version; NOT_FOUND where there is none." }) id: string,
    @Ctx() context: AgentContext,
  ): Promise<AgentVersion> {
    return service.archiveAgentVersion(context, id);
  }

  @FieldResolver(() => Agent, { description: "The agent." })
  agent(@Root() version: AgentVersion, @Ctx() { loaders }: AgentContext): Promise<Agent | null> {
    return loaders.agent.load(version.agentId);
  }

  @FieldResolver(() => [ToolBindingStub], {
    nullable: "items",
    description:
      "Tools the model may call, at most 128. An item is null where the tool subgraph does not answer; a deleted binding is there, with its deletedAt.",
  })
  tools(@Root() version: AgentVersion): ToolBindingStub[] {
    return version.toolBindingIds.map((id) => ({ id }));
  }

  @FieldResolver(() => [SkillStub], {
    nullable: "items",
    description:
      "Skills the model may use, at most 128. An item is null where the skill subgraph does not answer; a deleted skill is there, with its deletedAt.",
  })
  skills(@Root() version: AgentVersion): SkillStub[] {
    return version.skillIds.map((id) => ({ id }));
  }
}
