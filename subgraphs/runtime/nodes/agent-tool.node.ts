import { isJsonObject, type JsonObject } from "#shared/json.ts";
import { agentOf, type FrozenAgent } from "./agent-frozen.ts";
import { placeOf, turnOf, type ToolCall } from "./agent-turn.ts";
import type { NodeOutcome } from "./executor.ts";
import { completed, failed, outsideNode } from "./outcome.ts";
import { callTool } from "./tool-call.ts";

/**
 * One tool call of an agent's turn. Whatever comes of it goes to the model: output_json is `{ name, arguments, result }`, result being the tool's answer; a
 * call that is wrong, or fails, fails this node run alone.
 */
export const agentToolNode = outsideNode(async (context) => {
  const agent = agentOf(context.config);
  const { turn, call: place } = placeOf(context.nodeRunId);
  const call = turnOf(context.scope.nodes, turn)?.calls[place];
  if (call === undefined) throw new Error(`the turn ${turn} has no call ${place}`);
  const tool = agent.tools.find(({ name }) => name === call.name);
  if (tool === undefined) return unknownTool(agent, call);
  const args = call.arguments ?? {};
  if (!isJsonObject(args)) {
    const message = `The arguments of ${call.name} are no JSON object; give an object that fits its parameters.`;
    return failed({ code: "TOOL_ARGUMENTS_INVALID", message, outputJson: told(call) });
  }
  const request = { toolBindingId: tool.tool_binding_id, toolVersionId: tool.tool_version_id, arguments: args, config: {} };
  const outcome = await callTool(context, request, tool.name);
  return withCall(call, outcome);
});

function unknownTool({ tools }: FrozenAgent, call: ToolCall): NodeOutcome {
  const known = tools.map(({ name }) => name).join(", ");
  const message = `There is no tool ${call.name.slice(0, 80)}; ${known === "" ? "there are none" : `the tools are ${known}`}.`;
  return failed({ code: "AGENT_TOOL_UNKNOWN", message, outputJson: told(call) });
}

function told({ name, arguments: args }: ToolCall): JsonObject {
  return { name, arguments: args };
}

/** The tool's answer beside the call that it is the answer of. */
function withCall(call: ToolCall, outcome: NodeOutcome): NodeOutcome {
  if (outcome.kind !== "completed" && outcome.kind !== "failed") return outcome;
  const { outputJson } = outcome;
  const body = isJsonObject(outputJson) ? (outputJson["body"] ?? null) : null;
  const status = isJsonObject(outputJson) ? (outputJson["status"] ?? null) : null;
  const isDry = isJsonObject(outputJson) && outputJson["dry_run"] === true;
  const output = { ...told(call), ...(isDry ? { dry_run: true } : { result: body ?? outcome.outputText ?? null, status }) };
  return outcome.kind === "completed" ? completed({ ...outcome, outputJson: output }) : { ...outcome, outputJson: output };
}
