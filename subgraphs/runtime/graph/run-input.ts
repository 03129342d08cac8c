/** Inputs of runs are checked by the `input_schema` of what they execute, before anything of a run is there. */
import { formProblems } from "#shared/json/form-answers.ts";
import type { JsonObject } from "#shared/json.ts";
import { runtimeErrors } from "../errors.ts";

/** An input, and what it is to fit. */
export interface InputToCheck {
  versionId: string;
  schema: JsonObject | undefined;
  input: JsonObject;
  field?: string;
}

/** @throws AppError INPUT_INVALID with all problems, INPUT_CHECK_TOO_SLOW, EVALUATION_BUSY */
export async function checkInput(tenantId: string, { versionId: id, schema, input, field = "input" }: InputToCheck): Promise<void> {
  if (schema === undefined) return;
  const problems = await formProblems({ tenantId, whenBusy: "refuse" }, schema, input);
  if (problems === undefined) throw runtimeErrors.INPUT_CHECK_TOO_SLOW({ field, id });
  if (problems.length > 0) throw runtimeErrors.INPUT_INVALID({ field, id, problems: problems.map((problem) => ({ ...problem })) });
}
