import { checkJson, checkStorableText, checkText } from "#shared/fields.ts";
import { checkIdempotencyKey, idempotencyKeyReused } from "#shared/graphql/idempotency.ts";
import { newId } from "#shared/ids.ts";
import type { JsonObject } from "#shared/json.ts";
import { requestInfoOf } from "#shared/request-info.ts";
import { agentType } from "../../engine/drivers/agent-plan.ts";
import { nodeOfPath } from "../../engine/plan.ts";
import { teamType } from "../../engine/drivers/team-plan.ts";
import { runtimeErrors } from "../../errors.ts";
import { compileAgentRun } from "../../plan/compile.ts";
import { parseNodeRunId, type NodeRunKey } from "../../queue/node-run-id.ts";
import { planOfRun } from "../../plan/stored-plan.sql.ts";
import { runStatusWord } from "../../queue/statuses.ts";
import type { ClaimAgentRunInput, CreateAgentRunInput, ExecuteAgentRunInput, SendAgentInputInput } from "./agent-run.inputs.ts";
import type { Run } from "../run.entity.ts";
import { checkRunId, runById } from "../run.service.ts";
import type { RuntimeContext } from "../runtime.context.ts";
import { createSubjectRun, executeNextSubjectRun, executeSubjectRun, type SubjectKind } from "./subject-run.service.ts";

const textLength = 250_000;
const jsonBytes = 256 * 1024;
const idLength = 200;

const agentRuns: SubjectKind = {
  kind: "AGENT",
  notFound: (id) => runtimeErrors.AGENT_RUN_NOT_FOUND({ id }),
  begun: (id, status) => runtimeErrors.AGENT_RUN_BEGUN({ id, status }),
};

/**
 * Asks an agent: a run of it, which workers execute.
 *
 * @throws AppError of compileAgentRun; IDEMPOTENCY_KEY_REUSED, QUOTA_EXCEEDED, and BAD_USER_INPUT for what may not be asked
 */
export async function createAgentRun(context: RuntimeContext, given: CreateAgentRunInput): Promise<Run> {
  const asked = checkedInput(given);
  const compiled = () => compileAgentRun(context.call, requestInfoOf(context), given);
  return createSubjectRun(context, given, { kind: "AGENT", asked, compiled });
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
export function executeAgentRun(context: RuntimeContext, id: string, given: ExecuteAgentRunInput): Promise<Run> {
  return executeSubjectRun(context, agentRuns, { ...given, id });
}

/** Executes the agent run of the tenant that has waited longest; null when none is queued. */
export function executeNextAgentRun(context: RuntimeContext, given: ClaimAgentRunInput): Promise<Run | null> {
  return executeNextSubjectRun(context, agentRuns, given);
}

/**
 * Says something to an agent that works, or to the supervisor of a team. Once this has returned it is part of a model call of the agent, whatever dies: an agent does not end before it has seen it.
 *
 * @throws AppError RUN_NOT_FOUND, NODE_RUN_NOT_FOUND, AGENT_NOT_WORKING, TEAM_NOT_LED, IDEMPOTENCY_KEY_INVALID, IDEMPOTENCY_KEY_REUSED, TEXT_TOO_SHORT, TEXT_TOO_LONG
 */
export async function sendAgentInput(context: RuntimeContext, runId: string, given: SendAgentInputInput): Promise<Run> {
  const text = checkStorableText("text", checkText("text", given.text, { min: 1, max: textLength }));
  const named = given.nodeRunId == null ? undefined : pathOf(runId, given.nodeRunId);
  const inputId = given.idempotencyKey == null ? newId() : checkIdempotencyKey(given.idempotencyKey);
  const { kind } = await runById(context, checkRunId(runId));
  const path = named ?? (kind === "TEAM" ? teamType : agentType);
  await checkIsLed(context, { runId, path });
  const { control } = context.services;
  const input = { tenantId: context.db.tenantId, runId, path, text, inputId };
  const posted = await control.agentInput(input);
  // After the post: of two that are sent at once, each sees which was the first.
  const isFirst = given.idempotencyKey == null ? undefined : await control.isFirstInput(input);
  if (isFirst === false) throw idempotencyKeyReused(inputId, runId);
  const run = await runById(context, runId);
  if (isFirst === undefined && (posted === "conflict" || posted === "unknown"))
    throw runtimeErrors.AGENT_NOT_WORKING({ id: `${runId}:${path}`, status: runStatusWord(run.status) });
  return run;
}

function pathOf(runId: string, nodeRunId: string): string {
  const key = parseNodeRunId(nodeRunId);
  if (key?.runId !== runId || nodeRunId.includes("\u0000")) throw runtimeErrors.NODE_RUN_NOT_FOUND({ id: nodeRunId });
  return key.path;
}

/** In a team without a supervisor nobody would hear it. @throws AppError TEAM_NOT_LED */
async function checkIsLed({ db }: RuntimeContext, { runId, path }: NodeRunKey): Promise<void> {
  const plan = await db.read((tx) => planOfRun(tx, runId));
  const composite = plan && nodeOfPath(plan, path)?.composite;
  if (composite?.kind !== "team" || composite.agent !== undefined) return;
  throw runtimeErrors.TEAM_NOT_LED({ field: "nodeRunId", id: `${runId}:${path}`, mode: composite.team.mode });
}
