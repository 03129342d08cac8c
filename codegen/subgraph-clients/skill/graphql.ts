/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';
/** Where a skill can be installed. */
export type InstallScope =
  /** One agent. */
  | 'AGENT'
  /** One app. */
  | 'APP'
  /** One team. */
  | 'TEAM'
  /** The whole tenant. */
  | 'TENANT'
  /** One user. */
  | 'USER';

/** Of which skills an agent is offered some. */
export type OfferedSkillsInput = {
  /** Where others may be installed for it, the nearest first. */
  places: Array<SkillPlaceInput>;
  /** Its own, at most 128. */
  skillIds: Array<string | number>;
};

/** A place where skills are installed. */
export type SkillPlaceInput = {
  /** What kind of place. */
  installScope: InstallScope;
  /** Which one. */
  scopeId: string;
};

/** How a skill is done. */
export type SkillRuntimeType =
  /** Sandboxed Python or JavaScript. */
  | 'CODE'
  /** A folder with a SKILL.md: instructions that an agent reads when it needs them, files beside them, and scripts. importSkill makes such versions. */
  | 'FOLDER'
  /** A tool binding. */
  | 'HTTP'
  /** One model call. */
  | 'PROMPT'
  /** Text with $name and ${name}. */
  | 'TEMPLATE';

/** Whether a skill is in use. */
export type SkillStatus =
  /** In use. */
  | 'ACTIVE'
  /** No longer in use: CONFLICT, SKILL_ARCHIVED, for new runs and installations of it, and new versions of agents that name it. Nothing is hidden. */
  | 'ARCHIVED';

/** The life of a version; its content never changes. */
export type SkillVersionStatus =
  /** Out of use until it is published again. */
  | 'ARCHIVED'
  /** Not published yet. */
  | 'DRAFT'
  /** Was published; the one that was published last is the published version. */
  | 'PUBLISHED';

export type AgentSkillsByIdQueryVariables = Exact<{
  skills: Array<{ __typename: string; id: string }> | { __typename: string; id: string };
}>;


export type AgentSkillsByIdQuery = { _entities: Array<
    | { id: string, status: SkillStatus, deletedAt: string | null }
    | Record<PropertyKey, never>
   | null> };

export type RuntimeSkillReferenceQueryVariables = Exact<{
  id: string | number;
  code: string;
  versionId: string | number;
  byId: boolean;
  byCode: boolean;
  byVersion: boolean;
}>;


export type RuntimeSkillReferenceQuery = { skill?: { id: string, deletedAt: string | null, publishedVersion: { id: string, status: SkillVersionStatus, runtimeType: SkillRuntimeType, parameterSchema: Record<string, unknown>, outputSchema: Record<string, unknown>, implementation: Record<string, unknown>, skill: { id: string, code: string, name: string, description: string | null, status: SkillStatus, deletedAt: string | null } } | null } | null, skillByCode?: { id: string, deletedAt: string | null, publishedVersion: { id: string, status: SkillVersionStatus, runtimeType: SkillRuntimeType, parameterSchema: Record<string, unknown>, outputSchema: Record<string, unknown>, implementation: Record<string, unknown>, skill: { id: string, code: string, name: string, description: string | null, status: SkillStatus, deletedAt: string | null } } | null } | null, skillVersion?: { id: string, status: SkillVersionStatus, runtimeType: SkillRuntimeType, parameterSchema: Record<string, unknown>, outputSchema: Record<string, unknown>, implementation: Record<string, unknown>, skill: { id: string, code: string, name: string, description: string | null, status: SkillStatus, deletedAt: string | null } } | null };

export type NamedSkillFragment = { id: string, deletedAt: string | null, publishedVersion: { id: string, status: SkillVersionStatus, runtimeType: SkillRuntimeType, parameterSchema: Record<string, unknown>, outputSchema: Record<string, unknown>, implementation: Record<string, unknown>, skill: { id: string, code: string, name: string, description: string | null, status: SkillStatus, deletedAt: string | null } } | null };

