/** The tool subgraph as tool nodes call it. */
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { parse } from "graphql";
import type { SubgraphCaller } from "#shared/caller.ts";
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
