/** The tool call that a part of an agent's work stands for, as its model made it. */
import { isJsonObject, type JsonObject } from "#shared/json.ts";
import { agentOf, type FrozenAgent } from "./agent-frozen.ts";
import { functionNamed, type OfferedFunction } from "./agent-functions.ts";
import { placeOf, turnOf, type ToolCall } from "./agent-turn.ts";
import type { NodeContext } from "../executor.ts";

/** A call, and what of it is known to be right. */
export interface AgentCall {
  agent: FrozenAgent;
  call: ToolCall;
  /** undefined: the agent has none of that name. */
  tool: OfferedFunction | undefined;
  /** Its turn has as many before it as one turn may make. */
  isBeyond: boolean;
  /** undefined: they are no object. */
  args: JsonObject | undefined;
}

/** Reads the call of a node run. */
export function agentCallOf({ config, nodeRunId, scope }: Pick<NodeContext, "config" | "nodeRunId" | "scope">): AgentCall {
  const agent = agentOf(config);
  const { turn, call: place } = placeOf(nodeRunId);
  const call = turnOf(scope.nodes, turn)?.calls[place];
  if (call === undefined) throw new Error(`the turn ${turn} has no call ${place}`);
  const args = call.arguments ?? {};
  const isBeyond = place >= agent.limits.calls;
  return { agent, call, tool: functionNamed(agent, call.name), isBeyond, args: isJsonObject(args) ? args : undefined };
}
