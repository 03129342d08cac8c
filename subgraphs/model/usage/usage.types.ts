import { Field, Float, ObjectType, registerEnumType } from "type-graphql";
import { ModelProvider } from "../providers/model-provider.entity.ts";

/** What usage is summed by. */
export enum ModelUsageGroup {
  MODEL = "MODEL",
  PROVIDER = "PROVIDER",
  DAY = "DAY",
}
registerEnumType(ModelUsageGroup, {
  name: "ModelUsageGroup",
  description: "What usage is summed by.",
  valuesConfig: {
    MODEL: { description: "One sum for each model." },
    PROVIDER: { description: "One sum for each provider." },
    DAY: { description: "One sum for each day of UTC." },
  },
});

/** What was used of a model, of a provider, or on a day. */
@ObjectType({ description: "What was used of a model, of a provider, or on a day." })
export class ModelUsage {
  @Field(() => String, {
    description: "The model as it was asked for; the provider's code (\"configured\" for the platform's own); the day, YYYY-MM-DD in UTC.",
  })
  key!: string;

  @Field(() => Float, { description: "Calls, failed and cancelled ones too." })
  calls!: number;

  @Field(() => Float, { description: "Tokens of prompts and of embedded texts." })
  promptTokens!: number;

  @Field(() => Float, { description: "Of these, those that the providers had in their caches, as far as they said." })
  cachedTokens!: number;

  @Field(() => Float, { description: "Tokens produced." })
  completionTokens!: number;

  @Field(() => Float, { description: "Of these, those that were thought, not said, as far as the providers told." })
  reasoningTokens!: number;

  @Field(() => Float, { description: "Calls that failed; cancelled ones are not among them." })
  errors!: number;

  @Field(() => Float, { description: "What the calls have cost together whose price is known, in the unit of their providers' prices." })
  price!: number;

  @Field(() => Float, { description: "Calls whose price is known." })
  pricedCalls!: number;
}

/** A model that can be asked. */
@ObjectType({ description: "A model that can be asked." })
export class Model {
  @Field(() => String, { description: "Its name at the provider." })
  name!: string;

  @Field(() => ModelProvider, { nullable: true, description: "Who offers it; null: the platform's configured provider." })
  provider!: ModelProvider | null;
}
