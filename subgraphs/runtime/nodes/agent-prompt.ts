/** The prompt of an agent's model call: a pure function of what was fixed when the agent opened and of the turns before, so it is the same on every attempt. */
import { isJsonObject, type Json } from "#shared/json.ts";
import { agentParts } from "../engine/agent.driver.ts";
import { memberPart } from "../engine/team.driver.ts";
import type { AgentOpening, FrozenAgent } from "./agent-frozen.ts";
import { inputsOf, objectOf, turnsBefore, type AgentOutputs, type Turn } from "./agent-turn.ts";
import type { ModelRequest } from "./ports/model.port.ts";

type Message = ModelRequest["messages"][number];

/** What a prompt is made of. */
export interface PromptParts {
  agent: FrozenAgent;
  opening: AgentOpening;
  outputs: AgentOutputs;
  /** The model call that it is for; 1 is the first. */
  turn: number;
}

/** The messages of a model call: system, earlier messages of the session, the input, and each turn before with the answers of its tools. */
export function promptOf({ agent, opening, outputs, turn }: PromptParts): Message[] {
  const read = objectOf(outputs[agentParts.read]?.output);
  return [
    { role: "SYSTEM", content: systemText(agent, textsOf(read["memories"])) },
    ...historyOf(read["messages"]),
    { role: "USER", content: inputText(opening) },
    ...conversation(turnsBefore(outputs, turn), { outputs, agent }),
  ];
}

/** The turns; each input stands before the first turn that has seen it, so never between a call and its answer. */
function conversation(turns: readonly Turn[], { outputs, agent }: Pick<PromptParts, "outputs" | "agent">): Message[] {
  const inputs = inputsOf(outputs).map((content): Message => ({ role: "USER", content }));
  let told = 0;
  const messages = turns.flatMap((one, index) => {
    const said = inputs.slice(told, Math.max(told, one.inputs));
    told = Math.max(told, one.inputs);
    return [...said, ...messagesOf(one, { number: index + 1, outputs, agent })];
  });
  return [...messages, ...inputs.slice(told)];
}

function systemText({ role, goal, system_prompt: prompt, team }: FrozenAgent, memories: readonly string[]): string {
  const remembered = memories.map((memory) => `- ${memory}`).join("\n");
  return [
    `Your role: ${role}`,
    ...(goal ? [`Your goal: ${goal}`] : []),
    ...(prompt ? [prompt] : []),
    ...(team === undefined ? [] : [team.note]),
    ...(remembered === "" ? [] : [`What you remember:\n${remembered}`]),
  ].join("\n\n");
}

function inputText({ input, input_json: json }: AgentOpening): string {
  return json === undefined || json === null ? input : `${input}\n\n${JSON.stringify(json)}`;
}

function historyOf(messages: Json | undefined): Message[] {
  if (!Array.isArray(messages)) return [];
  return messages.filter(isJsonObject).map(({ role, content }) => ({ role: role as Message["role"], content: String(content) }));
}

function messagesOf({ text, calls, problem }: Turn, at: { number: number; outputs: AgentOutputs; agent: FrozenAgent }): Message[] {
  const said: Message = { role: "ASSISTANT", content: text === "" && calls.length > 0 ? null : text };
  if (calls.length === 0) return problem === undefined ? [said] : [said, { role: "USER", content: problem }];
  const results = calls.map(({ id }, call): Message => ({
    role: "TOOL",
    toolCallId: id,
    content: resultText(at.outputs[agentParts.tool(at.number, call)] ?? at.outputs[memberPart(at.number, call)], at.agent),
  }));
  return [{ ...said, toolCalls: calls as unknown as Json }, ...results];
}

/** What a tool gave, for the model: its text or JSON, or why there is none. Every call has one, or providers refuse the conversation. */
function resultText(row: AgentOutputs[string] | undefined, { limits }: FrozenAgent): string {
  if (row === undefined) return JSON.stringify({ error: { code: "TOOL_CALL_CANCELLED", message: "The call was not made." } });
  const { result, approved_arguments: approved } = objectOf(row.output);
  const answer = row.error === undefined ? plain(result ?? row.text ?? row.output) : JSON.stringify({ error: row.error, ...given(result) });
  const text = approved === undefined ? answer : `A person had it called with other arguments: ${JSON.stringify(approved)}\n${answer}`;
  const { result_characters: most } = limits;
  return text.length <= most
    ? text
    : `${text.slice(0, most).toWellFormed()}\n[${text.length} characters, of which these are the first ${most}]`;
}

function given(result: Json | undefined): { result?: Json } {
  return result === undefined || result === null ? {} : { result };
}

function plain(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function textsOf(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}
