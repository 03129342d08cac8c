/**
 * JSON Schemas are strangers' programs: their patterns and references may compute for ever. They are applied in the main loop for as long as a turn of it has
 * time, which is enough for nearly all, and what is not done then is begun again in a thread. In the main loop alone two dozen schemas that double with each
 * `$ref`, 250 ms each, kept everybody else waiting for longer than the API is left alive.
 */
import { evaluationErrors } from "#shared/evaluation/errors.ts";
import type { Job, JobCall } from "#shared/evaluation/job.ts";
import { openEvaluation } from "#shared/evaluation/process-threads.ts";
import { schemaFault, schemaProblems, tooSlowFault, type SchemaFault, type SchemaProblem } from "#shared/json/json-schema.ts";
import type { Json, JsonObject } from "#shared/json.ts";

/** Of the main loop, for each schema. */
const turn = { limitMs: 10, patience: 1 } as const;
/** Of a thread. What computes ends itself long before. */
const limitMs = 1_000;
const module = new URL("./schema-jobs.ts", import.meta.url).href;
const failures = {
  limitMs,
  tooSlow: () => evaluationErrors.EVALUATION_TOO_SLOW({ limitMs }),
  tooLarge: () => evaluationErrors.EVALUATION_TOO_LARGE({ limitBytes: 8 << 20 }),
} as const;
const faultJob: Job<{ schema: JsonObject }, SchemaFault | null> = { module, name: "faultOf", ...failures };
const problemsJob: Job<{ schema: JsonObject; value: Json }, SchemaProblem[] | null> = { module, name: "problemsOf", ...failures };

/** The first fault of a schema; undefined: it can be used. Bound its size first. @throws AppError EVALUATION_BUSY, EVALUATION_TOO_… */
export async function checkedSchema(call: JobCall, schema: JsonObject): Promise<SchemaFault | undefined> {
  const fault = schemaFault(schema, turn);
  return fault === tooSlowFault ? ((await inThread(faultJob, { schema }, call)) ?? undefined) : fault;
}

/**
 * What is wrong with a value by a schema in which {@link checkedSchema} finds nothing; undefined: that takes too long to find out.
 *
 * @throws AppError EVALUATION_BUSY, EVALUATION_TOO_…
 */
export async function checkedValue(call: JobCall, schema: JsonObject, value: Json): Promise<SchemaProblem[] | undefined> {
  return schemaProblems(schema, value, turn) ?? (await inThread(problemsJob, { schema, value }, call)) ?? undefined;
}

/** In the threads of the process, which are begun for this where no part has them open. */
async function inThread<A, R>(job: Job<A, R>, args: A, call: JobCall): Promise<R> {
  const threads = openEvaluation([]);
  try {
    return await threads.run(job, args, call);
  } finally {
    await threads.close();
  }
}
