/** One call of a tool by a node, traced. */
import { databaseNowMs } from "#shared/database-time.ts";
import { shownRequestConfig } from "#shared/secret/credentials.ts";
import type { NodeContext, NodeOutcome } from "./executor.ts";
import { httpRetry } from "./http/http-retry.ts";
import { completed, failed, noted } from "./outcome.ts";
import type { ToolRequest, ToolResponse } from "./ports/tool.port.ts";
import { portCall, traced } from "./traced.ts";

/** Makes a call through the tool subgraph; in a dry run says what it would have been. @param target  what its span calls it. @throws AppError of the tool subgraph */
export async function callTool(
  context: NodeContext,
  request: ToolRequest,
  target = request.toolBindingId ?? request.toolId ?? "http",
): Promise<NodeOutcome> {
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
      httpRetry({ status: response.status ?? 0, headers: response.headers }, databaseNowMs())),
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
