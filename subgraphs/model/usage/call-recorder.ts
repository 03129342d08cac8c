import { setImmediate as turnOfLoop, setTimeout } from "node:timers/promises";
import { databaseNow } from "#shared/database-time.ts";
import type { Database } from "#shared/db/database.ts";
import { sqlState } from "#shared/db/errors.ts";
import { newId } from "#shared/ids.ts";
import type { Log } from "#shared/log.ts";
import { callsInsert, type ModelCallRow } from "./model-call.sql.ts";

/** A call of a model that has ended. */
export type EndedCall = Omit<ModelCallRow, "id" | "createdAt">;

interface Waiting {
  row: ModelCallRow;
  /** Told when it is written, or given up. */
  done: () => void;
}

/** Calls of a tenant that wait for the database; more are dropped, because counting usage must not exhaust the memory of a process. */
const waitingLimit = 2_000;
/** Pauses between tries. An answer that was paid for is not kept back for longer. */
const againMs = [100, 400, 1_500];

/**
 * The ledger's one writer: an answer leaves when its call is written, so a process that is killed loses none that was answered. While one statement of a tenant
 * runs, what comes of it goes with the next; no tenant waits for another's. Where the database does not take it in two seconds the answer goes without: it
 * fails no answer.
 */
export class CallRecorder {
  readonly #database: Database;
  readonly #log: Log;
  readonly #keepDays: number | undefined;
  /** Of the tenants whose calls are being written: those that wait for the next statement. */
  readonly #queues = new Map<string, Waiting[]>();
  /** What each of them recorded last; all before it is written first. */
  readonly #last = new Map<string, Promise<void>>();

  /** @param options.keepDays  days for which a call is kept; for ever unless given. */
  constructor(options: { database: Database; log: Log; keepDays?: number | undefined }) {
    this.#keepDays = options.keepDays;
    this.#database = options.database;
    this.#log = options.log;
  }

  /** Resolves when the call is written, or given up; never rejects. */
  record(tenantId: string, call: EndedCall): Promise<void> {
    const queue = this.#queues.get(tenantId);
    if (queue !== undefined && queue.length >= waitingLimit) {
      this.#log.warn({ tenantId, model: call.model }, "model call not recorded: too many wait");
      return Promise.resolve();
    }
    const { promise, resolve: done } = Promise.withResolvers<void>();
    const waiting = { row: { ...call, id: newId(), createdAt: databaseNow() }, done };
    this.#last.set(tenantId, promise);
    if (queue === undefined) void this.#write(tenantId, [waiting]);
    else queue.push(waiting);
    return promise;
  }

  /** Resolves when all that was recorded so far is written (or given up): of a tenant, or of all. */
  async settled(tenantId?: string): Promise<void> {
    await (tenantId === undefined ? Promise.all(this.#last.values()) : this.#last.get(tenantId));
  }

  async #write(tenantId: string, first: Waiting[]): Promise<void> {
    const queue = first;
    this.#queues.set(tenantId, queue);
    // Answers that came in one turn of the event loop share the statement.
    await turnOfLoop();
    while (queue.length > 0) {
      const calls = queue.splice(0);
      await this.#writeOf(tenantId, calls);
      for (const { done } of calls) done();
    }
    this.#queues.delete(tenantId);
    this.#last.delete(tenantId);
  }

  async #writeOf(tenantId: string, calls: readonly Waiting[]): Promise<void> {
    const rows = calls.map(({ row }) => row);
    for (const pauseMs of [...againMs, undefined]) {
      try {
        await callsInsert(this.#database.forTenant(tenantId), rows, this.#keepDays);
        return;
      } catch (error) {
        const isRefused = isRefusal(error);
        if (isRefused && calls.length > 1) {
          for (const call of calls) await this.#writeOf(tenantId, [call]);
          return;
        }
        const isGivenUp = isRefused || pauseMs === undefined;
        this.#log.warn({ err: error, tenantId, calls: rows.length, isGivenUp }, "model calls not recorded");
        if (isGivenUp) return;
        await setTimeout(pauseMs);
      }
    }
  }
}

/** Whether it is a row that the database does not take, now or ever: its values, or what an index can hold. */
function isRefusal(error: unknown): boolean {
  return /^(22|23|54)/.test(sqlState(error) ?? "");
}
