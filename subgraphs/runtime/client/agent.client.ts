/** Agents, as runs freeze them. */
import type { RuntimeAskedAgentQuery } from "#codegen/subgraph-clients/agent/graphql.ts";
import { graphql } from "#codegen/subgraph-clients/agent/gql.ts";
import type { SubgraphCaller } from "#shared/endpoint/caller.ts";
import type { RequestInfo } from "#shared/request-info.ts";

const askedDocument = graphql(`
  query RuntimeAskedAgent($id: ID, $code: String, $versionId: ID) {
    askedAgent(id: $id, code: $code, versionId: $versionId) {
      id
      deleted
      version {
        id
        agentId
        agentDeleted
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
        toolBindingIds
        skillIds
      }
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

/** The agent that is named by its id or code, and a version: that which is named, else the published one. Each is null where there is none. */
export type AgentFound = RuntimeAskedAgentQuery["askedAgent"];

/** A version, whole. */
export type AgentVersionFound = NonNullable<AgentFound["version"]>;

/** Looks up the agent, and the version, that are named. */
export async function findAgent(call: SubgraphCaller, info: RequestInfo, reference: AgentReference): Promise<AgentFound> {
  const { id = null, code = null, versionId = null } = reference;
  const variables = { id, code: id === null ? code : null, versionId };
  return (await call.request({ subgraph: "agent", document: askedDocument, variables, info })).askedAgent;
}
