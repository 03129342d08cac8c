import { checkJson, checkStorableText, checkText } from "#shared/fields.ts";
import type { JsonObject } from "#shared/json.ts";
import { requestInfoOf } from "#shared/request-info.ts";
import { runtimeErrors } from "../../errors.ts";
import { compileTeamRun } from "../../plan/compile.ts";
import type { Run } from "../run.entity.ts";
import type { RuntimeContext } from "../runtime.context.ts";
import { createSubjectRun, executeNextSubjectRun, executeSubjectRun, type SubjectKind } from "./subject-run.service.ts";
import type { ClaimTeamRunInput, CreateTeamRunInput, ExecuteTeamRunInput } from "./team-run.inputs.ts";

const textLength = 250_000;
const jsonBytes = 256 * 1024;
const idLength = 200;

const teamRuns: SubjectKind = {
  kind: "TEAM",
  notFound: (id) => runtimeErrors.TEAM_RUN_NOT_FOUND({ id }),
  begun: (id, status) => runtimeErrors.TEAM_RUN_BEGUN({ id, status }),
};

/**
 * Asks a team: a run of it, which workers execute.
 *
 * @throws AppError of compileTeamRun; IDEMPOTENCY_KEY_REUSED, QUOTA_EXCEEDED, and BAD_USER_INPUT for what may not be asked
 */
export async function createTeamRun(context: RuntimeContext, given: CreateTeamRunInput): Promise<Run> {
  const asked = checkedInput(given);
  const compiled = () => compileTeamRun(context.call, requestInfoOf(context), given);
  return createSubjectRun(context, given, { kind: "TEAM", asked, compiled });
}

function checkedInput({ inputText, inputJson, userId }: CreateTeamRunInput): JsonObject {
  return {
    text: checkStorableText("inputText", checkText("inputText", inputText, { min: 1, max: textLength })),
    ...(inputJson != null && { json: checkJson("inputJson", inputJson, jsonBytes) }),
    ...(userId != null && { user_id: checkStorableText("userId", checkText("userId", userId, { min: 1, max: idLength })) }),
  };
}

/** Executes a team run here, and waits until it rests. @throws AppError TEAM_RUN_NOT_FOUND, TEAM_RUN_BEGUN, RUN_OWNED */
export function executeTeamRun(context: RuntimeContext, id: string, given: ExecuteTeamRunInput): Promise<Run> {
  return executeSubjectRun(context, teamRuns, { ...given, id });
}

/** Executes the team run of the tenant that has waited longest; null when none is queued. */
export function executeNextTeamRun(context: RuntimeContext, given: ClaimTeamRunInput): Promise<Run | null> {
  return executeNextSubjectRun(context, teamRuns, given);
}
