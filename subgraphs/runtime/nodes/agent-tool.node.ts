import { isDeepStrictEqual } from "node:util";
import { isJsonObject, type JsonObject } from "#shared/json.ts";
import { agentToolApproval, unapprovedCall } from "./agent-approval.ts";
import { agentCallOf } from "./agent-call.ts";
import { functionsTold } from "./agent-functions.ts";
import type { FrozenAgent } from "./agent-frozen.ts";
import type { ToolCall } from "./agent-turn.ts";
import type { NodeContext, NodeExecutor, NodeOutcome } from "./executor.ts";
import { completed, failed, outsideNode } from "./outcome.ts";
import { callTool } from "./tool-call.ts";

/**
 * One tool call of an agent's turn. Whatever comes of it goes to the model: output_json is `{ name, arguments, result, status }`, result being the tool's answer, and
 * `approved_arguments` where a person changed them; a call that is wrong, fails, or is rejected, fails this node run alone.
 */
export const agentToolNode: NodeExecutor = { ...outsideNode(callAsked), ask: agentToolApproval };

async function callAsked(context: NodeContext): Promise<NodeOutcome> {
  const { agent, call, tool, args, isBeyond } = agentCallOf(context);
  if (isBeyond) return tooMany(agent, call);
  if (tool === undefined) return unknownTool(agent, call);
  if (args === undefined) {
    const message = `The arguments of ${call.name} are no JSON object; give an object that fits its parameters.`;
    return failed({ code: "TOOL_ARGUMENTS_INVALID", message, outputJson: told(call) });
  }
  const asked = await unapprovedCall(context);
  if (asked !== undefined) return asked;
  const approved = tool.requires_approval === undefined ? undefined : context.approval?.arguments;
  const target = { toolBindingId: tool.tool_binding_id, toolVersionId: tool.tool_version_id };
  const outcome = await callTool(context, { ...target, arguments: approved ?? args, config: {} }, tool.name);
  const isChanged = approved !== undefined && !isDeepStrictEqual(approved, args);
  return withCall({ ...told(call), ...(isChanged && { approved_arguments: approved }) }, outcome);
}

function tooMany({ limits }: FrozenAgent, call: ToolCall): NodeOutcome {
  const message = `Of one turn ${limits.calls} calls are made, and this one was not. Make it in your next turn, if it is still needed.`;
  return failed({ code: "AGENT_TOO_MANY_CALLS", message, outputJson: told(call) });
}

function unknownTool(agent: FrozenAgent, call: ToolCall): NodeOutcome {
  const { ask } = agent.team ?? {};
  if (ask !== undefined && call.name === ask.name) {
    const members = ask.members.map(({ key }) => key).join(", ");
    const message = `The arguments of ${call.name} do not fit: give member, which is one of ${members}, and task, a text that says what it is to do.`;
    return failed({ code: "TOOL_ARGUMENTS_INVALID", message, outputJson: told(call) });
  }
  const known = (functionsTold(agent) ?? []).map(({ name }) => name).join(", ");
  const message = `There is no tool ${call.name.slice(0, 80)}; ${known === "" ? "there are none" : `the tools are ${known}`}.`;
  return failed({ code: "AGENT_TOOL_UNKNOWN", message, outputJson: told(call) });
}

function told({ name, arguments: args }: ToolCall): JsonObject {
  return { name, arguments: args };
}

/** The tool's answer beside the call that it is the answer of. */
function withCall(call: JsonObject, outcome: NodeOutcome): NodeOutcome {
  if (outcome.kind !== "completed" && outcome.kind !== "failed") return outcome;
  const { outputJson } = outcome;
  const body = isJsonObject(outputJson) ? (outputJson["body"] ?? null) : null;
  const status = isJsonObject(outputJson) ? (outputJson["status"] ?? null) : null;
  const isDry = isJsonObject(outputJson) && outputJson["dry_run"] === true;
  const output = { ...call, ...(isDry ? { dry_run: true } : { result: body ?? outcome.outputText ?? null, status }) };
  return outcome.kind === "completed" ? completed({ ...outcome, outputJson: output }) : { ...outcome, outputJson: output };
}
