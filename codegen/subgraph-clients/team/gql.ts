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
    "\n  query MemoryTeamById($teams: [_Any!]!) {\n    _entities(representations: $teams) {\n      ... on Team {\n        id\n        deletedAt\n      }\n    }\n  }\n": typeof types.MemoryTeamByIdDocument,
    "\n  query RuntimeTeamReference($id: ID!, $code: String!, $versionId: ID!, $byId: Boolean!, $byCode: Boolean!, $byVersion: Boolean!) {\n    team(id: $id) @include(if: $byId) {\n      ...NamedTeam\n    }\n    teamByCode(code: $code) @include(if: $byCode) {\n      ...NamedTeam\n    }\n    teamVersion(id: $versionId) @include(if: $byVersion) {\n      ...FrozenTeamVersion\n    }\n  }\n  fragment NamedTeam on Team {\n    id\n    deletedAt\n    publishedVersion {\n      ...FrozenTeamVersion\n    }\n  }\n  fragment FrozenTeamVersion on TeamVersion {\n    id\n    status\n    coordinationMode\n    objective\n    config\n    members {\n      memberKey\n      agentId\n      role\n      responsibility\n    }\n    team {\n      id\n      name\n      deletedAt\n    }\n  }\n": typeof types.RuntimeTeamReferenceDocument,
};
const documents: Documents = {
    "\n  query MemoryTeamById($teams: [_Any!]!) {\n    _entities(representations: $teams) {\n      ... on Team {\n        id\n        deletedAt\n      }\n    }\n  }\n": types.MemoryTeamByIdDocument,
    "\n  query RuntimeTeamReference($id: ID!, $code: String!, $versionId: ID!, $byId: Boolean!, $byCode: Boolean!, $byVersion: Boolean!) {\n    team(id: $id) @include(if: $byId) {\n      ...NamedTeam\n    }\n    teamByCode(code: $code) @include(if: $byCode) {\n      ...NamedTeam\n    }\n    teamVersion(id: $versionId) @include(if: $byVersion) {\n      ...FrozenTeamVersion\n    }\n  }\n  fragment NamedTeam on Team {\n    id\n    deletedAt\n    publishedVersion {\n      ...FrozenTeamVersion\n    }\n  }\n  fragment FrozenTeamVersion on TeamVersion {\n    id\n    status\n    coordinationMode\n    objective\n    config\n    members {\n      memberKey\n      agentId\n      role\n      responsibility\n    }\n    team {\n      id\n      name\n      deletedAt\n    }\n  }\n": types.RuntimeTeamReferenceDocument,
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
export function graphql(source: "\n  query MemoryTeamById($teams: [_Any!]!) {\n    _entities(representations: $teams) {\n      ... on Team {\n        id\n        deletedAt\n      }\n    }\n  }\n"): (typeof documents)["\n  query MemoryTeamById($teams: [_Any!]!) {\n    _entities(representations: $teams) {\n      ... on Team {\n        id\n        deletedAt\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query RuntimeTeamReference($id: ID!, $code: String!, $versionId: ID!, $byId: Boolean!, $byCode: Boolean!, $byVersion: Boolean!) {\n    team(id: $id) @include(if: $byId) {\n      ...NamedTeam\n    }\n    teamByCode(code: $code) @include(if: $byCode) {\n      ...NamedTeam\n    }\n    teamVersion(id: $versionId) @include(if: $byVersion) {\n      ...FrozenTeamVersion\n    }\n  }\n  fragment NamedTeam on Team {\n    id\n    deletedAt\n    publishedVersion {\n      ...FrozenTeamVersion\n    }\n  }\n  fragment FrozenTeamVersion on TeamVersion {\n    id\n    status\n    coordinationMode\n    objective\n    config\n    members {\n      memberKey\n      agentId\n      role\n      responsibility\n    }\n    team {\n      id\n      name\n      deletedAt\n    }\n  }\n"): (typeof documents)["\n  query RuntimeTeamReference($id: ID!, $code: String!, $versionId: ID!, $byId: Boolean!, $byCode: Boolean!, $byVersion: Boolean!) {\n    team(id: $id) @include(if: $byId) {\n      ...NamedTeam\n    }\n    teamByCode(code: $code) @include(if: $byCode) {\n      ...NamedTeam\n    }\n    teamVersion(id: $versionId) @include(if: $byVersion) {\n      ...FrozenTeamVersion\n    }\n  }\n  fragment NamedTeam on Team {\n    id\n    deletedAt\n    publishedVersion {\n      ...FrozenTeamVersion\n    }\n  }\n  fragment FrozenTeamVersion on TeamVersion {\n    id\n    status\n    coordinationMode\n    objective\n    config\n    members {\n      memberKey\n      agentId\n      role\n      responsibility\n    }\n    team {\n      id\n      name\n      deletedAt\n    }\n  }\n"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;