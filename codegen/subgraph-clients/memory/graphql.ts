/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** Something to remember. scopeId defaults to the tenant where scopeType is TENANT and is required elsewhere. */
export type CreateMemoryInput = {
  /** What is remembered: at least a character, at most 100,000 bytes of UTF-8. */
  contentText: string;
  /** A time in the future, from which on it is gone; never unless given. */
  expiresAt?: string | null | undefined;
  /** 1 to 200 characters. Asking again with it and the same input gives the first memory; other input is CONFLICT, IDEMPOTENCY_KEY_REUSED. */
  idempotencyKey?: string | null | undefined;
  /** 0 to 100: how much it counts in a search. */
  importanceScore?: number | null | undefined;
  /** fact, preference, conversation, ...: 1 to 64 characters. */
  memoryType?: string | null | undefined;
  /** The client's own: {} unless given; at most 16 KiB. */
  metadata?: Record<string, unknown> | null | undefined;
  /** Which user, session, agent or team: 1 to 200 characters. NOT_FOUND where there is no such session, agent or team; a user's id is the client's own, and kept as it is given. */
  scopeId?: string | null | undefined;
  /** Whose memory it is. */
  scopeType: MemoryScopeType;
};

/** Whose memory it is. */
export type MemoryScopeType =
  /** One agent. */
  | 'AGENT'
  /** One conversation. */
  | 'SESSION'
  /** One team. */
  | 'TEAM'
  /** Everybody of the tenant. */
  | 'TENANT'
  /** One user. */
  | 'USER';

/** How memories are searched. */
export type MemorySearchMode =
  /** HYBRID where memories are embedded, the model answers within 3 s and the vectors are compared within 3 s, else TEXT. */
  | 'AUTO'
  /** By both, fused by reciprocal rank; as VECTOR where nothing is embedded. */
  | 'HYBRID'
  /** By words. */
  | 'TEXT'
  /** By embeddings: the cosine of two vectors. Without any: BAD_USER_INPUT, NOT_AVAILABLE; see memoryEmbedding. */
  | 'VECTOR';

/** What to look for, and where. */
export type SearchMemoriesInput = {
  /** The most hits: 1 to 100. */
  limit?: number | null | undefined;
  /** Only memories of this type. */
  memoryType?: string | null | undefined;
  /** How; AUTO unless given. */
  mode?: MemorySearchMode | null | undefined;
  /** Words in any language: 1 to 10,000 characters, of which the first 64 words count. */
  query: string;
  /** Only memories of this user, session, agent or team: 1 to 200 characters. */
  scopeId?: string | null | undefined;
  /** Only memories of this kind of scope. */
  scopeType?: MemoryScopeType | null | undefined;
};

export type RuntimeSearchMemoriesQueryVariables = Exact<{
  input: SearchMemoriesInput;
}>;


export type RuntimeSearchMemoriesQuery = { searchMemories: Array<{ memory: { contentText: string } }> | null };

export type RuntimeFindMemoriesQueryVariables = Exact<{
  input: SearchMemoriesInput;
}>;


export type RuntimeFindMemoriesQuery = { searchMemories: Array<{ score: number, memory: { id: string, memoryType: string, contentText: string, metadata: Record<string, unknown>, importanceScore: number, createdAt: string } }> | null };

export type RuntimeCreateMemoryMutationVariables = Exact<{
  input: CreateMemoryInput;
}>;


export type RuntimeCreateMemoryMutation = { createMemory: { id: string } | null };


export const RuntimeSearchMemoriesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"RuntimeSearchMemories"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"SearchMemoriesInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"searchMemories"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"memory"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"contentText"}}]}}]}}]}}]} as unknown as DocumentNode<RuntimeSearchMemoriesQuery, RuntimeSearchMemoriesQueryVariables>;
export const RuntimeFindMemoriesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"RuntimeFindMemories"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"SearchMemoriesInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"searchMemories"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"score"}},{"kind":"Field","name":{"kind":"Name","value":"memory"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"memoryType"}},{"kind":"Field","name":{"kind":"Name","value":"contentText"}},{"kind":"Field","name":{"kind":"Name","value":"metadata"}},{"kind":"Field","name":{"kind":"Name","value":"importanceScore"}},{"kind":"Field","name":{"kind":"Name","value":"createdAt"}}]}}]}}]}}]} as unknown as DocumentNode<RuntimeFindMemoriesQuery, RuntimeFindMemoriesQueryVariables>;
export const RuntimeCreateMemoryDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"RuntimeCreateMemory"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateMemoryInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createMemory"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<RuntimeCreateMemoryMutation, RuntimeCreateMemoryMutationVariables>;