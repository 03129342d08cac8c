import { createHash } from "node:crypto";
import { checkJson, checkStorableText, checkText } from "#shared/fields.ts";
import { checkIdempotencyKey } from "#shared/graphql/idempotency.ts";
import { newId } from "#shared/ids.ts";
import type { JsonObject } from "#shared/json.ts";
import { requestInfoOf } from "#shared/request-info.ts";
import { addUserMessage } from "../client/session.client.ts";
import { agentType } from "../engine/agent-plan.ts";
import { runtimeErrors } from "../errors.ts";
import { compileAgentRun } from "../plan/compile.ts";
import { parseNodeRunId } from "../queue/node-run-id.ts";
import { runStatusWord } from "../queue/statuses.ts";
import type { ClaimAgentRunInput, CreateAgentRunInput, ExecuteAgentRunInput, SendAgentInputInput } from "./agent-run.inputs.ts";
import { checkWorkerKey, own } from "./node-run.service.ts";
import type { Run } from "./run.entity.ts";
import { checkRange, checkRunId, findByKey, idempotencyOf, runById, runCreate } from "./run.service.ts";
import type { RuntimeContext } from "./runtime.context.ts";

const textLength = 250_000;
const jsonBytes = 256 * 1024;
const idLength = 200;
/** Of one run: more than an agent can take. */
const mostSteps = 100_000;
/** Runs that others take meanwhile are passed over, so many of them. */
const mostTries = 20;

/**
 * Asks an agent: a run of it, which workers execute. With a session the question is added to it first, so that whoever reads the session sees it while
 * the agent works.
 *
 * @throws AppError of compileAgentRun; IDEMPOTENCY_KEY_REUSED, QUOTA_EXCEEDED, and BAD_USER_INPUT for what may not be asked
 */
export async function createAgentRun(context: RuntimeContext, given: CreateAgentRunInput): Promise<Run> {
  const { db, services, call, requestId, traceparent } = context;
  const asked = checkedInput(given);
  const idempotency = idempotencyOf(given);
  const known = idempotency && (await findByKey(context, idempotency));
  if (known) return known;

  await services.quotas.admit(db.tenantId);
  const info = requestInfoOf(context);
  const { plan, subjectId, subjectVersionId } = await compileAgentRun(call, info, given);
  const id = newId();
  const { sessionId } = given;
  // Hashed: with a word before it the longest key would be too long.
  const messageKey = `agent-run:${createHash("sha256")
    .update(idempotency?.key ?? id)
    .digest("hex")}`;
  const messageId = sessionId == null ? undefined : await askedInSession(context, { sessionId, content: given.inputText, key: messageKey });
  const input = {
    ...asked,
    ...(sessionId != null && { session_id: sessionId }),
    ...(messageId !== undefined && { message_id: messageId }),
  };
  const facts = { id, tenantId: db.tenantId, kind: "AGENT" as const, plan, subjectId, subjectVersionId, sessionId, requestId, traceparent };
  return runCreate(context, { ...facts, execution: given.execution ?? "WORKERS", dryRun: given.dryRun ?? false, input, idempotency });
}

/** Adds the question behind the answers that were given before it. @returns the id of the message */
async function askedInSession(context: RuntimeContext, asked: { sessionId: string; content: string; key: string }): Promise<string> {
  const { db, call, services } = context;
  const { sessionId, content, key } = asked;
  await services.outbox.tellSession({ tenantId: db.tenantId, sessionId });
  return addUserMessage(call, requestInfoOf(context), { sessionId, content, idempotencyKey: key });
}

function checkedInput({ inputText, inputJson, userId, teamId }: CreateAgentRunInput): JsonObject {
  const idOf = (field: string, id: string): string => checkStorableText(field, checkText(field, id, { min: 1, max: idLength }));
  return {
    text: checkStorableText("inputText", checkText("inputText", inputText, { min: 1, max: textLength })),
    ...(inputJson != null && { json: checkJson("inputJson", inputJson, jsonBytes) }),
    ...(userId != null && { user_id: idOf("userId", userId) }),
    ...(teamId != null && { team_id: idOf("teamId", teamId) }),
  };
}

