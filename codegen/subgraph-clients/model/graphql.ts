/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** What to complete: all of it together at most 4 MiB. Without providerCode the tenant's oldest active provider answers, else the configured one. */
export type ChatCompletionInput = {
  /** Whose call it is, for the ledger of model calls; not sent to the provider. */
  caller?: ModelCallerInput | null | undefined;
  /** Parameters beside those above, as this provider has them, at most 16 KiB; they win over the provider's extraParameters. */
  extraParameters?: Record<string, unknown> | null | undefined;
  /** Sent as Idempotency-Key: 1 to 255 printable ASCII characters. */
  idempotencyKey?: string | null | undefined;
  /** The same for models that count their thoughts with it (max_completion_tokens); where it is given maxTokens is not sent. */
  maxCompletionTokens?: number | null | undefined;
  /** The most tokens to produce: 1 to 10,000,000; the provider's own limit unless given. */
  maxTokens?: number | null | undefined;
  /** The conversation so far: 1 to 1,000 messages. */
  messages: Array<ChatMessageInput>;
  /** The model's name at the provider; its defaultModel unless given. */
  model?: string | null | undefined;
  /** The code of one of the tenant's providers. */
  providerCode?: string | null | undefined;
  /** How much the model is to think, in the words of the provider, such as "low", "medium", "high". */
  reasoningEffort?: string | null | undefined;
  /** As the OpenAI API has it, such as { type: "json_object" }. */
  responseFormat?: Record<string, unknown> | null | undefined;
  /** A whole number: providers that know it give the same answer for the same one. */
  seed?: number | null | undefined;
  /** Texts that end the completion; at most 16. */
  stop?: Array<string> | null | undefined;
  /** 0 to 2; the provider's own unless given. */
  temperature?: number | null | undefined;
  /** How long the whole may take, in seconds, up to 86,400, whenever its first byte comes. Unless given: 300 for an answer that comes whole, of a stream 60 to the first byte (or what the provider's settings say), 60 between two pieces and 600 for all of it. */
  timeoutSeconds?: number | null | undefined;
  /** "auto", "none", "required", or { name } for one function. */
  toolChoice?: unknown;
  /** The functions that the model may call: at most 128. */
  tools?: Array<ChatToolInput> | null | undefined;
  /** 0 to 1; the provider's own unless given. */
  topP?: number | null | undefined;
};

/** One message of a conversation. */
export type ChatMessageInput = {
  /** What is said, of any length within the 4 MiB of the whole; only an ASSISTANT message with toolCalls, and one with contentParts, may have none. */
  content?: string | null | undefined;
  /** Instead of content: parts as the OpenAI API has them, such as { type: "text", text } and { type: "image_url", image_url: { url } }, the url a data: URL or one that the provider can reach. */
  contentParts?: Array<Record<string, unknown>> | null | undefined;
  /** The participant's name, where several have one role. */
  name?: string | null | undefined;
  /** Who says it. */
  role: ChatRole;
  /** TOOL: the call that it answers, of any length within the 4 MiB of the whole; required there. */
  toolCallId?: string | null | undefined;
  /** ASSISTANT: the calls that it made, [{ id, name, arguments }], as completions give them. */
  toolCalls?: unknown;
};

/** Who says a message. */
export type ChatRole =
  /** The model: what it said, or which tools it called. */
  | 'ASSISTANT'
  /** Says how the model is to behave. */
  | 'SYSTEM'
  /** What a tool answered to the call that toolCallId names. */
  | 'TOOL'
  /** Who asks. */
  | 'USER';

/** A function that the model may call. The platform does not call it: the calls are in the completion. */
export type ChatToolInput = {
  /** What it does, for the model. */
  description?: string | null | undefined;
  /** 1 to 64 letters, digits, '_' or '-'. */
  name: string;
  /** JSON Schema of its arguments. */
  parameters: Record<string, unknown>;
};

/** Texts to embed. Without providerCode the tenant's oldest active provider answers, else the configured one. */
export type CreateEmbeddingsInput = {
  /** Sent as Idempotency-Key: 1 to 255 printable ASCII characters. */
  idempotencyKey?: string | null | undefined;
  /** 1 to 2,048 texts, none empty, at most 4 MiB. */
  input: Array<string>;
  /** The model's name at the provider; its embeddingModel unless given. */
  model?: string | null | undefined;
  /** The code of one of the tenant's providers. */
  providerCode?: string | null | undefined;
};

