/** The model calls of an agent as their rows have them. */
import { agentParts } from "../../engine/drivers/agent.driver.ts";
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import type { NodeScope } from "../executor.ts";
import type { ModelRequest } from "../ports/model.port.ts";

/** Outputs of an agent's node runs, by the last segments of their paths. */
export type AgentOutputs = NodeScope["nodes"];

/** A tool that a model call calls. */
export interface ToolCall {
  id: string;
  name: string;
  arguments: Json;
}

/** A model call that was answered. */
export interface Turn {
  /** What it was read from. */
  readonly row: AgentOutputs[string];
  /**
   * Its messages, once all its calls were answered: nothing changes them any more, and each prompt has those of the one before (agent-prompt.ts), until a summary stands for
   * them. They are no longer than the outputs that they are made of.
   */
  told?: readonly ModelRequest["messages"][number][] | undefined;
  /** 1 is the first. */
  number: number;
  text: string;
  calls: ToolCall[];
  /** Why the answer was not taken, for the model. */
  problem: string | undefined;
  /** What its prompt and its answer had. */
  tokens: number;
  /** The conversation was too long for it: characters that its prompt had. */
  compaction: number | undefined;
  /** How many inputs it has seen of those that came since the agent opened. */
  inputs: number;
}

/** By their numbers, those that were read of an agent's outputs: each turn asks for all before it. */
const known = new WeakMap<AgentOutputs, (Turn | undefined)[]>();

/** The turns before a turn, from the first on; those without an output are left out. */
export function turnsBefore(outputs: AgentOutputs, turn: number): Turn[] {
  const turns: Turn[] = [];
  for (let number = 1; number < turn; number++) {
    const one = turnOf(outputs, number);
    if (one !== undefined) turns.push(one);
  }
  return turns;
}

/** One turn, the same object however often it is asked for; undefined: it has no output. */
export function turnOf(outputs: AgentOutputs, turn: number): Turn | undefined {
  const row = outputs[agentParts.model(turn)];
  if (row === undefined) return undefined;
  let turns = known.get(outputs);
  if (turns === undefined) known.set(outputs, (turns = []));
  const before = turns[turn];
  return before?.row === row ? before : (turns[turn] = turnRead(row, turn));
}

function turnRead(row: AgentOutputs[string], turn: number): Turn {
  const output = isJsonObject(row.output) ? row.output : {};
  const { tool_calls: calls, problem, usage, inputs, compaction } = output;
  return {
    row,
    number: turn,
    text: row.text ?? "",
    calls: Array.isArray(calls) ? (calls as unknown as ToolCall[]) : [],
    problem: typeof problem === "string" ? problem : undefined,
    tokens: tokensOf(usage),
    compaction: isJsonObject(compaction) ? numberOf(compaction["characters"]) : undefined,
    inputs: numberOf(inputs),
  };
}

/** What was said to the agent since it opened, in order; of a model call as much as had been said when it began. */
export function inputsOf({ nodes, inputs: most = Infinity }: Pick<NodeScope, "nodes" | "inputs">): string[] {
  const texts: string[] = [];
  while (texts.length < most) {
    const row = nodes[agentParts.input(texts.length + 1)];
    if (row === undefined) break;
    texts.push(row.text ?? "");
  }
  return texts;
}

function tokensOf(usage: Json | undefined): number {
  if (!isJsonObject(usage)) return 0;
  return numberOf(usage["prompt_tokens"]) + numberOf(usage["completion_tokens"]);
}

/** A number of an output; 0 where there is none. */
export function numberOf(value: Json | undefined): number {
  return typeof value === "number" ? value : 0;
}

/** The turn, and the call within it, that a path stands for: `agent/tool#5.0` is the first of the fifth. */
export function placeOf(path: string): { turn: number; call: number } {
  const [, turn = "0", call = "0"] = /#(\d+)(?:\.(\d+))?$/.exec(path) ?? [];
  return { turn: Number(turn), call: Number(call) };
}

/** The node run of the agent that a node run is part of. */
export function agentRunOf(nodeRunId: string): string {
  return nodeRunId.slice(0, nodeRunId.lastIndexOf("/"));
}

/** An output, as an object. */
export function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
