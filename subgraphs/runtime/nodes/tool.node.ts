import { toolConfig } from "#shared/dsl/configs.ts";
import { AppError } from "#shared/errors.ts";
import type { JsonObject } from "#shared/json.ts";
import { rendered } from "./evaluation.ts";
import { outsideNode } from "./outcome.ts";
import type { ToolRequest } from "./ports/tool.port.ts";
import { callTool } from "./tool-call.ts";

/**
 * `tool`: calls a tool through the tool subgraph, which resolves URL, method, headers and secrets (S-89 to S-95). output_json is
 * `{ tool, ok, status, headers, body, duration_ms }`, `tool` being what was resolved (S-55); output_text is a body that is text.
 */
export const toolNode = outsideNode(async (context) => {
  const request = requestOf(await rendered(context, "tool"));
  return callTool(context, request, request.toolBindingId ?? request.toolId ?? "http");
});

function requestOf(rendered: JsonObject): ToolRequest {
  const { tool_binding_id, tool_id, tool_version_id, tool_code, arguments: args, ...config } = toolConfig.parse(rendered);
  if (tool_code && !tool_binding_id && !tool_id && !tool_version_id) {
    // The plan names tools by id; by code they could become others while the run goes on.
    throw new AppError("NOT_FOUND", "TOOL_NOT_RESOLVED", `No tool ${tool_code} was found when the run was created.`, { tool_code });
  }
  return {
    ...(tool_binding_id ? { toolBindingId: tool_binding_id } : {}),
    ...(tool_id ? { toolId: tool_id } : {}),
    ...(tool_version_id ? { toolVersionId: tool_version_id } : {}),
    ...(args ? { arguments: args } : {}),
    config,
  };
}
