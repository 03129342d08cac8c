/**
 * Audits of what concerns security in runs: blocked calls, limits of the sandbox. They are written by the process that executes the node, and no node waits
 * for them: rows go out once a second, and events of one node with one reason are a row with their count. Of a tenant's further ones in that second only the
 * count is kept, for whoever has a thousand nodes blocked must not fill everybody's table. A process that is killed loses those of its last second; what
 * happened stands in the node run, too.
 */
import type pg from "pg";
import { databaseNow } from "#shared/database-time.ts";
import { openPool } from "#shared/db/pool.ts";
import { withinDeadline } from "#shared/deadline.ts";
import { newId } from "#shared/ids.ts";
import type { JsonObject } from "#shared/json.ts";
import type { Log } from "#shared/log.ts";
import type { RunSecurityEvent, RunSecurityEvents, SecurityEvent } from "#shared/security-events.ts";
import type { AuditRecord } from "../../audit/audit.ts";
import { isRefusedForGood, jsonOf, storeAudits } from "./audit.sql.ts";

export interface RunEventAuditsOptions {
  /** Of the access subgraph's database, as the engine. */
  databaseUrl: string;
  log: Log;
  /** The longest that a row waits for company; 1,000. */
  flushMs?: number;
  /** Rows of one tenant that are kept apart while they wait, and of all; 50 and 1,000. */
  tenantRows?: number;
  rows?: number;
  /** After which the connection is closed that nothing needs; 10,000. */
  idleMs?: number;
}

const defaults = { flushMs: 1_000, tenantRows: 50, rows: 1_000, idleMs: 10_000 };
/** Between two tries while the database takes none, at most. */
const longestRetryMs = 30_000;
const stopMs = 3_000;
const closeMs = 500;

interface Waiting {
  first: RunSecurityEvent;
  count: number;
  at: Date;
  /** It stands for several nodes. */
  isSum: boolean;
}

/** Keeps the events of one process. Its connection is there while there are some. */
export class RunEventAudits implements RunSecurityEvents {
  readonly #setting: RunEventAuditsOptions & typeof defaults;
  /** By what is one row. */
  #waiting = new Map<string, Waiting>();
  #tenantRows = new Map<string, number>();
  #lost = 0;
  #pool: pg.Pool | undefined;
  #timer: NodeJS.Timeout | undefined;
  #idle: NodeJS.Timeout | undefined;
  #flushing: Promise<void> | undefined;
  #failures = 0;
  #isStopped = false;

  constructor(options: RunEventAuditsOptions) {
    this.#setting = { ...defaults, ...options };
  }

  record(event: RunSecurityEvent): void {
    this.#take({ first: event, count: 1, at: databaseNow(), isSum: false });
    this.#flushSoon(this.#setting.flushMs);
  }

  /** Stores what waits, and closes. What the database does not take within 3 s is counted in the log. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    const flushAll = async () => {
      await this.#flushing;
      await this.#flush();
    };
    await withinDeadline(stopMs, flushAll).catch(() => {});
    const dropped = [...this.#waiting.values()].reduce((sum, { count }) => sum + count, this.#lost);
    if (dropped > 0) this.#setting.log.error({ dropped }, "security events of runs were dropped at the end");
    await withinDeadline(closeMs, () => this.#close()).catch(() => {});
  }

  /** Has it wait: with the row that it is one of, else as a row; where there are too many, with its tenant's sum. */
  #take(event: Waiting): void {
    const { rows, tenantRows } = this.#setting;
    const key = keyOf(event);
    const known = this.#waiting.get(key);
    const ofTenant = this.#tenantRows.get(event.first.tenantId) ?? 0;
    if (known !== undefined) known.count += event.count;
    else if (!event.isSum && (ofTenant >= tenantRows || this.#waiting.size >= rows)) this.#take({ ...event, isSum: true });
    // Tenants are many, too.
    else if (this.#waiting.size >= 2 * rows) this.#lost += event.count;
    else {
      this.#waiting.set(key, event);
      this.#tenantRows.set(event.first.tenantId, ofTenant + 1);
    }
  }

  #flushSoon(afterMs: number): void {
    if (this.#isStopped || this.#timer !== undefined || this.#flushing !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#flush();
    }, afterMs);
  }

