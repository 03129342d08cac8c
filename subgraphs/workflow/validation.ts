/** Documents are validated in threads, but for small ones: a document of a megabyte takes a tenth of a second, and a request may have many. */
import { formFault } from "#shared/json/form.ts";
import { setImmediate as nextTurn } from "node:timers/promises";
import { validateDsl, type DslIssue } from "#shared/dsl/validate.ts";
import { evaluationErrors } from "#shared/evaluation/errors.ts";
import type { Evaluator, Job } from "#shared/evaluation/job.ts";
import { openEvaluation, type OpenEvaluation } from "#shared/evaluation/process-threads.ts";
import { jsonBytes } from "#shared/template/text.ts";
import type { DocumentToValidate } from "./validation-job.ts";

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

let lastTurn = Promise.resolve();

/** Resolves in a turn of the main loop that no other caller has: a request that asks a hundred times is answered in a hundred turns. */
export function ownTurn(): Promise<void> {
  lastTurn = lastTurn.then(() => nextTurn());
  return lastTurn;
}

/** Every problem of a document. @throws AppError EVALUATION_BUSY, EVALUATION_TOO_SLOW, EVALUATION_TOO_LARGE */
export function validated(evaluation: Evaluator, tenantId: string, given: DocumentToValidate): DslIssue[] | Promise<DslIssue[]> {
  const { document, maxTimeoutSeconds } = given;
  // Forms are schemas, which compute; whether there are any a small document tells at once.
  const isSmall = jsonBytes(document, smallUnits) <= smallUnits;
  if (isSmall && !JSON.stringify(document).includes('"form"')) return validateDsl(document, { maxTimeoutSeconds, formFault });
  const call = { tenantId, whenBusy: "refuse" } as const;
  if (typeof document !== "object" || document === null) return evaluation.run(validateJob, given, call);
  let issues = underWay.get(document);
  if (issues === undefined) {
    issues = evaluation.run(validateJob, given, call).finally(() => underWay.delete(document));
    underWay.set(document, issues);
  }
  return issues;
}
