/**
 * The group commit of a process: whatever runs have to store goes out in one statement, two statements at a time, a run in one of them at
 * most. No timer: what becomes ready while both are under way goes with the next.
 */
import type { HintPublisher } from "#shared/hints.ts";
import type { Log } from "#shared/log.ts";
import { runFailUnstored } from "../queue/dead-letter.sql.ts";
import { failureKind } from "../queue/failure.ts";
import { flushBatch, FlushRows, runsFlush, type FlushAnswer, type FlushBatch } from "../queue/flush.sql.ts";
import { charactersOf, type NodeRunRow } from "../queue/rows.ts";
import type { Queryable } from "../queue/statement.ts";
import { monotonicMs } from "./clock.ts";
import type { FlushDraft, FlushingRun, Tail } from "./flush-draft.ts";
import type { Pending } from "./pending.ts";

/** Whoever waits for the answers to flushes. */
export interface FlushListener {
  flushed(runIds: readonly string[]): void;
  /** The flush of one run was refused as it is. @returns whether its owner goes on from what is stored. */
  refused(draft: FlushDraft): Promise<boolean>;
}

const flightsAtOnce = 2;
/** Larger statements gain nothing and hold their runs' locks for longer. */
const runsPerFlush = 100;
const bytesPerFlush = 4 * 1024 * 1024;

export class Flusher {
  readonly #db: Queryable;
  readonly #hints: HintPublisher;
  readonly #log: Log;
  readonly #listener: FlushListener;
  readonly #dirty = new Set<FlushingRun>();
  #flights = 0;
  #isPumpDue = false;
  #isClosed = false;

  constructor(options: { db: Queryable; hints: HintPublisher; log: Log; listener: FlushListener }) {
    this.#db = options.db;
    this.#hints = options.hints;
    this.#log = options.log;
    this.#listener = options.listener;
  }

