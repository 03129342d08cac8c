/** Teams, as runs freeze them. */
import type { RuntimeTeamReferenceQuery } from "#codegen/subgraph-clients/team/graphql.ts";
import { graphql } from "#codegen/subgraph-clients/team/gql.ts";
import type { SubgraphCaller } from "#shared/endpoint/caller.ts";
import type { RequestInfo } from "#shared/request-info.ts";

const referenceDocument = graphql(`
  query RuntimeTeamReference($id: ID!, $code: String!, $versionId: ID!, $byId: Boolean!, $byCode: Boolean!, $byVersion: Boolean!) {
    team(id: $id) @include(if: $byId) {
      ...NamedTeam
    }
    teamByCode(code: $code) @include(if: $byCode) {
      ...NamedTeam
    }
    teamVersion(id: $versionId) @include(if: $byVersion) {
      ...FrozenTeamVersion
    }
  }
  fragment NamedTeam on Team {
    id
    deletedAt
    publishedVersion {
      ...FrozenTeamVersion
    }
  }
  fragment FrozenTeamVersion on TeamVersion {
    id
    status
    coordinationMode
    objective
    config
    members {
      memberKey
      agentId
      role
      responsibility
    }
    team {
      id
      name
      deletedAt
    }
  }
`);

/** How a team is named: by a version of it, else by its id, else by its code. */
export interface TeamReference {
  id?: string | undefined;
  code?: string | undefined;
  versionId?: string | undefined;
}

/** What was found; null where there is nothing of that name. */
export interface TeamFound {
  team: NonNullable<RuntimeTeamReferenceQuery["team"]> | null;
  version: TeamVersionFound | null;
}

/** A version, whole. */
export type TeamVersionFound = NonNullable<RuntimeTeamReferenceQuery["teamVersion"]>;

/** Looks up the team, and the version, that are named. */
export async function findTeam(call: SubgraphCaller, info: RequestInfo, { id, code, versionId }: TeamReference): Promise<TeamFound> {
  const named = { id: id ?? "", code: code ?? "", versionId: versionId ?? "" };
  const asked = { byId: id !== undefined, byCode: id === undefined && code !== undefined, byVersion: versionId !== undefined };
  const found = await call.request({ subgraph: "team", document: referenceDocument, variables: { ...named, ...asked }, info });
  return { team: found.team ?? found.teamByCode ?? null, version: found.teamVersion ?? null };
}
