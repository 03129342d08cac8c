/**
 * Writes audits to the database. A change's row is stored when it begins, in a group commit sent at once, and its outcome before its answer leaves; rows of
 * what changed nothing follow in batches, within about 200 ms. What the database does not take in time goes to a file beside the data.
 */
import type pg from "pg";
import { databaseNow } from "#shared/database-time.ts";
import { databaseUnavailable } from "#shared/db/errors.ts";
import { openPool } from "#shared/db/pool.ts";
import { newId } from "#shared/ids.ts";
import type { Log } from "#shared/log.ts";
import type { AuditRecord, AuditSink } from "../../audit/audit.ts";
import { AuditBuffer, type DroppedAudits } from "./audit-buffer.ts";
import { AuditSpill } from "./audit-spill.ts";
import { AuditTrouble } from "./audit-trouble.ts";
import { jsonOf, storeAudits, type CommitMode } from "./audit.sql.ts";
import { GroupCommit } from "./group-commit.ts";

export interface AuditWriterOptions {
  databaseUrl: string;
  log: Log;
  /** For what the database does not take; made when it is needed. */
  spillFolder: string;
  /** Told when rows were stored. */
  onStored?: () => void;
  /** Rows of one statement at most; 500. */
  batchRows?: number;
  /** The longest that a row of what changed nothing waits for company; 200. */
  flushMs?: number;
  /** Of rows of what changed nothing, while they wait; 8 MiB. */
  maxWaitingBytes?: number;
  /** For the database to take a change's row; 2,000. */
  deadlineMs?: number;
  /** Between two tries while the database takes none; 1,000. */
  retryMs?: number;
  /** Of the spill file; 256 MiB. */
  maxSpillBytes?: number;
}

const defaults = {
  batchRows: 500,
  flushMs: 200,
  maxWaitingBytes: 8 << 20,
  deadlineMs: 2_000,
  retryMs: 1_000,
  maxSpillBytes: 256 << 20,
  onStored: () => {},
};

/** Of the few that a platform has: one for beginnings, one for outcomes and the rest, which find each other's in a moment's pause. */
const connections = 2;

/** The sink of one router. */
export class AuditWriter implements AuditSink {
  readonly #setting: AuditWriterOptions & typeof defaults;
  readonly #pool: pg.Pool;
  readonly #spill: AuditSpill;
  readonly #trouble: AuditTrouble;
  readonly #beginnings: GroupCommit;
  readonly #outcomes: GroupCommit;
  readonly #buffer: AuditBuffer;
  #timer: NodeJS.Timeout | undefined;
  #flushing: Promise<boolean> | undefined;
  #isStopped = false;

  constructor(options: AuditWriterOptions) {
    this.#setting = { ...defaults, ...options };
    const { log, spillFolder: folder, maxSpillBytes: maxBytes, batchRows, maxWaitingBytes, retryMs } = this.#setting;
    this.#pool = openPool({ url: options.databaseUrl, max: connections, scope: "engine", applicationName: "agent-platform audit" });
    this.#spill = new AuditSpill({ folder, log, maxBytes, batchRows });
    this.#trouble = new AuditTrouble({ log, retryMs, recover: () => this.#recover() });
    this.#beginnings = this.#lane("synced");
    this.#outcomes = this.#lane("written");
    this.#buffer = new AuditBuffer({ maxBytes: maxWaitingBytes, batchRows });
    // Of a process before this one, perhaps.
    void this.#trouble.tryNow();
  }

  get isTroubled(): boolean {
    return this.#trouble.isThere;
  }

  record(record: AuditRecord): void {
    this.#buffer.add(record.tenantId, rowOf(record));
    this.#flushDue();
  }

  async begin(record: AuditRecord): Promise<void> {
    try {
      await this.#beginnings.add(rowOf(record));
    } catch (cause) {
      throw databaseUnavailable(cause);
    }
  }

