/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** workflowVersionId (drafts too, archived ones not), or workflowId for its published version; without one CONFLICT, WORKFLOW_VERSION_NOT_PUBLISHED. */
export type CreateRunInput = {
  /** The app, which must be the workflow's; not needed. */
  appId?: string | number | null | undefined;
  /** The app version that the run is for; it does not decide what runs. */
  appVersionId?: string | number | null | undefined;
  /** True: no model is called, no tool and no source of documents; their nodes say what they would have asked. All other nodes run. */
  dryRun?: boolean | null | undefined;
  /** Who advances it. */
  execution?: RunExecution | null | undefined;
  /** 1 to 200 characters. Asking again with it and the same input gives the first run; other input is CONFLICT, IDEMPOTENCY_KEY_REUSED. */
  idempotencyKey?: string | null | undefined;
  /** Begins here; nodes that cannot be reached from it take no part. */
  initialNode?: InitialNodeInput | null | undefined;
  /** What templates see as input: up to 256 KiB; {} unless given. */
  input?: Record<string, unknown> | null | undefined;
  /** -100 to 100; each step is worth a second of waiting in the tenant's queue. Below 0 a run waits that many seconds. */
  priority?: number | null | undefined;
  /** The conversation that gets the run's answer. */
  sessionId?: string | number | null | undefined;
  /** Runs its published version. */
  workflowId?: string | number | null | undefined;
  /** What runs. */
  workflowVersionId?: string | number | null | undefined;
};

/** The node that a run begins with, instead of those that the DSL starts with. */
export type InitialNodeInput = {
  /** The node's id in the DSL. */
  nodeId: string;
  /** Refused with BAD_USER_INPUT when the DSL says another type. */
  nodeType?: string | null | undefined;
};

/** WORKERS: any worker takes it. MANUAL: only the execute… mutations advance it. */
export type RunExecution =
  /** Only the execute… mutations and executors outside the platform advance it. */
  | 'MANUAL'
  /** Any worker takes it; while one owns it the execute… mutations are refused with CONFLICT, RUN_OWNED. */
  | 'WORKERS';

export type SessionCreateRunMutationVariables = Exact<{
  input: CreateRunInput;
}>;


export type SessionCreateRunMutation = { createRun: { id: string } };


export const SessionCreateRunDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"mutation","name":{"kind":"Name","value":"SessionCreateRun"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"CreateRunInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"createRun"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}}]}}]}}]} as unknown as DocumentNode<SessionCreateRunMutation, SessionCreateRunMutationVariables>;