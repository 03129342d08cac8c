/** Documents are validated in threads, but for small ones: a document of a megabyte takes a tenth of a second, and a request may have many. */
import type { DslIssue } from "#shared/dsl/validate.ts";
import { evaluationErrors } from "#shared/evaluation/errors.ts";
import type { Evaluator, Job } from "#shared/evaluation/job.ts";
import { openEvaluation, type OpenEvaluation } from "#shared/evaluation/process-threads.ts";
import { isJsonObject, type Json } from "#shared/json.ts";
import { isQuickCheck } from "#shared/json/plain-schema.ts";
import { jsonBytes } from "#shared/template/text.ts";
import { validate, type DocumentToValidate } from "./validation-job.ts";

/** Characters and items of a document that is validated in the main loop. */
const smallUnits = 2_048;
const limitMs = 5_000;
const resultBytes = 8 << 20;

const module = new URL("./validation-job.ts", import.meta.url).href;

const validateJob: Job<DocumentToValidate, DslIssue[]> = {
  module,
  name: "validate",
  limitMs,
  tooSlow: () => evaluationErrors.EVALUATION_TOO_SLOW({ limitMs }),
  tooLarge: () => evaluationErrors.EVALUATION_TOO_LARGE({ limitBytes: resultBytes }),
};

/** Opens the threads. */
export function openValidation(): OpenEvaluation {
  return openEvaluation([module]);
}

/** Documents that are being validated: a request that names one variable a hundred times has one document. */
const underWay = new WeakMap<object, Promise<DslIssue[]>>();

/** Schemas may take as long as they like, however short they are: forms do not go by here, nor an input_schema that is not plain. Whether there are any a small document tells at once. */
function isSmall(document: Json): boolean {
  if (jsonBytes(document, smallUnits) > smallUnits || JSON.stringify(document).includes('"form"')) return false;
  const schema = isJsonObject(document) ? document["input_schema"] : undefined;
  return schema === undefined || (isJsonObject(schema) && isQuickCheck(schema, null));
}

/** Every problem of a document. @throws AppError EVALUATION_BUSY, EVALUATION_TOO_SLOW, EVALUATION_TOO_LARGE */
export function validated(evaluation: Evaluator, tenantId: string, given: DocumentToValidate): DslIssue[] | Promise<DslIssue[]> {
  const { document } = given;
  if (isSmall(document)) return validate(given);
  const call = { tenantId, whenBusy: "refuse" } as const;
  if (typeof document !== "object" || document === null) return evaluation.run(validateJob, given, call);
  let issues = underWay.get(document);
  if (issues === undefined) {
    issues = evaluation.run(validateJob, given, call).finally(() => underWay.delete(document));
    underWay.set(document, issues);
  }
  return issues;
}
