import { Field, ID, InputType, Int } from "type-graphql";
import { OwnLimit } from "#shared/graphql/argument-limits.ts";
import { JsonObjectScalar } from "#shared/graphql/scalars.ts";
import type { JsonObject } from "#shared/json.ts";
import { AgentVersionStatus } from "./agent-version.entity.ts";
import { MemoryScopeType } from "./memory-policy.ts";

/** What the agent remembers. */
@InputType({ description: "What an agent remembers; null means the default everywhere." })
export class MemoryPolicyInput {
  @Field(() => Boolean, { defaultValue: false, nullable: true, description: "Whether memories are read before a run." })
  enabled?: boolean | null;

  @Field(() => MemoryScopeType, {
    defaultValue: MemoryScopeType.SESSION,
    nullable: true,
    description: "Whose memories are read and written.",
  })
  memoryScope?: MemoryScopeType | null;

  @Field(() => Int, { defaultValue: 5, nullable: true, description: "The most memories that are put into the prompt: 0 to 50." })
  readTopK?: number | null;

  @Field(() => Boolean, { defaultValue: false, nullable: true, description: "Whether a run writes a conversation memory." })
  writeEnabled?: boolean | null;

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description:
      "{ write_importance_score }: a whole number from 0 to 100, the importance of the memories that are written. {} unless given; at most 16 KiB.",
  })
  config?: JsonObject | null;
}

/** A new version of an agent, never changed again. */
@InputType({ description: "A new version of an agent; it is never changed again." })
export class CreateAgentVersionInput {
  @Field(() => ID, { description: "The agent." })
  agentId!: string;

  @Field(() => AgentVersionStatus, { defaultValue: AgentVersionStatus.DRAFT, nullable: true, description: "DRAFT or PUBLISHED." })
  status?: AgentVersionStatus | null;

  @OwnLimit()
  @Field(() => String, { description: "Who the agent is: 1 to 2,000 characters." })
  role!: string;

  @OwnLimit()
  @Field(() => String, { nullable: true, description: "What the agent is there for: up to 10,000 characters." })
  goal?: string | null;

  @OwnLimit()
  @Field(() => String, { nullable: true, description: "What the model is told before anything else: up to 100,000 characters." })
  systemPrompt?: string | null;

  @Field(() => String, {
    nullable: true,
    description: "The model's name: 1 to 200 characters; the defaultModel of its provider unless given.",
  })
  model?: string | null;

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description:
      "temperature, maxTokens, topP, responseFormat, ... {} unless given; at most 64 KiB. BAD_USER_INPUT, MODEL_CONFIG_KEY_UNKNOWN for what is none; a provider's own parameters stand in extraParameters.",
  })
  modelConfig?: JsonObject | null;

  @OwnLimit()
  @Field(() => [ID], {
    nullable: true,
    description:
      "Tool bindings the model may call, at most 128. NOT_FOUND says which one is not there (field and id), CONFLICT, TOOL_ARCHIVED, whose tool is archived; one that is deleted later stays, with its deletedAt.",
  })
  toolBindingIds?: string[] | null;

  @OwnLimit()
  @Field(() => [ID], {
    nullable: true,
    description:
      "Skills the model may use, at most 128. NOT_FOUND says which one is not there (field and id), CONFLICT, SKILL_ARCHIVED, which one is archived; one that is deleted later stays, with its deletedAt.",
  })
  skillIds?: string[] | null;

  @Field(() => MemoryPolicyInput, { nullable: true, description: "What the agent remembers; nothing unless given." })
  memoryPolicy?: MemoryPolicyInput | null;

  @Field(() => Int, { defaultValue: 8, nullable: true, description: "The most model calls that one run makes: 1 to 500." })
  maxSteps?: number | null;
}
