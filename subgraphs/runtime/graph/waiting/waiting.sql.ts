/** Node runs that wait for somebody: what one asks, and everybody's list of them. */
import { databaseNowMs } from "#shared/database-time.ts";
import type { Tx } from "#shared/db/database.ts";
import { makePage, type Connection, type PageWindow } from "#shared/graphql/pagination.ts";
import type { WaitingRow } from "./waiting.entity.ts";
import { nodeRunId, parseNodeRunId } from "../../queue/node-run-id.ts";
import { epochMs } from "../../queue/statement.ts";

/** SQL: what waits for an answer from outside. The predicate of the index node_run_asks. */
const asksSomebody = "wait_reason in ('PERSON', 'APPROVAL', 'CALLBACK', 'OUTCOME_UNKNOWN')";

/** What node runs ask that wait or were answered, in the order of `ids`; null for others. Served by the primary key. */
export async function waitingByIds(tx: Tx, ids: readonly string[]): Promise<(WaitingRow | null)[]> {
  const keys = ids.map(parseNodeRunId).filter((key) => key !== null);
  const rows = await tx.sql<Omit<WaitingRow, "id">>(
    `select c.run_id as "runId", c.path, c.status = 2 and not c.answered and coalesce(c.wait_reason, '') not in ('RETRY', 'APPROVED') as "isOpen", coalesce(c.wait_reason, '') as reason, c.attempt, c.question,
       c.node_type as "nodeType", ${epochMs("c.due_at")} as "dueMs", ${epochMs("c.waits_since")} as "sinceMs"
     from runtime.node_run c join unnest($1::text[], $2::text[]) as k(run_id, path) using (run_id, path) where c.tenant_id = $3 and c.status = 2`,
    [keys.map(({ runId }) => runId), keys.map(({ path }) => path), tx.tenantId],
  );
  const byId = new Map(rows.map((row) => [nodeRunId(row.runId, row.path), row]));
  return ids.map((id) => {
    const row = byId.get(id);
    return row === undefined ? null : { ...row, id };
  });
}

/** Which node runs that wait. */
export interface WaitingCondition {
  reasons?: readonly string[] | null;
  assignee?: string | null;
  appId?: string | null;
  runId?: string | null;
  dueBefore?: Date | null;
}

/** A place in the list: since when it waits, in microseconds since 1970, and which one it is. */
interface Place {
  us: string;
  id: string;
}

const since = `(extract(epoch from c.waits_since) * 1000000)::bigint`;

// Served by node_run_asks: its predicate is the list's own, word for word.
const page = (reading: "asc" | "desc"): string => `
select c.run_id as "runId", c.path, ${since}::text as us
from runtime.node_run c
where c.tenant_id = $1 and c.${asksSomebody} and c.status = 2 and not c.answered
  and ($2::bigint is null or (c.waits_since, c.run_id, c.path) > (timestamptz 'epoch' + $2::bigint * interval '1 microsecond', $3, $4))
  and ($5::bigint is null or (c.waits_since, c.run_id, c.path) < (timestamptz 'epoch' + $5::bigint * interval '1 microsecond', $6, $7))
  and ($8::text[] is null or c.wait_reason = any($8))
  and ($9::text is null or exists (select from json_array_elements_text(c.question -> 'assignees') a(name) where a.name = $9))
  and ($10::text is null or exists (select from runtime.run r where r.id = c.run_id and r.tenant_id = $1 and r.app_id = $10))
  and ($11::timestamptz is null or c.due_at < $11)
  and ($12::text is null or c.run_id = $12)
order by c.waits_since ${reading}, c.run_id ${reading}, c.path ${reading} limit $13`;

const pages = { asc: page("asc"), desc: page("desc") };

/** Of one row of the list: the node run's id, and its place as a cursor has it. */
export interface WaitingPlace {
  id: string;
  key: string;
}

/** A page of the tenant's node runs that wait for somebody, the longest waiting first. */
export async function waitingPage(tx: Tx, window: PageWindow, condition: WaitingCondition): Promise<Connection<WaitingPlace>> {
  const rows = await waitingRows(tx, {
    after: placeOf(window.after),
    before: placeOf(window.before),
    condition,
    limit: window.limit + 1,
    isBackward: window.backward,
  });
  return makePage(rows, window, ({ key }) => key);
}

/** What of the list is read. */
interface WaitingRead {
  after?: Place | undefined;
  before?: Place | undefined;
  condition: WaitingCondition;
  limit: number;
  isBackward: boolean;
}

async function waitingRows(tx: Tx, { after, before, condition, limit, isBackward }: WaitingRead): Promise<WaitingPlace[]> {
  const { reasons, assignee, appId, runId, dueBefore } = condition;
  const of = (place: Place | undefined): (string | null)[] => {
    const key = place && parseNodeRunId(place.id);
    return [place?.us ?? null, key?.runId ?? null, key?.path ?? null];
  };
  const filter = [reasons ?? null, assignee ?? null, appId ?? null, dueBefore ?? null, runId ?? null];
  const rows = await tx.sql<{ runId: string; path: string; us: string }>(pages[isBackward ? "desc" : "asc"], [
    tx.tenantId,
    ...of(after),
    ...of(before),
    ...filter,
    limit,
  ]);
  return rows.map(({ runId: run, path, us }) => ({ id: nodeRunId(run, path), key: `${us}_${nodeRunId(run, path)}` }));
}

/** What stands behind a place of the list: at most so many, the first of them. */
export function waitingBehind(tx: Tx, key: string, condition: WaitingCondition, limit: number): Promise<WaitingPlace[]> {
  return waitingRows(tx, { after: placeOf(key), condition, limit, isBackward: false });
}

/** The place before all that began to wait at an instant, in milliseconds since 1970, or later. */
export function placeAt(ms: number): string {
  return `${Math.max(0, Math.floor(ms * 1_000))}_0:0`;
}

/** Such a place as a cursor has it; a cursor of another form is none of the list. */
export const waitingPlacePattern = /^\d{1,18}_[^:]+:./s;

function placeOf(key: string | undefined): Place | undefined {
  if (key === undefined) return undefined;
  const at = key.indexOf("_");
  return { us: key.slice(0, at), id: key.slice(at + 1) };
}

/** The database's time, in milliseconds since 1970. */
export async function databaseNow(tx: Tx): Promise<number> {
  const [row] = await tx.sql<{ now: number }>(`select ${epochMs("clock_timestamp()")} as now`, []);
  return row?.now ?? databaseNowMs();
}
