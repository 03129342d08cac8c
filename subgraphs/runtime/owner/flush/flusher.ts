/**
 * The group commit of a process: whatever runs have to store goes out in one statement, two statements at a time, a run in one of them at
 * most. No timer: what becomes ready while both are under way goes with the next.
 */
import type { HintPublisher } from "#shared/hints.ts";
import { jsonPieces } from "#shared/json-writer.ts";
import type { Log } from "#shared/log.ts";
import { counter, secondsHistogram, sizeHistogram } from "#shared/metrics/instruments.ts";
import { ownTurn } from "#shared/own-turn.ts";
import { joinInTurns } from "#shared/pieces.ts";
import { failureKind, isTimeOut } from "../../queue/failure.ts";
import { flushBatch, FlushRows, longOf, runsFlush, type FlushAnswer, type FlushBatch, type FlushForm } from "../../queue/flush.sql.ts";
import { runsRelease } from "../../queue/release.sql.ts";
import { nodeRunId } from "../../queue/node-run-id.ts";
import type { NodeRunRow } from "../../queue/rows.ts";
import type { Queryable } from "../../queue/statement.ts";
import { runStatusWord } from "../../queue/statuses.ts";
import { runsDue } from "../../queue/work-hints.ts";
import { monotonicMs } from "../clock.ts";
import type { FlushDraft, FlushingRun, Tail } from "./flush-draft.ts";
import type { DeadLetters } from "../dead-letters.ts";
import type { Gates } from "../gates.ts";
import { offersLeft, type Pending } from "../pending.ts";
import { runsEnded } from "../runs-ended.ts";

/** Whoever waits for the answers to flushes. */
export interface FlushListener {
  flushed(runIds: readonly string[]): void;
  /** The flush of one run was refused as it is. @returns whether its owner goes on from what is stored. */
  refused(draft: FlushDraft): Promise<boolean>;
}

/** Some runs' drafts on their way, together. */
interface Flush {
  drafts: FlushDraft[];
  /** When they were sent first, by the monotonic clock. */
  sinceMs: number;
  /** What became of an earlier try is not known. */
  wasSentBefore: boolean;
}

const flushSeconds = secondsHistogram({ name: "flush_seconds", help: "From a flush's sending to its answer: the group commit of runs." });
const flushRuns = sizeHistogram({ name: "flush_runs", help: "Runs that shared a flush." });
const flushFailures = counter({
  name: "flush_failures_total",
  help: "Flushes that PostgreSQL refused, or did not answer; they are sent again, or halved.",
  labels: ["kind"],
});

const flightsAtOnce = 2;
/** Larger statements gain nothing and hold their runs' locks for longer. */
const runsPerFlush = 100;
const charactersPerFlush = 4 * 1024 * 1024;
/** Of more, the long parts are made one turn of the main loop after the other. */
const charactersAtOnce = 2 * 1024 * 1024;

export class Flusher {
  readonly #db: Queryable;
  readonly #hints: HintPublisher;
  readonly #log: Log;
  readonly #listener: FlushListener;
  readonly #gates: Pick<Gates, "wanted">;
  readonly #deadLetters: Pick<DeadLetters, "unstored">;
  readonly #isGauged: boolean;
  readonly #dirty = new Set<FlushingRun>();
  #flights = 0;
  #isLargeInFlight = false;
  #isPumpDue = false;
  #isClosed = false;

