import { Field, Float, ID, InputType, Int, registerEnumType } from "type-graphql";
import { OwnLimit } from "#shared/graphql/argument-limits.ts";
import { JsonObjectScalar, JsonScalar } from "#shared/graphql/scalars.ts";
import type { Json, JsonObject } from "#shared/json.ts";

/** Who says a message. */
export enum ChatRole {
  SYSTEM = "SYSTEM",
  USER = "USER",
  ASSISTANT = "ASSISTANT",
  TOOL = "TOOL",
}
registerEnumType(ChatRole, {
  name: "ChatRole",
  description: "Who says a message.",
  valuesConfig: {
    SYSTEM: { description: "Says how the model is to behave." },
    USER: { description: "Who asks." },
    ASSISTANT: { description: "The model: what it said, or which tools it called." },
    TOOL: { description: "What a tool answered to the call that toolCallId names." },
  },
});

/** One message of a conversation. */
@InputType({ description: "One message of a conversation." })
export class ChatMessageInput {
  @Field(() => ChatRole, { description: "Who says it." })
  role!: ChatRole;

  @OwnLimit()
  @Field(() => String, {
    nullable: true,
    description:
      "What is said, of any length within the 4 MiB of the whole; only an ASSISTANT message with toolCalls, and one with contentParts, may have none.",
  })
  content?: string | null;

  @Field(() => [JsonObjectScalar], {
    nullable: true,
    description:
      'Instead of content: parts as the OpenAI API has them, such as { type: "text", text } and { type: "image_url", image_url: { url } }, the url a data: URL or one that the provider can reach.',
  })
  contentParts?: JsonObject[] | null;

  @Field(() => String, { nullable: true, description: "The participant's name, where several have one role." })
  name?: string | null;

  // Gateways put what a provider has thought into the ids of its calls, thousands of characters, and want them back as they were.
  @OwnLimit()
  @Field(() => String, {
    nullable: true,
    description: "TOOL: the call that it answers, of any length within the 4 MiB of the whole; required there.",
  })
  toolCallId?: string | null;

  @Field(() => JsonScalar, {
    nullable: true,
    description: "ASSISTANT: the calls that it made, [{ id, name, arguments }], as completions give them.",
  })
  toolCalls?: Json | undefined;
}

/** A function that the model may call. */
@InputType({ description: "A function that the model may call. The platform does not call it: the calls are in the completion." })
export class ChatToolInput {
  @Field(() => String, { description: "1 to 64 letters, digits, '_' or '-'." })
  name!: string;

  @OwnLimit()
  @Field(() => String, { nullable: true, description: "What it does, for the model." })
  description?: string | null;

  @Field(() => JsonObjectScalar, { description: "JSON Schema of its arguments." })
  parameters!: JsonObject;
}

/** Whose a call is, for the ledger of calls. */
@InputType({ description: "Whose a call is, for the ledger of model calls." })
export class ModelCallerInput {
  @Field(() => String, {
    nullable: true,
    description: "1 to 900 characters, of the caller's own making: calls with the same one are counted once. None unless given.",
  })
  callId?: string | null;

  @Field(() => ID, { nullable: true, description: "The run that it is made for: up to 200 characters." })
  runId?: string | null;

  @Field(() => ID, { nullable: true, description: "The node run that it is made for: up to 900 characters." })
  nodeRunId?: string | null;
}

/** A completion to make. */
@InputType({
  description:
    "What to complete: all of it together at most 4 MiB. Without providerCode the tenant's oldest active provider answers, else the configured one.",
})
export class ChatCompletionInput {
  @Field(() => String, { nullable: true, description: "The code of one of the tenant's providers." })
  providerCode?: string | null;

  @Field(() => String, { nullable: true, description: "The model's name at the provider; its defaultModel unless given." })
  model?: string | null;

  @OwnLimit()
  @Field(() => [ChatMessageInput], { description: "The conversation so far: 1 to 1,000 messages." })
  messages!: ChatMessageInput[];

  @OwnLimit()
  @Field(() => [ChatToolInput], { nullable: true, description: "The functions that the model may call: at most 128." })
  tools?: ChatToolInput[] | null;

  @Field(() => JsonScalar, { nullable: true, description: '"auto", "none", "required", or { name } for one function.' })
  toolChoice?: Json | undefined;

  @Field(() => Float, { nullable: true, description: "0 to 2; the provider's own unless given." })
  temperature?: number | null;

  @Field(() => Float, { nullable: true, description: "0 to 1; the provider's own unless given." })
  topP?: number | null;

  @Field(() => Int, { nullable: true, description: "The most tokens to produce: 1 to 10,000,000; the provider's own limit unless given." })
  maxTokens?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: "The same for models that count their thoughts with it (max_completion_tokens); where it is given maxTokens is not sent.",
  })
  maxCompletionTokens?: number | null;

  @Field(() => Float, { nullable: true, description: "A whole number: providers that know it give the same answer for the same one." })
  seed?: number | null;

  @Field(() => String, {
    nullable: true,
    description: 'How much the model is to think, in the words of the provider, such as "low", "medium", "high".',
  })
  reasoningEffort?: string | null;

  @Field(() => [String], { nullable: true, description: "Texts that end the completion; at most 16." })
  stop?: string[] | null;

  @Field(() => JsonObjectScalar, { nullable: true, description: 'As the OpenAI API has it, such as { type: "json_object" }.' })
  responseFormat?: JsonObject | null;

  @Field(() => JsonObjectScalar, {
    nullable: true,
    description: "Parameters beside those above, as this provider has them, at most 16 KiB; they win over the provider's extraParameters.",
  })
  extraParameters?: JsonObject | null;

  @Field(() => Float, {
    nullable: true,
    description:
      "How long the whole may take, in seconds, up to 86,400, whenever its first byte comes. Unless given: 300 for an answer that comes whole, of a stream 60 to the first byte (or what the provider's settings say), 60 between two pieces and 600 for all of it.",
  })
  timeoutSeconds?: number | null;

  @Field(() => String, { nullable: true, description: "Sent as Idempotency-Key: 1 to 255 printable ASCII characters." })
  idempotencyKey?: string | null;

  @Field(() => ModelCallerInput, {
    nullable: true,
    description: "Whose call it is, for the ledger of model calls; not sent to the provider.",
  })
  caller?: ModelCallerInput | null;
}

/** Texts to embed. */
@InputType({ description: "Texts to embed. Without providerCode the tenant's oldest active provider answers, else the configured one." })
export class CreateEmbeddingsInput {
  @Field(() => String, { nullable: true, description: "The code of one of the tenant's providers." })
  providerCode?: string | null;

  @Field(() => String, { nullable: true, description: "The model's name at the provider; its embeddingModel unless given." })
  model?: string | null;

  @OwnLimit()
  @Field(() => [String], { description: "1 to 2,048 texts, none empty, at most 4 MiB." })
  input!: string[];

  @Field(() => String, { nullable: true, description: "Sent as Idempotency-Key: 1 to 255 printable ASCII characters." })
  idempotencyKey?: string | null;
}
