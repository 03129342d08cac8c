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
    "\n  query AgentToolBindingsById($bindings: [_Any!]!) {\n    _entities(representations: $bindings) {\n      ... on ToolBinding {\n        id\n        deletedAt\n        tool {\n          id\n          status\n        }\n      }\n    }\n  }\n": typeof types.AgentToolBindingsByIdDocument,
    "\n  mutation RuntimeInvokeTool($input: InvokeToolInput!) {\n    invokeTool(input: $input) {\n      ok\n      status\n      outputText\n      outputJson\n      numbersAsText\n      headers\n      durationMs\n      errorCode\n      errorMessage\n      resolved\n    }\n  }\n": typeof types.RuntimeInvokeToolDocument,
    "\n  query RuntimeToolReference(\n    $toolId: ID!\n    $toolCode: String!\n    $toolBindingId: ID!\n    $toolVersionId: ID!\n    $byTool: Boolean!\n    $byCode: Boolean!\n    $byBinding: Boolean!\n    $byVersion: Boolean!\n  ) {\n    tool(id: $toolId) @include(if: $byTool) {\n      ...FrozenTool\n    }\n    toolByCode(code: $toolCode) @include(if: $byCode) {\n      ...FrozenTool\n    }\n    toolBinding(id: $toolBindingId) @include(if: $byBinding) {\n      id\n      deletedAt\n      config\n      tool {\n        ...FrozenTool\n      }\n      toolVersion {\n        id\n      }\n    }\n    toolVersion(id: $toolVersionId) @include(if: $byVersion) {\n      tool {\n        code\n      }\n    }\n  }\n  fragment FrozenTool on Tool {\n    id\n    code\n    status\n    deletedAt\n    latestVersion {\n      id\n    }\n  }\n": typeof types.RuntimeToolReferenceDocument,
    "\n  query RuntimeOfferedTools($input: OfferedToolsInput!) {\n    offeredTools(input: $input) {\n      id\n      deleted\n      requiresApproval\n      tool {\n        id\n        code\n        name\n        description\n        status\n        deleted\n      }\n      version {\n        id\n        inputSchema\n      }\n    }\n  }\n": typeof types.RuntimeOfferedToolsDocument,
    "\n  query RuntimeToolInputSchema($id: ID!) {\n    toolVersion(id: $id) {\n      inputSchema\n    }\n  }\n": typeof types.RuntimeToolInputSchemaDocument,
    "\n  query SkillToolBindingById($bindings: [_Any!]!) {\n    _entities(representations: $bindings) {\n      ... on ToolBinding {\n        id\n        deletedAt\n        tool {\n          id\n          status\n        }\n      }\n    }\n  }\n": typeof types.SkillToolBindingByIdDocument,
};
const documents: Documents = {
    "\n  query AgentToolBindingsById($bindings: [_Any!]!) {\n    _entities(representations: $bindings) {\n      ... on ToolBinding {\n        id\n        deletedAt\n        tool {\n          id\n          status\n        }\n      }\n    }\n  }\n": types.AgentToolBindingsByIdDocument,
    "\n  mutation RuntimeInvokeTool($input: InvokeToolInput!) {\n    invokeTool(input: $input) {\n      ok\n      status\n      outputText\n      outputJson\n      numbersAsText\n      headers\n      durationMs\n      errorCode\n      errorMessage\n      resolved\n    }\n  }\n": types.RuntimeInvokeToolDocument,
    "\n  query RuntimeToolReference(\n    $toolId: ID!\n    $toolCode: String!\n    $toolBindingId: ID!\n    $toolVersionId: ID!\n    $byTool: Boolean!\n    $byCode: Boolean!\n    $byBinding: Boolean!\n    $byVersion: Boolean!\n  ) {\n    tool(id: $toolId) @include(if: $byTool) {\n      ...FrozenTool\n    }\n    toolByCode(code: $toolCode) @include(if: $byCode) {\n      ...FrozenTool\n    }\n    toolBinding(id: $toolBindingId) @include(if: $byBinding) {\n      id\n      deletedAt\n      config\n      tool {\n        ...FrozenTool\n      }\n      toolVersion {\n        id\n      }\n    }\n    toolVersion(id: $toolVersionId) @include(if: $byVersion) {\n      tool {\n        code\n      }\n    }\n  }\n  fragment FrozenTool on Tool {\n    id\n    code\n    status\n    deletedAt\n    latestVersion {\n      id\n    }\n  }\n": types.RuntimeToolReferenceDocument,
    "\n  query RuntimeOfferedTools($input: OfferedToolsInput!) {\n    offeredTools(input: $input) {\n      id\n      deleted\n      requiresApproval\n      tool {\n        id\n        code\n        name\n        description\n        status\n        deleted\n      }\n      version {\n        id\n        inputSchema\n      }\n    }\n  }\n": types.RuntimeOfferedToolsDocument,
    "\n  query RuntimeToolInputSchema($id: ID!) {\n    toolVersion(id: $id) {\n      inputSchema\n    }\n  }\n": types.RuntimeToolInputSchemaDocument,
    "\n  query SkillToolBindingById($bindings: [_Any!]!) {\n    _entities(representations: $bindings) {\n      ... on ToolBinding {\n        id\n        deletedAt\n        tool {\n          id\n          status\n        }\n      }\n    }\n  }\n": types.SkillToolBindingByIdDocument,
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
export function graphql(source: "\n  query AgentToolBindingsById($bindings: [_Any!]!) {\n    _entities(representations: $bindings) {\n      ... on ToolBinding {\n        id\n        deletedAt\n        tool {\n          id\n          status\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query AgentToolBindingsById($bindings: [_Any!]!) {\n    _entities(representations: $bindings) {\n      ... on ToolBinding {\n        id\n        deletedAt\n        tool {\n          id\n          status\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RuntimeInvokeTool($input: InvokeToolInput!) {\n    invokeTool(input: $input) {\n      ok\n      status\n      outputText\n      outputJson\n      numbersAsText\n      headers\n      durationMs\n      errorCode\n      errorMessage\n      resolved\n    }\n  }\n"): (typeof documents)["\n  mutation RuntimeInvokeTool($input: InvokeToolInput!) {\n    invokeTool(input: $input) {\n      ok\n      status\n      outputText\n      outputJson\n      numbersAsText\n      headers\n      durationMs\n      errorCode\n      errorMessage\n      resolved\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query RuntimeToolReference(\n    $toolId: ID!\n    $toolCode: String!\n    $toolBindingId: ID!\n    $toolVersionId: ID!\n    $byTool: Boolean!\n    $byCode: Boolean!\n    $byBinding: Boolean!\n    $byVersion: Boolean!\n  ) {\n    tool(id: $toolId) @include(if: $byTool) {\n      ...FrozenTool\n    }\n    toolByCode(code: $toolCode) @include(if: $byCode) {\n      ...FrozenTool\n    }\n    toolBinding(id: $toolBindingId) @include(if: $byBinding) {\n      id\n      deletedAt\n      config\n      tool {\n        ...FrozenTool\n      }\n      toolVersion {\n        id\n      }\n    }\n    toolVersion(id: $toolVersionId) @include(if: $byVersion) {\n      tool {\n        code\n      }\n    }\n  }\n  fragment FrozenTool on Tool {\n    id\n    code\n    status\n    deletedAt\n    latestVersion {\n      id\n    }\n  }\n"): (typeof documents)["\n  query RuntimeToolReference(\n    $toolId: ID!\n    $toolCode: String!\n    $toolBindingId: ID!\n    $toolVersionId: ID!\n    $byTool: Boolean!\n    $byCode: Boolean!\n    $byBinding: Boolean!\n    $byVersion: Boolean!\n  ) {\n    tool(id: $toolId) @include(if: $byTool) {\n      ...FrozenTool\n    }\n    toolByCode(code: $toolCode) @include(if: $byCode) {\n      ...FrozenTool\n    }\n    toolBinding(id: $toolBindingId) @include(if: $byBinding) {\n      id\n      deletedAt\n      config\n      tool {\n        ...FrozenTool\n      }\n      toolVersion {\n        id\n      }\n    }\n    toolVersion(id: $toolVersionId) @include(if: $byVersion) {\n      tool {\n        code\n      }\n    }\n  }\n  fragment FrozenTool on Tool {\n    id\n    code\n    status\n    deletedAt\n    latestVersion {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query RuntimeOfferedTools($input: OfferedToolsInput!) {\n    offeredTools(input: $input) {\n      id\n      deleted\n      requiresApproval\n      tool {\n        id\n        code\n        name\n        description\n        status\n        deleted\n      }\n      version {\n        id\n        inputSchema\n      }\n    }\n  }\n"): (typeof documents)["\n  query RuntimeOfferedTools($input: OfferedToolsInput!) {\n    offeredTools(input: $input) {\n      id\n      deleted\n      requiresApproval\n      tool {\n        id\n        code\n        name\n        description\n        status\n        deleted\n      }\n      version {\n        id\n        inputSchema\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query RuntimeToolInputSchema($id: ID!) {\n    toolVersion(id: $id) {\n      inputSchema\n    }\n  }\n"): (typeof documents)["\n  query RuntimeToolInputSchema($id: ID!) {\n    toolVersion(id: $id) {\n      inputSchema\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query SkillToolBindingById($bindings: [_Any!]!) {\n    _entities(representations: $bindings) {\n      ... on ToolBinding {\n        id\n        deletedAt\n        tool {\n          id\n          status\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query SkillToolBindingById($bindings: [_Any!]!) {\n    _entities(representations: $bindings) {\n      ... on ToolBinding {\n        id\n        deletedAt\n        tool {\n          id\n          status\n        }\n      }\n    }\n  }\n"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;