import { setTimeout } from "node:timers/promises";
import type { Database } from "#shared/db/database.ts";
import { newId } from "#shared/ids.ts";
import type { Log } from "#shared/log.ts";
import { callsInsert, type ModelCallRow } from "./model-call.sql.ts";

/** A call of a model that has ended. */
export type EndedCall = Omit<ModelCallRow, "id" | "createdAt"> & { tenantId: string };

interface Waiting {
  row: ModelCallRow & { tenantId: string };
  /** Told when it is written, or given up. */
  done: () => void;
}

/** Calls that wait for the database; more are dropped, because counting usage must not exhaust the memory of a process. */
const waitingLimit = 10_000;
/** Pauses between tries. An answer that was paid for is not kept back for longer. */
const againMs = [100, 400, 1_500];

/**
 * The ledger's one writer: an answer leaves when its call is written, so a process that is killed loses none that was answered. While one statement runs, what
 * comes goes with the next. Where the database does not take it in two seconds the answer goes without: it fails no answer.
 */
export class CallRecorder {
  readonly #database: Database;
  readonly #log: Log;
  #waiting: Waiting[] = [];
  #writing: Promise<void> | undefined;

  constructor(options: { database: Database; log: Log }) {
    this.#database = options.database;
    this.#log = options.log;
  }

  /** Resolves when the call is written, or given up; never rejects. */
  record(call: EndedCall): Promise<void> {
    if (this.#waiting.length >= waitingLimit) {
      this.#log.warn({ model: call.model }, "model call not recorded: too many wait");
      return Promise.resolve();
    }
    return new Promise((done) => {
      this.#waiting.push({ row: { ...call, id: newId(), createdAt: new Date() }, done });
      this.#writing ??= this.#write().finally(() => (this.#writing = undefined));
    });
  }

  /** Resolves when all that was recorded so far is written (or given up). */
  async settled(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const groups = Map.groupBy(this.#waiting.splice(0), ({ row }) => row.tenantId);
      await Promise.all([...groups].map(([tenantId, calls]) => this.#writeOf(tenantId, calls)));
    }
  }

  async #writeOf(tenantId: string, calls: readonly Waiting[]): Promise<void> {
    const rows = calls.map(({ row }) => row);
    for (const pauseMs of [...againMs, undefined]) {
      try {
        await this.#database.forTenant(tenantId).transaction((tx) => callsInsert(tx, rows));
        break;
      } catch (error) {
        this.#log.warn({ err: error, calls: rows.length, isGivenUp: pauseMs === undefined }, "model calls not recorded");
        if (pauseMs !== undefined) await setTimeout(pauseMs);
      }
    }
    for (const { done } of calls) done();
  }
}
