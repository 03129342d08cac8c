import { databaseNowMs } from "#shared/database-time.ts";
import type { JsonObject } from "#shared/json.ts";
import { checkJson, checkStorableInTurns, checkStorableText, checkText } from "#shared/fields.ts";
import { requestInfoOf } from "#shared/request-info.ts";
import { toolInputSchema } from "../../client/tool.client.ts";
import type { Posted } from "../../control/posted.ts";
import { runtimeErrors } from "../../errors.ts";
import { parseNodeRunId, type NodeRunKey } from "../../queue/node-run-id.ts";
import { requestProblems } from "../../nodes/people/approval.ts";
import { checkValues, fittingAnswer, type GivenAnswer } from "./answer.rules.ts";
import type { NodeRun } from "../node-runs/node-run.entity.ts";
import { checkPart, checkRoute } from "../outside-route.ts";
import type { RuntimeContext } from "../runtime.context.ts";
import type { WaitingRow } from "./waiting.entity.ts";

const argumentsBytes = 64 * 1024;
const reasonLength = 1_000;

/** Whoever answers where nobody is asked who they are. */
const anonymous = "anonymous";

/** Whose answer it is. */
export function answererOf({ subject }: Pick<RuntimeContext, "subject">): string {
  return subject ?? anonymous;
}

/**
 * Answers a node run that waits. The first answer wins; `by` is whose it is.
 *
 * @throws AppError NODE_RUN_NOT_FOUND, NODE_RUN_NOT_WAITING, ROUTE_UNKNOWN and those of fittingAnswer
 */
export async function answerNodeRun(context: RuntimeContext, id: string, given: GivenAnswer, by = answererOf(context)): Promise<NodeRun> {
  const key = keyOf(id);
  const answer = await storableAnswer(given);
  const row = await context.loaders.waiting.clear(id).load(id);
  const posted = await post(context, key, { row, answer, by });
  const nodeRun = await nodeRunById(context, id);
  if (posted === "conflict") throw notWaiting(nodeRun);
  return nodeRun;
}

/** What waits is checked before it is posted; whether somebody is first meanwhile, the database says. */
async function post(
  context: RuntimeContext,
  key: NodeRunKey,
  { row, answer, by }: { row: WaitingRow | null; answer: GivenAnswer; by: string },
): Promise<Posted> {
  const call = { tenantId: context.db.tenantId, ...key, by };
  const { control } = context.services;
  if (row?.isOpen !== true) return "conflict";
  const fitting = await fittingAnswer(context.db.tenantId, row, answer);
  if (fitting.kind === "outcome") {
    await checkPart(context, key, { isSkipped: false, outputJson: answer.outputJson });
    if (row.nodeType !== "human-input") await checkRoute(context, key, answer.outputJson);
    return control.answerNode({ ...call, outcome: fitting.outcome });
  }
  if (answer.arguments != null) await checkArguments(context, row, fitting.approval.arguments);
  return control.decideNode({ ...call, approval: { ...fitting.approval, by, atMs: databaseNowMs() } });
}

/** Arguments that a person changed are checked as those of the node are. @throws AppError ANSWER_INVALID, ANSWER_TOO_SLOW; those of a subgraph that is away */
async function checkArguments(context: RuntimeContext, { id, question }: WaitingRow, values: JsonObject | undefined): Promise<void> {
  const { version, isRequest } = question?.tool ?? {};
  if (values === undefined) return;
  if (isRequest) {
    const problems = requestProblems(values, question?.arguments ?? {});
    if (problems.length > 0) throw runtimeErrors.ANSWER_INVALID({ field: "arguments", id, problems });
    return;
  }
  if (version === undefined) return;
  const schema = await toolInputSchema(context.call, requestInfoOf(context), version);
  if (schema !== null) await checkValues(context.db.tenantId, { field: "arguments", id }, schema, values);
}

async function storableAnswer(given: GivenAnswer): Promise<GivenAnswer> {
  const { outputText, outputJson, action, decision, arguments: args, reason } = given;
  return {
    decision,
    ...(outputText != null && { outputText: checkStorableText("outputText", outputText) }),
    ...(outputJson !== undefined && { outputJson: await checkStorableInTurns("outputJson", outputJson) }),
    ...(action != null && { action: checkStorableText("action", action) }),
    ...(args != null && { arguments: checkJson("arguments", args, argumentsBytes) }),
    ...(reason != null && { reason: checkStorableText("reason", checkText("reason", reason, { max: reasonLength })) }),
  };
}

function notWaiting({ id, status, waitReason, answeredBy, answeredAt }: NodeRun) {
  return runtimeErrors.NODE_RUN_NOT_WAITING({ id, status, waitReason, answeredBy, answeredAt: answeredAt?.toISOString() ?? null });
}

/** The node run as it is now, a queued one without a row too. @throws AppError NODE_RUN_NOT_FOUND */
export async function nodeRunById({ loaders }: RuntimeContext, id: string): Promise<NodeRun> {
  loaders.queued.clear(parseNodeRunId(id)?.runId ?? "");
  const nodeRun = await loaders.nodeRun.clear(id).load(id);
  if (nodeRun === null) throw runtimeErrors.NODE_RUN_NOT_FOUND({ id });
  return nodeRun;
}

/** @throws AppError NODE_RUN_NOT_FOUND for what cannot be an id */
export function keyOf(id: string): NodeRunKey {
  const key = parseNodeRunId(id);
  if (key === null || id.includes("\u0000")) throw runtimeErrors.NODE_RUN_NOT_FOUND({ id });
  return key;
}
