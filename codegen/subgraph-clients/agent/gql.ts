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
    "\n  query MemoryAgentById($agents: [_Any!]!) {\n    _entities(representations: $agents) {\n      ... on Agent {\n        id\n        deletedAt\n      }\n    }\n  }\n": typeof types.MemoryAgentByIdDocument,
    "\n  query RuntimeAskedAgent($id: ID, $code: String, $versionId: ID) {\n    askedAgent(id: $id, code: $code, versionId: $versionId) {\n      id\n      deleted\n      version {\n        id\n        agentId\n        agentDeleted\n        status\n        role\n        goal\n        systemPrompt\n        model\n        modelConfig\n        maxSteps\n        memoryPolicy {\n          enabled\n          memoryScope\n          readTopK\n          writeEnabled\n          config\n        }\n        toolBindingIds\n        skillIds\n      }\n    }\n  }\n": typeof types.RuntimeAskedAgentDocument,
    "\n  query RuntimeAgentPublishedBefore($id: ID!) {\n    agent(id: $id) {\n      versions(first: 100) {\n        nodes {\n          id\n          publishedAt\n        }\n      }\n    }\n  }\n": typeof types.RuntimeAgentPublishedBeforeDocument,
    "\n  query TeamAgentsById($agents: [_Any!]!) {\n    _entities(representations: $agents) {\n      ... on Agent {\n        id\n        deletedAt\n      }\n    }\n  }\n": typeof types.TeamAgentsByIdDocument,
};
const documents: Documents = {
    "\n  query MemoryAgentById($agents: [_Any!]!) {\n    _entities(representations: $agents) {\n      ... on Agent {\n        id\n        deletedAt\n      }\n    }\n  }\n": types.MemoryAgentByIdDocument,
    "\n  query RuntimeAskedAgent($id: ID, $code: String, $versionId: ID) {\n    askedAgent(id: $id, code: $code, versionId: $versionId) {\n      id\n      deleted\n      version {\n        id\n        agentId\n        agentDeleted\n        status\n        role\n        goal\n        systemPrompt\n        model\n        modelConfig\n        maxSteps\n        memoryPolicy {\n          enabled\n          memoryScope\n          readTopK\n          writeEnabled\n          config\n        }\n        toolBindingIds\n        skillIds\n      }\n    }\n  }\n": types.RuntimeAskedAgentDocument,
    "\n  query RuntimeAgentPublishedBefore($id: ID!) {\n    agent(id: $id) {\n      versions(first: 100) {\n        nodes {\n          id\n          publishedAt\n        }\n      }\n    }\n  }\n": types.RuntimeAgentPublishedBeforeDocument,
    "\n  query TeamAgentsById($agents: [_Any!]!) {\n    _entities(representations: $agents) {\n      ... on Agent {\n        id\n        deletedAt\n      }\n    }\n  }\n": types.TeamAgentsByIdDocument,
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
export function graphql(source: "\n  query MemoryAgentById($agents: [_Any!]!) {\n    _entities(representations: $agents) {\n      ... on Agent {\n        id\n        deletedAt\n      }\n    }\n  }\n"): (typeof documents)["\n  query MemoryAgentById($agents: [_Any!]!) {\n    _entities(representations: $agents) {\n      ... on Agent {\n        id\n        deletedAt\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query RuntimeAskedAgent($id: ID, $code: String, $versionId: ID) {\n    askedAgent(id: $id, code: $code, versionId: $versionId) {\n      id\n      deleted\n      version {\n        id\n        agentId\n        agentDeleted\n        status\n        role\n        goal\n        systemPrompt\n        model\n        modelConfig\n        maxSteps\n        memoryPolicy {\n          enabled\n          memoryScope\n          readTopK\n          writeEnabled\n          config\n        }\n        toolBindingIds\n        skillIds\n      }\n    }\n  }\n"): (typeof documents)["\n  query RuntimeAskedAgent($id: ID, $code: String, $versionId: ID) {\n    askedAgent(id: $id, code: $code, versionId: $versionId) {\n      id\n      deleted\n      version {\n        id\n        agentId\n        agentDeleted\n        status\n        role\n        goal\n        systemPrompt\n        model\n        modelConfig\n        maxSteps\n        memoryPolicy {\n          enabled\n          memoryScope\n          readTopK\n          writeEnabled\n          config\n        }\n        toolBindingIds\n        skillIds\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query RuntimeAgentPublishedBefore($id: ID!) {\n    agent(id: $id) {\n      versions(first: 100) {\n        nodes {\n          id\n          publishedAt\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query RuntimeAgentPublishedBefore($id: ID!) {\n    agent(id: $id) {\n      versions(first: 100) {\n        nodes {\n          id\n          publishedAt\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query TeamAgentsById($agents: [_Any!]!) {\n    _entities(representations: $agents) {\n      ... on Agent {\n        id\n        deletedAt\n      }\n    }\n  }\n"): (typeof documents)["\n  query TeamAgentsById($agents: [_Any!]!) {\n    _entities(representations: $agents) {\n      ... on Agent {\n        id\n        deletedAt\n      }\n    }\n  }\n"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;