import { isDeepStrictEqual } from "node:util";
import type { JsonObject } from "#shared/json.ts";
import { routeOfTurn, type TurnEnd } from "../../engine/drivers/agent.driver.ts";
import { teamRoute } from "../../engine/drivers/team-route.ts";
import { contextProblem, tooLong, tooLongOutcome } from "./agent-context.ts";
import { agentOf, openingOf, type FrozenAgent } from "./agent-frozen.ts";
import { functionsTold } from "./agent-functions.ts";
import { answerCheck } from "./agent-output.ts";
import { promptAhead, promptOf, type Prompt } from "./agent-prompt.ts";
import { overBudget, overSteps, spentOf, spentWith, type Spent } from "./agent-spent.ts";
import { agentRunOf, inputsOf, placeOf, turnsBefore, type ToolCall, type Turn } from "./agent-turn.ts";
import type { NodeContext, NodeOutcome, NodeUsage } from "../executor.ts";
import { completionOutput, given, modelCall, usageOf } from "../model-call.ts";
import { completed, failed, outsideNode } from "../outcome.ts";
import type { ModelCompletion, ModelRequest } from "../ports/model.port.ts";
import { asksOf, conclusionOf, repeatedAsk } from "../team/team-calls.ts";

/** Calls of a turn that have node runs, though most of them are answered with an error: so many times as many as are made. */
const toldCalls = 4;

/** Where a model call stands. */
interface TurnPlace {
  agent: FrozenAgent;
  /** Its number; 1 is the first. */
  turn: number;
  before: readonly Turn[];
  /** What was used before it. */
  spent: () => Spent;
  /** Inputs that it sees. */
  seen: number;
  prompt: Prompt;
}

/**
 * One model call of an agent. Its route says how the agent goes on (engine/agent.driver.ts); output_text is what the model said, output_json as that of an
 * llm node, with `problem` where an answer does not fit and the model is to be told so, and `compaction` alone where the conversation was too long.
 */
export const agentModelNode = outsideNode(async (context) => {
  const agent = agentOf(context.config);
  const { scope } = context;
  const { turn } = placeOf(context.nodeRunId);
  const spent = () => spentOf(scope.nodes, turn);
  const refusal = overBudget(agent, spent);
  if (refusal !== undefined) return refusal;
  if (turn === 1) tellLeftOut(context, agent);
  const before = turnsBefore(scope.nodes, turn);
  const inputs = inputsOf(scope);
  const parts = {
    agent,
    turns: before,
    inputs,
    opening: openingOf(scope),
    outputs: scope.nodes,
    agentRunId: agentRunOf(context.nodeRunId),
  };
  const ahead = promptAhead(parts);
  // Most have nothing that is long, and wait for nothing.
  if (ahead !== undefined) await ahead;
  const prompt = promptOf(parts);
  return ask(context, { agent, turn, before, spent, seen: inputs.length, prompt });
});

/** A span that warns: skills that the agent was to be offered, and is not. */
function tellLeftOut(context: NodeContext, { left_out: leftOut = [] }: FrozenAgent): void {
  if (leftOut.length === 0) return;
  const told = leftOut.map(({ code, why }) => `${code}: ${why}`);
  context.span("TOOL", "skills left out", { warning: "SKILLS_LEFT_OUT", skills: told }).end();
}

async function ask(context: NodeContext, place: TurnPlace): Promise<NodeOutcome> {
  const { agent, before, seen, prompt } = place;
  const request = requestOf(agent, prompt.messages);
  if (context.dryRun) {
    const outputJson = { dry_run: true, request: { ...request } as JsonObject };
    return completed({ outputText: "[dry run]", outputJson, route: routeOfCall(agent, "dry", { seen }) });
  }
  const long = await tooLong(request, { agent, tokensBefore: before.at(-1)?.tokens ?? 0 });
  if (long !== undefined) return tooLongOutcome(prompt, { problem: long, seen });
  try {
    return await outcomeOf(context, place, await modelCall(context, request));
  } catch (error) {
    const problem = contextProblem(error);
    if (problem === undefined) throw error;
    return tooLongOutcome(prompt, { problem, seen });
  }
}

/** Requests of agents without their messages: the same in each turn. */
const known = new WeakMap<FrozenAgent, Omit<ModelRequest, "messages">>();

function requestOf(agent: FrozenAgent, messages: ModelRequest["messages"]): ModelRequest {
  let request = known.get(agent);
  if (request === undefined) {
    const { stop, response_format: format } = agent.model;
    request = {
      ...modelSettings(agent),
      ...given("tools", functionsTold(agent)),
      ...given("stop", stop),
      ...given("responseFormat", format),
    };
    known.set(agent, request);
  }
  return { ...request, messages };
}

/** The route of a model call; of an agent in a team it says more. */
export function routeOfCall(
  agent: FrozenAgent,
  end: TurnEnd,
  turn: { seen: number; usage?: NodeUsage; calls?: readonly ToolCall[] },
): string {
  const { seen, usage: { promptTokens, completionTokens } = noUsage, calls = [] } = turn;
  const route = routeOfTurn(end, seen);
  return agent.team === undefined ? route : teamRoute(route, { turns: 1, promptTokens, completionTokens }, asksOf(agent, calls));
}

