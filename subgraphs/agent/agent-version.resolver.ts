import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from "type-graphql";
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
  @Query(() => AgentVersion, { nullable: true, description: "An agent version by id; null where there is none." })
  agentVersion(
    @Arg("id", () => ID, { description: "The agent version's id. A malformed one is an unknown one." }) id: string,
    @Ctx() { loaders }: AgentContext,
  ): Promise<AgentVersion | null> {
    return loaders.agentVersion.load(id);
  }

  @Mutation(() => AgentVersion, { description: "Makes the agent's next version. A version never changes: a change is a new one." })
  createAgentVersion(
    @Arg("input", () => CreateAgentVersionInput) input: CreateAgentVersionInput,
    @Ctx() context: AgentContext,
  ): Promise<AgentVersion> {
    return service.createAgentVersion(context, input);
  }

  @Mutation(() => AgentVersion, {
    description: "The published version is the one that was published last; publishing an older one again makes it current.",
  })
  publishAgentVersion(
    @Arg("id", () => ID, { description: "The version; NOT_FOUND where there is none." }) id: string,
    @Ctx() context: AgentContext,
  ): Promise<AgentVersion> {
    return service.publishAgentVersion(context, id);
  }

  @FieldResolver(() => Agent, { description: "The agent." })
  agent(@Root() version: AgentVersion, @Ctx() { loaders }: AgentContext): Promise<Agent | null> {
    return loaders.agent.load(version.agentId);
  }

  @FieldResolver(() => [ToolBindingStub], { nullable: "items", description: "Tools the model may call; null where a binding is gone." })
  tools(@Root() version: AgentVersion): ToolBindingStub[] {
    return version.toolBindingIds.map((id) => ({ id }));
  }

  @FieldResolver(() => [SkillStub], { nullable: "items", description: "Skills the model may use; null where a skill is gone." })
  skills(@Root() version: AgentVersion): SkillStub[] {
    return version.skillIds.map((id) => ({ id }));
  }
}
