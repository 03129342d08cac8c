import { httpRequestConfig } from "#shared/dsl/configs.ts";
import { rendered } from "../evaluation/evaluation.ts";
import { failed, outsideNode } from "../outcome.ts";
import { callTool } from "../tool-call.ts";

const methods: readonly string[] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/**
 * `http-request`: calls a URL, all of which may be templates. It is a tool's call without a tool: through the tool subgraph, by its rules of egress, its bounds and with the
 * same Idempotency-Key; its output is that of a tool node.
 */
export const httpRequestNode = outsideNode(async (context) => {
  const { method: given, ...config } = httpRequestConfig.parse(await rendered(context, "http-request"));
  const method = given.trim().toUpperCase();
  if (methods.includes(method)) return callTool(context, { config: { ...config, method } });
  const message = `config.method gives ${JSON.stringify(given).slice(0, 80)}; give one of ${methods.join(", ")}.`;
  return failed({ code: "NODE_CONFIG_INVALID", message });
});
