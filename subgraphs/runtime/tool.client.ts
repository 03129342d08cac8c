/** The tool subgraph as tool nodes call it. */
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { parse } from "graphql";
import type { SubgraphCaller } from "#shared/caller.ts";
import type { RequestInfo } from "#shared/request-info.ts";
import { requestOf } from "./model.client.ts";
import type { ToolPort, ToolRequest, ToolResponse } from "./nodes/ports/tool.port.ts";

interface InvokeData {
  invokeTool: ToolResponse;
}

const invokeDocument: TypedDocumentNode<InvokeData, { input: ToolRequest & { idempotencyKey: string } }> = parse(`
  mutation RuntimeInvokeTool($input: InvokeToolInput!) {
    invokeTool(input: $input) { ok status outputText outputJson headers durationMs errorCode errorMessage resolved }
  }
`);

/** The port over whatever reaches the tool subgraph: its schema in this process, or HTTP. */
export function toolClient(call: SubgraphCaller): ToolPort {
  return {
    async invoke(request, port) {
      const variables = { input: { ...request, idempotencyKey: port.idempotencyKey } };
      const data = await call.request({ subgraph: "tool", document: invokeDocument, variables, info: requestOf(port) });
      return data.invokeTool;
    },
  };
}

/** A tool, as far as freezing a call of it needs to know it. */
export interface ToolFound {
  id: string;
  status: "ACTIVE" | "ARCHIVED";
  deletedAt: string | null;
  latestVersion: { id: string } | null;
}

/** What a tool node refers to. A field is missing when it was not asked for, null when there is no such thing. */
export interface ToolReferenceFound {
  tool?: ToolFound | null;
  toolBinding?: { id: string; deletedAt: string | null; tool: ToolFound; toolVersion: { id: string } | null } | null;
}

const toolFields = "id status deletedAt latestVersion { id }";
const referenceDocument = parse(`query ToolReference($toolId: ID!, $toolBindingId: ID!, $byTool: Boolean!, $byBinding: Boolean!) {
  tool(id: $toolId) @include(if: $byTool) { ${toolFields} }
  toolBinding(id: $toolBindingId) @include(if: $byBinding) { id deletedAt tool { ${toolFields} } toolVersion { id } }
}`) as TypedDocumentNode<ToolReferenceFound, { toolId: string; toolBindingId: string; byTool: boolean; byBinding: boolean }>;

/** Looks up what a tool node refers to: its binding, or without one its tool. */
export function findToolReference(
  call: SubgraphCaller,
  info: RequestInfo,
  { toolId, toolBindingId }: { toolId?: string | undefined; toolBindingId?: string | undefined },
): Promise<ToolReferenceFound> {
  const byBinding = toolBindingId !== undefined;
  const variables = { toolId: toolId ?? "", toolBindingId: toolBindingId ?? "", byBinding, byTool: !byBinding };
  return call.request({ subgraph: "tool", document: referenceDocument, variables, info });
}
