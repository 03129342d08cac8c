/** What was said in a session before a run: read once, when the run is created, and stored with it. */
import type { SubgraphCaller } from "#shared/endpoint/caller.ts";
import type { Json } from "#shared/json.ts";
import { maxPageSize } from "#shared/page-size.ts";
import type { RequestInfo } from "#shared/request-info.ts";
import { sessionMessages } from "../client/session.client.ts";
import type { PlanDocument } from "../engine/plan.ts";
import type { SessionMessage } from "../nodes/ports/memory.port.ts";

const charactersOfToken = 4;
/** Of all messages together, as JSON. */
const mostBytes = 256 * 1024;
/** The run's own message may stand behind others, and what tools have said is left out. */
const mostBeside = 20;

/** Whose history, and how much of it. */
export interface HistoryQuestion {
  sessionId: string;
  asked: NonNullable<PlanDocument["session_history"]>;
  /** The run's input.query: the message that it answers, which the session has already. */
  query: Json | undefined;
}

/** The newest messages that fit, oldest first, each `{ role, content }` with the roles of llm nodes. */
export async function readHistory(
  { call, info }: { call: SubgraphCaller; info: RequestInfo },
  { sessionId, asked, query }: HistoryQuestion,
): Promise<Json[]> {
  const messages = await sessionMessages(call, info, { sessionId, last: Math.min(maxPageSize, asked.messages + mostBeside) });
  return newestThatFit(withoutOwn(messages, query), asked).map(({ role, content }) => ({ role: role.toLowerCase(), content }));
}

/**
 * Without the run's own message, which nobody has answered, and what came behind it. An empty one is left out, too: there are providers that refuse a message
 * without text.
 */
function withoutOwn(messages: readonly SessionMessage[], query: Json | undefined): SessionMessage[] {
  const own = messages.findLastIndex(({ role, content }) => role === "USER" && content === query);
  const isOpen = own >= 0 && !messages.slice(own).some(({ role }) => role === "ASSISTANT");
  return (isOpen ? messages.slice(0, own) : messages).filter(
    ({ role, content }) => (role === "USER" || role === "ASSISTANT") && content.trim() !== "",
  );
}

function newestThatFit(messages: readonly SessionMessage[], { messages: most, tokens }: HistoryQuestion["asked"]): SessionMessage[] {
  const kept: SessionMessage[] = [];
  let characters = tokens * charactersOfToken;
  let bytes = mostBytes;
  for (const message of messages.slice(-most).toReversed()) {
    characters -= message.content.length;
    bytes -= Buffer.byteLength(JSON.stringify(message.content)) + 64;
    if (characters < 0 || bytes < 0) break;
    kept.unshift(message);
  }
  return kept;
}
