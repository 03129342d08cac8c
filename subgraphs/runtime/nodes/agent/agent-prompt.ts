/** The prompt of an agent's model call: a pure function of what was fixed when the agent opened and of the turns before, so it is the same on every attempt. */
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { agentParts } from "../../engine/drivers/agent.driver.ts";
import { memberPart } from "../../engine/drivers/team.driver.ts";
import { foldersNote } from "./agent-folders.ts";
import type { AgentOpening, FrozenAgent } from "./agent-frozen.ts";
import { answerText, argumentsTold, longAhead } from "./agent-long.ts";
import { objectOf, type AgentOutputs, type ToolCall, type Turn } from "./agent-turn.ts";
import type { ModelRequest } from "../ports/model.port.ts";

/** Of a function's name, as providers take it. */
const nameCharacters = 64;

/** One message of a conversation. */
export type PromptMessage = ModelRequest["messages"][number];

/** What a prompt is made of. */
export interface PromptParts {
  agent: FrozenAgent;
  opening: AgentOpening;
  outputs: AgentOutputs;
  /** Those before the model call that it is for. */
  turns: readonly Turn[];
  /** What was said to the agent while it worked, as far as this call sees it. */
  inputs: readonly string[];
  /** The agent's own node run. */
  agentRunId: string;
}

/** A prompt, and how much of it is said by itself and by nobody's summary. */
export interface Prompt {
  messages: PromptMessage[];
  /** Whether it could be made shorter: it has turns, or earlier messages of its session. */
  hasRecord: boolean;
}

/** Writes what is long of a prompt in turns of the main loop; {@link promptOf} finds it done. undefined: nothing is long. */
export function promptAhead({ agent, outputs, turns }: Pick<PromptParts, "agent" | "outputs" | "turns">): Promise<void> | undefined {
  const untold = recordOf(turns, outputs).since.filter(({ told }) => told === undefined);
  const rows = untold.flatMap((turn) => answersOf(turn, outputs));
  return longAhead({ calls: untold.flatMap(({ calls }) => calls), rows, most: agent.limits.result_characters });
}

/**
 * The messages of a model call: system, earlier messages of the session, the input, and each turn before with the answers of its tools. Where the conversation was
 * too long before, a summary stands for all but the input and what was said since.
 */
export function promptOf(parts: PromptParts): Prompt {
  const { agent, opening, outputs, turns, inputs } = parts;
  const read = objectOf(outputs[agentParts.read]?.output);
  const { shortened, since } = recordOf(turns, outputs);
  const history = shortened === undefined ? historyOf(read["messages"]) : [];
  const told = shortened?.inputs ?? 0;
  const messages: PromptMessage[] = [
    { role: "SYSTEM", content: systemText(agent, textsOf(read["memories"])) },
    ...history,
    { role: "USER", content: [inputText(opening), ...inputs.slice(0, told), ...summaryOf(outputs, shortened)].join("\n\n") },
    ...conversation(since, { ...parts, told }),
  ];
  return { messages, hasRecord: since.length > 0 || history.length > 0 };
}

/** The last turn that a summary stands for, with all before it, and the turns since. */
function recordOf(turns: readonly Turn[], outputs: AgentOutputs): { shortened: Turn | undefined; since: readonly Turn[] } {
  const shortened = turns.findLast(
    ({ number, compaction }) => compaction !== undefined && outputs[agentParts.compact(number)] !== undefined,
  );
  const last = shortened?.number ?? 0;
  // No prompt has their messages again.
  for (const turn of turns) if (turn.number <= last) turn.told = undefined;
  return { shortened, since: turns.filter(({ number, compaction }) => number > last && compaction === undefined) };
}

function summaryOf(outputs: AgentOutputs, shortened: Turn | undefined): string[] {
  const text = shortened && outputs[agentParts.compact(shortened.number)]?.text;
  return text == null ? [] : [`Your work so far, in short, as its record was too long:\n${text}`];
}

