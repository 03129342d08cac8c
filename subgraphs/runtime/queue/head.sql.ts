import { defineStatement, rowsOf, type Queryable } from "./statement.ts";
import { inboxKinds } from "./statuses.ts";

const head = defineStatement({
  name: "run_head",
  text: `
select r.status, r.event_seq as "eventSeq", r.origin_run_id as "originRunId", r.gate_key is not null as "isGated",
  exists (select from runtime.inbox m where m.run_id = r.id and m.seq = $3) as "isUnread"
from runtime.run r where r.id = $1 and r.tenant_id = $2`,
});

/** The little of a run that commands look at. */
export interface RunHead {
  status: number;
  eventSeq: number;
  originRunId: string | null;
  /** Its document says how many of its key are executed at once (gate.sql.ts). */
  isGated: boolean;
  /** The message that was asked about is not in a committed flush yet. */
  isUnread: boolean;
}

/** Reads a run's head; undefined when the tenant has no such run. `mail`: the number of a message to ask about. */
export async function runHead(db: Queryable, runId: string, tenantId: string, mail = 0): Promise<RunHead | undefined> {
  const [row] = await rowsOf<RunHead>(db, head, [runId, tenantId, mail]);
  return row;
}

// Not `exists`: planned while no mail is there it reads all mail of all runs. Of a node that is taken only what takes or ends it is a rival: whoever has taken it may end it at once.
const reported = defineStatement({
  name: "reported_head",
  text: `
select r.mail, r.status, r.event_seq as "eventSeq", r.status < 3 and r.execution = 'MANUAL' as "mayPost",
  (select true from runtime.inbox m where m.run_id = r.id and m.path is not distinct from $3
    and (m.kind in (${inboxKinds.outcome}, ${inboxKinds.cancel}, ${inboxKinds.runStatus}) or m.kind = ${inboxKinds.mark} and $4 = ${inboxKinds.mark})
    limit 1) is not null as "hasRival",
  (select row_to_json(n)::text from (select x.status, x.attempt, x.done_seq, x.wait_reason, x.worker_key from runtime.node_run x
    where x.run_id = r.id and x.path = $3) n) as node
from runtime.run r where r.id = $1 and r.tenant_id = $2`,
});

/** A run, and one of its node runs where the report is on that, as whoever reports from outside finds them. */
export interface ReportedHead {
  /** Number of the run's last message. */
  mail: number;
  status: number;
  eventSeq: number;
  /** The run is MANUAL, and has not ended. */
  mayPost: boolean;
  /** A message that was not read yet ends the node, or takes it as this one would; or sets the run's status, or cancels it. */
  hasRival: boolean;
  /** How the node's row stands: whatever is done to it changes this. null: it has none. */
  node: string | null;
}

/** Reads it; undefined when the tenant has no such run. Served by the primary keys. */
export async function reportedHead(
  db: Queryable,
  { runId, tenantId, path, kind }: { runId: string; tenantId: string; path?: string; kind: number },
): Promise<ReportedHead | undefined> {
  const [row] = await rowsOf<ReportedHead>(db, reported, [runId, tenantId, path ?? null, kind]);
  return row;
}
