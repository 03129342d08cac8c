/** Agents, as runs freeze them. */
import type { RuntimeAgentReferenceQuery } from "#codegen/subgraph-clients/agent/graphql.ts";
import { graphql } from "#codegen/subgraph-clients/agent/gql.ts";
import type { SubgraphCaller } from "#shared/endpoint/caller.ts";
import type { RequestInfo } from "#shared/request-info.ts";

const referenceDocument = graphql(`
  query RuntimeAgentReference($id: ID!, $code: String!, $versionId: ID!, $byId: Boolean!, $byCode: Boolean!, $byVersion: Boolean!) {
    agent(id: $id) @include(if: $byId) {
      ...NamedAgent
    }
    agentByCode(code: $code) @include(if: $byCode) {
      ...NamedAgent
    }
    agentVersion(id: $versionId) @include(if: $byVersion) {
      ...FrozenAgentVersion
    }
  }
  fragment NamedAgent on Agent {
    id
    deletedAt
    publishedVersion {
      ...FrozenAgentVersion
    }
  }
  fragment FrozenAgentVersion on AgentVersion {
    id
    status
    role
    goal
    systemPrompt
    model
    modelConfig
    maxSteps
    memoryPolicy {
      enabled
      memoryScope
      readTopK
      writeEnabled
      config
    }
    tools {
      id
    }
    agent {
      id
      deletedAt
    }
  }
`);

const publishedBefore = graphql(`
  query RuntimeAgentPublishedBefore($id: ID!) {
    agent(id: $id) {
      versions(first: 100) {
        nodes {
          id
          publishedAt
        }
      }
    }
  }
`);

/** The version that was published last, though it is archived now; undefined: none of the newest hundred ever was. */
export async function lastPublishedVersion(call: SubgraphCaller, info: RequestInfo, id: string): Promise<string | undefined> {
  const { agent } = await call.request({ subgraph: "agent", document: publishedBefore, variables: { id }, info });
  const published = agent?.versions.nodes.filter(({ publishedAt }) => publishedAt != null) ?? [];
  return published.toSorted((one, other) => Date.parse(other.publishedAt ?? "") - Date.parse(one.publishedAt ?? ""))[0]?.id;
}

/** How an agent is named: by a version of it, else by its id, else by its code. */
export interface AgentReference {
  id?: string | undefined;
  code?: string | undefined;
  versionId?: string | undefined;
}

/** What was found; null where there is nothing of that name. */
export interface AgentFound {
  agent: NonNullable<RuntimeAgentReferenceQuery["agent"]> | null;
  version: AgentVersionFound | null;
}

/** A version, whole. */
export type AgentVersionFound = NonNullable<RuntimeAgentReferenceQuery["agentVersion"]>;

/** Looks up the agent, and the version, that are named. */
export async function findAgent(call: SubgraphCaller, info: RequestInfo, { id, code, versionId }: AgentReference): Promise<AgentFound> {
  const named = { id: id ?? "", code: code ?? "", versionId: versionId ?? "" };
  const asked = { byId: id !== undefined, byCode: id === undefined && code !== undefined, byVersion: versionId !== undefined };
  const found = await call.request({ subgraph: "agent", document: referenceDocument, variables: { ...named, ...asked }, info });
  return { agent: found.agent ?? found.agentByCode ?? null, version: found.agentVersion ?? null };
}