  /** @param options.isGauged  whether metrics have its flushes. */
  constructor(options: {
    db: Queryable;
    hints: HintPublisher;
    log: Log;
    listener: FlushListener;
    gates: Pick<Gates, "wanted">;
    deadLetters: Pick<DeadLetters, "unstored">;
    isGauged: boolean;
  }) {
    this.#db = options.db;
    this.#hints = options.hints;
    this.#log = options.log;
    this.#listener = options.listener;
    this.#gates = options.gates;
    this.#deadLetters = options.deadLetters;
    this.#isGauged = options.isGauged;
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
    while (this.#flights < flightsAtOnce && !this.#isClosed) {
      const drafts = this.#take();
      if (drafts.length === 0) return;
      const isLarge = charactersOfAll(drafts) > charactersPerFlush;
      this.#flights++;
      if (isLarge) this.#isLargeInFlight = true;
      void this.#send({ drafts, sinceMs: monotonicMs(), wasSentBefore: false }).finally(() => {
        this.#flights--;
        if (isLarge) this.#isLargeInFlight = false;
        this.#pump();
      });
    }
  }

  /** As many runs as fit together. One that is too large for any company goes alone, and one at a time, so that the others have a way beside it. */
  #take(): FlushDraft[] {
    const drafts: FlushDraft[] = [];
    let characters = 0;
    for (const run of this.#dirty) {
      if (drafts.length > 0 && characters + run.unsent > charactersPerFlush) continue;
      if (run.unsent > charactersPerFlush && this.#isLargeInFlight) continue;
      this.#dirty.delete(run);
      // A run that is under way asks again when its flush is answered.
      const draft = run.flushTake();
      if (draft === undefined) continue;
      drafts.push(draft);
      characters += draft.characters;
      if (drafts.length >= runsPerFlush || characters >= charactersPerFlush) break;
    }
    return drafts;
  }

  async #send(flush: Flush): Promise<void> {
    const { drafts, sinceMs } = flush;
    let { wasSentBefore } = flush;
    let batch: FlushBatch | undefined;
    let isOrdered = false;
    for (let pauseMs = 20; !this.#isClosed; pauseMs = Math.min(500, pauseMs * 2)) {
      try {
        batch ??= await encode(drafts);
        if (this.#isClosed) return;
        const answered = flushSeconds.startTimer();
        const answers = await runsFlush(this.#db, batch, isOrdered);
        if (this.#isGauged) {
          answered();
          flushRuns.observe(drafts.length);
        }
        return this.#settle(drafts, answers, wasSentBefore);
      } catch (cause) {
        const kind = batch === undefined ? "refused" : failureKind(cause);
        flushFailures.inc({ kind });
        if (kind === "refused") return this.#split({ drafts, sinceMs, wasSentBefore }, cause);
        if (kind === "locked") isOrdered = true;
        else wasSentBefore = true;
        this.#log.warn({ err: cause, runs: drafts.length, kind }, "flush not answered, sending it again");
        if (this.#isHopeless({ drafts, sinceMs, wasSentBefore })) return this.#giveBack(drafts);
        // It may have been too much for the time that a statement has: each run's rows stay what they are, but fewer runs share a statement.
        if (isTimeOut(cause) && drafts.length > 1) return this.#halve({ drafts, sinceMs, wasSentBefore });
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }
  }

  /** Nobody knows of these runs for as long as a lease: to go on renewing them would keep them from others who may do better. */
  #isHopeless({ drafts, sinceMs }: Flush): boolean {
    const nowMs = monotonicMs();
    return drafts.every(({ run }) => nowMs - Math.min(sinceMs, run.confirmedAtMs) > run.leaseMs);
  }

  async #giveBack(drafts: readonly FlushDraft[]): Promise<void> {
    const runs = drafts.map(({ run }) => run);
    for (const run of runs) run.drop("lost");
    this.#log.error({ runs: runs.length }, "runs given back: no flush of them was answered for as long as a lease");
    await runsRelease(this.#db, runs).catch((cause: unknown) => this.#log.warn({ err: cause }, "runs left to their leases"));
    runsDue(this.#hints, ...runs.map(({ tenantId }) => tenantId));
  }

  async #halve({ drafts, ...sent }: Flush): Promise<void> {
    const middle = Math.ceil(drafts.length / 2);
    await this.#send({ drafts: drafts.slice(0, middle), ...sent });
    await this.#send({ drafts: drafts.slice(middle), ...sent });
  }

  /** One value that cannot be stored must not stop the others: halve until it stands alone. */
  async #split(flush: Flush, cause: unknown): Promise<void> {
    const [only] = flush.drafts;
    if (only !== undefined && flush.drafts.length === 1) return this.#refused(only, cause);
    await this.#halve(flush);
  }

  /** Where no node is to blame, nothing of the run can be stored: it ends, with no payload. */
  async #refused(draft: FlushDraft, cause: unknown): Promise<void> {
    const { run } = draft;
    this.#log.error({ err: cause, runId: run.runId }, "flush refused");
    try {
      if (await this.#listener.refused(draft)) return;
      run.drop("lost");
      await this.#deadLetters.unstored(run);
    } catch (again) {
      this.#log.error({ err: again, runId: run.runId }, "run left to its lease");
      run.drop("lost");
    }
  }

  #settle(drafts: readonly FlushDraft[], answers: readonly FlushAnswer[], wasSentBefore: boolean): void {
    if (this.#isClosed) return;
    const stored: string[] = [];
    const due: string[] = [];
    let hasNodes = false;
    for (const answer of answers) {
      const draft = drafts[answer.k];
      if (draft === undefined) continue;
      if (answer.why === "ok" || answer.why === "applied") {
        stored.push(draft.row.id);
        if (draft.row.rest === "end") {
          runsEnded.inc({ status: runStatusWord(draft.row.status) });
          if (draft.run.isGated) this.#gates.wanted([draft.row.id]);
        }
        this.#hints.publish("run", draft.row.id);
        if (draft.pending.asks) this.#hints.publish("waiting", draft.run.tenantId);
        if (draft.withdraws) this.#hints.publish("withdrawn", draft.row.id);
        if (draft.row.rest === "requeue") due.push(draft.run.tenantId);
        hasNodes ||= draft.pending.offers.length > 0;
      }
      try {
        draft.run.flushSettle(draft, answer, wasSentBefore);
      } catch (cause) {
        draft.run.broken(cause);
      }
    }
    runsDue(this.#hints, ...due);
    if (hasNodes) this.#hints.publish("work", "nodes");
    if (stored.length > 0) this.#listener.flushed(stored);
  }
}

function charactersOfAll(drafts: readonly FlushDraft[]): number {
  return drafts.reduce((sum, draft) => sum + draft.characters, 0);
}

/**
 * Makes the statement's parameters once, so that a flush that is sent again is the same bytes; where they are long, in turns of the main loop.
 *
 * @throws for what no statement can carry.
 */
function encode(drafts: readonly FlushDraft[]): FlushBatch | Promise<FlushBatch> {
  if (drafts.every(({ longOutput }) => longOutput === undefined)) return batchOf(drafts);
  return outputsWritten(drafts).then(() => batchOf(drafts));
}

async function outputsWritten(drafts: readonly FlushDraft[]): Promise<void> {
  for (const draft of drafts) {
    if (draft.longOutput === undefined) continue;
    draft.row.outputJson = await joinInTurns(jsonPieces(draft.longOutput));
    draft.longOutput = undefined;
  }
}

function batchOf(drafts: readonly FlushDraft[]): FlushBatch | Promise<FlushBatch> {
  const rows = new FlushRows();
  drafts.forEach(({ row, pending, tail }, k) => {
    rows.runs.add(k, [row]);
    rows.nodes.add(k, nodeRows(pending, tail));
    rows.events.add(k, pending.events);
    rows.events.add(k, tail?.events ?? []);
    rows.offers.add(k, offersLeft(pending.offers, tail?.withdrawn ?? []));
    rows.spans.add(k, pending.spans);
    rows.artifacts.add(k, pending.artifacts);
    rows.outbox.add(k, pending.outbox);
    rows.outbox.add(k, tail?.outbox ?? []);
    for (const path of [...pending.withdrawn, ...(tail?.withdrawn ?? [])]) rows.withdrawn.push(nodeRunId(row.id, path));
  });
  const form = formOf(drafts);
  if (charactersOfAll(drafts) <= charactersAtOnce) return flushBatch(rows, form);
  return longBatch(rows, form);
}

async function longBatch(rows: FlushRows, form: FlushForm): Promise<FlushBatch> {
  const batch = flushBatch(rows, form, await longOf(rows));
  // To put it together was a turn's work, and so is what the driver does with it.
  await ownTurn();
  return batch;
}

function formOf(drafts: readonly FlushDraft[]): FlushForm {
  if (drafts.every(({ isPlainEnd }) => isPlainEnd)) return "end";
  if (drafts.every(({ isShort }) => isShort)) return "short";
  return drafts.every(({ isTraced }) => isTraced) ? "traced" : "full";
}

/** One row a node run, as both are by path: the tail's, where it has one. Two of one path would fail the statement, and with it all the runs that share it. */
function nodeRows({ nodes }: Pending, tail: Tail | undefined): Iterable<NodeRunRow> {
  if (tail === undefined || tail.nodes.size === 0) return nodes.values();
  return [...[...nodes.values()].filter(({ path }) => !tail.nodes.has(path)), ...tail.nodes.values()];
}