/** Executes an agent run here, and waits until it rests. @throws AppError AGENT_RUN_NOT_FOUND, AGENT_RUN_BEGUN, RUN_OWNED */
export async function executeAgentRun(context: RuntimeContext, id: string, { workerKey, dryRun }: ExecuteAgentRunInput): Promise<Run> {
  checkWorkerKey(workerKey);
  const before = await agentRunById(context, id);
  if (dryRun === true && !before.dryRun && !(await context.services.control.dryRunMark({ tenantId: context.db.tenantId, runId: id })))
    throw runtimeErrors.AGENT_RUN_BEGUN({ id, status: runStatusWord((await agentRunById(context, id)).status) });
  await own(context, { runId: id, workerKey, mode: { kind: "steps", max: mostSteps } });
  return runById(context, id);
}

/** Executes the agent run of the tenant that has waited longest; null when none is queued. */
export async function executeNextAgentRun(context: RuntimeContext, given: ClaimAgentRunInput): Promise<Run | null> {
  const { workerKey, leaseSeconds, dryRun } = given;
  checkRange("leaseSeconds", leaseSeconds ?? 300, 1, 3_600);
  checkWorkerKey(workerKey);
  const { control } = context.services;
  const { tenantId } = context.db;
  for (const runId of await control.queuedRuns({ tenantId, kind: "AGENT", limit: mostTries })) {
    if (dryRun === true && !(await control.dryRunMark({ tenantId, runId }))) continue;
    const result = await control.ownRun({ tenantId, runId, workerKey, mode: { kind: "steps", max: mostSteps } });
    if (result.kind === "done") return runById(context, runId);
  }
  return null;
}

/**
 * Says something to an agent that works. Once this has returned it is part of a model call of the agent, whatever dies: an agent does not end before it has seen it.
 *
 * @throws AppError RUN_NOT_FOUND, NODE_RUN_NOT_FOUND, AGENT_NOT_WORKING, IDEMPOTENCY_KEY_INVALID, TEXT_TOO_SHORT, TEXT_TOO_LONG
 */
export async function sendAgentInput(context: RuntimeContext, runId: string, given: SendAgentInputInput): Promise<Run> {
  const text = checkStorableText("text", checkText("text", given.text, { min: 1, max: textLength }));
  const path = pathOfAgent(runId, given.nodeRunId);
  const inputId = given.idempotencyKey == null ? newId() : checkStorableText("idempotencyKey", checkIdempotencyKey(given.idempotencyKey));
  await runById(context, checkRunId(runId));
  const posted = await context.services.control.agentInput({ tenantId: context.db.tenantId, runId, path, text, inputId });
  const run = await runById(context, runId);
  if (posted === "conflict" || posted === "unknown")
    throw runtimeErrors.AGENT_NOT_WORKING({ id: `${runId}:${path}`, status: runStatusWord(run.status) });
  return run;
}

function pathOfAgent(runId: string, nodeRunId: string | null | undefined): string {
  if (nodeRunId == null) return agentType;
  const key = parseNodeRunId(nodeRunId);
  if (key?.runId !== runId || nodeRunId.includes("\u0000")) throw runtimeErrors.NODE_RUN_NOT_FOUND({ id: nodeRunId });
  return key.path;
}

/** @throws AppError AGENT_RUN_NOT_FOUND */
async function agentRunById({ loaders }: RuntimeContext, id: string): Promise<Run> {
  const run = await loaders.run.clear(checkRunId(id)).load(id);
  if (run?.kind !== "AGENT") throw runtimeErrors.AGENT_RUN_NOT_FOUND({ id });
  return run;
}