  async complete(record: AuditRecord): Promise<void> {
    await this.#outcomes.add(rowOf(record)).catch((cause: unknown) => {
      this.#setting.log.error({ err: cause, requestId: record.requestId }, "the outcome of a change is not in its audit");
    });
  }

  /** Resolves when everything recorded so far is stored, or was tried. */
  async flush(): Promise<void> {
    await this.#beginnings.idle();
    await this.#outcomes.idle();
    for (let rest = Math.ceil(this.#buffer.size / this.#setting.batchRows) + 2; rest > 0; rest--) {
      await this.#flushing;
      if (this.#buffer.size === 0 || !(await this.#flushBatch())) return;
    }
  }

  /** Resolves when what lies in the spill file is in the database, or was tried. */
  async readSpilled(): Promise<void> {
    await this.#trouble.tryNow();
  }

  /** Stores what waits and closes. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.flush();
    await this.#trouble.end();
    await this.#spillRest();
    await this.#pool.end();
  }

  #lane(mode: CommitMode): GroupCommit {
    const { deadlineMs, batchRows } = this.#setting;
    return new GroupCommit({
      store: (rows) => this.#store(jsonOf(rows), mode),
      spill: (rows) => this.#spillNow(rows),
      trouble: this.#trouble,
      deadlineMs,
      batchRows,
    });
  }

  async #store(json: string | Buffer, mode: CommitMode): Promise<void> {
    await storeAudits(this.#pool, json, mode);
    this.#setting.onStored();
  }

  async #spillNow(rows: readonly string[]): Promise<void> {
    await this.#spill.append(rows);
    // It was over meanwhile: these are still to be read in.
    this.#trouble.begin(new Error("audits were spilled"));
  }

  async #recover(): Promise<void> {
    await storeAudits(this.#pool, "[]", "written");
    let refusal: unknown;
    const store = (batch: readonly string[]) =>
      this.#store(jsonOf(batch), "synced").catch((cause: unknown) => {
        refusal = cause;
        throw cause;
      });
    try {
      const rows = await this.#spill.readIn(store);
      if (rows > 0) this.#setting.log.info({ rows }, "spilled audits were read in");
    } catch (cause) {
      if (cause === refusal) throw cause;
      // A folder that cannot be read keeps nobody from the database.
      this.#setting.log.error({ err: cause }, "spilled audits cannot be read");
    }
  }

  /** A full batch waits for no company: where more come than one in `flushMs`, those behind would be dropped. */
  #flushDue(): void {
    if (this.#flushing !== undefined || this.#isStopped) return;
    const { batchRows, flushMs } = this.#setting;
    if (this.#buffer.size < batchRows || this.#trouble.isThere) return this.#flushIn(flushMs);
    clearTimeout(this.#timer);
    this.#timer = undefined;
    void this.#flushBatch();
  }

  #flushIn(ms: number): void {
    if (this.#isStopped || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (this.#flushing === undefined) void this.#flushBatch();
    }, ms);
  }

  /** False where the database did not take them. */
  #flushBatch(): Promise<boolean> {
    const batch = this.#buffer.first();
    if (batch === undefined) return Promise.resolve(true);
    this.#flushing = this.#store(batch.close(), "written")
      .then(
        () => {
          this.#buffer.remove(batch);
          for (const dropped of this.#buffer.takeDropped()) this.#recordDropped(dropped);
          return true;
        },
        (cause: unknown) => {
          this.#trouble.begin(cause);
          return false;
        },
      )
      .finally(() => (this.#flushing = undefined));
    const flushing = this.#flushing;
    void flushing.then((isStored) => this.#buffer.size > 0 && (isStored ? this.#flushDue() : this.#flushIn(this.#setting.retryMs)));
    return flushing;
  }

  #recordDropped(dropped: DroppedAudits): void {
    this.#setting.log.error({ ...dropped }, "audits dropped");
    const record = droppedRecord(dropped);
    this.#buffer.add(record.tenantId, rowOf(record));
  }

  /** What the database did not take before the end. */
  async #spillRest(): Promise<void> {
    const dropped = this.#buffer.takeDropped().map((of) => rowOf(droppedRecord(of)));
    const rows = [...this.#buffer.rows(), ...dropped];
    if (rows.length === 0) return;
    await this.#spill
      .append(rows)
      .catch((cause: unknown) => this.#setting.log.error({ err: cause, dropped: rows.length }, "audits dropped at the end"));
  }
}

/** A row as it is stored. Left to JSON.stringify its time took as long as all else of it: 1 µs of each request (Node 24, November 2026). */
const rowOf = (record: AuditRecord) => JSON.stringify({ ...record, createdAt: record.createdAt.toISOString() });

/** The row that says how many there are not. */
function droppedRecord({ tenantId, count, since }: DroppedAudits): AuditRecord {
  const id = newId();
  return {
    id,
    tenantId,
    requestId: id,
    apiKeyId: null,
    operationName: null,
    operationType: "unknown",
    operationHash: "",
    rootFields: [],
    variables: null,
    statusCode: 503,
    errorCodes: ["RESOURCE_EXHAUSTED"],
    durationMs: 0,
    clientIp: null,
    userAgent: null,
    event: "AUDITS_DROPPED",
    details: { count, since: since.toISOString() },
    createdAt: databaseNow(),
  };
}
