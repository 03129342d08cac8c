/**
 * Streams of a run's story. Stored events are pulled by cursor, so each comes once and in order whoever reconnects; hints say only
 * that there is more. Deltas are put between them where they were produced.
 */
import { databaseNow } from "#shared/database-time.ts";
import { encodeCursor, sequenceCursor, type ListPlace } from "#shared/graphql/pagination.ts";
import { PullStream, type PullSource } from "#shared/stream/pull-stream.ts";
import { DeltaBuffer, type Delta } from "./delta-buffer.ts";
import { runtimeErrors } from "../../errors.ts";
import { nodeIdOfPath } from "../../engine/path.ts";
import { nodeRunId, parseNodeRunId } from "../../queue/node-run-id.ts";
import type { EventPage, StoredEvent } from "../../queue/events.sql.ts";
import { RunEventType, type NodeRunUpdate, type RunEvent, type TraceSpanRecord } from "./run-event.ts";
import type { CreateRunInput } from "../run.inputs.ts";
import { checkRunId, createRun } from "../run.service.ts";
import type { RuntimeContext } from "../runtime.context.ts";

const pollMs = 1_000;
/** Of one page; what is stored of an event is some 200 bytes. */
const pageEvents = 200;
/** Characters of model text in one page. */
const pageDeltaLength = 64 << 10;

/** Which run, and from where on. */
export interface StreamCall {
  runId: string;
  after?: string | null;
}

/** All streams of a run have cursors of one series. */
const placeOf = (runId: string): ListPlace => ({ item: "RunEvent", parentId: runId });

/** Everything that happens in a run. @throws AppError RUN_NOT_FOUND, CURSOR_INVALID */
export async function runEventStream(context: RuntimeContext, call: StreamCall): Promise<PullStream<RunEvent>> {
  return PullStream.open(runEventSource(context, call));
}

/** The same in pages: what is there at once comes together. @throws AppError RUN_NOT_FOUND, CURSOR_INVALID */
export async function runEventPageStream(context: RuntimeContext, call: StreamCall): Promise<PullStream<RunEvent[]>> {
  const source = runEventSource(context, call);
  return PullStream.open({
    ...source,
    async read() {
      const { items, done } = await source.read();
      return { items: pagesOf(items), done };
    },
  });
}

/** Creates a run and tells everything that happens in it. @throws AppError of createRun */
export async function startedRunStream(context: RuntimeContext, input: CreateRunInput): Promise<PullStream<RunEvent>> {
  const { id } = await createRun(context, input);
  return runEventStream(context, { runId: id });
}

/** Splits events where a page has enough of them. */
function deltaLengthOf({ delta, reasoningDelta }: RunEvent): number {
  return (delta?.length ?? 0) + (reasoningDelta?.length ?? 0);
}

function pagesOf(events: readonly RunEvent[]): RunEvent[][] {
  const pages: RunEvent[][] = [];
  let [page, deltaLength]: [RunEvent[], number] = [[], 0];
  for (const event of events) {
    deltaLength += deltaLengthOf(event);
    if (page.length === 0 || page.length === pageEvents || deltaLength > pageDeltaLength) {
      pages.push((page = []));
      deltaLength = deltaLengthOf(event);
    }
    page.push(event);
  }
  return pages;
}

function runEventSource(context: RuntimeContext, { runId, after }: StreamCall): PullSource<RunEvent> {
  const deltas = new DeltaBuffer();
  let cursor = sequenceCursor(placeOf(runId), "after", after);
  const readStored = eventReader(context, runId, cursor);
  const nothing = { events: [], hasMore: false, done: false };
  // A token is no reason to ask the database: there are many of them, for every subscriber.
  let isNewsStored = true;
  let readAtMs = 0;
  return {
    pollMs,
    listen(wake) {
      const ends = [
        context.hints.subscribe("run", runId, () => {
          isNewsStored = true;
          wake();
        }),
        context.hints.subscribe("delta", runId, (_key, hint) => {
          const delta = deltas.push(hint);
          if (delta === null) return;
          // It stands behind events that were not read yet: their hint was lost, or is on its way.
          isNewsStored ||= delta.seq > cursor;
          wake();
        }),
      ];
      return () => ends.forEach((end) => end());
    },
    async read() {
      const mustRead = isNewsStored || performance.now() - readAtMs > pollMs * 0.9;
      isNewsStored = false;
      const { events, hasMore, done } = mustRead ? await readStored() : nothing;
      if (mustRead) readAtMs = performance.now();
      isNewsStored ||= hasMore;
      const items: RunEvent[] = [];
      const takeDeltas = (before: number) => items.push(...deltas.takeBefore(before).map((delta) => deltaEvent(runId, cursor, delta)));
      for (const event of events) {
        takeDeltas(event.seq);
        cursor = event.seq;
        if (event.type === "NODE_STATUS")
          deltas.nodeStatus(nodeRunId(runId, event.path ?? ""), event.attempt ?? 1, event.nodeStatus, event.seq);
        items.push(storedEvent(runId, event));
      }
      if (!done) takeDeltas(cursor + 1);
      return { items, done };
    },
  };
}

