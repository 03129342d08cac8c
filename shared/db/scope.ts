import { AsyncLocalStorage } from "node:async_hooks";
import type { Reading } from "../read-bytes.ts";
import { tenantIdInvalid, tenantIdPattern } from "../request-info.ts";

/** For whom the transaction that begins next works: one tenant, or the platform itself while it migrates. */
export type DatabaseScope = { kind: "tenant"; tenantId: string; reading?: Reading | undefined } | { kind: "migration" };

const scopes = new AsyncLocalStorage<DatabaseScope>();

/** Whose connections a read takes: those of requests, or the few that are kept for streams, which requests cannot use up. */
export type Lane = "request" | "stream";

const lanes = new AsyncLocalStorage<Lane>();

/** Runs `work` so that what it reads in it goes over the connections of streams. */
export function inStreamLane<T>(work: () => T): T {
  return lanes.run("stream", work);
}

/** The lane of who asks. */
export function scopeLane(): Lane {
  return lanes.getStore() ?? "request";
}

/** Runs `work` so that transactions begun in it are the scope's. */
export function withDatabaseScope<T>(scope: DatabaseScope, work: () => Promise<T>): Promise<T> {
  return scopes.run(scope, work);
}

/** Who borrows the connections of this scope: a tenant; "" is the platform itself, or a caller that has no scope. */
export function scopeBorrower(): string {
  const scope = scopes.getStore();
  return scope?.kind === "tenant" ? scope.tenantId : "";
}

/** Counts what is read in this scope, where somebody does. */
export function scopeReading(): Reading | undefined {
  const scope = scopes.getStore();
  return scope?.kind === "tenant" ? scope.reading : undefined;
}

/** The setting that row-level security reads the tenant from. */
export const tenantSetting = "app.tenant_id";

// A migration may rewrite a table of any size, and a machine that stalls must not end it half-way.
const migrationLimits = "set local statement_timeout = 0; set local idle_in_transaction_session_timeout = '60s'";

/**
 * The statements that a transaction starts with, in one message.
 *
 * @throws Error when there is no scope: a transaction of nobody is a bug.
 */
export function beginStatement(begin: string): string {
  const scope = scopes.getStore();
  if (scope === undefined) throw new Error("a transaction was begun outside of a tenant");
  if (scope.kind === "migration") return `${begin}; ${migrationLimits}`;
  return tenantBegin(begin, scope.tenantId);
}

/**
 * As {@link beginStatement}, of the tenant that is given.
 *
 * @param settings  of the session for this transaction alone, by name; names and values are the code's own.
 */
export function tenantBegin(begin: string, tenantId: string, settings: Readonly<Record<string, string>> = {}): string {
  // The pattern admits no quote, so the id can stand in the statement; parameters would cost a round trip of their own.
  const all = Object.entries({ [tenantSetting]: checkedTenant(tenantId), ...settings });
  return `${begin}; select ${all.map(([name, value]) => `set_config('${name}', '${value}', true)`).join(", ")}`;
}

/** An id that a tenant can have, as it is. @throws AppError TENANT_ID_INVALID */
export function checkedTenant(tenantId: string): string {
  if (!tenantIdPattern.test(tenantId)) throw tenantIdInvalid(tenantId);
  return tenantId;
}
