/**
 * A run's story as it is stored. A row of `run_story` has one event, or several that were stored together and are numbered one after another: its columns are those
 * of the last of them, which gives the row its number; the others lie in `earlier`, the first one first. So events behind a cursor are in the rows behind it.
 */
import { eventColumns, may, type Columns, type EventRow, type RowOf } from "./rows.ts";

/** A row of `run_story`. run_id and tenant_id are its run's. */
export const storyColumns = {
  ...eventColumns,
  /** Each [type, status, attempt, microseconds before the row's, path, span], without what is null at its end. */
  earlier: may("earlier", "json"),
} as const satisfies Columns;

export type StoryRow = RowOf<typeof storyColumns>;

/** Events of a row at most: a reader of a few need not read thousands. */
export const mostEventsOfRow = 64;
/** A row of more would be compressed, and moved out of its table. */
const mostCharactersOfRow = 1_600;

/** The rows of events, which are given in their order. @throws for a time that is none. */
export function storyRows(events: readonly EventRow[]): StoryRow[] {
  const rows: StoryRow[] = [];
  let [first, characters] = [0, 0];
  for (let last = 0; last < events.length; last++) {
    const { seq, path, spanId } = events[last]!;
    characters += 24 + (path?.length ?? 0) + (spanId?.length ?? 0);
    const isFull = last - first + 1 === mostEventsOfRow || characters >= mostCharactersOfRow;
    if (!isFull && events[last + 1]?.seq === seq + 1) continue;
    rows.push(rowOf(events, first, last));
    [first, characters] = [last + 1, 0];
  }
  return rows;
}

function rowOf(events: readonly EventRow[], first: number, last: number): StoryRow {
  const event = events[last]!;
  if (first === last) return event;
  const micros = microsOf(event.atMs);
  let earlier = "";
  for (let index = first; index < last; index++) earlier += `,${earlierText(events[index]!, micros)}`;
  return { ...event, earlier: `[${earlier.slice(1)}]` };
}

function earlierText({ type, status, attempt, atMs, path, spanId }: EventRow, micros: number): string {
  const numbers = `${type},${status ?? null},${attempt ?? null},${micros - microsOf(atMs)}`;
  if (spanId != null) return `[${numbers},${JSON.stringify(path ?? null)},${JSON.stringify(spanId)}]`;
  return path == null ? `[${numbers}]` : `[${numbers},${JSON.stringify(path)}]`;
}

type Earlier = [type: number, status: number | null, attempt: number | null, micros: number, path?: string | null, spanId?: string];

/** A row as a statement gives it. */
export interface StoredStoryRow extends EventRow {
  earlier: Earlier[] | null;
}

/** The events of a row, in their order. */
export function eventsOfRow({ earlier, ...last }: StoredStoryRow): EventRow[] {
  if (earlier === null) return [last];
  const micros = microsOf(last.atMs);
  const first = last.seq - earlier.length;
  const events = earlier.map(([type, status, attempt, before, path = null, spanId = null], index): EventRow => {
    return { seq: first + index, type, status, attempt, atMs: (micros - before) / 1_000, path, spanId };
  });
  return [...events, last];
}

/** As PostgreSQL keeps times. */
function microsOf(ms: number): number {
  if (!Number.isFinite(ms)) throw new Error(`at is ${ms}`);
  const whole = Math.floor(ms);
  return whole * 1_000 + Math.round((ms - whole) * 1_000);
}