export type FrozenSkillVersionFragment = { id: string, status: SkillVersionStatus, runtimeType: SkillRuntimeType, parameterSchema: Record<string, unknown>, outputSchema: Record<string, unknown>, implementation: Record<string, unknown>, skill: { id: string, code: string, name: string, description: string | null, status: SkillStatus, deletedAt: string | null } };

export type RuntimeOfferedSkillsQueryVariables = Exact<{
  input: OfferedSkillsInput;
}>;


export type RuntimeOfferedSkillsQuery = { offeredSkills: Array<{ id: string, code: string, name: string, description: string | null, installed: boolean, archived: boolean, deleted: boolean, versionId: string | null, runtimeType: SkillRuntimeType | null, beyond: boolean, parameterSchema: Record<string, unknown> | null, outputSchema: Record<string, unknown> | null, implementation: Record<string, unknown> | null }> };

export type RuntimeSkillFileQueryVariables = Exact<{
  versionId: string | number;
  path: string;
}>;


export type RuntimeSkillFileQuery = { skillFile: { sizeBytes: number, isScript: boolean, contentText: string | null } | null };

export const FrozenSkillVersionFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"FrozenSkillVersion"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"SkillVersion"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"runtimeType"}},{"kind":"Field","name":{"kind":"Name","value":"parameterSchema"}},{"kind":"Field","name":{"kind":"Name","value":"outputSchema"}},{"kind":"Field","name":{"kind":"Name","value":"implementation"}},{"kind":"Field","name":{"kind":"Name","value":"skill"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"description"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"deletedAt"}}]}}]}}]} as unknown as DocumentNode<FrozenSkillVersionFragment, unknown>;
export const NamedSkillFragmentDoc = {"kind":"Document","definitions":[{"kind":"FragmentDefinition","name":{"kind":"Name","value":"NamedSkill"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Skill"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"deletedAt"}},{"kind":"Field","name":{"kind":"Name","value":"publishedVersion"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"FrozenSkillVersion"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"FrozenSkillVersion"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"SkillVersion"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"runtimeType"}},{"kind":"Field","name":{"kind":"Name","value":"parameterSchema"}},{"kind":"Field","name":{"kind":"Name","value":"outputSchema"}},{"kind":"Field","name":{"kind":"Name","value":"implementation"}},{"kind":"Field","name":{"kind":"Name","value":"skill"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"description"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"deletedAt"}}]}}]}}]} as unknown as DocumentNode<NamedSkillFragment, unknown>;
export const AgentSkillsByIdDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"AgentSkillsById"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"skills"}},"type":{"kind":"NonNullType","type":{"kind":"ListType","type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"_Any"}}}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"_entities"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"representations"},"value":{"kind":"Variable","name":{"kind":"Name","value":"skills"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"InlineFragment","typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Skill"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"deletedAt"}}]}}]}}]}}]} as unknown as DocumentNode<AgentSkillsByIdQuery, AgentSkillsByIdQueryVariables>;
export const RuntimeSkillReferenceDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"RuntimeSkillReference"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"id"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"code"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"versionId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"byId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Boolean"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"byCode"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Boolean"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"byVersion"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"Boolean"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"skill"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"id"}}}],"directives":[{"kind":"Directive","name":{"kind":"Name","value":"include"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"if"},"value":{"kind":"Variable","name":{"kind":"Name","value":"byId"}}}]}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"NamedSkill"}}]}},{"kind":"Field","name":{"kind":"Name","value":"skillByCode"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"code"},"value":{"kind":"Variable","name":{"kind":"Name","value":"code"}}}],"directives":[{"kind":"Directive","name":{"kind":"Name","value":"include"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"if"},"value":{"kind":"Variable","name":{"kind":"Name","value":"byCode"}}}]}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"NamedSkill"}}]}},{"kind":"Field","name":{"kind":"Name","value":"skillVersion"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"id"},"value":{"kind":"Variable","name":{"kind":"Name","value":"versionId"}}}],"directives":[{"kind":"Directive","name":{"kind":"Name","value":"include"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"if"},"value":{"kind":"Variable","name":{"kind":"Name","value":"byVersion"}}}]}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"FrozenSkillVersion"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"FrozenSkillVersion"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"SkillVersion"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"runtimeType"}},{"kind":"Field","name":{"kind":"Name","value":"parameterSchema"}},{"kind":"Field","name":{"kind":"Name","value":"outputSchema"}},{"kind":"Field","name":{"kind":"Name","value":"implementation"}},{"kind":"Field","name":{"kind":"Name","value":"skill"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"description"}},{"kind":"Field","name":{"kind":"Name","value":"status"}},{"kind":"Field","name":{"kind":"Name","value":"deletedAt"}}]}}]}},{"kind":"FragmentDefinition","name":{"kind":"Name","value":"NamedSkill"},"typeCondition":{"kind":"NamedType","name":{"kind":"Name","value":"Skill"}},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"deletedAt"}},{"kind":"Field","name":{"kind":"Name","value":"publishedVersion"},"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"FragmentSpread","name":{"kind":"Name","value":"FrozenSkillVersion"}}]}}]}}]} as unknown as DocumentNode<RuntimeSkillReferenceQuery, RuntimeSkillReferenceQueryVariables>;
export const RuntimeOfferedSkillsDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"RuntimeOfferedSkills"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"input"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"OfferedSkillsInput"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"offeredSkills"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"input"},"value":{"kind":"Variable","name":{"kind":"Name","value":"input"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"id"}},{"kind":"Field","name":{"kind":"Name","value":"code"}},{"kind":"Field","name":{"kind":"Name","value":"name"}},{"kind":"Field","name":{"kind":"Name","value":"description"}},{"kind":"Field","name":{"kind":"Name","value":"installed"}},{"kind":"Field","name":{"kind":"Name","value":"archived"}},{"kind":"Field","name":{"kind":"Name","value":"deleted"}},{"kind":"Field","name":{"kind":"Name","value":"versionId"}},{"kind":"Field","name":{"kind":"Name","value":"runtimeType"}},{"kind":"Field","name":{"kind":"Name","value":"beyond"}},{"kind":"Field","name":{"kind":"Name","value":"parameterSchema"}},{"kind":"Field","name":{"kind":"Name","value":"outputSchema"}},{"kind":"Field","name":{"kind":"Name","value":"implementation"}}]}}]}}]} as unknown as DocumentNode<RuntimeOfferedSkillsQuery, RuntimeOfferedSkillsQueryVariables>;
export const RuntimeSkillFileDocument = {"kind":"Document","definitions":[{"kind":"OperationDefinition","operation":"query","name":{"kind":"Name","value":"RuntimeSkillFile"},"variableDefinitions":[{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"versionId"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"ID"}}}},{"kind":"VariableDefinition","variable":{"kind":"Variable","name":{"kind":"Name","value":"path"}},"type":{"kind":"NonNullType","type":{"kind":"NamedType","name":{"kind":"Name","value":"String"}}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"skillFile"},"arguments":[{"kind":"Argument","name":{"kind":"Name","value":"skillVersionId"},"value":{"kind":"Variable","name":{"kind":"Name","value":"versionId"}}},{"kind":"Argument","name":{"kind":"Name","value":"path"},"value":{"kind":"Variable","name":{"kind":"Name","value":"path"}}}],"selectionSet":{"kind":"SelectionSet","selections":[{"kind":"Field","name":{"kind":"Name","value":"sizeBytes"}},{"kind":"Field","name":{"kind":"Name","value":"isScript"}},{"kind":"Field","name":{"kind":"Name","value":"contentText"}}]}}]}}]} as unknown as DocumentNode<RuntimeSkillFileQuery, RuntimeSkillFileQueryVariables>;