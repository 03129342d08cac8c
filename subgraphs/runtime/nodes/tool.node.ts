import { shownRequestConfig } from "#shared/secret/credentials.ts";
import { toolConfig } from "#shared/dsl/configs.ts";
import { AppError } from "#shared/errors.ts";
import type { JsonObject } from "#shared/json.ts";
import { rendered } from "./evaluation.ts";
import { approvedConfig, toolApproval } from "./approval.ts";
import type { NodeContext, NodeExecutor, NodeOutcome } from "./executor.ts";
import { httpRetry } from "./http-retry.ts";
import { completed, failed, noted, outsideNode } from "./outcome.ts";
import type { ToolRequest, ToolResponse } from "./ports/tool.port.ts";
import { portCall, traced } from "./traced.ts";

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

/** Makes a call through the tool subgraph; in a dry run says what it would have been. */
export async function callTool(context: NodeContext, request: ToolRequest): Promise<NodeOutcome> {
  const target = request.toolBindingId ?? request.toolId ?? "http";
  if (context.dryRun)
    return completed({
      outputText: "[dry run]",
      outputJson: { dry_run: true, request: { ...request, config: shownRequestConfig(request.config) } },
    });
  const attributes = { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": target };
  const call = { spanType: "TOOL", name: `execute_tool ${target}`, attributes } as const;
  await context.entered();
  const response = await traced(context, call, (span) => context.ports.tool.invoke(request, portCall(context, span)), spanEnd);
  return outcomeOf(response);
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

function outcomeOf(response: ToolResponse): NodeOutcome {
  const outputText = response.outputText ?? undefined;
  const outputJson = {
    tool: response.resolved,
    ok: response.ok,
    status: response.status,
    headers: response.headers,
    body: response.outputJson ?? outputText ?? null,
    duration_ms: response.durationMs,
  };
  const places = response.numbersAsText.map((place) => (place === "" ? "body" : `body.${place}`));
  const notes = noted(places.length === 0 ? {} : { numbers_as_text: places });
  if (response.ok) return completed({ ...(outputText === undefined ? {} : { outputText }), outputJson, ...notes });
  return failed({
    code: response.errorCode ?? "TOOL_HTTP_ERROR",
    message: response.errorMessage ?? `The tool answered with status ${response.status}.`,
    // A call that was answered with a redirect is done; only the page that shows its result has failed.
    ...(response.resolved["redirected_by"] === undefined &&
      httpRetry({ status: response.status ?? 0, headers: response.headers }, Date.now())),
    outputJson,
    ...notes,
  });
}

function spanEnd(response: ToolResponse) {
  const { tool_code, tool_version_id, method } = response.resolved;
  const attributes = { "http.response.status_code": response.status, tool_code, tool_version_id, "http.request.method": method };
  if (response.ok) return { attributes };
  return {
    attributes,
    errorCode: response.errorCode ?? "TOOL_HTTP_ERROR",
    errorMessage: response.errorMessage ?? `HTTP ${response.status}`,
  };
}
