/** Finds the workflow that a document names as its `on_failure`, when a run of it has failed: its version that is published then. */
import { AppError } from "#shared/errors.ts";
import type { Evaluator } from "#shared/evaluation/job.ts";
import { findWorkflowByCode } from "../client/workflow.client.ts";
import { compileRun } from "../plan/compile.ts";
import type { CompileHost } from "../plan/version-source.ts";
import { gateOf } from "../nodes/evaluation/concurrency-key.ts";
import type { FailureRun, RunMessagesOptions } from "./run-messages.ts";

const callDeadlineMs = 10_000;
/** Codes of what is refused for good: nobody asks again. */
const final: ReadonlySet<string> = new Set(["NOT_FOUND", "CONFLICT", "BAD_USER_INPUT", "FORBIDDEN"]);

// A concurrency key that is too much to compute is RESOURCE_EXHAUSTED as a full quota is, but stays so.
const isFinal = (cause: unknown): cause is AppError =>
  cause instanceof AppError && (final.has(cause.code) || cause.reason.startsWith("EXPRESSION_"));

/** @throws what may pass, as a subgraph that is away. */
export async function findFailureRun(
  host: CompileHost & { evaluation: Evaluator },
  { tenantId, requestId, named, appId, input }: Parameters<RunMessagesOptions["failureRun"]>[0],
): Promise<FailureRun> {
  const info = { tenantId, requestId, signal: AbortSignal.timeout(callDeadlineMs) };
  try {
    const byCode = appId === undefined ? undefined : await findWorkflowByCode(host.call, info, { appId, code: named });
    const { plan, ...run } = await compileRun(host, info, { workflowId: byCode ?? named });
    const { appId: ownApp, workflowId, workflowVersionId } = run;
    const { concurrency } = run;
    const gate =
      concurrency && (await gateOf(host.evaluation, concurrency, { tenantId, workflowId, input: await input(), sessionId: undefined }));
    return { plan, gate, facts: { kind: "WORKFLOW", appId: ownApp, workflowId, workflowVersionId } };
  } catch (cause) {
    if (isFinal(cause)) return { refused: { code: cause.reason, message: cause.message } };
    throw cause;
  }
}
