import { defineStatement, rowsOf, type Queryable } from "./statement.ts";

const head = defineStatement({
  name: "run_head",
  text: `
select r.status, r.event_seq as "eventSeq", r.origin_run_id as "originRunId",
  exists (select from runtime.inbox m where m.run_id = r.id and m.seq = $3) as "isUnread"
from runtime.run r where r.id = $1 and r.tenant_id = $2`,
});

/** The little of a run that commands look at. */
export interface RunHead {
  status: number;
  eventSeq: number;
  originRunId: string | null;
  /** The message that was asked about is not in a committed flush yet. */
  isUnread: boolean;
}

/** Reads a run's head; undefined when the tenant has no such run. `mail`: the number of a message to ask about. */
export async function runHead(db: Queryable, runId: string, tenantId: string, mail = 0): Promise<RunHead | undefined> {
  const [row] = await rowsOf<RunHead>(db, head, [runId, tenantId, mail]);
  return row;
}
