/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** What to run: workflowVersionId, or workflowId for its published version; where it has none, CONFLICT, WORKFLOW_VERSION_NOT_PUBLISHED. */
export type CreateRunInput = {
  /** The app, which must be the workflow's; not needed. */
  appId?: string | number | null | undefined;
  /** The app version that the run is for; it does not decide what runs. */
  appVersionId?: string | number | null | undefined;
  /** True: no model, tool or source of documents is called; their nodes say in their output what they would have asked. All other nodes run. */
  dryRun?: boolean | null | undefined;
  /** Who advances it. */
  execution?: RunExecution | null | undefined;
  /** 1 to 200 characters. Asking again with it and the same input gives the first run; other input is CONFLICT, IDEMPOTENCY_KEY_REUSED. */
  idempotencyKey?: string | null | undefined;
  /** The node that the run begins with; nodes that cannot be reached from it take no part. */
  initialNode?: InitialNodeInput | null | undefined;
  /** What templates see as input: up to 256 KiB; {} unless given. It fits the version's inputSchema, where it has one: BAD_USER_INPUT, INPUT_INVALID with all problems. */
  input?: Record<string, unknown> | null | undefined;
  /** Outputs by path, of nodes that do not run: up to 1,000, 256 KiB together. A path without numbers, such as each/fetch, is of all items and rounds, one with them, each#2/fetch, of one. A text is output and text of its node; an object is its output; { output, text } says both, { error: { code, message } } fails it. BAD_USER_INPUT, MOCK_PATH_UNKNOWN for what the run does not have. */
  mocks?: Record<string, unknown> | null | undefined;
  /** -100 to 100; each step is worth a second of waiting in the tenant's queue. With -30 a run waits 30 seconds before it may start. */
  priority?: number | null | undefined;
  /** The conversation that gets the run's answer. */
  sessionId?: string | number | null | undefined;
  /** The workflow whose published version runs; beside workflowVersionId it must be the version's. */
  workflowId?: string | number | null | undefined;
  /** The version that runs: drafts too, archived ones not. */
  workflowVersionId?: string | number | null | undefined;
};

/** The node that a run begins with, instead of those that the DSL starts with. */
export type InitialNodeInput = {
  /** The node's id in the DSL; BAD_USER_INPUT when it has none of that id. */
  nodeId: string;
  /** The node's type; BAD_USER_INPUT when the DSL says another. */
  nodeType?: string | null | undefined;
};

/** Who advances a run. */
export type RunExecution =
  /** Only the execute… mutations and executors outside the platform advance it. */
  | 'MANUAL'
  /** Any worker takes it; while one owns it the execute… mutations are refused with CONFLICT, RUN_OWNED. */
  | 'WORKERS';

export type SessionCreateRunMutationVariables = Exact<{
  input: CreateRunInput;
}>;


export type SessionCreateRunMutation = { createRun: { id: string } | null };


export const SessionCreateRunDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"SessionCreateRun"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateRunInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createRun"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<SessionCreateRunMutation, SessionCreateRunMutationVariables>;