/** The turns; each input stands before the first turn that has seen it, so never between a call and its answer. */
function conversation(turns: readonly Turn[], parts: PromptParts & { told: number }): PromptMessage[] {
  let seen = parts.told;
  const inputs = parts.inputs.map((content): PromptMessage => ({ role: "USER", content }));
  const messages: PromptMessage[] = [];
  for (const turn of turns) {
    if (turn.inputs > seen) messages.push(...inputs.slice(seen, turn.inputs));
    messages.push(...messagesOf(turn, parts));
    seen = Math.max(seen, turn.inputs);
  }
  return [...messages, ...inputs.slice(seen)];
}

function systemText({ role, goal, system_prompt: prompt, team, folders }: FrozenAgent, memories: readonly string[]): string {
  const remembered = memories.map((memory) => `- ${memory}`).join("\n");
  return [
    `Your role: ${role}`,
    ...(goal ? [`Your goal: ${goal}`] : []),
    ...(prompt ? [prompt] : []),
    ...(team === undefined ? [] : [team.note]),
    ...(folders === undefined ? [] : [foldersNote(folders)]),
    ...(remembered === "" ? [] : [`What you remember:\n${remembered}`]),
  ].join("\n\n");
}

function inputText({ input, input_json: json }: AgentOpening): string {
  return json === undefined || json === null ? input : `${input}\n\n${JSON.stringify(json)}`;
}

function historyOf(messages: Json | undefined): PromptMessage[] {
  if (!Array.isArray(messages)) return [];
  return messages.filter(isJsonObject).map(({ role, content }) => ({ role: role as PromptMessage["role"], content: String(content) }));
}

function messagesOf(turn: Turn, parts: PromptParts): readonly PromptMessage[] {
  if (turn.told !== undefined) return turn.told;
  const messages = messagesMade(turn, parts);
  if (answersOf(turn, parts.outputs).length === turn.calls.length) turn.told = messages;
  return messages;
}

function messagesMade({ number, text, calls, problem }: Turn, parts: PromptParts): PromptMessage[] {
  const said: PromptMessage = { role: "ASSISTANT", content: text === "" && calls.length > 0 ? null : text };
  if (calls.length === 0) return problem === undefined ? [said] : [said, { role: "USER", content: problem }];
  const results = calls.map(({ id }, call): PromptMessage => ({
    role: "TOOL",
    toolCallId: id,
    content: resultText(calledPart(number, call, parts.outputs), parts),
  }));
  return [{ ...said, toolCalls: calls.map(toldCall) }, ...results];
}

/**
 * A call as its model made it; but of names that no function can have, and of arguments that are no object, there are providers that refuse the conversation
 * from then on. What was wrong its answer says.
 */
function toldCall(call: ToolCall): JsonObject {
  const fitting = call.name.replace(/[^A-Za-z0-9_-]/g, "_").slice(0, nameCharacters) || "unnamed";
  return { id: call.id, name: fitting, arguments: argumentsTold(call) };
}

/** What answers a call: a tool, or a member of the team. */
function calledPart(turn: number, call: number, outputs: AgentOutputs): string {
  const part = agentParts.tool(turn, call);
  return outputs[part] === undefined && outputs[memberPart(turn, call)] !== undefined ? memberPart(turn, call) : part;
}

/** What answered the calls of a turn, as far as there is something. */
function answersOf({ number, calls }: Turn, outputs: AgentOutputs): AgentOutputs[string][] {
  return calls.flatMap((_, call) => outputs[calledPart(number, call, outputs)] ?? []);
}

/** What a tool gave, for the model: its text or JSON, or why there is none. Every call has one, or providers refuse the conversation. */
function resultText(part: string, { outputs, agent, agentRunId }: PromptParts): string {
  const row = outputs[part];
  if (row === undefined) return JSON.stringify({ error: { code: "TOOL_CALL_CANCELLED", message: "The call was not made." } });
  const { result_characters: most } = agent.limits;
  const { head, length } = answerText(row, most);
  if (length <= most) return head;
  const place = `the output of the node run ${agentRunId}/${part} has all of it`;
  return `${head.toWellFormed()}\n[${length} characters, of which these are the first ${most}; ${place}]`;
}

function textsOf(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}
