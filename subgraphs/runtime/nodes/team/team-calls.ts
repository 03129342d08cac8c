/** What the model of a member of a team calls that is no tool: it asks another member, or says that the work is done. */
import { isJsonObject, type JsonObject } from "#shared/json.ts";
import type { FrozenAgent } from "../agent/agent-frozen.ts";
import type { ToolCall, Turn } from "../agent/agent-turn.ts";

/** A function as a model is offered it. */
interface TeamFunction {
  name: string;
  description?: string | undefined;
  parameters: JsonObject;
}

/** What its team gives an agent's model to call. */
export function teamFunctions({ team }: Pick<FrozenAgent, "team">): TeamFunction[] {
  return [team?.ask ?? [], team?.conclude ?? []].flat();
}

/** What a call asks of a member; undefined: it asks none, or not as its schema says. */
export function askOf({ team }: Pick<FrozenAgent, "team">, call: ToolCall): { member: string; place: number; task: string } | undefined {
  if (call.name !== team?.ask?.name || !isJsonObject(call.arguments)) return undefined;
  const { member, task } = call.arguments;
  const asked = team.ask.members.find(({ key }) => key === member);
  if (asked === undefined || typeof task !== "string" || task.trim() === "") return undefined;
  return { member: asked.key, place: asked.place, task };
}

/** By the places of the calls of a turn, those of the members that they ask. */
export function asksOf(agent: FrozenAgent, calls: readonly ToolCall[]): ReadonlyMap<number, number> {
  // Of calls beyond what a turn may have nobody is asked: their node runs say so.
  const asks = calls.slice(0, agent.limits.calls).map((call) => askOf(agent, call)?.place);
  return new Map(asks.flatMap((place, call) => (place === undefined ? [] : [[call, place] as const])));
}

/** What the agent is done with, where it says so: in a call, or beside one that has no answer. undefined: it goes on, and of calls without an answer it is told. */
export function conclusionOf({ team }: FrozenAgent, calls: readonly ToolCall[], said: string): string | undefined {
  const conclusions = calls.filter(({ name }) => name === team?.conclude?.name);
  if (conclusions.length === 0) return undefined;
  const answers = conclusions.map(({ arguments: args }) => (isJsonObject(args) ? args["answer"] : undefined));
  return [...answers, said].find((answer): answer is string => typeof answer === "string" && answer.trim() !== "");
}

/** What is to be given to a function of the team that was called with something else; undefined: the team has none of that name. */
export function argumentsWanted({ team }: Pick<FrozenAgent, "team">, { name }: ToolCall): string | undefined {
  if (name === team?.conclude?.name) return "answer, a text, which is the answer of the whole team";
  if (name !== team?.ask?.name) return undefined;
  const members = team.ask.members.map(({ key }) => key).join(", ");
  return `member, which is one of ${members}, and task, a text that says what it is to do`;
}

/** What would be asked of the same member once too often, whatever was asked meanwhile. */
export function repeatedAsk(
  agent: FrozenAgent,
  before: readonly Turn[],
  calls: readonly ToolCall[],
): { member: string; times: number } | undefined {
  if (agent.team === undefined) return undefined;
  const { same_asks: most } = agent.team;
  const counts = new Map<string, number>();
  for (const call of [...before.flatMap((turn) => turn.calls), ...calls]) {
    const ask = askOf(agent, call);
    if (ask === undefined) continue;
    const key = sameness(ask);
    const times = (counts.get(key) ?? 0) + 1;
    counts.set(key, times);
    if (times >= most) return { member: ask.member, times };
  }
  return undefined;
}

/** A member is given the task and nothing else that a call may say; spaces ask for nothing. */
function sameness({ member, task }: { member: string; task: string }): string {
  return JSON.stringify([member, task.trim().replace(/\s+/g, " ")]);
}
