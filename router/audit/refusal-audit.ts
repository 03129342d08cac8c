/**
 * Audits what was refused before it was an operation: a foreign Host or Origin, an invalid tenant id, a body or a message that is too large or no JSON.
 * It costs nothing to be refused, not even leave to ask, so that these rows have a limit of their own, which those of operations without a key share: a web
 * page must not fill a disk. Each tenant's keys have one, and all who have none have one together, of which one address has a part: whoever floods it hides
 * nothing of what is tried with a key, or from elsewhere.
 */
import type { IncomingMessage } from "node:http";
import { networkOf } from "#shared/addresses.ts";
import { AppError } from "#shared/errors.ts";
import type { Log } from "#shared/log.ts";
import { counter } from "#shared/metrics/instruments.ts";
import { ownerOfRefused } from "../access/keys/key-ring.ts";
import { hashOf } from "../graph/operations.ts";
import type { Identity } from "../edge/identity.ts";
import { countedAs } from "../edge/rates/seen-from.ts";
import { auditRecord, type AuditSink } from "./audit.ts";
import { refusedContext, type RouterContext } from "../request-context.ts";

/** A request that was refused. */
export interface RefusedRequest {
  request: IncomingMessage;
  /** Where it got as far as that; a request whose body was not read to the end no longer knows who sent it. */
  context?: RouterContext | undefined;
  /** Of a WebSocket. */
  connectionParams?: Record<string, unknown> | undefined;
  /** Of whom it was, where it got as far as that. */
  identity?: Identity | undefined;
  /** As the client was told it, where it was told one. */
  requestId?: string | undefined;
  statusCode: number;
  error: unknown;
  /** By performance.now(); now unless given. */
  startedAtMs?: number;
}

export interface RefusalAuditOptions {
  sink: Pick<AuditSink, "record">;
  log: Log;
  /** Rows in one window at most, of one tenant's keys or of all who have none; what is refused beyond them is refused without one. */
  maxRows?: number;
  /** Of those who have none: rows of one address. */
  maxOfAddress?: number;
  windowMs?: number;
  now?: () => number;
}

const requestsRefused = counter({
  name: "requests_refused_total",
  help: "Requests that never became an operation, by HTTP status: no key, too many, too large.",
  labels: ["status"],
});

/** Ten rows a second on average; from one address five. */
const defaults = { maxRows: 100, maxOfAddress: 50, windowMs: 10_000, now: () => performance.now() };

/** The audit of one router's refusals; it never throws and never waits. */
export class RefusalAudit {
  readonly #setting: Required<RefusalAuditOptions>;
  #windowEnds = -Infinity;
  /** In this window, by tenant of who has a key; `""`: of all who have none. */
  readonly #rows = new Map<string, number>();
  /** The same of those by address, for which there was a row. */
  readonly #ofAddress = new Map<string, number>();

  constructor(options: RefusalAuditOptions) {
    this.#setting = { ...defaults, ...options };
  }

  record(refused: RefusedRequest): void {
    requestsRefused.inc({ status: String(refused.statusCode) });
    const { request, connectionParams, requestId, statusCode, error, startedAtMs = performance.now() } = refused;
    // Who was robbed of a key, and has revoked it, is told that it is tried.
    const owner = ownerOfRefused(error);
    const identity: Identity | undefined = owner === undefined ? refused.identity : { kind: "key", caller: owner };
    const tenantId = identity?.kind === "key" ? identity.caller.tenantId : "";
    if (!this.#take(tenantId, countedAs(request))) return;
    const context = refused.context ?? refusedContext(request, { connectionParams, requestId, identity });
    const { code, reason } = error instanceof AppError ? error : { code: "INTERNAL", reason: "INTERNAL" };
    // The row has room for the code only.
    this.#setting.log.info({ requestId: context.info.requestId, statusCode, reason }, "request refused");
    this.#setting.sink.record(
      auditRecord({ context, hash: hashOf(""), startedAtMs }, { statusCode, errorCodes: [code], reasons: [reason] }),
    );
  }

  /** Takes the room of an operation's row; false where there is none. For that of who has a key, or needs none, there always is. */
  takeRoom({ identity, clientIp }: Pick<RouterContext, "identity" | "clientIp">): boolean {
    return identity.kind !== "nobody" || this.#take("", networkOf(clientIp ?? "unknown"));
  }

  #take(of: string, address: string): boolean {
    const { now, windowMs, maxRows, maxOfAddress } = this.#setting;
    const at = now();
    if (at >= this.#windowEnds) {
      this.#windowEnds = at + windowMs;
      this.#rows.clear();
      this.#ofAddress.clear();
    }
    // Where there is no room no address is counted: there are no more of them than rows.
    const isFull = (this.#rows.get(of) ?? 0) >= maxRows;
    if (of === "" && !isFull && !this.#count(this.#ofAddress, address, { maxRows: maxOfAddress, address })) return false;
    return this.#count(this.#rows, of, { maxRows, ...(of !== "" && { tenantId: of }) });
  }

  #count(counts: Map<string, number>, name: string, facts: { maxRows: number; address?: string; tenantId?: string }): boolean {
    const { windowMs, log } = this.#setting;
    const rows = (counts.get(name) ?? 0) + 1;
    counts.set(name, rows);
    // Said once a window: a line each would be the same flood elsewhere.
    if (rows === facts.maxRows + 1) log.warn({ ...facts, windowMs }, "too many requests refused to audit each");
    return rows <= facts.maxRows;
  }
}
