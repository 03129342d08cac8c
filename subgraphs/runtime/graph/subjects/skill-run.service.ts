import { checkJson } from "#shared/fields.ts";
import { formProblems } from "#shared/json/form-answers.ts";
import type { JsonObject } from "#shared/json.ts";
import { requestInfoOf } from "#shared/request-info.ts";
import { runtimeErrors } from "../../errors.ts";
import { withDefaults } from "../../nodes/skill/skill-check.ts";
import { compileSkillRun, type CompiledSkillRun } from "../../plan/compile.ts";
import type { Run } from "../run.entity.ts";
import type { RuntimeContext } from "../runtime.context.ts";
import type { ClaimSkillRunInput, CreateSkillRunInput, ExecuteSkillRunInput } from "./skill-run.inputs.ts";
import { createSubjectRun, executeNextSubjectRun, executeSubjectRun, type SubjectKind } from "./subject-run.service.ts";

const inputBytes = 256 * 1024;

const skillRuns: SubjectKind = {
  kind: "SKILL",
  notFound: (id) => runtimeErrors.SKILL_RUN_NOT_FOUND({ id }),
  begun: (id, status) => runtimeErrors.SKILL_RUN_BEGUN({ id, status }),
};

/**
 * Uses a skill: a run of it, which workers execute.
 *
 * @throws AppError of compileSkillRun; SKILL_INPUT_INVALID, SKILL_INPUT_CHECK_TOO_SLOW, IDEMPOTENCY_KEY_REUSED, QUOTA_EXCEEDED, and those of checkJson
 */
export async function createSkillRun(context: RuntimeContext, given: CreateSkillRunInput): Promise<Run> {
  const asked = checkJson("input", given.input, inputBytes);
  const compiled = async (): Promise<CompiledSkillRun> => {
    const skill = await compileSkillRun(context.call, requestInfoOf(context), given);
    await checkInput(context.db.tenantId, skill, asked);
    return skill;
  };
  return createSubjectRun(context, given, { kind: "SKILL", asked, compiled });
}

/** What is wrong is said before there is a run, all of it at once. */
async function checkInput(tenantId: string, skill: CompiledSkillRun, input: JsonObject): Promise<void> {
  const { parameterSchema, subjectVersionId: id } = skill;
  const whole = withDefaults({ parameters: parameterSchema }, input);
  const problems = await formProblems({ tenantId, whenBusy: "refuse" }, parameterSchema, whole);
  if (problems === undefined) throw runtimeErrors.SKILL_INPUT_CHECK_TOO_SLOW({ field: "input", id });
  if (problems.length > 0)
    throw runtimeErrors.SKILL_INPUT_INVALID({ field: "input", id, problems: problems.map((problem) => ({ ...problem })) });
}

/** Executes a skill run here, and waits until it rests. @throws AppError SKILL_RUN_NOT_FOUND, SKILL_RUN_BEGUN, RUN_OWNED */
export function executeSkillRun(context: RuntimeContext, id: string, given: ExecuteSkillRunInput): Promise<Run> {
  return executeSubjectRun(context, skillRuns, { ...given, id });
}

/** Executes the skill run of the tenant that has waited longest; null when none is queued. */
export function executeNextSkillRun(context: RuntimeContext, given: ClaimSkillRunInput): Promise<Run | null> {
  return executeNextSubjectRun(context, skillRuns, given);
}
