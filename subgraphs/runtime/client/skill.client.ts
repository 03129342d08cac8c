/** Skills, as runs freeze them, and the files of those that are folders. */
import type { RuntimeOfferedSkillsQuery, RuntimeSkillReferenceQuery } from "#codegen/subgraph-clients/skill/graphql.ts";
import { graphql } from "#codegen/subgraph-clients/skill/gql.ts";
import type { SubgraphCaller } from "#shared/endpoint/caller.ts";
import type { RequestInfo } from "#shared/request-info.ts";
import type { SkillPort } from "../nodes/ports/skill.port.ts";
import { requestOf } from "./model.client.ts";

const referenceDocument = graphql(`
  query RuntimeSkillReference($id: ID!, $code: String!, $versionId: ID!, $byId: Boolean!, $byCode: Boolean!, $byVersion: Boolean!) {
    skill(id: $id) @include(if: $byId) {
      ...NamedSkill
    }
    skillByCode(code: $code) @include(if: $byCode) {
      ...NamedSkill
    }
    skillVersion(id: $versionId) @include(if: $byVersion) {
      ...FrozenSkillVersion
    }
  }
  fragment NamedSkill on Skill {
    id
    deletedAt
    publishedVersion {
      ...FrozenSkillVersion
    }
  }
  fragment FrozenSkillVersion on SkillVersion {
    id
    status
    runtimeType
    parameterSchema
    outputSchema
    implementation
    skill {
      id
      code
      name
      description
      status
      deletedAt
    }
  }
`);

/** How a skill is named: by a version of it, else by its id, else by its code. */
export interface SkillReference {
  id?: string | undefined;
  code?: string | undefined;
  versionId?: string | undefined;
}

/** What was found; null where there is nothing of that name. */
export interface SkillFound {
  skill: NonNullable<RuntimeSkillReferenceQuery["skill"]> | null;
  version: SkillVersionFound | null;
}

/** A version, whole. */
export type SkillVersionFound = NonNullable<RuntimeSkillReferenceQuery["skillVersion"]>;

/** Looks up the skill, and the version, that are named. */
export async function findSkill(call: SubgraphCaller, info: RequestInfo, { id, code, versionId }: SkillReference): Promise<SkillFound> {
  const named = { id: id ?? "", code: code ?? "", versionId: versionId ?? "" };
  const asked = { byId: id !== undefined, byCode: id === undefined && code !== undefined, byVersion: versionId !== undefined };
  const found = await call.request({ subgraph: "skill", document: referenceDocument, variables: { ...named, ...asked }, info });
  return { skill: found.skill ?? found.skillByCode ?? null, version: found.skillVersion ?? null };
}

const offeredDocument = graphql(`
  query RuntimeOfferedSkills($input: OfferedSkillsInput!) {
    offeredSkills(input: $input) {
      id
      code
      name
      description
      installed
      archived
      deleted
      versionId
      runtimeType
      beyond
      parameterSchema
      outputSchema
      implementation
    }
  }
`);

/** A place where skills are installed. */
export interface SkillPlace {
  installScope: "TENANT" | "AGENT" | "TEAM" | "APP" | "USER";
  scopeId: string;
}

/** A skill that an agent may use. */
export type OfferedSkillFound = RuntimeOfferedSkillsQuery["offeredSkills"][number];

/** An agent's own skills, and those installed in places, each once, in that order. */
export async function findOfferedSkills(
  call: SubgraphCaller,
  info: RequestInfo,
  input: { skillIds: string[]; places: SkillPlace[] },
): Promise<OfferedSkillFound[]> {
  return (await call.request({ subgraph: "skill", document: offeredDocument, variables: { input }, info })).offeredSkills;
}

const fileDocument = graphql(`
  query RuntimeSkillFile($versionId: ID!, $path: String!) {
    skillFile(skillVersionId: $versionId, path: $path) {
      sizeBytes
      isScript
      contentText
    }
  }
`);

/** The port over whatever reaches the skill subgraph: its schema in this process, or HTTP. */
export function skillClient(call: SubgraphCaller): SkillPort {
  return {
    async file(variables, port) {
      const asked = { subgraph: "skill", document: fileDocument, variables, info: requestOf(port), onBytes: port.arrives } as const;
      const { skillFile: found } = await call.request(asked);
      return found == null ? null : { sizeBytes: found.sizeBytes, isScript: found.isScript, text: found.contentText ?? null };
    },
  };
}