const noUsage: NodeUsage = { modelCalls: 0, promptTokens: 0, completionTokens: 0 };

/** Of every model call of an agent, whatever it is for. */
export function modelSettings({ model }: FrozenAgent): Omit<ModelRequest, "messages"> {
  return {
    ...given("providerCode", model.provider_code),
    ...given("model", model.name),
    ...given("temperature", model.temperature),
    ...given("topP", model.top_p),
    ...given("maxTokens", model.max_completion_tokens === undefined ? model.max_tokens : undefined),
    ...given("maxCompletionTokens", model.max_completion_tokens),
    ...given("seed", model.seed),
    ...given("reasoningEffort", model.reasoning_effort),
    ...given("extraParameters", model.extra_parameters),
    ...given("timeoutSeconds", model.timeout_seconds),
  };
}

async function outcomeOf(
  context: NodeContext,
  { agent, turn, before, spent, seen }: TurnPlace,
  completion: ModelCompletion,
): Promise<NodeOutcome> {
  const usage = usageOf(completion);
  const outputText = completion.content ?? "";
  // Each has a node run, and the model is told what became of it; of no more than these.
  const calls = completion.toolCalls.slice(0, toldCalls * agent.limits.calls);
  const dropped = completion.toolCalls.length - calls.length;
  const outputJson = {
    ...completionOutput({ ...completion, toolCalls: calls }),
    ...(dropped > 0 && { dropped_tool_calls: dropped }),
    ...(seen > 0 && { inputs: seen }),
  };
  const route = (end: TurnEnd): string => routeOfCall(agent, end, { seen, usage, calls: typeof end === "number" ? calls : [] });
  const conclusion = conclusionOf(agent, calls, outputText);
  if (conclusion !== undefined)
    return completed({ outputText: conclusion, outputJson: { ...outputJson, concluded: true }, usage, route: route("answer") });
  const asked = repeatedAsk(agent, before, calls);
  if (asked !== undefined) {
    const message = `The supervisor has asked the same of ${asked.member} ${asked.times} times.`;
    return failed({ code: "TEAM_LOOP_DETECTED", message, outputText, outputJson, usage });
  }
  if (calls.length > 0) {
    // Nobody would read what they answer: they are not made.
    const refusal = overBudget(agent, () => spentWith(spent(), outputJson));
    if (refusal !== undefined) return { ...refusal, outputText, outputJson, usage };
    const repeated = repeatedCall(agent, before, calls);
    if (repeated !== undefined) {
      const message = `The model has called ${repeated.name.slice(0, 80)} with the same arguments ${agent.limits.same_calls} times in a row.`;
      return failed({ code: "AGENT_TOOL_LOOP", message, outputText, outputJson, usage });
    }
    const last = lastStep(context, { turn, before }, calls.length);
    if (last !== undefined) return { ...last, outputText, outputJson, usage };
    return completed({ outputText, outputJson, usage, route: route(calls.length) });
  }
  const answer = await answerCheck(context, agent.model.response_format, outputText);
  if (answer.problem === undefined)
    return completed({ outputText, outputJson: { ...outputJson, ...given("parsed", answer.parsed) }, usage, route: route("answer") });
  // No call would be told what is wrong.
  const isLast = lastStep(context, { turn, before }) !== undefined;
  if (isLast || before.some(({ problem }) => problem !== undefined)) {
    const more = isLast ? " It cannot be asked again: this was the last model call that it may make." : "";
    const message = `The agent's answer does not fit its responseFormat: ${answer.problem}${more}`;
    return failed({ code: "OUTPUT_INVALID", message, outputText, outputJson, usage });
  }
  const problem = `Your answer does not fit: ${answer.problem} Answer again, with nothing but JSON that fits.`;
  return completed({ outputText, outputJson: { ...outputJson, problem }, usage, route: route("again") });
}

/** How the agent ends where this is the last model call that it may make; undefined: it may make another one. @param asked  calls that it asks for */
function lastStep({ config }: NodeContext, { turn, before }: Pick<TurnPlace, "turn" | "before">, asked = 0): ReturnType<typeof overSteps> {
  const compactions = before.filter(({ compaction }) => compaction !== undefined).length;
  return overSteps(config, { turn, compactions }, asked);
}

/** A call that would be made once too often. */
function repeatedCall({ limits }: FrozenAgent, before: readonly Turn[], calls: readonly ToolCall[]): ToolCall | undefined {
  return calls.find((call, index) => {
    let times = 1;
    for (const other of callsBack(before, calls, index)) {
      if (times >= limits.same_calls || !isSame(call, other)) break;
      times++;
    }
    return times >= limits.same_calls;
  });
}

/** The calls before that at `index` of a turn, the last first. */
function* callsBack(before: readonly Turn[], calls: readonly ToolCall[], index: number): Generator<ToolCall> {
  for (let at = index - 1; at >= 0; at--) yield calls[at]!;
  for (let turn = before.length - 1; turn >= 0; turn--) yield* before[turn]!.calls.toReversed();
}

/** Whatever the order of their arguments. */
function isSame(call: ToolCall, other: ToolCall): boolean {
  return call.name === other.name && isDeepStrictEqual(call.arguments, other.arguments);
}
