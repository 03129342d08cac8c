import { defineStatement, rowsOf, type Queryable } from "./statement.ts";

// The run has ended, so no event tells of it. Served by the primary key.
const insert = defineStatement({
  name: "failure_span",
  text: `
insert into runtime.trace_span (run_id, span_id, tenant_id, parent_span_id, span_type, name, status, started_at, ended_at, attributes, error_code, error_message)
select r.id, left(md5(r.id || ' on_failure'), 16), r.tenant_id, runtime.run_span_id(r.id), 'RUN', 'on_failure', 2, clock_timestamp(), clock_timestamp(),
  jsonb_build_object('on_failure', $3::text), $4, $5
from runtime.run r where r.id = $1 and r.tenant_id = $2 on conflict do nothing`,
});

/** Says in the trace of a run that failed why the workflow cannot be run that its document names for that. */
export async function failureSpan(
  db: Queryable,
  { runId, tenantId, named, code, message }: { runId: string; tenantId: string; named: string; code: string; message: string },
): Promise<void> {
  await rowsOf(db, insert, [runId, tenantId, named, code, message]);
}
