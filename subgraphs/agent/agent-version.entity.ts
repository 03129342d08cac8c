import { Entity, Enum, PrimaryKey, Property } from "@mikro-orm/decorators/legacy";
import { Directive, Field, ID, Int, ObjectType, registerEnumType } from "type-graphql";
import { JsonObjectScalar } from "#shared/graphql/scalars.ts";
import type { JsonObject } from "#shared/json.ts";
import { MemoryPolicy } from "./memory-policy.ts";

/** The life of a version: DRAFT, PUBLISHED, ARCHIVED. Its content never changes. */
export enum AgentVersionStatus {
  DRAFT = "DRAFT",
  PUBLISHED = "PUBLISHED",
  ARCHIVED = "ARCHIVED",
}
registerEnumType(AgentVersionStatus, {
  name: "AgentVersionStatus",
  description: "The life of a version; its content never changes.",
  valuesConfig: {
    DRAFT: { description: "Not published yet." },
    PUBLISHED: { description: "Was published; the one that was published last is the published version." },
    ARCHIVED: { description: "Out of use until it is published again." },
  },
});

/** One immutable make of an agent: prompt, model, tools, skills, memory. */
@Directive('@key(fields: "id")')
@ObjectType({ description: "One immutable make of an agent: prompt, model, tools, skills, memory." })
@Entity({ tableName: "agent_version" })
export class AgentVersion {
  @Field(() => ID, { description: "Opaque id." })
  @PrimaryKey({ type: "text" })
  id!: string;

  @Property({ type: "text" })
  tenantId!: string;

  @Property({ type: "text" })
  agentId!: string;

  @Field(() => Int, { description: "1, 2, 3, ... in its agent. A version's content never changes." })
  @Property({ type: "integer" })
  version!: number;

  @Field(() => AgentVersionStatus, { description: "The agent's published version is the one that was published last." })
  @Enum({ items: () => AgentVersionStatus, type: "text" })
  status!: AgentVersionStatus;

  @Field(() => String, { description: "Who the agent is, in a few words." })
  @Property({ type: "text" })
  role!: string;

  @Field(() => String, { nullable: true, description: "What the agent is there for; null: nobody said." })
  @Property({ type: "text", nullable: true })
  goal!: string | null;

  @Field(() => String, { nullable: true, description: "What the model is told before anything else; null: nothing." })
  @Property({ type: "text", nullable: true })
  systemPrompt!: string | null;

  @Field(() => String, { nullable: true, description: "The model's name; null: the platform's default model." })
  @Property({ type: "text", nullable: true })
  model!: string | null;

  @Field(() => JsonObjectScalar, {
    description: "temperature, maxTokens, topP, responseFormat, maxTotalTokens, ...: docs/agents.md has them all.",
  })
  @Property({ type: "json", columnType: "json" })
  modelConfig!: JsonObject;

  @Property({ type: "json", columnType: "json" })
  toolBindingIds!: string[];

  @Property({ type: "json", columnType: "json" })
  skillIds!: string[];

  @Field(() => MemoryPolicy, { description: "What the agent remembers." })
  @Property({ type: "json", columnType: "json" })
  memoryPolicy!: MemoryPolicy;

  @Field(() => Int, { description: "The most model calls that one run makes: 1 to 500." })
  @Property({ type: "integer" })
  maxSteps!: number;

  @Field(() => Date, { description: "When it was made." })
  @Property({ type: "datetime", columnType: "timestamptz" })
  createdAt!: Date;

  @Field(() => Date, { nullable: true, description: "When it was published last; null: never." })
  @Property({ type: "datetime", columnType: "timestamptz", nullable: true })
  publishedAt!: Date | null;
}
