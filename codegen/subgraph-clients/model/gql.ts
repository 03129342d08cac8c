/* eslint-disable */
import * as types from './graphql.ts';
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';

/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  query MemoryEmbeddingProviders {\n    modelProviders(status: ACTIVE, last: 50) {\n      nodes {\n        id\n        code\n        embeddingModel\n      }\n    }\n  }\n": typeof types.MemoryEmbeddingProvidersDocument,
    "\n  mutation MemoryEmbeddings($input: CreateEmbeddingsInput!) {\n    createEmbeddings(input: $input) {\n      vectors\n    }\n  }\n": typeof types.MemoryEmbeddingsDocument,
    "\n  subscription RuntimeChatCompletion($input: ChatCompletionInput!) {\n    chatCompletionStream(input: $input) {\n      delta\n      reasoningDelta\n      completion {\n        id\n        model\n        content\n        toolCalls {\n          id\n          name\n          arguments\n        }\n        finishReason\n        providerFinishReason\n        reasoning\n        promptTokens\n        completionTokens\n        cachedTokens\n        reasoningTokens\n        omittedParameters\n        price\n        durationMs\n      }\n    }\n  }\n": typeof types.RuntimeChatCompletionDocument,
};
const documents: Documents = {
    "\n  query MemoryEmbeddingProviders {\n    modelProviders(status: ACTIVE, last: 50) {\n      nodes {\n        id\n        code\n        embeddingModel\n      }\n    }\n  }\n": types.MemoryEmbeddingProvidersDocument,
    "\n  mutation MemoryEmbeddings($input: CreateEmbeddingsInput!) {\n    createEmbeddings(input: $input) {\n      vectors\n    }\n  }\n": types.MemoryEmbeddingsDocument,
    "\n  subscription RuntimeChatCompletion($input: ChatCompletionInput!) {\n    chatCompletionStream(input: $input) {\n      delta\n      reasoningDelta\n      completion {\n        id\n        model\n        content\n        toolCalls {\n          id\n          name\n          arguments\n        }\n        finishReason\n        providerFinishReason\n        reasoning\n        promptTokens\n        completionTokens\n        cachedTokens\n        reasoningTokens\n        omittedParameters\n        price\n        durationMs\n      }\n    }\n  }\n": types.RuntimeChatCompletionDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 *
 *
 * @example
 * ```ts
 * const query = graphql(`query GetUser($id: ID!) { user(id: $id) { name } }`);
 * ```
 *
 * The query argument is unknown!
 * Please regenerate the types.
 */
export function graphql(source: string): unknown;

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query MemoryEmbeddingProviders {\n    modelProviders(status: ACTIVE, last: 50) {\n      nodes {\n        id\n        code\n        embeddingModel\n      }\n    }\n  }\n"): (typeof documents)["\n  query MemoryEmbeddingProviders {\n    modelProviders(status: ACTIVE, last: 50) {\n      nodes {\n        id\n        code\n        embeddingModel\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation MemoryEmbeddings($input: CreateEmbeddingsInput!) {\n    createEmbeddings(input: $input) {\n      vectors\n    }\n  }\n"): (typeof documents)["\n  mutation MemoryEmbeddings($input: CreateEmbeddingsInput!) {\n    createEmbeddings(input: $input) {\n      vectors\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription RuntimeChatCompletion($input: ChatCompletionInput!) {\n    chatCompletionStream(input: $input) {\n      delta\n      reasoningDelta\n      completion {\n        id\n        model\n        content\n        toolCalls {\n          id\n          name\n          arguments\n        }\n        finishReason\n        providerFinishReason\n        reasoning\n        promptTokens\n        completionTokens\n        cachedTokens\n        reasoningTokens\n        omittedParameters\n        price\n        durationMs\n      }\n    }\n  }\n"): (typeof documents)["\n  subscription RuntimeChatCompletion($input: ChatCompletionInput!) {\n    chatCompletionStream(input: $input) {\n      delta\n      reasoningDelta\n      completion {\n        id\n        model\n        content\n        toolCalls {\n          id\n          name\n          arguments\n        }\n        finishReason\n        providerFinishReason\n        reasoning\n        promptTokens\n        completionTokens\n        cachedTokens\n        reasoningTokens\n        omittedParameters\n        price\n        durationMs\n      }\n    }\n  }\n"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;