import type { Json, JsonObject } from "#shared/json.ts";
import { routeOfTurn, type TurnEnd } from "../engine/agent.driver.ts";
import { teamRoute } from "../engine/team-route.ts";
import { agentOf, openingOf, type FrozenAgent } from "./agent-frozen.ts";
import { answerCheck } from "./agent-output.ts";
import { promptOf } from "./agent-prompt.ts";
import { inputsOf, placeOf, turnsBefore, type ToolCall, type Turn } from "./agent-turn.ts";
import type { NodeContext, NodeOutcome, NodeUsage } from "./executor.ts";
import { completionOutput, given, modelCall, usageOf } from "./model-call.ts";
import { completed, failed, outsideNode } from "./outcome.ts";
import type { ModelCompletion, ModelRequest } from "./ports/model.port.ts";
import { asksOf, conclusionOf, functionsOf, repeatedAsk } from "./team-calls.ts";

/**
 * One model call of an agent. Its route says how the agent goes on (engine/agent.driver.ts); output_text is what the model said, output_json as that of an
 * llm node, with `problem` where an answer does not fit and the model is to be told so.
 */
export const agentModelNode = outsideNode(async (context) => {
  const agent = agentOf(context.config);
  const { scope } = context;
  const { turn } = placeOf(context.nodeRunId);
  const before = turnsBefore(scope.nodes, turn);
  const seen = inputsOf(scope.nodes).length;
  const refusal = refused(agent, before);
  if (refusal !== undefined) return refusal;
  const messages = promptOf({ agent, opening: openingOf(scope), outputs: scope.nodes, turn });
  const characters = messages.reduce((sum, { content, toolCalls }) => sum + (content?.length ?? 0) + lengthOf(toolCalls), 0);
  if (characters > agent.limits.prompt_characters) return tooLarge(characters, agent);
  const request = requestOf(agent, messages);
  if (context.dryRun) {
    const outputJson = { dry_run: true, request: { ...request } as JsonObject };
    return completed({ outputText: "[dry run]", outputJson, route: routeOf(agent, "dry", { seen }) });
  }
  return outcomeOf(context, agent, { before, seen }, await modelCall(context, request));
});

function lengthOf(value: Json | undefined): number {
  return value === undefined ? 0 : JSON.stringify(value).length;
}

/** Sums of the turns before, so a takeover changes nothing of it. */
function refused({ limits }: FrozenAgent, before: readonly Turn[]): NodeOutcome | undefined {
  const { max_total_tokens: most } = limits;
  const used = before.reduce((sum, { tokens }) => sum + tokens, 0);
  if (most === undefined || used < most) return undefined;
  const message = `The agent's model calls have used ${used} tokens, and its maxTotalTokens is ${most}.`;
  return failed({ code: "AGENT_BUDGET_EXCEEDED", message });
}

function tooLarge(characters: number, { limits }: FrozenAgent): NodeOutcome {
  const message = `The conversation has ${characters} characters, more than ${limits.prompt_characters}. Let its tools answer with less.`;
  return failed({ code: "AGENT_CONTEXT_TOO_LARGE", message });
}

/** Of an agent in a team the route says more. */
function routeOf(agent: FrozenAgent, end: TurnEnd, turn: { seen: number; usage?: NodeUsage; calls?: readonly ToolCall[] }): string {
  const { seen, usage: { promptTokens, completionTokens } = noUsage, calls = [] } = turn;
  const route = routeOfTurn(end, seen);
  return agent.team === undefined ? route : teamRoute(route, { turns: 1, promptTokens, completionTokens }, asksOf(agent, calls));
}

const noUsage: NodeUsage = { modelCalls: 0, promptTokens: 0, completionTokens: 0 };

