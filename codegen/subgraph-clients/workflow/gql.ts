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
    "\n  query RuntimeRunSource($input: RunSourceInput!) {\n    runSource(input: $input) {\n      versionId\n      versionStatus\n      dsl\n      workflowId\n      workflowAppId\n      workflowDeleted\n      appId\n      appVersionId\n      appVersionAppId\n    }\n  }\n": typeof types.RuntimeRunSourceDocument,
    "\n  query RuntimeWorkflowByCode($appId: ID!, $code: String!) {\n    workflowByCode(appId: $appId, code: $code) {\n      id\n    }\n  }\n": typeof types.RuntimeWorkflowByCodeDocument,
    "\n  query SessionAppById($id: ID!) {\n    app(id: $id) {\n      id\n      deletedAt\n    }\n  }\n": typeof types.SessionAppByIdDocument,
    "\n  query SessionRunTargets(\n    $appId: ID!\n    $appVersionId: ID!\n    $workflowVersionId: ID!\n    $byApp: Boolean!\n    $byAppVersion: Boolean!\n    $byWorkflowVersion: Boolean!\n  ) {\n    workflowVersion(id: $workflowVersionId) @include(if: $byWorkflowVersion) {\n      ...RunTarget\n    }\n    appVersion(id: $appVersionId) @include(if: $byAppVersion) {\n      id\n      app {\n        id\n      }\n      workflowVersion {\n        ...RunTarget\n      }\n    }\n    app(id: $appId) @include(if: $byApp) {\n      id\n      publishedVersion {\n        id\n        app {\n          id\n        }\n        workflowVersion {\n          ...RunTarget\n        }\n      }\n      workflows(first: 2) {\n        edges {\n          node {\n            id\n            publishedVersion {\n              ...RunTarget\n            }\n          }\n        }\n      }\n    }\n  }\n  fragment RunTarget on WorkflowVersion {\n    id\n    status\n    workflow {\n      id\n      app {\n        id\n      }\n    }\n  }\n": typeof types.SessionRunTargetsDocument,
};
const documents: Documents = {
    "\n  query RuntimeRunSource($input: RunSourceInput!) {\n    runSource(input: $input) {\n      versionId\n      versionStatus\n      dsl\n      workflowId\n      workflowAppId\n      workflowDeleted\n      appId\n      appVersionId\n      appVersionAppId\n    }\n  }\n": types.RuntimeRunSourceDocument,
    "\n  query RuntimeWorkflowByCode($appId: ID!, $code: String!) {\n    workflowByCode(appId: $appId, code: $code) {\n      id\n    }\n  }\n": types.RuntimeWorkflowByCodeDocument,
    "\n  query SessionAppById($id: ID!) {\n    app(id: $id) {\n      id\n      deletedAt\n    }\n  }\n": types.SessionAppByIdDocument,
    "\n  query SessionRunTargets(\n    $appId: ID!\n    $appVersionId: ID!\n    $workflowVersionId: ID!\n    $byApp: Boolean!\n    $byAppVersion: Boolean!\n    $byWorkflowVersion: Boolean!\n  ) {\n    workflowVersion(id: $workflowVersionId) @include(if: $byWorkflowVersion) {\n      ...RunTarget\n    }\n    appVersion(id: $appVersionId) @include(if: $byAppVersion) {\n      id\n      app {\n        id\n      }\n      workflowVersion {\n        ...RunTarget\n      }\n    }\n    app(id: $appId) @include(if: $byApp) {\n      id\n      publishedVersion {\n        id\n        app {\n          id\n        }\n        workflowVersion {\n          ...RunTarget\n        }\n      }\n      workflows(first: 2) {\n        edges {\n          node {\n            id\n            publishedVersion {\n              ...RunTarget\n            }\n          }\n        }\n      }\n    }\n  }\n  fragment RunTarget on WorkflowVersion {\n    id\n    status\n    workflow {\n      id\n      app {\n        id\n      }\n    }\n  }\n": types.SessionRunTargetsDocument,
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
export function graphql(source: "\n  query RuntimeRunSource($input: RunSourceInput!) {\n    runSource(input: $input) {\n      versionId\n      versionStatus\n      dsl\n      workflowId\n      workflowAppId\n      workflowDeleted\n      appId\n      appVersionId\n      appVersionAppId\n    }\n  }\n"): (typeof documents)["\n  query RuntimeRunSource($input: RunSourceInput!) {\n    runSource(input: $input) {\n      versionId\n      versionStatus\n      dsl\n      workflowId\n      workflowAppId\n      workflowDeleted\n      appId\n      appVersionId\n      appVersionAppId\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query RuntimeWorkflowByCode($appId: ID!, $code: String!) {\n    workflowByCode(appId: $appId, code: $code) {\n      id\n    }\n  }\n"): (typeof documents)["\n  query RuntimeWorkflowByCode($appId: ID!, $code: String!) {\n    workflowByCode(appId: $appId, code: $code) {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query SessionAppById($id: ID!) {\n    app(id: $id) {\n      id\n      deletedAt\n    }\n  }\n"): (typeof documents)["\n  query SessionAppById($id: ID!) {\n    app(id: $id) {\n      id\n      deletedAt\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query SessionRunTargets(\n    $appId: ID!\n    $appVersionId: ID!\n    $workflowVersionId: ID!\n    $byApp: Boolean!\n    $byAppVersion: Boolean!\n    $byWorkflowVersion: Boolean!\n  ) {\n    workflowVersion(id: $workflowVersionId) @include(if: $byWorkflowVersion) {\n      ...RunTarget\n    }\n    appVersion(id: $appVersionId) @include(if: $byAppVersion) {\n      id\n      app {\n        id\n      }\n      workflowVersion {\n        ...RunTarget\n      }\n    }\n    app(id: $appId) @include(if: $byApp) {\n      id\n      publishedVersion {\n        id\n        app {\n          id\n        }\n        workflowVersion {\n          ...RunTarget\n        }\n      }\n      workflows(first: 2) {\n        edges {\n          node {\n            id\n            publishedVersion {\n              ...RunTarget\n            }\n          }\n        }\n      }\n    }\n  }\n  fragment RunTarget on WorkflowVersion {\n    id\n    status\n    workflow {\n      id\n      app {\n        id\n      }\n    }\n  }\n"): (typeof documents)["\n  query SessionRunTargets(\n    $appId: ID!\n    $appVersionId: ID!\n    $workflowVersionId: ID!\n    $byApp: Boolean!\n    $byAppVersion: Boolean!\n    $byWorkflowVersion: Boolean!\n  ) {\n    workflowVersion(id: $workflowVersionId) @include(if: $byWorkflowVersion) {\n      ...RunTarget\n    }\n    appVersion(id: $appVersionId) @include(if: $byAppVersion) {\n      id\n      app {\n        id\n      }\n      workflowVersion {\n        ...RunTarget\n      }\n    }\n    app(id: $appId) @include(if: $byApp) {\n      id\n      publishedVersion {\n        id\n        app {\n          id\n        }\n        workflowVersion {\n          ...RunTarget\n        }\n      }\n      workflows(first: 2) {\n        edges {\n          node {\n            id\n            publishedVersion {\n              ...RunTarget\n            }\n          }\n        }\n      }\n    }\n  }\n  fragment RunTarget on WorkflowVersion {\n    id\n    status\n    workflow {\n      id\n      app {\n        id\n      }\n    }\n  }\n"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;