import type { Database } from "#shared/db/database.ts";
import { newId } from "#shared/ids.ts";
import type { Log } from "#shared/log.ts";
import { callsInsert, type ModelCallRow } from "./model-call.sql.ts";

/** A call of a model that has ended. */
export type EndedCall = Omit<ModelCallRow, "id" | "createdAt"> & { tenantId: string };

/** Calls that wait for the database; more are dropped, because counting usage must not exhaust the memory of a process. */
const waitingLimit = 10_000;

/**
 * Writes ended calls to the database after they were answered: recording never delays or fails an answer. While one statement runs, what comes
 * goes with the next. A process that is killed loses what waits.
 */
export class CallRecorder {
  readonly #database: Database;
  readonly #log: Log;
  #waiting: (ModelCallRow & { tenantId: string })[] = [];
  #writing: Promise<void> | undefined;

  constructor(options: { database: Database; log: Log }) {
    this.#database = options.database;
    this.#log = options.log;
  }

  record(call: EndedCall): void {
    if (this.#waiting.length >= waitingLimit) return this.#log.warn({ model: call.model }, "model call not recorded: too many wait");
    this.#waiting.push({ ...call, id: newId(), createdAt: new Date() });
    this.#writing ??= this.#write().finally(() => (this.#writing = undefined));
  }

  /** Resolves when all that was recorded so far is written (or given up). */
  async settled(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      for (const [tenantId, calls] of Map.groupBy(this.#waiting.splice(0), (call) => call.tenantId)) {
        try {
          await this.#database.forTenant(tenantId).transaction((tx) => callsInsert(tx, calls));
        } catch (error) {
          this.#log.warn({ err: error, calls: calls.length }, "model calls not recorded");
        }
      }
    }
  }
}
