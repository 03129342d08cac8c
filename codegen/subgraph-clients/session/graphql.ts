/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** A new message. */
export type AddMessageInput = {
  /** The text: 1 to 262,144 characters. */
  content: string;
  /** What the text says, as data: up to 256 KiB. */
  contentJson?: unknown;
  /** 1 to 200 characters. Adding again with it and the same input gives the first message; other input is CONFLICT, IDEMPOTENCY_KEY_REUSED. */
  idempotencyKey?: string | null | undefined;
  /** Who speaks. */
  role?: MessageRole | null | undefined;
  /** The session. */
  sessionId: string | number;
};

/** Who speaks. */
export type MessageRole =
  /** The app, such as the answer of a run. */
  | 'ASSISTANT'
  /** An instruction or a notice of whoever runs the app. */
  | 'SYSTEM'
  /** What a tool answered. */
  | 'TOOL'
  /** The user of the session. */
  | 'USER';

/** The answer of a run. For the platform itself. */
export type RecordRunMessageInput = {
  /** The run's output text. */
  content: string;
  /** The run's output as data. */
  contentJson?: unknown;
  /** The run; it has one message at most. */
  runId: string | number;
  /** The session that the run was started from. */
  sessionId: string | number;
};

/** Whether a conversation goes on. */
export type SessionStatus =
  /** Takes messages and runs. */
  | 'ACTIVE'
  /** Takes no messages and starts no runs; the answers of runs that were started before still come. */
  | 'CLOSED';

export type MemorySessionByIdQueryVariables = Exact<{
  sessions: Array<{ __typename: string; id: string }> | { __typename: string; id: string };
}>;


export type MemorySessionByIdQuery = { _entities: Array<
    | { id: string }
    | Record<PropertyKey, never>
   | null> };

export type RuntimeSessionByIdQueryVariables = Exact<{
  id: string | number;
}>;


export type RuntimeSessionByIdQuery = { session: { id: string, status: SessionStatus, userId: string, app: { id: string } | null } | null };

export type RuntimeRecordRunMessageMutationVariables = Exact<{
  input: RecordRunMessageInput;
}>;


export type RuntimeRecordRunMessageMutation = { recordRunMessage: { id: string } };

export type RuntimeSessionMessagesQueryVariables = Exact<{
  id: string | number;
  last: number;
}>;


export type RuntimeSessionMessagesQuery = { session: { messages: { nodes: Array<{ id: string, role: MessageRole, content: string }> } } | null };

export type RuntimeAddMessageMutationVariables = Exact<{
  input: AddMessageInput;
}>;


export type RuntimeAddMessageMutation = { addMessage: { id: string } | null };


export const MemorySessionByIdDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"MemorySessionById"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"sessions"}},"type":{"kind":"NonNullType","type":{"kind":"ListType","type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"_Any"}}}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"_entities"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"representations"},"value":{"kind":"Variable","name":{"kind":"Name","value":"sessions"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Session"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]}}]} as unknown as DocumentNode<MemorySessionByIdQuery, MemorySessionByIdQueryVariables>;
export const RuntimeSessionByIdDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"RuntimeSessionById"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"session"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"userId"}},{"kind":"Field","name":{"kind":"Name","value":"app"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]}}]} as unknown as DocumentNode<RuntimeSessionByIdQuery, RuntimeSessionByIdQueryVariables>;
export const RuntimeRecordRunMessageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"RuntimeRecordRunMessage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"RecordRunMessageInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"recordRunMessage"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<RuntimeRecordRunMessageMutation, RuntimeRecordRunMessageMutationVariables>;
export const RuntimeSessionMessagesDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"RuntimeSessionMessages"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"last"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Int"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"session"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"messages"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"last"},"value":{"kind":"Variable","name":{"kind":"Name","value":"last"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"nodes"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"role"}},{"kind":"Field","name":{"kind":"Name","value":"content"}}]}}]}}]}}]}}]} as unknown as DocumentNode<RuntimeSessionMessagesQuery, RuntimeSessionMessagesQueryVariables>;
export const RuntimeAddMessageDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"RuntimeAddMessage"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"AddMessageInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"addMessage"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<RuntimeAddMessageMutation, RuntimeAddMessageMutationVariables>;