import { LockMode } from "@mikro-orm/core";
import { databaseNow } from "#shared/database-time.ts";
import type { Tx } from "#shared/db/database.ts";
import { checkText } from "#shared/fields.ts";
import { claimIdempotencyKey, idempotentResult } from "#shared/graphql/idempotency.ts";
import { newId } from "#shared/ids.ts";
import { sessionErrors } from "./errors.ts";
import type { SessionContext } from "./session.context.ts";
import { Session, SessionStatus } from "./session.entity.ts";
import type { CreateSessionInput, UpdateSessionInput } from "./session.inputs.ts";
import { findApp } from "./workflow.client.ts";

/** Begins a conversation with an app; with a key that was used before it gives the one that began then. @throws AppError APP_NOT_FOUND, IDEMPOTENCY_KEY_REUSED */
export async function createSession(context: SessionContext, input: CreateSessionInput): Promise<Session> {
  const { db } = context;
  const fields = {
    appId: input.appId,
    userId: checkText("userId", input.userId, { min: 1, max: 200 }),
    channelType: checkText("channelType", input.channelType ?? "web", { min: 1, max: 64 }),
    title: checkTitle(input.title),
  };
  const { idempotencyKey: key } = input;
  const call = key == null ? undefined : { schema: "session", operation: "createSession", key, input };
  const known = call && (await db.read((tx) => idempotentResult(tx, call)));
  if (known !== undefined) return db.read(({ em }) => em.findOneOrFail(Session, { id: known }));
  const app = await findApp(context, input.appId);
  if (app == null || app.deletedAt !== null) throw sessionErrors.APP_NOT_FOUND({ id: input.appId });
  const id = newId();
  const start = { id, tenantId: db.tenantId, status: SessionStatus.ACTIVE, messageSeq: 0, createdAt: databaseNow(), closedAt: null };
  return db.transaction(async (tx) => {
    const first = call === undefined ? id : await claimIdempotencyKey(tx, call, id);
    return first === id ? tx.em.create(Session, { ...start, ...fields }) : tx.em.findOneOrFail(Session, { id: first });
  });
}

/** Changes what is given. @throws AppError SESSION_NOT_FOUND */
export async function updateSession({ db }: SessionContext, id: string, input: UpdateSessionInput): Promise<Session> {
  return db.transaction(async (tx) => {
    const session = await lockSession(tx, id);
    if (input.title !== undefined) session.title = checkTitle(input.title);
    return session;
  });
}

/** Closes a conversation for good; closing it again changes nothing. @throws AppError SESSION_NOT_FOUND */
export async function closeSession({ db }: SessionContext, id: string): Promise<Session> {
  return db.transaction(async (tx) => {
    const session = await lockSession(tx, id);
    if (session.status === SessionStatus.CLOSED) return session;
    session.status = SessionStatus.CLOSED;
    session.closedAt = databaseNow();
    return session;
  });
}

/** The session's row, held until the transaction ends. @throws AppError SESSION_NOT_FOUND */
export async function lockSession({ em }: Tx, id: string): Promise<Session> {
  const session = await em.findOne(Session, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (session === null) throw sessionErrors.SESSION_NOT_FOUND({ id });
  return session;
}

/** The same, of a session that is not closed. @throws AppError SESSION_NOT_FOUND, SESSION_CLOSED */
export async function lockActiveSession(tx: Tx, id: string): Promise<Session> {
  const session = await lockSession(tx, id);
  if (session.status === SessionStatus.CLOSED) throw sessionErrors.SESSION_CLOSED({ id });
  return session;
}

function checkTitle(title: string | null | undefined): string | null {
  return title == null ? null : checkText("title", title, { max: 200 });
}
