/**
 * An agent as a plan has it: one composite node, whose node runs are model calls, tool calls and what is remembered. Their paths are `agent/model#5` and, of a
 * call of the fifth turn, `agent/tool#5.0`. All that decides what an agent does is frozen with it, defaults and limits too.
 */
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";

/** The type of the node. */
export const agentType = "agent";

/** Types of the node runs that are an agent's own. */
export const agentPartTypes = {
  model: "agent-model",
  tool: "agent-tool",
  memory: "agent-memory",
  input: "agent-input",
  compact: "agent-compact",
} as const;

/** What decides how an agent goes on. */
export interface AgentRules {
  /** Model calls, at most; those that made the conversation shorter are not counted. */
  maxSteps: number;
  /** Who says so: a text for people, with the key. */
  stepsOf: string;
  /** Memories, or messages of its session, are read before the first model call. */
  reads: boolean;
  /** A memory is written after the last one. */
  writes: boolean;
}

/** A kind of an agent's node runs. */
export interface AgentPart {
  id: keyof typeof agentPartTypes;
  type: string;
  attempts: number;
  /** Before the second attempt; twice as long before each further one. */
  backoffSeconds: number;
  /** Its failure is none of the agent's. */
  isHandled: boolean;
}

/** `limits.steps_of` of the supervisor of a team whose version says how many model calls it has. */
export const teamsSteps = "team" as const;

/** Reads the agent that a node's config has; undefined: it has none. */
export function agentRules({ agent }: JsonObject): AgentRules | undefined {
  if (!isJsonObject(agent)) return undefined;
  const { limits, memory, history } = agent;
  const { max_steps: maxSteps = 8, steps_of: stepsOf } = isJsonObject(limits) ? limits : {};
  const { enabled = false, write_enabled: writes = false } = isJsonObject(memory) ? memory : {};
  const says = stepsOf === teamsSteps ? "max_rounds of its team's version" : "maxSteps of its version";
  return {
    maxSteps: numberOf(maxSteps),
    stepsOf: says,
    reads: enabled === true || history === true,
    writes: enabled === true && writes === true,
  };
}

/** The kinds of its node runs. */
export function agentPartsOf({ agent }: JsonObject): AgentPart[] {
  const limits = isJsonObject(agent) && isJsonObject(agent["limits"]) ? agent["limits"] : {};
  const { model_attempts: attempts = 1, model_backoff_seconds: backoff = 1 } = limits;
  const once = { attempts: 1, backoffSeconds: 1, isHandled: true };
  const { model, tool, memory, input, compact } = agentPartTypes;
  const asked = { attempts: numberOf(attempts), backoffSeconds: numberOf(backoff), isHandled: false };
  return [
    { id: "model", type: model, ...asked },
    { id: "compact", type: compact, ...asked },
    // What becomes of a tool is for the model to judge; and an answer is given whatever becomes of what is remembered.
    { id: "tool", type: tool, ...once },
    { id: "memory", type: memory, ...once },
    { id: "input", type: input, ...once },
  ];
}

function numberOf(value: Json): number {
  return typeof value === "number" ? value : 1;
}
