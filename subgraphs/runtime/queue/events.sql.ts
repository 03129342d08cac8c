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
import type { EventRow } from "./rows.ts";
import { eventsOfRow, mostEventsOfRow, type StoredStoryRow } from "./story.ts";

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

/** Events behind a cursor. */
export interface EventPage {
  events: StoredEvent[];
  /** More is stored than the page had room for. */
  hasMore: boolean;
  /** The run is terminal and nothing follows. */
  done: boolean;
}

/** Whose events, and from where on. */
export interface EventRead {
  tenantId: string;
  runId: string;
  after: number;
}

interface PageRow {
  index: number;
  status: number;
  eventSeq: number;
  story: StoredStoryRow[];
}

// One snapshot for a run and its events, so `done` is never told before the last event is. Numbers have no gaps: the events of a page lie in the rows from the
// cursor to the one whose first event may be the page's last. The limit keeps the look-up of the run a look-up, whatever the planner believes of the table.
const read = defineStatement({
  name: "events_read",
  text: `
select q.index::int - 1 as index, r.status, r.event_seq as "eventSeq",
  (select coalesce(json_agg(json_build_object('seq', e.seq, 'type', e.type, 'atMs', ${epochMs("e.at")},
    'path', e.path, 'status', e.status, 'attempt', e.attempt, 'spanId', e.span_id, 'earlier', e.earlier) order by e.seq), '[]')
  from (select * from runtime.run_story e where e.run_id = q.run_id and e.seq > q.after and e.seq < q.after + $4::int + ${mostEventsOfRow} order by e.seq limit $4) e) as story
from unnest($1::text[], $2::text[], $3::int[]) with ordinality as q (run_id, tenant_id, after, index)
cross join lateral (
  select r.status, r.event_seq from runtime.run r where r.id = q.run_id and r.tenant_id = q.tenant_id limit 1) r`,
});

/**
 * Reads events of several runs in order, up to `limit` of each; null where the tenant has no such run. Served by run_tenant, which holds the id whole, and the primary key of events.
 */
export async function eventsRead(db: Queryable, reads: readonly EventRead[], limit: number): Promise<(EventPage | null)[]> {
  const columns = [reads.map(({ runId }) => runId), reads.map(({ tenantId }) => tenantId), reads.map(({ after }) => after)];
  const pages: (EventPage | null)[] = reads.map(() => null);
  for (const { index, status, eventSeq, story } of await rowsOf<PageRow>(db, read, [...columns, limit])) {
    const { after } = reads[index]!;
    const behind = story.flatMap(eventsOfRow).filter(({ seq }) => seq > after);
    const events = behind.slice(0, limit);
    const last = events.at(-1)?.seq ?? after;
    const hasMore = last < eventSeq;
    pages[index] = { events: events.map(decode), hasMore, done: isTerminal(runStatusWord(status)) && !hasMore };
  }
  return pages;
}

function decode({ seq, type, atMs, path = null, status = null, attempt = null, spanId = null }: EventRow): StoredEvent {
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