  #flush(): Promise<void> {
    const batch = this.#waiting;
    if (batch.size === 0) return Promise.resolve();
    this.#waiting = new Map();
    this.#tenantRows = new Map();
    this.#flushing = this.#store(batch).finally(() => {
      this.#flushing = undefined;
      const { flushMs } = this.#setting;
      if (this.#waiting.size > 0) this.#flushSoon(Math.min(longestRetryMs, flushMs * 2 ** Math.min(this.#failures, 10)));
    });
    return this.#flushing;
  }

  async #store(batch: Map<string, Waiting>): Promise<void> {
    const { databaseUrl, log } = this.#setting;
    const rows = [...batch.values()].map((waiting) => JSON.stringify(recordOf(waiting)));
    clearTimeout(this.#idle);
    const pool = (this.#pool ??= openPool({
      url: databaseUrl,
      max: 1,
      scope: "engine",
      applicationName: "agent-platform run events",
      statementTimeoutMs: 5_000,
    }));
    try {
      await storeAudits(pool, jsonOf(rows), "written");
      this.#failures = 0;
    } catch (cause) {
      this.#failures++;
      log.warn({ err: cause, rows: rows.length }, "security events of runs were not stored");
      if (isRefusedForGood(cause)) this.#lost += rows.length;
      else this.#takeBack(batch);
    }
    if (this.#lost > 0) log.error({ dropped: this.#lost }, "security events of runs were dropped");
    this.#lost = 0;
    this.#idle = setTimeout(() => void this.#close(), this.#setting.idleMs);
    this.#idle.unref();
  }

  /** They wait on, beside those that have come since. */
  #takeBack(batch: Map<string, Waiting>): void {
    const since = this.#waiting.values();
    this.#waiting = new Map();
    this.#tenantRows = new Map();
    for (const waiting of [...batch.values(), ...since]) this.#take(waiting);
  }

  async #close(): Promise<void> {
    clearTimeout(this.#idle);
    const pool = this.#pool;
    this.#pool = undefined;
    await pool?.end();
  }
}

function keyOf({ isSum, first: { tenantId, event, runId, nodeId, reason } }: Waiting): string {
  return JSON.stringify(isSum ? [tenantId, event] : [tenantId, runId, nodeId, reason]);
}

/** As an operation that is refused alike has them. */
const refusals: Readonly<Partial<Record<SecurityEvent, { statusCode: number; code: string }>>> = {
  EGRESS_BLOCKED: { statusCode: 403, code: "FORBIDDEN" },
  SANDBOX_LIMIT: { statusCode: 429, code: "RESOURCE_EXHAUSTED" },
};

function recordOf({ first, count, at, isSum }: Waiting): AuditRecord {
  const { event, tenantId, requestId, reason } = first;
  const { statusCode = 500, code = "INTERNAL" } = refusals[event] ?? {};
  const id = newId();
  return {
    id,
    tenantId,
    requestId: isSum ? id : requestId,
    apiKeyId: null,
    operationName: null,
    operationType: "unknown",
    operationHash: "",
    rootFields: [],
    variables: null,
    statusCode,
    errorCodes: [code],
    durationMs: 0,
    clientIp: null,
    userAgent: null,
    event,
    details: isSum ? { reason, count } : ofNode(first, count),
    createdAt: at,
  };
}

function ofNode({ reason, runId, nodeId, attempt }: RunSecurityEvent, count: number): JsonObject {
  return { reason, runId, nodeId: nodeId.slice(0, 200), attempt, ...(count > 1 && { count }) };
}