function requestOf(agent: FrozenAgent, messages: ModelRequest["messages"]): ModelRequest {
  const { model } = agent;
  const tools = functionsOf(agent);
  return {
    ...given("providerCode", model.provider_code),
    ...given("model", model.name),
    messages,
    ...(tools.length > 0 && {
      tools: tools.map(({ name, description, parameters }) => ({ name, ...given("description", description), parameters })),
    }),
    ...given("temperature", model.temperature),
    ...given("topP", model.top_p),
    ...given("maxTokens", model.max_completion_tokens === undefined ? model.max_tokens : undefined),
    ...given("maxCompletionTokens", model.max_completion_tokens),
    ...given("seed", model.seed),
    ...given("reasoningEffort", model.reasoning_effort),
    ...given("stop", model.stop),
    ...given("responseFormat", model.response_format),
    ...given("extraParameters", model.extra_parameters),
    ...given("timeoutSeconds", model.timeout_seconds),
  };
}

async function outcomeOf(
  context: NodeContext,
  agent: FrozenAgent,
  { before, seen }: { before: readonly Turn[]; seen: number },
  completion: ModelCompletion,
): Promise<NodeOutcome> {
  const usage = usageOf(completion);
  const outputText = completion.content ?? "";
  const { calls: mostCalls } = agent.limits;
  // The model is told of those alone, and may call the others in its next turn.
  const calls = completion.toolCalls.slice(0, mostCalls);
  const dropped = completion.toolCalls.length - calls.length;
  const outputJson = {
    ...completionOutput({ ...completion, toolCalls: calls }),
    ...(dropped > 0 && { dropped_tool_calls: dropped }),
    ...(seen > 0 && { inputs: seen }),
  };
  const route = (end: TurnEnd): string => routeOf(agent, end, { seen, usage, calls: typeof end === "number" ? calls : [] });
  const conclusion = conclusionOf(agent, calls, outputText);
  if (conclusion !== undefined)
    return completed({ outputText: conclusion, outputJson: { ...outputJson, concluded: true }, usage, route: route("answer") });
  const asked = repeatedAsk(agent, before, calls);
  if (asked !== undefined) {
    const message = `The supervisor has asked the same of ${asked.member} ${asked.times} times.`;
    return failed({ code: "TEAM_LOOP_DETECTED", message, outputText, outputJson, usage });
  }
  if (calls.length > 0) {
    const repeated = repeatedCall(agent, before, calls);
    if (repeated === undefined) return completed({ outputText, outputJson, usage, route: route(calls.length) });
    const message = `The model has called ${repeated.name} with the same arguments ${agent.limits.same_calls} times in a row.`;
    return failed({ code: "AGENT_TOOL_LOOP", message, outputText, outputJson, usage });
  }
  const answer = await answerCheck(context, agent.model.response_format, outputText);
  if (answer.problem === undefined)
    return completed({ outputText, outputJson: { ...outputJson, ...given("parsed", answer.parsed) }, usage, route: route("answer") });
  if (before.some(({ problem }) => problem !== undefined))
    return failed({
      code: "OUTPUT_INVALID",
      message: `The agent's answer does not fit its responseFormat: ${answer.problem}`,
      outputText,
      outputJson,
      usage,
    });
  const problem = `Your answer does not fit: ${answer.problem} Answer again, with nothing but JSON that fits.`;
  return completed({ outputText, outputJson: { ...outputJson, problem }, usage, route: route("again") });
}

/** A call that would be made once too often. */
function repeatedCall({ limits }: FrozenAgent, before: readonly Turn[], calls: readonly ToolCall[]): ToolCall | undefined {
  const all = [...before.flatMap((turn) => turn.calls), ...calls];
  return calls.find((_, index) => {
    const end = all.length - calls.length + index + 1;
    const last = all.slice(Math.max(0, end - limits.same_calls), end).map(sameness);
    return last.length === limits.same_calls && new Set(last).size === 1;
  });
}

function sameness({ name, arguments: args }: ToolCall): string {
  return JSON.stringify([name, args]);
}
