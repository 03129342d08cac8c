import { Arg, Ctx, Directive, Field, ID, Int, ObjectType, Query, Resolver } from "type-graphql";
import { Needs } from "#shared/graphql/needs.ts";
import { JsonObjectScalar } from "#shared/graphql/scalars.ts";
import type { JsonObject } from "#shared/json.ts";
import { AgentVersionStatus } from "./agent-version.entity.ts";
import type { AgentContext } from "./agent.context.ts";
import { askedAgentOf, type AskedAgentRow, type AskedVersionRow } from "./asked-agent.service.ts";
import { MemoryPolicy } from "./memory-policy.ts";

/** A version of an agent, as a run freezes it. */
@ObjectType({ description: "A version of an agent, as a run freezes it." })
@Directive("@inaccessible")
class AskedAgentVersion implements AskedVersionRow {
  @Field(() => ID, { description: "The version." })
  id!: string;

  @Field(() => ID, { description: "Its agent." })
  agentId!: string;

  @Field(() => Boolean, { description: "Whether its agent was deleted." })
  agentDeleted!: boolean;

  @Field(() => AgentVersionStatus, { description: "Whether it is in use." })
  status!: AgentVersionStatus;

  @Field(() => String, { description: "Who the agent is." })
  role!: string;

  @Field(() => String, { nullable: true, description: "What the agent is there for." })
  goal!: string | null;

  @Field(() => String, { nullable: true, description: "What the model is told before anything else." })
  systemPrompt!: string | null;

  @Field(() => String, { nullable: true, description: "The model's name." })
  model!: string | null;

  @Field(() => JsonObjectScalar, { description: "How the model is asked." })
  modelConfig!: JsonObject;

  @Field(() => Int, { description: "The most model calls of a run." })
  maxSteps!: number;

  @Field(() => MemoryPolicy, { description: "What the agent remembers." })
  memoryPolicy!: MemoryPolicy;

  @Field(() => [ID], { description: "Tools that the model may call." })
  toolBindingIds!: string[];

  @Field(() => [ID], { description: "Skills that the model may use." })
  skillIds!: string[];
}

/** An agent, as a run freezes it. */
@ObjectType({ description: "An agent, as a run freezes it." })
@Directive("@inaccessible")
class AskedAgent implements AskedAgentRow {
  @Field(() => ID, { nullable: true, description: "The agent that the id or the code names; null: there is none." })
  id!: string | null;

  @Field(() => Boolean, { nullable: true, description: "Whether it was deleted." })
  deleted!: boolean | null;

  @Field(() => AskedAgentVersion, {
    nullable: true,
    description: "The version that is named, else the published one; null: there is none.",
  })
  version!: AskedAgentVersion | null;
}

/** For the runtime subgraph only; the public graph does not have it. */
@Resolver()
export class AskedAgentResolver {
  @Needs("agent:read")
  @Query(() => AskedAgent, { description: "Internal: an agent when a run freezes it, in one read." })
  @Directive("@inaccessible")
  askedAgent(
    @Arg("id", () => ID, { nullable: true, description: "The agent." }) id: string | null,
    @Arg("code", () => String, { nullable: true, description: "Its code, where no id is given." }) code: string | null,
    @Arg("versionId", () => ID, { nullable: true, description: "A version; else the published one." }) versionId: string | null,
    @Ctx() context: AgentContext,
  ): Promise<AskedAgentRow> {
    return askedAgentOf(context, { id, code, versionId });
  }
}
