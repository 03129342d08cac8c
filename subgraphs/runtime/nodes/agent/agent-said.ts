/** What somebody outside says in the place of an agent's model: looked at before it is taken, and put out as a model call of the agent would have put it out. */
import * as z from "zod";
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { routeOfCall } from "./agent-model.node.ts";
import { agentOf } from "./agent-frozen.ts";
import { numberOf, objectOf, type ToolCall } from "./agent-turn.ts";
import { conclusionOf } from "../team/team-calls.ts";

/** As a model call has at most, those included that are not made. */
const mostCalls = 256;

/** Sums of so much, of all the calls that a team may make, are whole numbers that a route can hold (engine/team-route.ts). */
const mostUsed = 1_000_000_000;

const count = z.number().int().min(0).max(mostUsed).optional();
/** What is less than nothing would give back what others have used. */
const price = z.number().min(0).max(mostUsed).nullish();
const message = z.looseObject({
  tool_calls: z
    .array(z.looseObject({ id: z.string().min(1).max(200), name: z.string().min(1).max(200) }))
    .max(mostCalls)
    .optional(),
  usage: z.looseObject({ prompt_tokens: count, completion_tokens: count, price }).optional(),
});

/** Keys by which the platform says what became of its own calls. */
const ownKeys = ["problem", "compaction", "dry_run", "dropped_tool_calls", "concluded", "inputs", "route"];

/** What is wrong with such a message; undefined: it may be taken. */
export function saidProblem(outputJson: Json | undefined): { field: string; problem: string } | undefined {
  if (outputJson == null) return undefined;
  const [issue] = message.safeParse(outputJson).error?.issues ?? [];
  if (issue === undefined) return undefined;
  const place = issue.path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  return { field: `outputJson${place}`, problem: issue.message };
}

/** The end of the model call. @param call.seen  inputs of the agent that it has seen */
export function saidOutcome(
  { config, seen }: { config: JsonObject; seen: number },
  { outputText = "", outputJson }: { outputText?: string | undefined; outputJson?: Json | undefined },
): { outputText: string; outputJson: JsonObject; route: string } {
  const agent = agentOf(config);
  const said = saidProblem(outputJson) === undefined ? objectOf(outputJson) : {};
  const rest = Object.fromEntries(Object.entries(said).filter(([key]) => !ownKeys.includes(key)));
  const calls = callsOf(said["tool_calls"]);
  const { prompt_tokens: prompt, completion_tokens: completion } = objectOf(said["usage"]);
  const usage = { modelCalls: 0, promptTokens: numberOf(prompt), completionTokens: numberOf(completion) };
  const conclusion = conclusionOf(agent, calls, outputText);
  const end = conclusion !== undefined || calls.length === 0 ? "answer" : calls.length;
  return {
    outputText: conclusion ?? outputText,
    outputJson: {
      ...rest,
      tool_calls: calls.map((call) => ({ ...call })),
      ...(seen > 0 && { inputs: seen }),
      ...(conclusion !== undefined && { concluded: true }),
    },
    route: routeOfCall(agent, end, { seen, usage, calls: typeof end === "number" ? calls : [] }),
  };
}

function callsOf(calls: Json | undefined): ToolCall[] {
  if (!Array.isArray(calls)) return [];
  return calls.filter(isJsonObject).map(({ id, name, arguments: args = {} }) => ({ id: String(id), name: String(name), arguments: args }));
}
