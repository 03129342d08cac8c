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
    "\n  query MemorySessionById($sessions: [_Any!]!) {\n    _entities(representations: $sessions) {\n      ... on Session {\n        id\n      }\n    }\n  }\n": typeof types.MemorySessionByIdDocument,
    "\n  query RuntimeSessionById($id: ID!) {\n    session(id: $id) {\n      id\n      status\n      userId\n      app {\n        id\n      }\n    }\n  }\n": typeof types.RuntimeSessionByIdDocument,
    "\n  mutation RuntimeRecordRunMessage($input: RecordRunMessageInput!) {\n    recordRunMessage(input: $input) {\n      id\n    }\n  }\n": typeof types.RuntimeRecordRunMessageDocument,
    "\n  query RuntimeSessionMessages($id: ID!, $last: Int!) {\n    session(id: $id) {\n      messages(last: $last) {\n        nodes {\n          id\n          role\n          content\n        }\n      }\n    }\n  }\n": typeof types.RuntimeSessionMessagesDocument,
    "\n  mutation RuntimeAddMessage($input: AddMessageInput!) {\n    addMessage(input: $input) {\n      id\n    }\n  }\n": typeof types.RuntimeAddMessageDocument,
};
const documents: Documents = {
    "\n  query MemorySessionById($sessions: [_Any!]!) {\n    _entities(representations: $sessions) {\n      ... on Session {\n        id\n      }\n    }\n  }\n": types.MemorySessionByIdDocument,
    "\n  query RuntimeSessionById($id: ID!) {\n    session(id: $id) {\n      id\n      status\n      userId\n      app {\n        id\n      }\n    }\n  }\n": types.RuntimeSessionByIdDocument,
    "\n  mutation RuntimeRecordRunMessage($input: RecordRunMessageInput!) {\n    recordRunMessage(input: $input) {\n      id\n    }\n  }\n": types.RuntimeRecordRunMessageDocument,
    "\n  query RuntimeSessionMessages($id: ID!, $last: Int!) {\n    session(id: $id) {\n      messages(last: $last) {\n        nodes {\n          id\n          role\n          content\n        }\n      }\n    }\n  }\n": types.RuntimeSessionMessagesDocument,
    "\n  mutation RuntimeAddMessage($input: AddMessageInput!) {\n    addMessage(input: $input) {\n      id\n    }\n  }\n": types.RuntimeAddMessageDocument,
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
export function graphql(source: "\n  query MemorySessionById($sessions: [_Any!]!) {\n    _entities(representations: $sessions) {\n      ... on Session {\n        id\n      }\n    }\n  }\n"): (typeof documents)["\n  query MemorySessionById($sessions: [_Any!]!) {\n    _entities(representations: $sessions) {\n      ... on Session {\n        id\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query RuntimeSessionById($id: ID!) {\n    session(id: $id) {\n      id\n      status\n      userId\n      app {\n        id\n      }\n    }\n  }\n"): (typeof documents)["\n  query RuntimeSessionById($id: ID!) {\n    session(id: $id) {\n      id\n      status\n      userId\n      app {\n        id\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RuntimeRecordRunMessage($input: RecordRunMessageInput!) {\n    recordRunMessage(input: $input) {\n      id\n    }\n  }\n"): (typeof documents)["\n  mutation RuntimeRecordRunMessage($input: RecordRunMessageInput!) {\n    recordRunMessage(input: $input) {\n      id\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query RuntimeSessionMessages($id: ID!, $last: Int!) {\n    session(id: $id) {\n      messages(last: $last) {\n        nodes {\n          id\n          role\n          content\n        }\n      }\n    }\n  }\n"): (typeof documents)["\n  query RuntimeSessionMessages($id: ID!, $last: Int!) {\n    session(id: $id) {\n      messages(last: $last) {\n        nodes {\n          id\n          role\n          content\n        }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RuntimeAddMessage($input: AddMessageInput!) {\n    addMessage(input: $input) {\n      id\n    }\n  }\n"): (typeof documents)["\n  mutation RuntimeAddMessage($input: AddMessageInput!) {\n    addMessage(input: $input) {\n      id\n    }\n  }\n"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;