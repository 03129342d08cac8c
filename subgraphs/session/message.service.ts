import { databaseNow } from "#shared/database-time.ts";
import { toEntity, type Tx } from "#shared/db/database.ts";
import { checkJson, checkStorableInTurns, checkText } from "#shared/fields.ts";
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
/** Longer contents, which only runs have, are not for MikroORM: it writes what it stores into the statement, a character at a time, 40 ms a MB with what is collected behind it. */
const shortLength = 65_536;
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
  const contentJson = await checkStorableInTurns("contentJson", input.contentJson ?? null);
  const message = await db.transaction(async (tx) => {
    const session = await lockSession(tx, sessionId);
    // Under the session's lock, which the first call held through its commit.
    const first = await tx.em.findOne(Message, { runId });
    const append = content.length > shortLength ? appendLong : appendMessage;
    return first ?? append(tx, session, { role: MessageRole.ASSISTANT, content, contentJson, runId });
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
      const page = await db.read((tx) => addedAfter(tx, { sessionId, seq }));
      seq = page.at(-1)?.seq ?? seq;
      return { items: page.map(({ id, seq, message }) => ({ cursor: encodeCursor(place, seq), messageId: id, message })), done: false };
    },
  });
}

/** A page of what was added after a message. The answers of runs may have 50 MiB each: those that are long are measured where they lie, and left there. */
async function addedAfter(tx: Tx, { sessionId, seq }: Pick<Message, "sessionId" | "seq">) {
  const length = "octet_length(content) + coalesce(octet_length(content_json::text), 0)";
  // Told by its stored size that it is long: to write JSON as text, all of it is read.
  const isLong = `octet_length(content) > ${shortLength} or pg_column_size(content_json) > ${shortLength}`;
  const page = await tx.sql<{ id: string; seq: number; isShort: boolean }>(
    `select id, seq, case when ${isLong} then false else ${length} <= ${shortLength} end as "isShort" from session.message
     where tenant_id = $1 and session_id = $2 and seq > $3 order by seq limit ${streamPage}`,
    [tx.tenantId, sessionId, seq],
  );
  const short = await tx.em.find(Message, { id: { $in: page.filter(({ isShort }) => isShort).map(({ id }) => id) } });
  const byId = new Map(short.map((message) => [message.id, message]));
  return page.map(({ id, seq }) => ({ id, seq, message: byId.get(id) }));
}

/** Adds a message to a session whose row is locked: its number is taken and committed under that lock, so readers never see a gap. */
export function appendMessage({ em }: Tx, session: Session, draft: MessageDraft): Message {
  return em.create(Message, nextMessage(session, draft));
}

function nextMessage(session: Session, draft: MessageDraft) {
  session.messageSeq += 1;
  const { role, content, contentJson = null, runId = null, id = newId() } = draft;
  const place = { id, tenantId: session.tenantId, sessionId: session.id, seq: session.messageSeq, createdAt: databaseNow() };
  return { ...place, role, content, contentJson, runId };
}

/** As {@link appendMessage}; the content is a parameter. */
async function appendLong(tx: Tx, session: Session, draft: MessageDraft): Promise<Message> {
  const { id, tenantId, sessionId, seq, role, content, contentJson, runId, createdAt } = nextMessage(session, draft);
  const row = {
    id,
    tenant_id: tenantId,
    session_id: sessionId,
    seq,
    role,
    content,
    content_json: contentJson,
    run_id: runId,
    created_at: createdAt,
  };
  await tx.sql(
    `insert into session.message (${Object.keys(row).join(", ")}) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    Object.values({ ...row, content_json: contentJson === null ? null : JSON.stringify(contentJson) }),
  );
  return toEntity(tx, Message, row);
}

/** @throws AppError TEXT_TOO_SHORT, TEXT_TOO_LONG */
export function checkContent(field: string, content: string): string {
  return checkText(field, content, { min: 1, max: contentLength });
}
