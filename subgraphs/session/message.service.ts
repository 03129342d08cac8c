import type { Tx } from "#shared/db/database.ts";
import { checkJson, checkStorable, checkText } from "#shared/fields.ts";
import { claimIdempotencyKey } from "#shared/graphql/idempotency.ts";
import { newId } from "#shared/ids.ts";
import type { Json } from "#shared/json.ts";
import { encodeCursor, sequenceCursor } from "#shared/graphql/pagination.ts";
import { PullStream } from "#shared/stream/pull-stream.ts";
import { sessionErrors } from "./errors.ts";
import { Message, MessageRole, type MessageAdded } from "./message.entity.ts";
import type { AddMessageInput, RecordRunMessageInput } from "./message.inputs.ts";
import type { SessionContext } from "./session.context.ts";
import type { Session } from "./session.entity.ts";
import { lockActiveSession, lockSession } from "./session.service.ts";

const contentLength = 256 * 1024;
const contentJsonBytes = 256 * 1024;
const streamPage = 100;
const pollMs = 2_000;

/** What a message says, and who says it. */
export interface MessageDraft {
  role: MessageRole;
  content: string;
  contentJson?: Json | undefined;
  runId?: string;
  id?: string;
}

/** Adds a message of a client. @throws AppError SESSION_NOT_FOUND, SESSION_CLOSED, IDEMPOTENCY_KEY_REUSED */
export async function addMessage({ db, hints }: SessionContext, input: AddMessageInput): Promise<Message> {
  const { sessionId, idempotencyKey: key } = input;
  const content = checkContent("content", input.content);
  const contentJson = checkJson("contentJson", input.contentJson ?? null, contentJsonBytes);
  const message = await db.transaction(async (tx) => {
    const id = newId();
    if (key != null) {
      const first = await claimIdempotencyKey(tx, { schema: "session", operation: "addMessage", key, input }, id);
      if (first !== id) return tx.em.findOneOrFail(Message, { id: first });
    }
    const session = await lockActiveSession(tx, sessionId);
    return appendMessage(tx, session, { id, role: input.role ?? MessageRole.USER, content, contentJson });
  });
  hints.publish("message", sessionId);
  return message;
}

/**
 * Adds the answer of a run, once however often it is called. A session that was closed meanwhile takes it too: the question was asked
 * while it was open, and an answer that was paid for is not thrown away.
 *
 * @throws AppError SESSION_NOT_FOUND
 */
export async function recordRunMessage({ db, hints }: SessionContext, input: RecordRunMessageInput): Promise<Message> {
  const { runId, sessionId, content } = input;
  const contentJson = checkStorable("contentJson", input.contentJson ?? null);
  const message = await db.transaction(async (tx) => {
    const session = await lockSession(tx, sessionId);
    // Under the session's lock, which the first call held through its commit.
    const first = await tx.em.findOne(Message, { runId });
    return first ?? appendMessage(tx, session, { role: MessageRole.ASSISTANT, content, contentJson, runId });
  });
  hints.publish("message", sessionId);
  return message;
}

/**
 * Every message behind the cursor, once and in order. It does not end when the session is closed: the answers of runs in
 * flight are still to come.
 *
 * @throws AppError SESSION_NOT_FOUND, CURSOR_INVALID
 */
export async function messageStream(
  { db, hints, loaders }: SessionContext,
  { sessionId, after }: { sessionId: string; after?: string | null },
): Promise<PullStream<MessageAdded>> {
  // As of Session.messages.
  const place = { item: Message.name, parentId: sessionId };
  let seq = sequenceCursor(place, "after", after);
  if ((await loaders.session.load(sessionId)) === null) throw sessionErrors.SESSION_NOT_FOUND({ id: sessionId });
  return new PullStream({
    pollMs,
    listen: (wake) => hints.subscribe("message", sessionId, wake),
    async read() {
      const where = { sessionId, seq: { $gt: seq } };
      const messages = await db.read(({ em }) => em.find(Message, where, { orderBy: { seq: "asc" }, limit: streamPage }));
      seq = messages.at(-1)?.seq ?? seq;
      return { items: messages.map((message) => ({ cursor: encodeCursor(place, message.seq), message })), done: false };
    },
  });
}

/** Adds a message to a session whose row is locked: its number is taken and committed under that lock, so readers never see a gap. */
export function appendMessage({ em }: Tx, session: Session, draft: MessageDraft): Message {
  session.messageSeq += 1;
  const { role, content, contentJson = null, runId = null, id = newId() } = draft;
  const place = { id, tenantId: session.tenantId, sessionId: session.id, seq: session.messageSeq, createdAt: new Date() };
  return em.create(Message, { ...place, role, content, contentJson, runId });
}

/** @throws AppError TEXT_TOO_SHORT, TEXT_TOO_LONG */
export function checkContent(field: string, content: string): string {
  return checkText(field, content, { min: 1, max: contentLength });
}
