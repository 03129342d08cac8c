/** Inputs of runs are checked by the `input_schema` of what they execute, before anything of a run is there: in a thread, unless both are small. */
import type { Job } from "#shared/evaluation/job.ts";
import type { JsonObject } from "#shared/json.ts";
import { schemaProblems, type FieldProblem } from "#shared/json/form.ts";
import { isSimpleSchema } from "#shared/json/simple-schema.ts";
import { jsonBytes } from "#shared/template/text.ts";
import { runtimeErrors } from "../errors.ts";
import type { RuntimeContext } from "./runtime.context.ts";

/** Characters and items of an input that is checked in the main loop. */
const smallUnits = 4_096;
/** The check has a limit of its own (shared/json/form.ts); this ends what is not looked at by it. */
const limitMs = 3_000;

/** What is to fit what. */
export interface InputQuestion {
  schema: JsonObject;
  input: JsonObject;
}

/** All problems; null: that takes too long to find out. */
export function inputProblems({ schema, input }: InputQuestion): FieldProblem[] | null {
  return schemaProblems(schema, input) ?? null;
}

/** @throws AppError INPUT_INVALID with all problems, INPUT_CHECK_TOO_SLOW, EVALUATION_BUSY */
export async function checkInput(
  { db, services }: RuntimeContext,
  {
    versionId: id,
    schema,
    input,
    field = "input",
  }: { versionId: string; schema: JsonObject | undefined; input: JsonObject; field?: string },
): Promise<void> {
  if (schema === undefined) return;
  const tooSlow = () => runtimeErrors.INPUT_CHECK_TOO_SLOW({ field, id });
  const isSmall = isSimpleSchema(schema) && jsonBytes(input, smallUnits) <= smallUnits;
  const job: Job<InputQuestion, FieldProblem[] | null> = {
    module: import.meta.url,
    name: "inputProblems",
    limitMs,
    tooSlow,
    tooLarge: tooSlow,
  };
  const problems = isSmall
    ? inputProblems({ schema, input })
    : await services.evaluation.run(job, { schema, input }, { tenantId: db.tenantId, whenBusy: "refuse" });
  if (problems === null) throw tooSlow();
  if (problems.length > 0) throw runtimeErrors.INPUT_INVALID({ field, id, problems: problems.map((problem) => ({ ...problem })) });
}
