import { Field, Float, InputType } from "type-graphql";
import { OwnLimit } from "#shared/graphql/argument-limits.ts";
import { JsonObjectScalar } from "#shared/graphql/scalars.ts";
import type { JsonObject } from "#shared/json.ts";
import { ModelProviderStatus } from "./model-provider.entity.ts";

/** A new provider. */
@InputType({ description: "A new provider." })
export class CreateModelProviderInput {
  @Field(() => String, { description: "Unique in the tenant: 1 to 64 letters, digits, '.', '_' or '-', a letter or digit first." })
  code!: string;

  @Field(() => String, { description: "For people: 1 to 200 characters." })
  name!: string;

  @OwnLimit()
  @Field(() => String, {
    description:
      "An http or https URL without query and credentials, such as https://api.openai.com/v1: up to 2,048 characters. Calls of a private address are refused unless the operator allows it in AGENT_PLATFORM_EGRESS_ALLOW.",
  })
  baseUrl!: string;

  @OwnLimit()
  @Field(() => String, {
    nullable: true,
    description:
      "Sent as a bearer token. Encrypted, never read back, bound to the origin of baseUrl. Up to 4,096 printable ASCII characters.",
  })
  apiKey?: string | null;

  @Field(() => String, { nullable: true, description: "The model of completions that name none: up to 200 characters." })
  defaultModel?: string | null;

  @Field(() => String, { nullable: true, description: "The model of embeddings that name none: up to 200 characters." })
  embeddingModel?: string | null;

  @Field(() => String, {
    nullable: true,
    description: "The header that carries the key as it is, such as api-key; a bearer token in authorization unless given.",
  })
  apiKeyHeader?: string | null;

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description:
      "Headers of each request, { name: text }: at most 32, together 16 KiB. Encrypted, never read back, bound to the origin of baseUrl, as apiKey is.",
  })
  headers?: JsonObject | null;

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description:
      'Added to the URL of each request, { name: text }, such as { "api-version": "2024-10-21" }: at most 32. Credentials go in headers.',
  })
  query?: JsonObject | null;

  @Field(() => [String], {
    nullable: true,
    description:
      "Parameters of the OpenAI API that it refuses, such as stream_options: they are not sent; at most 32. max_tokens goes as max_completion_tokens where only the one is named, and the other way round. What a refusal (400, 422) names of stream_options, max_tokens, max_completion_tokens, temperature, top_p, seed and reasoning_effort is left out by itself.",
  })
  omitParameters?: string[] | null;

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description:
      "Parameters of each completion beside those that the graph knows, at most 16 KiB; a request's own extraParameters win over them.",
  })
  extraParameters?: JsonObject | null;

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description:
      "What its models cost for a million tokens, { model: { prompt, completion, cached } }, in whatever unit you count in: at most 200 models, '*' for all others; cached as prompt unless given. Calls from then on have a price.",
  })
  prices?: JsonObject | null;

  @Field(() => String, {
    nullable: true,
    description:
      "The code of another provider: it is asked, for its defaultModel and without the call's extraParameters, when this one is down, is left alone because it was, or takes no more requests. Not for embeddings.",
  })
  fallbackProviderCode?: string | null;

  @Field(() => Float, {
    nullable: true,
    description: "How long a stream's first byte may take where the call says nothing, in seconds, up to 86,400; 60 unless given.",
  })
  firstByteTimeoutSeconds?: number | null;
}

/** What to change; what is left out stays. */
@InputType({ description: "What to change of a provider; what is left out stays." })
export class UpdateModelProviderInput {
  @Field(() => String, { nullable: true, description: "For people: 1 to 200 characters; null leaves it." })
  name?: string | null;

  @OwnLimit()
  @Field(() => String, {
    nullable: true,
    description:
      "As in createModelProvider, up to 2,048 characters; null leaves it. CONFLICT when a key is stored and the origin changes: give apiKey too.",
  })
  baseUrl?: string | null;

  @OwnLimit()
  @Field(() => String, { nullable: true, description: "Up to 4,096 printable ASCII characters; null or an empty text removes the key." })
  apiKey?: string | null;

  @Field(() => String, { nullable: true, description: "The model of completions that name none: up to 200 characters; null clears it." })
  defaultModel?: string | null;

  @Field(() => String, { nullable: true, description: "The model of embeddings that name none: up to 200 characters; null clears it." })
  embeddingModel?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      "The header that carries the key as it is, such as api-key; a bearer token in authorization unless given. null: back to that.",
  })
  apiKeyHeader?: string | null;

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description:
      "Headers of each request, { name: text }: at most 32, together 16 KiB. Encrypted, never read back, bound to the origin of baseUrl, as apiKey is. All of them are replaced; null or {} removes them. CONFLICT when some are stored and the origin changes: give them too.",
  })
  headers?: JsonObject | null;

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description:
      'Added to the URL of each request, { name: text }, such as { "api-version": "2024-10-21" }: at most 32. Credentials go in headers. All of it is replaced; null clears it.',
  })
  query?: JsonObject | null;

  @Field(() => [String], {
    nullable: true,
    description:
      "Parameters of the OpenAI API that it refuses, such as stream_options: they are not sent; at most 32. max_tokens goes as max_completion_tokens where only the one is named, and the other way round. What a refusal (400, 422) names of stream_options, max_tokens, max_completion_tokens, temperature, top_p, seed and reasoning_effort is left out by itself. All of them are replaced; null clears them.",
  })
  omitParameters?: string[] | null;

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description:
      "Parameters of each completion beside those that the graph knows, at most 16 KiB; a request's own extraParameters win over them. All of them are replaced; null clears them.",
  })
  extraParameters?: JsonObject | null;

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description:
      "What its models cost for a million tokens, { model: { prompt, completion, cached } }, in whatever unit you count in: at most 200 models, '*' for all others; cached as prompt unless given. Calls from then on have a price. All of them are replaced; null clears them.",
  })
  prices?: JsonObject | null;

  @Field(() => String, {
    nullable: true,
    description:
      "The code of another provider: it is asked, for its defaultModel and without the call's extraParameters, when this one is down, is left alone because it was, or takes no more requests. Not for embeddings. null: nobody is.",
  })
  fallbackProviderCode?: string | null;

  @Field(() => Float, {
    nullable: true,
    description:
      "How long a stream's first byte may take where the call says nothing, in seconds, up to 86,400; 60 unless given. null: back to that.",
  })
  firstByteTimeoutSeconds?: number | null;

  @Field(() => ModelProviderStatus, { nullable: true, description: "DISABLED: is not asked. ACTIVE: is asked again. null leaves it." })
  status?: ModelProviderStatus | null;
}
