/**
 * Writes audits to the database in batches, beside the requests and never in their way. A row is there within about 200 ms.
 * While the database is away rows wait, up to a limit; those beyond it are counted in the log and lost.
 */
import type pg from "pg";
import { openPool } from "#shared/db/pool.ts";
import { newId } from "#shared/ids.ts";
import type { Log } from "#shared/log.ts";
import type { AuditRecord, AuditSink } from "../audit/audit.ts";
import { insertAudits, type AuditRow } from "./audit.sql.ts";

export interface AuditWriterOptions {
  databaseUrl: string;
  log: Log;
  /** Rows of one statement at most. */
  batchRows?: number;
  /** The longest that a row waits for company. */
  flushMs?: number;
  /** Rows that wait at most. */
  maxWaiting?: number;
}

const retryMs = 1_000;

/** The sink of one router. */
export class AuditWriter implements AuditSink {
  readonly #pool: pg.Pool;
  readonly #log: Log;
  readonly #batchRows: number;
  readonly #flushMs: number;
  readonly #maxWaiting: number;
  #waiting: AuditRow[] = [];
  #dropped = 0;
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<boolean> | undefined;
  #stopped = false;

  constructor(options: AuditWriterOptions) {
    this.#pool = openPool({ url: options.databaseUrl, max: 1, scope: "engine", applicationName: "agent-platform audit" });
    this.#log = options.log;
    this.#batchRows = options.batchRows ?? 500;
    this.#flushMs = options.flushMs ?? 200;
    this.#maxWaiting = options.maxWaiting ?? 20_000;
  }

  record(record: AuditRecord): void {
    if (this.#stopped || this.#waiting.length >= this.#maxWaiting) {
      this.#dropped++;
      return;
    }
    this.#waiting.push({ id: newId(), ...record });
    if (this.#waiting.length >= this.#batchRows && this.#flushing === undefined) void this.#flushSoon(0);
    else void this.#flushSoon(this.#flushMs);
  }

  /** Resolves when everything recorded so far is stored, or was tried. */
  async flush(): Promise<void> {
    for (let rest = Math.ceil(this.#waiting.length / this.#batchRows) + 1; rest > 0; rest--) {
      await this.#flushing;
      if (this.#waiting.length === 0 || !(await this.#flushBatch())) return;
    }
  }

  /** Stores what waits and closes. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.flush();
    this.#dropped += this.#waiting.length;
    this.#reportDropped();
    await this.#pool.end();
  }

  #flushSoon(afterMs: number): void {
    if (this.#timer !== undefined && afterMs > 0) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#flushing === undefined) void this.#flushBatch();
    }, afterMs);
  }

  #flushBatch(): Promise<boolean> {
    const batch = this.#waiting.slice(0, this.#batchRows);
    this.#flushing = insertAudits(this.#pool, batch)
      .then(
        () => {
          this.#waiting.splice(0, batch.length);
          return true;
        },
        (error: unknown) => {
          this.#log.warn({ err: error, waiting: this.#waiting.length }, "audits not stored, trying again");
          return false;
        },
      )
      .finally(() => (this.#flushing = undefined));
    const flushing = this.#flushing;
    void flushing.then((stored) => {
      this.#reportDropped();
      if (this.#waiting.length > 0 && !this.#stopped) this.#flushSoon(stored ? this.#flushMs : retryMs);
    });
    return flushing;
  }

  #reportDropped(): void {
    if (this.#dropped === 0) return;
    this.#log.error({ dropped: this.#dropped }, "audits dropped");
    this.#dropped = 0;
  }
}
