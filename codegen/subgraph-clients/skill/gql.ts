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
    "\n  query AgentSkillsById($skills: [_Any!]!) {\n    _entities(representations: $skills) {\n      ... on Skill {\n        id\n        status\n        deletedAt\n      }\n    }\n  }\n": typeof types.AgentSkillsByIdDocument,
    "\n  query RuntimeSkillReference($id: ID!, $code: String!, $versionId: ID!, $byId: Boolean!, $byCode: Boolean!, $byVersion: Boolean!) {\n    skill(id: $id) @include(if: $byId) {\n      ...NamedSkill\n    }\n    skillByCode(code: $code) @include(if: $byCode) {\n      ...NamedSkill\n    }\n    skillVersion(id: $versionId) @include(if: $byVersion) {\n      ...FrozenSkillVersion\n    }\n  }\n  fragment NamedSkill on Skill {\n    id\n    deletedAt\n    publishedVersion {\n      ...FrozenSkillVersion\n    }\n  }\n  fragment FrozenSkillVersion on SkillVersion {\n    id\n    status\n    runtimeType\n    parameterSchema\n    outputSchema\n    implementation\n    skill {\n      id\n      code\n      name\n      description\n      status\n      deletedAt\n    }\n  }\n": typeof types.RuntimeSkillReferenceDocument,
    "\n  query RuntimeOfferedSkills($input: OfferedSkillsInput!) {\n    offeredSkills(input: $input) {\n      id\n      code\n      name\n      description\n      installed\n      archived\n      deleted\n      versionId\n      runtimeType\n      beyond\n      parameterSchema\n      outputSchema\n      implementation\n    }\n  }\n": typeof types.RuntimeOfferedSkillsDocument,
    "\n  query RuntimeSkillFile($versionId: ID!, $path: String!) {\n    skillFile(skillVersionId: $versionId, path: $path) {\n      sizeBytes\n      isScript\n      contentText\n    }\n  }\n": typeof types.RuntimeSkillFileDocument,
};
const documents: Documents = {
    "\n  query AgentSkillsById($skills: [_Any!]!) {\n    _entities(representations: $skills) {\n      ... on Skill {\n        id\n        status\n        deletedAt\n      }\n    }\n  }\n": types.AgentSkillsByIdDocument,
    "\n  query RuntimeSkillReference($id: ID!, $code: String!, $versionId: ID!, $byId: Boolean!, $byCode: Boolean!, $byVersion: Boolean!) {\n    skill(id: $id) @include(if: $byId) {\n      ...NamedSkill\n    }\n    skillByCode(code: $code) @include(if: $byCode) {\n      ...NamedSkill\n    }\n    skillVersion(id: $versionId) @include(if: $byVersion) {\n      ...FrozenSkillVersion\n    }\n  }\n  fragment NamedSkill on Skill {\n    id\n    deletedAt\n    publishedVersion {\n      ...FrozenSkillVersion\n    }\n  }\n  fragment FrozenSkillVersion on SkillVersion {\n    id\n    status\n    runtimeType\n    parameterSchema\n    outputSchema\n    implementation\n    skill {\n      id\n      code\n      name\n      description\n      status\n      deletedAt\n    }\n  }\n": types.RuntimeSkillReferenceDocument,
    "\n  query RuntimeOfferedSkills($input: OfferedSkillsInput!) {\n    offeredSkills(input: $input) {\n      id\n      code\n      name\n      description\n      installed\n      archived\n      deleted\n      versionId\n      runtimeType\n      beyond\n      parameterSchema\n      outputSchema\n      implementation\n    }\n  }\n": types.RuntimeOfferedSkillsDocument,
    "\n  query RuntimeSkillFile($versionId: ID!, $path: String!) {\n    skillFile(skillVersionId: $versionId, path: $path) {\n      sizeBytes\n      isScript\n      contentText\n    }\n  }\n": types.RuntimeSkillFileDocument,
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
export function graphql(source: "\n  query AgentSkillsById($skills: [_Any!]!) {\n    _entities(representations: $skills) {\n      ... on Skill {\n        id\n        status\n        deletedAt\n      }\n    }\n  }\n"): (typeof documents)["\n  query AgentSkillsById($skills: [_Any!]!) {\n    _entities(representations: $skills) {\n      ... on Skill {\n        id\n        status\n        deletedAt\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query RuntimeSkillReference($id: ID!, $code: String!, $versionId: ID!, $byId: Boolean!, $byCode: Boolean!, $byVersion: Boolean!) {\n    skill(id: $id) @include(if: $byId) {\n      ...NamedSkill\n    }\n    skillByCode(code: $code) @include(if: $byCode) {\n      ...NamedSkill\n    }\n    skillVersion(id: $versionId) @include(if: $byVersion) {\n      ...FrozenSkillVersion\n    }\n  }\n  fragment NamedSkill on Skill {\n    id\n    deletedAt\n    publishedVersion {\n      ...FrozenSkillVersion\n    }\n  }\n  fragment FrozenSkillVersion on SkillVersion {\n    id\n    status\n    runtimeType\n    parameterSchema\n    outputSchema\n    implementation\n    skill {\n      id\n      code\n      name\n      description\n      status\n      deletedAt\n    }\n  }\n"): (typeof documents)["\n  query RuntimeSkillReference($id: ID!, $code: String!, $versionId: ID!, $byId: Boolean!, $byCode: Boolean!, $byVersion: Boolean!) {\n    skill(id: $id) @include(if: $byId) {\n      ...NamedSkill\n    }\n    skillByCode(code: $code) @include(if: $byCode) {\n      ...NamedSkill\n    }\n    skillVersion(id: $versionId) @include(if: $byVersion) {\n      ...FrozenSkillVersion\n    }\n  }\n  fragment NamedSkill on Skill {\n    id\n    deletedAt\n    publishedVersion {\n      ...FrozenSkillVersion\n    }\n  }\n  fragment FrozenSkillVersion on SkillVersion {\n    id\n    status\n    runtimeType\n    parameterSchema\n    outputSchema\n    implementation\n    skill {\n      id\n      code\n      name\n      description\n      status\n      deletedAt\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query RuntimeOfferedSkills($input: OfferedSkillsInput!) {\n    offeredSkills(input: $input) {\n      id\n      code\n      name\n      description\n      installed\n      archived\n      deleted\n      versionId\n      runtimeType\n      beyond\n      parameterSchema\n      outputSchema\n      implementation\n    }\n  }\n"): (typeof documents)["\n  query RuntimeOfferedSkills($input: OfferedSkillsInput!) {\n    offeredSkills(input: $input) {\n      id\n      code\n      name\n      description\n      installed\n      archived\n      deleted\n      versionId\n      runtimeType\n      beyond\n      parameterSchema\n      outputSchema\n      implementation\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query RuntimeSkillFile($versionId: ID!, $path: String!) {\n    skillFile(skillVersionId: $versionId, path: $path) {\n      sizeBytes\n      isScript\n      contentText\n    }\n  }\n"): (typeof documents)["\n  query RuntimeSkillFile($versionId: ID!, $path: String!) {\n    skillFile(skillVersionId: $versionId, path: $path) {\n      sizeBytes\n      isScript\n      contentText\n    }\n  }\n"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;