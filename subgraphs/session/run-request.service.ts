import { databaseNow } from "#shared/database-time.ts";
import { AppError } from "#shared/errors.ts";
import { checkJson, checkStorable, checkStorableText } from "#shared/fields.ts";
import { claimIdempotencyKey, idempotentResult } from "#shared/graphql/idempotency.ts";
import { newId } from "#shared/ids.ts";
import { sessionErrors } from "./errors.ts";
import { MessageRole } from "./message.entity.ts";
import { appendMessage, checkContent } from "./message.service.ts";
import { RunExecution, RunRequest, RunRequestStatus } from "./run-request.entity.ts";
import type { CreateRunRequestInput } from "./run-request.inputs.ts";
import { runTarget, type RunTarget } from "./run-target.ts";
import { createRun } from "./runtime.client.ts";
import type { SessionContext } from "./session.context.ts";
import { SessionStatus } from "./session.entity.ts";
import { lockActiveSession } from "./session.service.ts";
import { findRunTargets } from "./workflow.client.ts";

const inputBytes = 256 * 1024;

/**
 * Records the wish to run; what runs is decided and kept now, whatever is published later.
 *
 * @throws AppError of runTarget; SESSION_NOT_FOUND, SESSION_CLOSED, IDEMPOTENCY_KEY_REUSED
 */
export async function createRunRequest(context: SessionContext, input: CreateRunRequestInput): Promise<RunRequest> {
  return recordRequest(context, "createRunRequest", input);
}

/** Records the wish and starts its run. With a key, a call that was lost half-way is finished by the next. */
export async function dispatchRun(context: SessionContext, input: CreateRunRequestInput): Promise<RunRequest> {
  const request = await recordRequest(context, "dispatchRun", input);
  return dispatch(context, request);
}

/**
 * Starts the run of a recorded request. A request that was dispatched, or that failed for good, stays as it is.
 *
 * @throws AppError RUN_REQUEST_NOT_FOUND, SESSION_CLOSED; DOWNSTREAM_UNAVAILABLE and the like leave it PENDING, to be called again.
 */
export async function dispatchRunRequest(context: SessionContext, id: string): Promise<RunRequest> {
  const request = await context.db.read(({ em }) => em.findOne(RunRequest, { id }));
  if (request === null) throw sessionErrors.RUN_REQUEST_NOT_FOUND({ id });
  return dispatch(context, request);
}

async function recordRequest(context: SessionContext, operation: string, given: CreateRunRequestInput): Promise<RunRequest> {
  const { db, hints } = context;
  const { sessionId, message, idempotencyKey: key } = given;
  const query = message == null ? undefined : checkStorableText("message", checkContent("message", message));
  const input = checkJson("input", { ...given.input, ...(query !== undefined && { query }) }, inputBytes);
  const initialNode = given.initialNode == null ? null : checkStorable("initialNode", { ...given.initialNode });
  const call = key == null ? undefined : { schema: "session", operation, key, input: given };
  const known = call && (await db.read((tx) => idempotentResult(tx, call)));
  if (known !== undefined) return db.read(({ em }) => em.findOneOrFail(RunRequest, { id: known }));

  const { appId, target } = await decideTarget(context, given);
  const request = await db.transaction(async (tx) => {
    const id = newId();
    const first = call === undefined ? id : await claimIdempotencyKey(tx, call, id);
    if (first !== id) return tx.em.findOneOrFail(RunRequest, { id: first });
    const session = await lockActiveSession(tx, sessionId);
    if (message != null) appendMessage(tx, session, { role: MessageRole.USER, content: message });
    const start = { status: RunRequestStatus.PENDING, runId: null, errorMessage: null, createdAt: databaseNow(), dispatchedAt: null };
    const wish = { appId, ...target, input, initialNode, execution: given.execution ?? RunExecution.WORKERS };
    return tx.em.create(RunRequest, { id, tenantId: db.tenantId, sessionId, ...start, ...wish });
  });
  if (message != null) hints.publish("message", sessionId);
  return request;
}

/** Asks the workflow subgraph, before any transaction. */
async function decideTarget(context: SessionContext, given: CreateRunRequestInput): Promise<{ appId: string; target: RunTarget }> {
  const { sessionId: id, appVersionId, workflowVersionId } = given;
  const session = await context.loaders.session.load(id);
  if (session === null) throw sessionErrors.SESSION_NOT_FOUND({ id });
  if (session.status === SessionStatus.CLOSED) throw sessionErrors.SESSION_CLOSED({ id });
  const { appId } = session;
  const named = { appId, appVersionId, workflowVersionId };
  return { appId, target: runTarget({ ...named, found: await findRunTargets(context, named) }) };
}

async function dispatch(context: SessionContext, request: RunRequest): Promise<RunRequest> {
  if (request.status !== RunRequestStatus.PENDING) return request;
  const session = await context.loaders.session.load(request.sessionId);
  if (session?.status === SessionStatus.CLOSED) throw sessionErrors.SESSION_CLOSED({ id: session.id });
  const { appId, appVersionId, workflowId, workflowVersionId, sessionId, input, initialNode, execution } = request;
  const wish = { appId, appVersionId, workflowId, workflowVersionId, sessionId, input, initialNode, execution };
  try {
    // The key makes it safe to ask again after an unknown outcome, and for two callers to ask at once.
    const runId = await createRun(context, { ...wish, idempotencyKey: `run-request:${request.id}` });
    return await settle(context, request.id, { status: RunRequestStatus.DISPATCHED, runId, dispatchedAt: databaseNow() });
  } catch (error) {
    if (!(error instanceof AppError) || !isFinal(error)) throw error;
    return settle(context, request.id, { status: RunRequestStatus.FAILED, errorMessage: error.message });
  }
}

/** The first answer wins; whoever comes later sees it. */
function settle({ db }: SessionContext, id: string, change: Partial<RunRequest>): Promise<RunRequest> {
  return db.transaction(async ({ em }) => {
    await em.nativeUpdate(RunRequest, { id, status: RunRequestStatus.PENDING }, change);
    return em.findOneOrFail(RunRequest, { id });
  });
}

/** Whether asking again would be refused again. */
function isFinal({ code, facts }: AppError): boolean {
  if (facts["retryable"] === true) return false;
  return code === "BAD_USER_INPUT" || code === "NOT_FOUND" || code === "CONFLICT" || code === "FORBIDDEN";
}