/** Every change of status of a run's node runs. @throws AppError RUN_NOT_FOUND, CURSOR_INVALID */
export function nodeRunUpdateStream(context: RuntimeContext, call: StreamCall): Promise<PullStream<NodeRunUpdate>> {
  return storedStream(context, call, ({ type, path, nodeStatus: status, at, seq }) =>
    type === "NODE_STATUS" && path !== null && status !== null
      ? { runId: call.runId, path, status, at, cursor: encodeCursor(placeOf(call.runId), seq) }
      : null,
  );
}

/** Every span that a run's nodes record. @throws AppError RUN_NOT_FOUND, CURSOR_INVALID */
export function traceSpanStream(context: RuntimeContext, call: StreamCall): Promise<PullStream<TraceSpanRecord>> {
  return storedStream(context, call, ({ type, spanId, seq }) =>
    type === "SPAN" && spanId !== null ? { runId: call.runId, spanId, cursor: encodeCursor(placeOf(call.runId), seq) } : null,
  );
}

async function storedStream<T>(
  context: RuntimeContext,
  { runId, after }: StreamCall,
  pick: (event: StoredEvent) => T | null,
): Promise<PullStream<T>> {
  const read = eventReader(context, runId, sequenceCursor(placeOf(runId), "after", after));
  return PullStream.open({
    pollMs,
    listen: (wake) => context.hints.subscribe("run", runId, wake),
    async read() {
      // A page may hold nothing of this stream: it rests only at the end of what is stored.
      for (;;) {
        const { events, hasMore, done } = await read();
        const items = events.map(pick).filter((item) => item !== null);
        if (done || items.length > 0 || !hasMore) return { items, done };
      }
    },
  });
}

/** Reads a run's events page by page. The first page says whether there is such a run, before the stream begins. */
function eventReader({ db, services }: RuntimeContext, runId: string, cursor: number): () => Promise<EventPage> {
  checkRunId(runId);
  let after = cursor;
  return async () => {
    const page = await services.control.readEvents({ tenantId: db.tenantId, runId, after });
    if (page === null) throw runtimeErrors.RUN_NOT_FOUND({ id: runId });
    after = page.events.at(-1)?.seq ?? after;
    return page;
  };
}

function storedEvent(runId: string, { seq, type, at, path, runStatus, nodeStatus, attempt, spanId }: StoredEvent): RunEvent {
  const nodeId = path === null ? null : nodeIdOfPath(path);
  const cursor = encodeCursor(placeOf(runId), seq);
  return {
    runId,
    cursor,
    type: RunEventType[type],
    at,
    path,
    spanId,
    runStatus,
    nodeId,
    nodeStatus,
    attempt,
    delta: null,
    reasoningDelta: null,
  };
}

function deltaEvent(runId: string, cursor: number, { nodeRunId: id, attempt, text, kind }: Delta): RunEvent {
  const path = parseNodeRunId(id)?.path ?? null;
  return {
    runId,
    cursor: encodeCursor(placeOf(runId), cursor),
    type: RunEventType.NODE_DELTA,
    at: databaseNow(),
    path,
    spanId: null,
    runStatus: null,
    nodeId: path === null ? null : nodeIdOfPath(path),
    nodeStatus: null,
    attempt,
    delta: kind === "reasoning" ? null : text,
    reasoningDelta: kind === "reasoning" ? text : null,
  };
}