  /** The run has something to store. */
  mark(run: FlushingRun): void {
    this.#dirty.add(run);
    if (this.#isPumpDue || this.#flights >= flightsAtOnce) return;
    this.#isPumpDue = true;
    // All that becomes ready in this turn of the event loop shares the flush.
    setImmediate(() => {
      this.#isPumpDue = false;
      this.#pump();
    });
  }

  /** Nothing is sent any more. For processes that end without a word. */
  close(): void {
    this.#isClosed = true;
    this.#dirty.clear();
  }

  #pump(): void {
    while (this.#flights < flightsAtOnce && this.#dirty.size > 0 && !this.#isClosed) {
      const drafts = this.#take();
      if (drafts.length === 0) continue;
      this.#flights++;
      void this.#send(drafts).finally(() => {
        this.#flights--;
        this.#pump();
      });
    }
  }

  #take(): FlushDraft[] {
    const drafts: FlushDraft[] = [];
    let bytes = 0;
    for (const run of this.#dirty) {
      this.#dirty.delete(run);
      // A run that is under way asks again when its flush is answered.
      const draft = run.flushTake();
      if (draft === undefined) continue;
      drafts.push(draft);
      for (const row of draft.pending.nodes.values()) bytes += charactersOf(row);
      for (const row of draft.pending.artifacts) bytes += charactersOf(row);
      if (drafts.length >= runsPerFlush || bytes >= bytesPerFlush) break;
    }
    return drafts;
  }

  async #send(drafts: FlushDraft[]): Promise<void> {
    let batch: FlushBatch | undefined;
    let isOrdered = false;
    let wasSentBefore = false;
    for (let pauseMs = 20; !this.#isClosed; pauseMs = Math.min(500, pauseMs * 2)) {
      try {
        batch ??= encode(drafts);
        return this.#settle(drafts, await runsFlush(this.#db, batch, isOrdered), wasSentBefore);
      } catch (cause) {
        const kind = batch === undefined ? "refused" : failureKind(cause);
        if (kind === "refused") return this.#split(drafts, cause);
        if (kind === "locked") isOrdered = true;
        else wasSentBefore = true;
        this.#log.warn({ err: cause, runs: drafts.length, kind }, "flush not answered, sending it again");
        if (drafts.every(({ run }) => monotonicMs() - run.confirmedAtMs > run.leaseMs)) {
          for (const { run } of drafts) run.drop("lost");
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }
  }

  /** One value that cannot be stored must not stop the others: halve until it stands alone. */
  async #split(drafts: FlushDraft[], cause: unknown): Promise<void> {
    const [only] = drafts;
    if (only !== undefined && drafts.length === 1) return this.#refused(only, cause);
    const middle = Math.ceil(drafts.length / 2);
    await this.#send(drafts.slice(0, middle));
    await this.#send(drafts.slice(middle));
  }

  /** Where no node is to blame, nothing of the run can be stored: it ends, with no payload. */
  async #refused(draft: FlushDraft, cause: unknown): Promise<void> {
    const { run } = draft;
    this.#log.error({ err: cause, runId: run.runId }, "flush refused");
    try {
      if (await this.#listener.refused(draft)) return;
      run.drop("lost");
      await runFailUnstored(this.#db, run);
      this.#hints.publish("run", run.runId);
    } catch (again) {
      this.#log.error({ err: again, runId: run.runId }, "run left to its lease");
      run.drop("lost");
    }
  }

  #settle(drafts: readonly FlushDraft[], answers: readonly FlushAnswer[], wasSentBefore: boolean): void {
    if (this.#isClosed) return;
    const stored: string[] = [];
    let hasRuns = false;
    let hasNodes = false;
    for (const answer of answers) {
      const draft = drafts[answer.k];
      if (draft === undefined) continue;
      if (answer.why === "ok" || answer.why === "applied") {
        stored.push(draft.row.id);
        this.#hints.publish("run", draft.row.id);
        if (draft.withdraws) this.#hints.publish("withdrawn", draft.row.id);
        hasRuns ||= draft.row.rest === "requeue";
        hasNodes ||= draft.pending.offers.length > 0;
      }
      try {
        draft.run.flushSettle(draft, answer, wasSentBefore);
      } catch (cause) {
        draft.run.broken(cause);
      }
    }
    if (hasRuns) this.#hints.publish("work", "*");
    if (hasNodes) this.#hints.publish("work", "nodes");
    if (stored.length > 0) this.#listener.flushed(stored);
  }
}

/** Makes the statement's parameters once, so that a flush that is sent again is the same bytes. @throws for a run with two rows of one path. */
function encode(drafts: readonly FlushDraft[]): FlushBatch {
  const rows = new FlushRows();
  drafts.forEach(({ row, pending, tail }, k) => {
    rows.runs.add(k, [row]);
    rows.nodes.add(k, nodeRows(pending, tail));
    rows.events.add(k, pending.events);
    rows.events.add(k, tail?.events ?? []);
    rows.offers.add(k, pending.offers);
    rows.spans.add(k, pending.spans);
    rows.artifacts.add(k, pending.artifacts);
    rows.withdrawn.push(...pending.withdrawn);
  });
  if (drafts.every(({ isPlainEnd }) => isPlainEnd)) return flushBatch(rows, "end");
  return flushBatch(rows, drafts.every(({ isShort }) => isShort) ? "short" : "full");
}

/** One row a node run: the tail's, where it has one. Two of one path would fail the statement, and with it all the runs that share it. */
function nodeRows(pending: Pending, tail: Tail | undefined): NodeRunRow[] {
  const kept = [...pending.nodes.values()].filter(({ path }) => tail?.nodes.has(path) !== true);
  const rows = [...kept, ...(tail?.nodes.values() ?? [])];
  if (new Set(rows.map(({ path }) => path)).size < rows.length) throw new Error("a node run has two rows in one flush");
  return rows;
}
