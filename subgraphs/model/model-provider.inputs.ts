import { Field, InputType } from "type-graphql";
import { OwnLimit } from "#shared/graphql/argument-limits.ts";
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

  @Field(() => ModelProviderStatus, { nullable: true, description: "DISABLED: is not asked. ACTIVE: is asked again. null leaves it." })
  status?: ModelProviderStatus | null;
}
