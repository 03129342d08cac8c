/**
 * Tells sessions the answers of their finished runs. A row leaves the outbox when the session has taken it, or never will; the session
 * takes each once however often it is told, so several pumps, or one that dies half-way, do no harm.
 */
import type { SubgraphCaller } from "#shared/endpoint/caller.ts";
import { AppError } from "#shared/errors.ts";
import type { HintChannel } from "#shared/hints.ts";
import type { Log } from "#shared/log.ts";
import { outboxOfSession, outboxPutBack, outboxRemove, outboxTake, type OutboxRow } from "../queue/outbox.sql.ts";
import type { Queryable } from "../queue/statement.ts";
import { recordRunMessage } from "../client/session.client.ts";

/** What a pump is made of. */
export interface OutboxPumpOptions {
  /** Works for all tenants. */
  db: Queryable;
  call: SubgraphCaller;
  hints: HintChannel;
  log: Log;
}

const batchSize = 20;
const pollMs = 1_000;
/** Hints come with every flush of every run; the outbox is looked at no more often than this. */
const hintPauseMs = 50;
const callDeadlineMs = 10_000;
const firstPauseMs = 1_000;
const longestPauseMs = 5 * 60_000;

type Fate = { runId: string } & ({ kind: "gone" } | { kind: "later"; pauseMs: number });

/** The pump of one process. */
export class OutboxPump {
  readonly #options: OutboxPumpOptions;
  readonly #unsubscribe: () => void;
  #timer: NodeJS.Timeout | undefined;
  #dueAtMs = Number.POSITIVE_INFINITY;
  #pumping: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: OutboxPumpOptions) {
    this.#options = options;
    this.#unsubscribe = options.hints.subscribe("run", "*", () => this.#pumpIn(hintPauseMs));
    this.#pumpIn(0);
  }

  /** Ends after the batch under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#unsubscribe();
    clearTimeout(this.#timer);
    await this.#pumping;
  }

  /** Tells a session the answers that it is still to be told, now: what is said next in it stands behind them. What cannot be told now comes later. */
  async tellSession(session: { tenantId: string; sessionId: string }): Promise<void> {
    for (const row of await outboxOfSession(this.#options.db, session)) await this.#settle([await this.#deliver(row)]);
  }

  #pumpIn(ms: number): void {
    const dueAtMs = performance.now() + ms;
    if (this.#isClosed || this.#pumping !== undefined || dueAtMs >= this.#dueAtMs) return;
    clearTimeout(this.#timer);
    this.#dueAtMs = dueAtMs;
    this.#timer = setTimeout(() => {
      this.#dueAtMs = Number.POSITIVE_INFINITY;
      this.#pumping = this.#pump().finally(() => {
        this.#pumping = undefined;
        this.#pumpIn(pollMs);
      });
    }, ms);
  }

  async #pump(): Promise<void> {
    const { db, log } = this.#options;
    try {
      for (;;) {
        const rows = await outboxTake(db, batchSize);
        if (rows.length > 0) await this.#settle(await Promise.all(rows.map((row) => this.#deliver(row))));
        if (rows.length < batchSize || this.#isClosed) return;
      }
    } catch (cause) {
      log.warn({ err: cause }, "outbox not read");
    }
  }

  async #deliver({ runId, tenantId, sessionId, outputText, attempts }: OutboxRow): Promise<Fate> {
    const { call, log } = this.#options;
    const info = { tenantId, requestId: `answer-of-${runId}`, signal: AbortSignal.timeout(callDeadlineMs) };
    try {
      await recordRunMessage(call, info, { runId, sessionId, content: outputText });
      return { runId, kind: "gone" };
    } catch (cause) {
      if (cause instanceof AppError && (cause.code === "NOT_FOUND" || cause.code === "BAD_USER_INPUT")) {
        log.error({ err: cause, runId, sessionId }, "the answer of a run was refused by its session");
        return { runId, kind: "gone" };
      }
      log.warn({ err: cause, runId, sessionId, attempts }, "the answer of a run was not delivered yet");
      return { runId, kind: "later", pauseMs: Math.min(firstPauseMs * 2 ** attempts, longestPauseMs) };
    }
  }

  async #settle(fates: readonly Fate[]): Promise<void> {
    const gone = fates.filter((fate) => fate.kind === "gone").map(({ runId }) => runId);
    const later = fates.filter((fate) => fate.kind === "later");
    if (gone.length > 0) await outboxRemove(this.#options.db, gone);
    if (later.length > 0) await outboxPutBack(this.#options.db, later);
  }
}