/** Why a completion ended. */
export type FinishReason =
  /** The provider withheld the rest. */
  | 'CONTENT_FILTER'
  /** It reached maxTokens, or the model's own limit. */
  | 'LENGTH'
  /** For a reason that only the provider knows (providerFinishReason), or for none that it told: the answer may not be whole. */
  | 'OTHER'
  /** The model was done, or met a stop text. */
  | 'STOP'
  /** The model waits for the tools that it calls. */
  | 'TOOL_CALLS';

/** Whose a call is, for the ledger of model calls. */
export type ModelCallerInput = {
  /** 1 to 900 characters, of the caller's own making: calls with the same one are counted once. None unless given. */
  callId?: string | null | undefined;
  /** The node run that it is made for: up to 900 characters. */
  nodeRunId?: string | number | null | undefined;
  /** The run that it is made for: up to 200 characters. */
  runId?: string | number | null | undefined;
};

export type MemoryEmbeddingProvidersQueryVariables = Exact<{ [key: string]: never; }>;


export type MemoryEmbeddingProvidersQuery = { modelProviders: { nodes: Array<{ id: string, code: string, embeddingModel: string | null }> } | null };

export type MemoryEmbeddingsMutationVariables = Exact<{
  input: CreateEmbeddingsInput;
}>;


export type MemoryEmbeddingsMutation = { createEmbeddings: { vectors: Array<Array<number>> } | null };

export type RuntimeChatCompletionSubscriptionVariables = Exact<{
  input: ChatCompletionInput;
}>;


export type RuntimeChatCompletionSubscription = { chatCompletionStream: { delta: string | null, reasoningDelta: string | null, completion: { id: string, model: string, content: string | null, finishReason: FinishReason, providerFinishReason: string | null, reasoning: string | null, promptTokens: number, completionTokens: number, cachedTokens: number | null, reasoningTokens: number | null, omittedParameters: Array<string>, price: number | null, durationMs: number, toolCalls: Array<{ id: string, name: string, arguments: unknown }> } | null } };


export const MemoryEmbeddingProvidersDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"MemoryEmbeddingProviders"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"modelProviders"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"status"},"value":{"kind":"EnumValue","value":"ACTIVE"}},{"kind":"Argument","name":{"kind":"Name","value":"last"},"value":{"kind":"IntValue","value":"50"}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"embeddingModel"}}]}}]}}]}}]} as unknown as DocumentNode<MemoryEmbeddingProvidersQuery, MemoryEmbeddingProvidersQueryVariables>;
export const MemoryEmbeddingsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"MemoryEmbeddings"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateEmbeddingsInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createEmbeddings"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"vectors"}}]}}]}}]} as unknown as DocumentNode<MemoryEmbeddingsMutation, MemoryEmbeddingsMutationVariables>;
export const RuntimeChatCompletionDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"subscription","name":{"kind":"Name","value":"RuntimeChatCompletion"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ChatCompletionInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"chatCompletionStream"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"delta"}},{"kind":"Field","name":{"kind":"Name","value":"reasoningDelta"}},{"kind":"Field","name":{"kind":"Name","value":"completion"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"model"}},{"kind":"Field","name":{"kind":"Name","value":"content"}},{"kind":"Field","name":{"kind":"Name","value":"toolCalls"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"arguments"}}]}},{"kind":"Field","name":{"kind":"Name","value":"finishReason"}},{"kind":"Field","name":{"kind":"Name","value":"providerFinishReason"}},{"kind":"Field","name":{"kind":"Name","value":"reasoning"}},{"kind":"Field","name":{"kind":"Name","value":"promptTokens"}},{"kind":"Field","name":{"kind":"Name","value":"completionTokens"}},{"kind":"Field","name":{"kind":"Name","value":"cachedTokens"}},{"kind":"Field","name":{"kind":"Name","value":"reasoningTokens"}},{"kind":"Field","name":{"kind":"Name","value":"omittedParameters"}},{"kind":"Field","name":{"kind":"Name","value":"price"}},{"kind":"Field","name":{"kind":"Name","value":"durationMs"}}]}}]}}]}}]} as unknown as DocumentNode<RuntimeChatCompletionSubscription, RuntimeChatCompletionSubscriptionVariables>;