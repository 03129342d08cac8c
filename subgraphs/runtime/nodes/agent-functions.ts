/**
 * What an agent's model may call: one list, in the order of the version, so that a provider's cache of prompts sees the same bytes. Whatever becomes callable stands
 * here, and is executed by agent-tool.node.ts.
 */
import type { FrozenAgent } from "./agent-frozen.ts";
import type { ModelRequest } from "./ports/model.port.ts";
import { teamFunctions } from "./team-calls.ts";

/** A function that a model may call, and what is called by it. */
export type OfferedFunction = FrozenAgent["tools"][number];

/** Those that are executed as tools. */
export function functionsOffered({ tools }: FrozenAgent): readonly OfferedFunction[] {
  return tools;
}

/** The function of a name; undefined: the agent has none. */
export function functionNamed(agent: FrozenAgent, name: string): OfferedFunction | undefined {
  return functionsOffered(agent).find((offered) => offered.name === name);
}

/** The list as a model is asked with it, with what its team gives it; undefined: it may call nothing. */
export function functionsTold(agent: FrozenAgent): ModelRequest["tools"] {
  const functions = [...functionsOffered(agent), ...teamFunctions(agent)];
  if (functions.length === 0) return undefined;
  return functions.map(({ name, description, parameters }) => ({ name, ...(description !== undefined && { description }), parameters }));
}
