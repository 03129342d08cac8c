/** One node of a version is tried by itself: in a run of it and of mocks alone. */
import { checkJson } from "#shared/fields.ts";
import { newId } from "#shared/ids.ts";
import { requestInfoOf } from "#shared/request-info.ts";
import { compileNodeAlone } from "../../plan/node-alone.ts";
import { nodeRunId } from "../../queue/node-run-id.ts";
import type { NodeRun } from "./node-run.entity.ts";
import { own } from "./node-run.service.ts";
import { nodeRunById } from "../waiting/answer.service.ts";
import type { NodeScopeInput } from "../run.inputs.ts";
import { inputBytes, runCreate } from "../run.service.ts";
import type { RuntimeContext } from "../runtime.context.ts";

/** Who executes it, as node runs say. */
const workerKey = "executeNode";
/** More than a node has leaves that a caller waits for. */
const mostSteps = 10_000;

/** Executes a node of a version by itself, and waits for its end. @throws AppError of {@link compileNodeAlone}; QUOTA_EXCEEDED, those of checkJson */
export async function executeNode(
  context: RuntimeContext,
  { workflowVersionId, nodeId, scope }: { workflowVersionId: string; nodeId: string; scope: NodeScopeInput },
): Promise<NodeRun> {
  const { db, services, call, requestId, traceparent } = context;
  const input = checkJson("scope.input", scope.input ?? {}, inputBytes);
  const state = checkJson("scope.state", scope.state ?? {}, inputBytes);
  const mocks = checkJson("scope.nodes", scope.nodes ?? {}, inputBytes);
  const host = { call, documents: services.documents };
  const facts = { id: newId(), tenantId: db.tenantId, requestId, traceparent, execution: "MANUAL" as const };
  const run = await services.quotas.admitted(db.tenantId, async () => {
    const compiled = await compileNodeAlone(host, requestInfoOf(context), { workflowVersionId, nodeId, mocks });
    return runCreate(context, { ...facts, ...compiled, input, ...(Object.keys(state).length > 0 && { state }) });
  });
  await own(context, { runId: run.id, workerKey, mode: { kind: "steps", max: mostSteps } });
  return nodeRunById(context, nodeRunId(run.id, nodeId));
}
