/** The tool subgraph as tool nodes call it. */
import type { RuntimeOfferedToolsQuery, RuntimeToolReferenceQuery } from "#codegen/subgraph-clients/tool/graphql.ts";
import { graphql } from "#codegen/subgraph-clients/tool/gql.ts";
import type { SubgraphCaller } from "#shared/endpoint/caller.ts";
import type { JsonObject } from "#shared/json.ts";
import type { RequestInfo } from "#shared/request-info.ts";
import { requestOf } from "./model.client.ts";
import type { ToolPort, ToolResponse } from "../nodes/ports/tool.port.ts";

const invokeDocument = graphql(`
  mutation RuntimeInvokeTool($input: InvokeToolInput!) {
    invokeTool(input: $input) {
      ok
      status
      outputText
      outputJson
      numbersAsText
      headers
      durationMs
      errorCode
      errorMessage
      resolved
    }
  }
`);

/** The port over whatever reaches the tool subgraph: its schema in this process, or HTTP. */
export function toolClient(call: SubgraphCaller): ToolPort {
  return {
    async invoke(request, port) {
      const variables = { input: { ...request, idempotencyKey: port.idempotencyKey } };
      const data = await call.request({
        subgraph: "tool",
        document: invokeDocument,
        variables,
        info: requestOf(port),
        onBytes: port.arrives,
      });
      // The schema says JSON where the port says Json.
      return data.invokeTool as ToolResponse;
    },
  };
}

const referenceDocument = graphql(`
  query RuntimeToolReference(
    $toolId: ID!
    $toolCode: String!
    $toolBindingId: ID!
    $toolVersionId: ID!
    $byTool: Boolean!
    $byCode: Boolean!
    $byBinding: Boolean!
    $byVersion: Boolean!
  ) {
    tool(id: $toolId) @include(if: $byTool) {
      ...FrozenTool
    }
    toolByCode(code: $toolCode) @include(if: $byCode) {
      ...FrozenTool
    }
    toolBinding(id: $toolBindingId) @include(if: $byBinding) {
      id
      deletedAt
      config
      tool {
        ...FrozenTool
      }
      toolVersion {
        id
      }
    }
    toolVersion(id: $toolVersionId) @include(if: $byVersion) {
      tool {
        code
      }
    }
  }
  fragment FrozenTool on Tool {
    id
    code
    status
    deletedAt
    latestVersion {
      id
    }
  }
`);

/** A tool, as far as freezing a call of it needs to know it. */
export type ToolFound = NonNullable<RuntimeToolReferenceQuery["tool"]>;

/** What a tool node names: a binding, else a version, else a tool by its id, else one by its code. */
export type ToolReference = { toolBindingId: string } | { toolVersionId: string } | { toolId: string } | { toolCode: string };

/** Looks up what a tool node refers to. */
export function findToolReference(call: SubgraphCaller, info: RequestInfo, reference: ToolReference): Promise<RuntimeToolReferenceQuery> {
  const variables = {
    toolBindingId: "",
    toolId: "",
    toolCode: "",
    toolVersionId: "",
    ...reference,
    byBinding: "toolBindingId" in reference,
    byVersion: "toolVersionId" in reference,
    byTool: "toolId" in reference,
    byCode: "toolCode" in reference,
  };
  return call.request({ subgraph: "tool", document: referenceDocument, variables, info });
}

const offeredDocument = graphql(`
  query RuntimeOfferedTools($input: OfferedToolsInput!) {
    offeredTools(input: $input) {
      id
      deleted
      requiresApproval
      tool {
        id
        code
        name
        description
        status
        deleted
      }
      version {
        id
        inputSchema
      }
    }
  }
`);

/** A binding, as far as a model that may call it needs to know it. */
export type BindingFound = RuntimeOfferedToolsQuery["offeredTools"][number];

/** The bindings of those ids that there are, in their order. */
export async function findBindings(call: SubgraphCaller, info: RequestInfo, ids: readonly string[]): Promise<BindingFound[]> {
  if (ids.length === 0) return [];
  const variables = { input: { bindingIds: [...ids] } };
  return (await call.request({ subgraph: "tool", document: offeredDocument, variables, info })).offeredTools;
}

const inputSchemaDocument = graphql(`
  query RuntimeToolInputSchema($id: ID!) {
    toolVersion(id: $id) {
      inputSchema
    }
  }
`);

/** The JSON Schema of what a tool's version is called with; null where there is no such version. */
export async function toolInputSchema(call: SubgraphCaller, info: RequestInfo, id: string): Promise<JsonObject | null> {
  const { toolVersion } = await call.request({ subgraph: "tool", document: inputSchemaDocument, variables: { id }, info });
  return (toolVersion?.inputSchema as JsonObject | undefined) ?? null;
}
