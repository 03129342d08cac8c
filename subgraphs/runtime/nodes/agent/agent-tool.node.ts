import { isDeepStrictEqual } from "node:util";
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { teamRoute } from "../../engine/drivers/team-route.ts";
import { agentToolApproval, unapprovedCall } from "./agent-approval.ts";
import { agentCallOf } from "./agent-call.ts";
import { callFolder } from "./agent-folders.ts";
import { functionsTold, type OfferedFunction } from "./agent-functions.ts";
import type { FrozenAgent } from "./agent-frozen.ts";
import type { ToolCall } from "./agent-turn.ts";
import type { Approval, NodeContext, NodeExecutor, NodeOutcome } from "../executor.ts";
import { otherContext } from "../other-context.ts";
import { completed, failed, orFailureLater, outsideNode } from "../outcome.ts";
import { askedByAgent } from "../skill/skill-approval.ts";
import { callSkill } from "../skill/skill-call.ts";
import { argumentsWanted } from "../team/team-calls.ts";
import { callTool } from "../tool-call.ts";

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
  // One that is refused, or runs out of time, is still shown with its name and arguments, and its model told of those that a person has changed.
  const outcome = await orFailureLater(context, () => callFunction(context, { agent, tool, args: approved ?? args }));
  const isChanged = approved !== undefined && !isDeepStrictEqual(approved, args);
  return counted(agent, withCall({ ...told(call), ...(isChanged && { approved_arguments: approved }) }, outcome));
}

const calledWord = "called";

/** What a skill's model call has used is its team's use, too; of one that failed its handling says so (engine/handling.ts). It is no turn of the team. */
function counted({ team }: FrozenAgent, outcome: NodeOutcome): NodeOutcome {
  if (team === undefined || outcome.kind !== "completed" || outcome.usage === undefined) return outcome;
  return completed({ ...outcome, route: teamRoute(calledWord, { ...outcome.usage, turns: 0 }) });
}

async function callFunction(
  context: NodeContext,
  { agent, tool, args }: { agent: FrozenAgent; tool: OfferedFunction; args: JsonObject },
): Promise<NodeOutcome> {
  if ("folders" in tool) return asBody(await callFolder(context, agent, tool, args));
  if ("skill" in tool) {
    let usage: Json = null;
    const outcome = await callSkill(
      otherContext(context, { approval: toolsApproval(context) }),
      tool.skill,
      args,
      (used) => (usage = used),
    );
    return askedByAgent(asBody(outcome, usage), { name: tool.name, args });
  }
  const target = { toolBindingId: tool.tool_binding_id, toolVersionId: tool.tool_version_id };
  return callTool(context, { ...target, arguments: args, config: {} }, tool.name);
}

/** What a person has changed are the skill's arguments, which those of its tool are made of; where they changed nothing, its tool's are those that they saw. */
function toolsApproval({ approval }: NodeContext): Approval | undefined {
  if (approval === undefined) return undefined;
  const { decision, called, request } = approval;
  return { decision, ...(called !== undefined && { arguments: called, ...(request !== undefined && { request }) }) };
}

/** What a skill gave is its result as it is, in the place of what a tool answers; what its model call used counts among what the agent may use. */
function asBody(outcome: NodeOutcome, usage: Json = null): NodeOutcome {
  if (outcome.kind !== "completed" && outcome.kind !== "failed") return outcome;
  const { outputJson } = outcome;
  const isDry = isJsonObject(outputJson) && outputJson["dry_run"] === true;
  if (isDry || (outputJson === undefined && usage === null)) return outcome;
  return { ...outcome, outputJson: { body: outputJson ?? null, ...(usage !== null && { usage }) } };
}

function tooMany({ limits }: FrozenAgent, call: ToolCall): NodeOutcome {
  const message = `Of one turn ${limits.calls} calls are made, and this one was not. Make it in your next turn, if it is still needed.`;
  return failed({ code: "AGENT_TOO_MANY_CALLS", message, outputJson: told(call) });
}

function unknownTool(agent: FrozenAgent, call: ToolCall): NodeOutcome {
  const wanted = argumentsWanted(agent, call);
  if (wanted !== undefined) {
    const message = `The arguments of ${call.name} do not fit: give ${wanted}.`;
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
  const usage = isJsonObject(outputJson) && outputJson["usage"] !== undefined ? { usage: outputJson["usage"] } : {};
  const output = { ...call, ...(isDry ? { dry_run: true } : { result: body ?? outcome.outputText ?? null, status, ...usage }) };
  return outcome.kind === "completed" ? completed({ ...outcome, outputJson: output }) : { ...outcome, outputJson: output };
}
