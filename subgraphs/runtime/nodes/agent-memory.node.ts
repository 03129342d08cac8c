import { createHash } from "node:crypto";
import type { Json } from "#shared/json.ts";
import { agentParts } from "../engine/agent.driver.ts";
import { agentOf, openingOf, type AgentOpening, type FrozenAgent } from "./agent-frozen.ts";
import type { NodeContext, NodeOutcome } from "./executor.ts";
import { completed, outsideNode } from "./outcome.ts";
import type { PortCall } from "./ports/model.port.ts";
import type { SessionMessage } from "./ports/memory.port.ts";
import { portCall } from "./traced.ts";

/** Of a search's query: its first words decide. */
const queryCharacters = 2_000;
/** Of a memory: as much as the memory subgraph takes, whatever the script. */
const memoryCharacters = 24_000;
/** Messages of a session that are looked at. */
const mostMessages = 100;
/** Longer keys are hashed: the memory subgraph takes 200 characters. */
const keyCharacters = 200;

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
  const call = callOf(context);
  const { memory } = context.ports;
  const query = opening.input.slice(0, queryCharacters).toWellFormed();
  const finds = enabled && limit > 0 && scopeId !== undefined;
  await context.entered();
  const [memories, messages] = await Promise.all([
    finds ? memory.search({ query, scopeType, scopeId, limit }, call) : [],
    agent.history && opening.session_id ? memory.messages(opening.session_id, mostMessages, call) : [],
  ]);
  const kept = messagesKept(agent, opening, messages);
  return completed({ outputJson: { memories, messages: kept.map(({ role, content }) => ({ role, content })) as Json } });
}

/** The newest that fit; what comes with its input, or behind it, is none of them. */
function messagesKept({ limits }: FrozenAgent, { message_id: own }: AgentOpening, messages: readonly SessionMessage[]): SessionMessage[] {
  const place = messages.findIndex(({ id }) => id === own);
  const before = place === -1 ? messages : messages.slice(0, place);
  const said = before.filter(({ role }) => role === "USER" || role === "ASSISTANT");
  const kept: SessionMessage[] = [];
  let characters = 0;
  for (const message of said.toReversed()) {
    characters += message.content.length;
    if (characters > limits.history_characters) break;
    kept.unshift(message);
  }
  return kept;
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
  const { id } = await context.ports.memory.write(draft, callOf(context));
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
  return ids[memory.scope] ?? undefined;
}

function callOf(context: NodeContext): PortCall {
  const span = context.span("HTTP", "memory");
  const call = portCall(context, span);
  span.end();
  const { idempotencyKey: key } = call;
  return { ...call, idempotencyKey: key.length <= keyCharacters ? key : createHash("sha256").update(key).digest("hex") };
}
