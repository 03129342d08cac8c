import { AppError } from "#shared/errors.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import { withoutOperators } from "#shared/search-query.ts";
import { agentParts } from "../../engine/drivers/agent.driver.ts";
import { agentOf, openingOf, type AgentOpening, type FrozenAgent } from "./agent-frozen.ts";
import type { NodeContext, NodeOutcome } from "../executor.ts";
import { completed, outsideNode } from "../outcome.ts";
import type { SessionMessage } from "../ports/memory.port.ts";
import { memoryCall } from "../retrieval/memory-call.ts";

/** Of a search's query: its first words decide. */
const queryCharacters = 2_000;
/** Of a memory: as much as the memory subgraph takes, whatever the script. */
const memoryCharacters = 24_000;
/** Messages of a session that are looked at. */
const mostMessages = 100;

/**
 * `memory#0` reads what the agent remembers, and the messages of its session, before its first model call: they are fixed then. `memory#1` writes what was
 * said, after a model has answered: it is no part of a dry run, nor of an agent that failed.
 */
export const agentMemoryNode = outsideNode((context) =>
  context.nodeRunId.endsWith(agentParts.write) ? memoryWrite(context) : memoryRead(context),
);

async function memoryRead(context: NodeContext): Promise<NodeOutcome> {
  const agent = agentOf(context.config);
  const opening = openingOf(context.scope);
  const scopeId = scopeIdOf(context, agent, opening);
  const { enabled, scope: scopeType, read_top_k: limit } = agent.memory;
  const call = memoryCall(context);
  const { memory } = context.ports;
  // What is said to an agent is no query: what it quotes need not stand in a memory.
  const query = withoutOperators(opening.input.slice(0, queryCharacters)).toWellFormed();
  // Where all of it was operators, nothing is looked for.
  const finds = enabled && limit > 0 && scopeId !== undefined && query.trim() !== "";
  await context.entered();
  const [found, said] = await Promise.allSettled([
    finds ? memory.search({ query, scopeType, scopeId, limit }, call) : undefined,
    agent.history && opening.session_id ? memory.messages(opening.session_id, mostMessages, call) : undefined,
  ]);
  const memories = readBeside(context, found, said);
  const kept = messagesKept(agent, opening, readBeside(context, said, found));
  const messages = kept.map(({ role, content }) => ({ role, content })) as Json;
  return completed({ outputJson: { memories, messages, ...problem("memories_problem", found), ...problem("messages_problem", said) } });
}

/**
 * What was read, or none where it is refused: what was read beside it is not lost for that.
 *
 * @throws the error, where nothing was read beside it, and where it is none of the node's: a part of the platform is away, or has a bug
 */
function readBeside<T>({ signal }: NodeContext, read: Read<T>, other: Read<unknown>): T[] {
  if (read.status === "fulfilled") return read.value ?? [];
  const hasOther = other.status === "fulfilled" && other.value !== undefined;
  const isRefused = read.reason instanceof AppError && read.reason.facts["platformFault"] !== true;
  if (!hasOther || !isRefused || signal.aborted) throw read.reason;
  return [];
}

/** undefined: nobody asked. */
type Read<T> = PromiseSettledResult<T[] | undefined>;

/** Why nothing was read, by a key of the output. */
function problem(key: string, read: Read<unknown>): JsonObject {
  return read.status === "rejected" ? { [key]: (read.reason as AppError).reason } : {};
}

/** The newest that fit, before its own input. An empty one is left out: there are providers that refuse a message without text. */
function messagesKept({ limits }: FrozenAgent, { message_id: own }: AgentOpening, messages: readonly SessionMessage[]): SessionMessage[] {
  const said = saidBefore(own, messages).filter(({ role, content }) => (role === "USER" || role === "ASSISTANT") && content.trim() !== "");
  const kept: SessionMessage[] = [];
  let characters = 0;
  for (const message of said.toReversed()) {
    characters += message.content.length;
    if (characters > limits.history_characters) break;
    kept.unshift(message);
  }
  return kept;
}

/** What stands before a message; all, where there is none. Of one that is not among them, as so many came behind it, the ids tell, which grow with time. */
function saidBefore(own: string | null | undefined, messages: readonly SessionMessage[]): readonly SessionMessage[] {
  if (own == null) return messages;
  const place = messages.findIndex(({ id }) => id === own);
  return place === -1 ? messages.filter(({ id }) => id < own) : messages.slice(0, place);
}

async function memoryWrite(context: NodeContext): Promise<NodeOutcome> {
  const agent = agentOf(context.config);
  const opening = openingOf(context.scope);
  const scopeId = scopeIdOf(context, agent, opening);
  if (scopeId === undefined) return completed({ outputJson: { written: false } });
  const answer = answerOf(context);
  const half = memoryCharacters / 2;
  const contentText = `User: ${opening.input.slice(0, half)}\nAgent: ${answer.slice(0, half)}`.toWellFormed();
  const { scope: scopeType, importance: importanceScore } = agent.memory;
  const metadata = { run_id: context.runId, agent_id: agent.id };
  const draft = { scopeType, scopeId, memoryType: "conversation", contentText, importanceScore, metadata };
  const { id } = await context.ports.memory.write(draft, memoryCall(context));
  return completed({ outputJson: { written: true, memory_id: id } });
}

/** The text of the last turn. */
function answerOf({ scope }: NodeContext): string {
  const turns = Object.keys(scope.nodes).filter((name) => name.startsWith("model#"));
  return scope.nodes[agentParts.model(turns.length)]?.text ?? "";
}

/** Whose memories they are; undefined where nobody said which user, session or team: then there are none. */
function scopeIdOf({ tenantId }: NodeContext, { id, memory }: FrozenAgent, opening: AgentOpening): string | undefined {
  const ids = { TENANT: tenantId, AGENT: id, USER: opening.user_id, SESSION: opening.session_id, TEAM: opening.team_id };
  const whose = ids[memory.scope];
  return whose == null || whose.trim() === "" ? undefined : whose;
}
