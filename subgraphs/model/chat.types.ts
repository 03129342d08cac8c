import { Field, Float, ID, ObjectType, registerEnumType } from "type-graphql";
import { JsonScalar } from "#shared/graphql/scalars.ts";
import type { Json } from "#shared/json.ts";

/** Why a completion ended. */
export enum FinishReason {
  STOP = "STOP",
  LENGTH = "LENGTH",
  TOOL_CALLS = "TOOL_CALLS",
  CONTENT_FILTER = "CONTENT_FILTER",
  OTHER = "OTHER",
}
registerEnumType(FinishReason, {
  name: "FinishReason",
  description: "Why a completion ended.",
  valuesConfig: {
    STOP: { description: "The model was done, or met a stop text." },
    LENGTH: { description: "It reached maxTokens, or the model's own limit." },
    TOOL_CALLS: { description: "The model waits for the tools that it calls." },
    CONTENT_FILTER: { description: "The provider withheld the rest." },
    OTHER: {
      description:
        "For a reason that only the provider knows (providerFinishReason), or for none that it told: the answer may not be whole.",
    },
  },
});

/** A function call that a model asks for. */
@ObjectType({ description: "A function call that a model asks for." })
export class ChatToolCall {
  @Field(() => String, { description: "Give it back as toolCallId of the TOOL message." })
  id!: string;

  @Field(() => String, { description: "The function." })
  name!: string;

  @Field(() => JsonScalar, { description: "Its arguments; a text where the model wrote no valid JSON." })
  arguments!: Json;
}

/** A whole completion. */
@ObjectType({ description: "A whole completion." })
export class ChatCompletion {
  @Field(() => ID, { description: "The provider's id of it; unknown where it gave none." })
  id!: string;

  @Field(() => String, { description: "The model that answered, as the provider names it." })
  model!: string;

  @Field(() => String, {
    nullable: true,
    description:
      "The text, or the model's refusal to answer; null where there is none: it only calls tools, or ended before it said anything.",
  })
  content!: string | null;

  @Field(() => [ChatToolCall], { description: "The calls that it asks for." })
  toolCalls!: ChatToolCall[];

  @Field(() => FinishReason, { description: "Why it ended." })
  finishReason!: FinishReason;

  @Field(() => String, { nullable: true, description: "The provider's own word for why it ended; null where it gave none." })
  providerFinishReason!: string | null;

  @Field(() => String, { nullable: true, description: "What the model thought before it answered; null where the provider does not tell." })
  reasoning!: string | null;

  @Field(() => Float, { description: "As the provider counted; 0 where it did not." })
  promptTokens!: number;

  @Field(() => Float, { description: "As the provider counted, thoughts included; 0 where it did not." })
  completionTokens!: number;

  @Field(() => Float, {
    nullable: true,
    description: "Of promptTokens those that the provider had in its cache; null where it does not tell.",
  })
  cachedTokens!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: "Of completionTokens those that were thought; null where the provider does not tell.",
  })
  reasoningTokens!: number | null;

  @Field(() => [String], {
    description:
      "Parameters of the request, by the OpenAI API's names, that were left out because the provider does not take them: temperature, top_p, seed, reasoning_effort, or what its omitParameters names.",
  })
  omittedParameters!: string[];

  @Field(() => Float, {
    nullable: true,
    description: "What it has cost, by the prices of its provider, in their unit; null where its model has none.",
  })
  price!: number | null;

  @Field(() => Float, { description: "Milliseconds from the request to the last byte." })
  durationMs!: number;
}

/** A piece of a completion. */
@ObjectType({ description: "A piece of a completion: a delta, or at last the whole." })
export class ChatCompletionChunk {
  @Field(() => String, { nullable: true, description: "The next piece of text; null in other events." })
  delta!: string | null;

  @Field(() => String, { nullable: true, description: "The next piece of what the model thinks; null in other events." })
  reasoningDelta!: string | null;

  @Field(() => JsonScalar, {
    nullable: true,
    description: "The next piece of a tool call: { index, id, name, arguments }; arguments is a piece of JSON text. null in other events.",
  })
  toolCallDelta!: Json;

  @Field(() => ChatCompletion, { nullable: true, description: "The whole, in the last event; null in those before it." })
  completion!: ChatCompletion | null;
}

/** Vectors of texts. */
@ObjectType({ description: "Vectors of texts." })
export class Embeddings {
  @Field(() => String, { description: "The model that answered, as the provider names it." })
  model!: string;

  @Field(() => [[Float]], { description: "One vector for each text, in the order of the texts." })
  vectors!: number[][];

  @Field(() => Float, { description: "As the provider counted; 0 where it did not." })
  promptTokens!: number;
}
