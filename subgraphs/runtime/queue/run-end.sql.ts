/**
 * SQL of what a run that ends tells others. It stands in every statement that ends runs, so that nobody waits for a run that is over, whatever ended it. A
 * statement has the runs that it ended in a part with the columns {@link endedColumns}.
 */
import { mostDepth, outboxKinds } from "./statuses.ts";

/** Columns of a run that {@link endsTold} and {@link failuresTold} ask for; of run `r`, in a list of what is returned. */
export const endedColumns = `r.id, r.tenant_id, r.status, r.parent_run_id, r.parent_path, r.detached, r.depth, r.on_failure, r.app_id, r.workflow_id, r.trace_id,
    r.request_id, r.dry_run, r.error_code, r.error_message`;

/** SQL: tells whoever waits for the runs of a part that they have ended. What came of them stands in their rows. */
export const endsTold = (part: string): string => `insert into runtime.outbox (run_id, tenant_id, kind, target_run_id, target_path)
  select id, tenant_id, ${outboxKinds.ended}, parent_run_id, coalesce(parent_path, '') from ${part}
  where status >= 3 and parent_run_id is not null and not detached on conflict do nothing`;

/**
 * SQL: asks for a run of the workflow that the document of a run which FAILED names (`on_failure`): a run of its own, which has no such document of its own, so
 * its failure tells nobody.
 */
export const failuresTold = (
  part: string,
): string => `insert into runtime.outbox (run_id, tenant_id, kind, target_run_id, target_path, body, input)
  select id, tenant_id, ${outboxKinds.create}, runtime.new_run_id(), '',
    json_build_object('onFailure', on_failure, 'appId', app_id, 'traceId', trace_id, 'parentSpanId', runtime.run_span_id(id), 'requestId', request_id,
      'dryRun', dry_run, 'depth', depth + 1),
    json_build_object('runId', id, 'workflowId', workflow_id, 'errorCode', error_code, 'errorMessage', error_message)
  from ${part} where status = 4 and on_failure is not null and depth < ${mostDepth}`;
