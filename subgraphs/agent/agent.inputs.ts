import { Field, InputType } from "type-graphql";
import { OwnLimit } from "#shared/graphql/argument-limits.ts";
import { AgentStatus } from "./agent.entity.ts";

/** A new agent. */
@InputType({ description: "A new agent." })
export class CreateAgentInput {
  @Field(() => String, { description: "Unique in the tenant: 1 to 64 letters, digits, '.', '_' or '-', a letter or digit first." })
  code!: string;

  @Field(() => String, { description: "For people: 1 to 200 characters." })
  name!: string;

  @Field(() => String, { defaultValue: "assistant", nullable: true, description: "A word for clients: 1 to 64 characters." })
  agentType?: string | null;

  @OwnLimit()
  @Field(() => String, { nullable: true, description: "For people: up to 5,000 characters." })
  description?: string | null;
}

/** What to change; what is left out stays. */
@InputType({ description: "What to change of an agent; what is left out stays." })
export class UpdateAgentInput {
  @Field(() => String, { nullable: true, description: "For people: 1 to 200 characters; null leaves it." })
  name?: string | null;

  @OwnLimit()
  @Field(() => String, { nullable: true, description: "For people: up to 5,000 characters; null clears it." })
  description?: string | null;

  @Field(() => AgentStatus, {
    nullable: true,
    description: "ARCHIVED hides nothing; it says that the agent is no longer in use. null leaves it.",
  })
  status?: AgentStatus | null;
}
