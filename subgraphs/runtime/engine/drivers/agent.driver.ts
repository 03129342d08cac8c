/**
 * What an agent does next. Pure: it sees which of its node runs there are, how they stand, and the route with which each model call ended. So whoever has the
 * rows comes to the same, without what any of them put out.
 */
import type { AgentRules } from "./agent-plan.ts";

/**
 * How a model call ended. again: the answer does not fit, and the model is told so. compact: the conversation is too long, and is made shorter before the next one.
 * dry: nothing was asked. A number: so many tools are called.
 */
export type TurnEnd = "answer" | "again" | "compact" | "dry" | number;

/** The route of a model call that has seen so many inputs: `answer`, `calls:3`, `answer@2`. */
export function routeOfTurn(end: TurnEnd, inputs: number): string {
  const word = typeof end === "number" ? `calls:${end}` : end;
  return inputs === 0 ? word : `${word}@${inputs}`;
}

/** What a route says. One that somebody outside gave, or none, is that of an answer. */
export function readRoute(route: string | undefined): { end: TurnEnd; inputs: number } {
  const [, word, calls, inputs = "0"] = /^(answer|again|compact|dry|calls:(\d{1,4}))(?:@(\d{1,6}))?$/.exec(route ?? "") ?? [];
  const end = calls === undefined ? ((word ?? "answer") as TurnEnd) : Number(calls);
  return { end, inputs: Number(inputs) };
}

/** Names that are written once: each turn looks up those of all before it, and a text that was just put together is looked up slowly. */
function numbered(word: string, behind = ""): (number: number) => string {
  const names = Array.from({ length: 100 }, (_, number) => `${word}#${number}${behind}`);
  return (number) => names[number] ?? `${word}#${number}${behind}`;
}

const firstTool = numbered("tool", ".0");

/** Names of the node runs of an agent: the last segments of their paths. */
export const agentParts = {
  read: "memory#0",
  write: "memory#1",
  model: numbered("model"),
  tool: (turn: number, call: number): string => (call === 0 ? firstTool(turn) : `tool#${turn}.${call}`),
  /** What stands for all that was before the model call of a turn, where that found the conversation too long. */
  compact: numbered("compact"),
  /** What somebody has said to it while it worked; from 1. */
  input: numbered("input"),
} as const;

/** How the node runs of an agent stand. */
export interface AgentView {
  /** The last model call that was opened; 0: none was. */
  turn: number;
  /** Model calls that ended because the conversation was too long. */
  compactions: number;
  /** Inputs that have come since it opened. */
  inputs: number;
  phaseOf(part: string): "absent" | "open" | "done";
  /** Of a model call that completed. */
  routeOf(part: string): string | undefined;
  /** The node run that a call is, where it is none of a tool: of a supervisor that of the member that it asks. */
  callPart?(turn: number, call: number): string | undefined;
}

/** open: these node runs begin. wait: what is open decides. fail: the agent fails, though none of its node runs did. */
export type AgentStep =
  { kind: "open"; parts: string[] } | { kind: "wait" } | { kind: "finish" } | { kind: "fail"; code: string; message: string };

const wait: AgentStep = { kind: "wait" };
const finish: AgentStep = { kind: "finish" };

/** The next step of an agent of which nothing has failed. */
export function agentNext(agent: AgentRules, view: AgentView): AgentStep {
  const { turn } = view;
  if (turn === 0) return after(view, agent.reads ? [agentParts.read] : [], () => nextTurn(agent, view));
  const model = agentParts.model(turn);
  if (view.phaseOf(model) !== "done") return wait;
  const { end, inputs } = readRoute(view.routeOf(model));
  if (end === "dry") return finish;
  if (end === "again") return nextTurn(agent, view);
  if (end === "compact") return after(view, [agentParts.compact(turn)], () => nextTurn(agent, view));
  if (end === "answer") {
    // Its last call has not seen them.
    if (view.inputs > inputs) return toldTooLate(agent, view) ?? nextTurn(agent, view);
    return after(view, agent.writes ? [agentParts.write] : [], () => finish);
  }
  // Where no model would be told of them the model call has failed (outOfSteps). An older version has made them all the same: its rows say so, and are gone on with.
  return after(view, callParts(view, end), () => nextTurn(agent, view));
}

/** The node runs of the calls of a turn. */
function callParts(view: AgentView, calls: number): string[] {
  const { turn } = view;
  const parts: string[] = [];
  for (let call = 0; call < calls; call++) parts.push(view.callPart?.(turn, call) ?? agentParts.tool(turn, call));
  return parts;
}

/** All of them side by side; and what comes then when all are done. */
function after(view: AgentView, parts: readonly string[], then: () => AgentStep): AgentStep {
  const absent = parts.filter((part) => view.phaseOf(part) === "absent");
  if (absent.length > 0) return { kind: "open", parts: absent };
  return parts.every((part) => view.phaseOf(part) === "done") ? then() : wait;
}

function nextTurn(agent: AgentRules, view: AgentView): AgentStep {
  return outOfSteps(agent, view) ?? { kind: "open", parts: [agentParts.model(view.turn + 1)] };
}

/** How an agent fails whose last model call has answered, but has not seen what it was told meanwhile; undefined: it may make another one. */
function toldTooLate(agent: AgentRules, view: AgentView): AgentStep | undefined {
  const end = outOfSteps(agent, view);
  if (end === undefined) return undefined;
  const calls = agent.maxSteps === 1 ? "its model call" : `the last of its ${agent.maxSteps} model calls`;
  const message = `The agent was told something during ${calls}, which it could not be shown: ${agent.stepsOf} allows no more. Its answer until then is the output of ${agentParts.model(view.turn)}.`;
  return { ...end, message };
}

/**
 * How an agent fails that may make no model call after a turn; undefined: it may make one.
 *
 * @param asked  calls that the turn asks for: they are not made, as no model would be told of them
 */
export function outOfSteps(
  { maxSteps, stepsOf }: Pick<AgentRules, "maxSteps" | "stepsOf">,
  { turn, compactions }: Pick<AgentView, "turn" | "compactions">,
  asked = 0,
): Extract<AgentStep, { kind: "fail" }> | undefined {
  if (turn - compactions < maxSteps) return undefined;
  const calls = maxSteps === 1 ? "a model call" : `${maxSteps} model calls`;
  const left =
    asked === 0
      ? ""
      : ` The ${asked === 1 ? "call" : `${asked} calls`} that the last one asks for ${asked === 1 ? "was" : "were"} not made.`;
  const message = `The agent has made ${calls} and given no answer: ${stepsOf} allows no more.${left}`;
  return { kind: "fail", code: "AGENT_MAX_STEPS", message };
}
