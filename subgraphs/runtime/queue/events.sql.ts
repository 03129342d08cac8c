import { defineStatement, epochMs, rowsOf, type Queryable } from "./statement.ts";
import {
  isTerminal,
  nodeRunStatusWord,
  runEventTypes,
  runStatusWord,
  type NodeRunStatus,
  type RunStatus,
  type StoredEventType,
} from "./statuses.ts";

/** One event of a run's story, as it is stored. */
export interface StoredEvent {
  seq: number;
  type: StoredEventType;
  at: Date;
  path: string | null;
  runStatus: RunStatus | null;
  nodeStatus: NodeRunStatus | null;
  attempt: number | null;
  spanId: string | null;
}

/** Events behind a cursor. `done`: the run is terminal and nothing follows. */
export interface EventPage {
  events: StoredEvent[];
  done: boolean;
}

interface EventRow {
  seq: number;
  type: number;
  atMs: number;
  path: string | null;
  status: number | null;
  attempt: number | null;
  spanId: string | null;
}

// One snapshot for the run and its events, so `done` is never told before the last event is.
const read = defineStatement({
  name: "events_read",
  text: `
select r.status, r.event_seq as "eventSeq", (select coalesce(json_agg(json_build_object('seq', e.seq, 'type', e.type, 'atMs', ${epochMs("e.at")},
    'path', e.path, 'status', e.status, 'attempt', e.attempt, 'spanId', e.span_id) order by e.seq), '[]')
  from (select * from runtime.run_event e where e.run_id = r.id and e.seq > $3 order by e.seq limit $4) e) as events
from runtime.run r where r.id = $1 and r.tenant_id = $2`,
});

/** Reads events in order, by the primary key; null when the tenant has no such run. */
export async function eventsRead(
  db: Queryable,
  call: { tenantId: string; runId: string; after: number; limit: number },
): Promise<EventPage | null> {
  const values = [call.runId, call.tenantId, call.after, call.limit];
  const [run] = await rowsOf<{ status: number; eventSeq: number; events: EventRow[] }>(db, read, values);
  if (run === undefined) return null;
  const last = run.events.at(-1)?.seq ?? call.after;
  return { events: run.events.map(decode), done: isTerminal(runStatusWord(run.status)) && last >= run.eventSeq };
}

function decode({ seq, type, atMs, path, status, attempt, spanId }: EventRow): StoredEvent {
  const word = runEventTypes[type] ?? "RUN_STATUS";
  return {
    seq,
    type: word,
    at: new Date(atMs),
    path,
    runStatus: word === "RUN_STATUS" && status !== null ? runStatusWord(status) : null,
    nodeStatus: word === "NODE_STATUS" && status !== null ? nodeRunStatusWord(status) : null,
    attempt,
    spanId,
  };
}
