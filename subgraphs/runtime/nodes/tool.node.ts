import { toolConfig } from "#shared/dsl/configs.ts";
import { AppError } from "#shared/errors.ts";
import type { JsonObject } from "#shared/json.ts";
import { rendered } from "./evaluation/evaluation.ts";
import { approvedConfig, toolApproval } from "./people/approval.ts";
import type { NodeContext, NodeExecutor, NodeOutcome } from "./executor.ts";
import { outsideNode } from "./outcome.ts";
import type { ToolRequest } from "./ports/tool.port.ts";
import { callTool } from "./tool-call.ts";

/**
 * `tool`: calls a tool through the tool subgraph, which resolves URL, method, headers and secrets (S-89 to S-95). output_json is
 * `{ tool, ok, status, headers, body, duration_ms }`, `tool` being what was resolved (S-55); output_text is a body that is text.
 */
export const toolNode: NodeExecutor = {
  ...outsideNode(async (context) => {
    const asked = await unapproved(context);
    return asked ?? callTool(context, requestOf(approvedConfig(await rendered(context, "tool"), context.approval)));
  }),
  ask: toolApproval,
};

/** The question of a call that nobody has approved of. Asked before it came here; but whoever comes without having asked calls nothing. */
async function unapproved(context: NodeContext): Promise<NodeOutcome | undefined> {
  const { approval, dryRun, config } = context;
  if (approval?.decision === "APPROVE" || dryRun || !toolApproval.isNeeded(config)) return undefined;
  const asked = await toolApproval.run(context);
  return asked.kind === "allowed" ? undefined : asked;
}

function requestOf(rendered: JsonObject): ToolRequest {
  const { tool_binding_id, tool_id, tool_version_id, tool_code, arguments: args, ...rest } = toolConfig.parse(rendered);
  const { requires_approval: _policy, assignees: _assignees, wait_seconds: _wait, ...config } = rest;
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
