/** Runs of what stands in another subgraph, such as an agent, a team or a skill: how they are made and executed, whatever it is. */
import { createHash } from "node:crypto";
import { newId } from "#shared/ids.ts";
import type { JsonObject } from "#shared/json.ts";
import { requestInfoOf } from "#shared/request-info.ts";
import { addUserMessage } from "../../client/session.client.ts";
import type { CompiledSubjectRun } from "../../plan/compile.ts";
import { runStatusWord, type RunStatus } from "../../queue/statuses.ts";
import { checkWorkerKey, own } from "../node-runs/node-run.service.ts";
import type { Run } from "../run.entity.ts";
import type { RunExecution } from "../run.enums.ts";
import { checkRange, checkRunId, findByKey, idempotencyOf, runById, runCreate } from "../run.service.ts";
import type { RuntimeContext } from "../runtime.context.ts";

/** Of one run: more than an agent, or a team, can take. */
const mostSteps = 100_000;
/** Runs that others take meanwhile are passed over, so many of them. */
const mostTries = 20;

/** A kind of such runs, and what is said of one that is not there, or has begun. */
export interface SubjectKind {
  kind: "AGENT" | "TEAM" | "SKILL";
  notFound(id: string): Error;
  begun(id: string, status: RunStatus): Error;
}

/** What such a run is asked for with. */
export interface SubjectQuestion {
  /** What is said in its session. */
  inputText?: string;
  sessionId?: string | null;
  idempotencyKey?: string | null;
  execution?: RunExecution | null;
  dryRun?: boolean | null;
}

/**
 * Makes a run. With a session the question is added to it first, so that whoever reads the session sees it while it is worked on; but of a dry run
 * neither that nor its answer: what was not asked is no part of a conversation.
 *
 * @param made.asked  the run's input, checked
 * @throws AppError of `compiled`; IDEMPOTENCY_KEY_REUSED, QUOTA_EXCEEDED
 */
export async function createSubjectRun(
  context: RuntimeContext,
  given: SubjectQuestion,
  made: { kind: SubjectKind["kind"]; asked: JsonObject; compiled: () => Promise<CompiledSubjectRun> },
): Promise<Run> {
  const idempotency = idempotencyOf(given);
  const known = idempotency && (await findByKey(context, idempotency));
  if (known) return known;
  return context.services.quotas.admitted(context.db.tenantId, () => createAdmitted(context, given, { ...made, idempotency }));
}

async function createAdmitted(
  context: RuntimeContext,
  given: SubjectQuestion,
  { idempotency, ...made }: Parameters<typeof createSubjectRun>[2] & { idempotency: ReturnType<typeof idempotencyOf> },
): Promise<Run> {
  const { db, requestId, traceparent } = context;
  const { plan, subjectId, subjectVersionId } = await made.compiled();
  const id = newId();
  const { sessionId } = given;
  // Hashed: with a word before it the longest key would be too long.
  const messageKey = `${made.kind.toLowerCase()}-run:${createHash("sha256")
    .update(idempotency?.key ?? id)
    .digest("hex")}`;
  const dryRun = given.dryRun ?? false;
  const said = { content: given.inputText ?? "", key: messageKey };
  const messageId = sessionId == null ? undefined : await askedInSession(context, { sessionId, ...(!dryRun && { said }) });
  const input = {
    ...made.asked,
    ...(sessionId != null && { session_id: sessionId }),
    ...(messageId !== undefined && { message_id: messageId }),
  };
  const facts = { id, tenantId: db.tenantId, kind: made.kind, plan, subjectId, subjectVersionId, sessionId, requestId, traceparent };
  return runCreate(context, { ...facts, execution: given.execution ?? "WORKERS", dryRun, input, idempotency });
}

/** Adds the question behind the answers that were given before it. @returns the id of the message; undefined: there is nothing to add */
async function askedInSession(
  context: RuntimeContext,
  { sessionId, said }: { sessionId: string; said?: { content: string; key: string } },
): Promise<string | undefined> {
  const { db, call, services } = context;
  await services.answers.tellSession({ tenantId: db.tenantId, sessionId });
  if (said === undefined) return undefined;
  const { content, key } = said;
  return addUserMessage(call, requestInfoOf(context), { sessionId, content, idempotencyKey: key });
}

/** Executes a run of a kind here, and waits until it rests. @throws AppError of {@link SubjectKind}, RUN_OWNED */
export async function executeSubjectRun(
  context: RuntimeContext,
  subject: SubjectKind,
  { id, workerKey, dryRun }: { id: string; workerKey: string; dryRun?: boolean | null | undefined },
): Promise<Run> {
  checkWorkerKey(workerKey);
  const before = await subjectRunById(context, subject, id);
  if (dryRun === true && !before.dryRun && !(await context.services.control.dryRunMark({ tenantId: context.db.tenantId, runId: id })))
    throw subject.begun(id, runStatusWord((await subjectRunById(context, subject, id)).status));
  await own(context, { runId: id, workerKey, mode: { kind: "steps", max: mostSteps } });
  return runById(context, id);
}

/** Executes the run of that kind of the tenant that has waited longest; null when none is queued. */
export async function executeNextSubjectRun(
  context: RuntimeContext,
  { kind }: Pick<SubjectKind, "kind">,
  given: { workerKey: string; leaseSeconds?: number | null; dryRun?: boolean | null },
): Promise<Run | null> {
  const { workerKey, leaseSeconds, dryRun } = given;
  checkRange("leaseSeconds", leaseSeconds ?? 300, 1, 3_600);
  checkWorkerKey(workerKey);
  const { control } = context.services;
  const { tenantId } = context.db;
  for (const runId of await control.queuedRuns({ tenantId, kind, limit: mostTries })) {
    if (dryRun === true && !(await control.dryRunMark({ tenantId, runId }))) continue;
    const result = await control.ownRun({ tenantId, runId, workerKey, mode: { kind: "steps", max: mostSteps } });
    if (result.kind === "done") return runById(context, runId);
  }
  return null;
}

async function subjectRunById({ loaders }: RuntimeContext, { kind, notFound }: SubjectKind, id: string): Promise<Run> {
  const run = await loaders.run.clear(checkRunId(id)).load(id);
  if (run?.kind !== kind) throw notFound(id);
  return run;
}
