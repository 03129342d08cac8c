/** Finds the workflow that a document names as its `on_failure`, when a run of it has failed: its version that is published then. */
import { AppError } from "#shared/errors.ts";
import { findWorkflowByCode } from "../client/workflow.client.ts";
import { compileRun } from "../plan/compile.ts";
import type { CompileHost } from "../plan/version-source.ts";
import type { FailureRun } from "./run-messages.ts";

const callDeadlineMs = 10_000;
/** Codes of what is refused for good: nobody asks again. */
const final: ReadonlySet<string> = new Set(["NOT_FOUND", "CONFLICT", "BAD_USER_INPUT", "FORBIDDEN"]);

/** @throws what may pass, as a subgraph that is away. */
export async function findFailureRun(
  host: CompileHost,
  { tenantId, requestId, named, appId }: { tenantId: string; requestId: string; named: string; appId: string | undefined },
): Promise<FailureRun> {
  const info = { tenantId, requestId, signal: AbortSignal.timeout(callDeadlineMs) };
  try {
    const byCode = appId === undefined ? undefined : await findWorkflowByCode(host.call, info, { appId, code: named });
    const { plan, ...run } = await compileRun(host, info, { workflowId: byCode ?? named });
    const { appId: ownApp, workflowId, workflowVersionId } = run;
    return { plan, facts: { kind: "WORKFLOW", appId: ownApp, workflowId, workflowVersionId } };
  } catch (cause) {
    if (cause instanceof AppError && final.has(cause.code)) return { refused: { code: cause.reason, message: cause.message } };
    throw cause;
  }
}
