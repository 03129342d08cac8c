import { Entity, Enum, PrimaryKey, Property } from "@mikro-orm/decorators/legacy";
import { Directive, Field, Float, ID, ObjectType, registerEnumType } from "type-graphql";
import { JsonObjectScalar } from "#shared/graphql/scalars.ts";
import type { JsonObject } from "#shared/json.ts";
import type { ModelPrice } from "../usage/model-prices.ts";

/** Whether a provider is asked. */
export enum ModelProviderStatus {
  ACTIVE = "ACTIVE",
  DISABLED = "DISABLED",
}
registerEnumType(ModelProviderStatus, {
  name: "ModelProviderStatus",
  description: "Whether a provider is asked.",
  valuesConfig: {
    ACTIVE: { description: "Is asked; the oldest active one is the tenant's default." },
    DISABLED: { description: "Is not asked. Calls that name it are refused with CONFLICT, MODEL_PROVIDER_DISABLED." },
  },
});

/** A service that speaks the OpenAI API. */
@Directive('@key(fields: "id")')
@ObjectType({ description: "A service that speaks the OpenAI API: OpenAI itself, Ollama, vLLM, and many others." })
@Entity({ tableName: "model_provider" })
export class ModelProvider {
  @Field(() => ID, { description: "Opaque id." })
  @PrimaryKey({ type: "text" })
  id!: string;

  @Property({ type: "text" })
  tenantId!: string;

  @Field(() => String, {
    description:
      "Its name in programs and URLs, and in providerCode: unique among the tenant's providers that are not deleted. It never changes.",
  })
  @Property({ type: "text" })
  code!: string;

  @Field(() => String, { description: "Its name, for people." })
  @Property({ type: "text" })
  name!: string;

  @Field(() => String, { description: "Where it is, such as https://api.openai.com/v1; /chat/completions is added to it." })
  @Property({ type: "text" })
  baseUrl!: string;

  /** Sealed for this provider and the origin of its baseUrl. */
  @Property({ type: "text", nullable: true })
  apiKeySealed!: string | null;

  @Field(() => String, {
    nullable: true,
    description: "The header that carries the key as it is, such as api-key; null: authorization, as a bearer token.",
  })
  @Property({ type: "text", nullable: true })
  apiKeyHeader!: string | null;

  /** { name: value } as JSON, sealed for this provider and the origin of its baseUrl; null: none. */
  @Property({ type: "text", nullable: true })
  headersSealed!: string | null;

  @Property({ type: "json", columnType: "json" })
  headerNames!: string[];

  @Field(() => JsonObjectScalar, {
    description: 'Added to the URL of each request, such as { "api-version": "2024-10-21" }; {} where nothing is.',
  })
  @Property({ type: "json", columnType: "json" })
  query!: Record<string, string>;

  @Field(() => [String], {
    description:
      "Parameters of the OpenAI API that are not sent to it. max_tokens goes as max_completion_tokens where only the one is named, and the other way round.",
  })
  @Property({ type: "json", columnType: "json" })
  omitParameters!: string[];

  @Field(() => JsonObjectScalar, {
    description: "Parameters that each completion is asked for with, whatever the request says; {} for none.",
  })
  @Property({ type: "json", columnType: "json" })
  extraParameters!: JsonObject;

  @Field(() => JsonObjectScalar, {
    description:
      "What its models cost for a million tokens, { model: { prompt, cached, completion } }, in whatever unit you count in; {} where it is not known.",
  })
  @Property({ type: "json", columnType: "json" })
  prices!: Record<string, ModelPrice>;

  @Field(() => String, {
    nullable: true,
    description:
      "The code of the provider that is asked, for its defaultModel, when this one is down or takes no more requests; null: nobody is.",
  })
  @Property({ type: "text", nullable: true })
  fallbackProviderCode!: string | null;

  @Field(() => Float, {
    nullable: true,
    description: "How long a stream's first byte may take where the call says nothing, in seconds; null: 60.",
  })
  @Property({ type: "double", nullable: true })
  firstByteTimeoutSeconds!: number | null;

  @Field(() => String, { nullable: true, description: "The model of completions that name none; null: they must name one." })
  @Property({ type: "text", nullable: true })
  defaultModel!: string | null;

  @Field(() => String, { nullable: true, description: "The model of embeddings that name none; null: they must name one." })
  @Property({ type: "text", nullable: true })
  embeddingModel!: string | null;

  @Field(() => ModelProviderStatus, { description: "DISABLED providers are not asked and are nobody's default." })
  @Enum({ items: () => ModelProviderStatus, type: "text" })
  status!: ModelProviderStatus;

  @Field(() => Date, { description: "When it was made." })
  @Property({ type: "datetime", columnType: "timestamptz" })
  createdAt!: Date;

  @Field(() => Date, { description: "When it was changed last; before any change, when it was made." })
  @Property({ type: "datetime", columnType: "timestamptz" })
  updatedAt!: Date;

  @Field(() => Date, {
    nullable: true,
    description:
      "When it was deleted; null: it was not. A deleted provider has no key any more, is in no list and not found by code; its code is free again, and its id still resolves.",
  })
  @Property({ type: "datetime", columnType: "timestamptz", nullable: true })
  deletedAt!: Date | null;
}
