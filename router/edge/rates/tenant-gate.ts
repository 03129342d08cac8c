/**
 * A tenant's share of the graph: so many operations are executed side by side, of one tenant at most half of them. What comes beyond waits,
 * and the tenants take turns: whoever sends a thousand stands behind whoever sends one. What would wait too long, or has, is told to come again.
 */
import { defineErrors, type AppError } from "#shared/errors.ts";
import { NoTurn, TurnQueue } from "#shared/turn-queue.ts";

export interface GateLimits {
  /** Units that are executed at once: an operation is one, and more by what it may return. */
  units: number;
  /** Of these for one tenant. */
  tenantUnits: number;
  waitMs: number;
  /** Operations of one tenant that wait, and of all. */
  tenantWaiting: number;
  waiting: number;
  /** What those that wait hold, in bytes: of one tenant, and of all. */
  tenantWaitingBytes: number;
  waitingBytes: number;
}

/** For operations that databases answer. */
export const defaultGate: GateLimits = {
  units: 64,
  tenantUnits: 32,
  waitMs: 10_000,
  tenantWaiting: 1_000,
  waiting: 4_000,
  tenantWaitingBytes: 16 << 20,
  waitingBytes: 64 << 20,
};

/** For those that somebody outside is asked for, such as a model: they take long and little. */
export const outsideGate: GateLimits = { ...defaultGate, units: 512, tenantUnits: 256 };

/**
 * For events of subscriptions, and for their beginnings. They wait longer than a request: whoever reads a stream has it already, and an event that is
 * late is better than one that is missing.
 */
export const streamGate: GateLimits = {
  ...defaultGate,
  units: 32,
  tenantUnits: 16,
  waitMs: 60_000,
  tenantWaiting: 20_000,
  waiting: 80_000,
};

const gateErrors = defineErrors({
  TENANT_BUSY: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { tenantId: string; limit: number; retryAfterMs: number }) =>
      `Tenant ${f.tenantId} has as many operations executed and waiting as it may (${f.limit} units at once). Try again in ${f.retryAfterMs} ms, fewer side by side.`,
  },
  ROUTER_BUSY: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { limit: number; retryAfterMs: number }) =>
      `All that may be executed at once is (${f.limit} units). Nothing was done. Try again in ${f.retryAfterMs} ms.`,
  },
});

/** An operation that wants to be executed. */
export interface Entering {
  tenantId: string;
  units: number;
  /** What it holds while it waits. */
  sizeBytes: number;
  signal?: AbortSignal | undefined;
}

/** Lets operations in. */
export class TenantGate {
  readonly #limits: GateLimits;
  readonly #turns: TurnQueue;

  constructor(limits: GateLimits) {
    this.#limits = limits;
    this.#turns = new TurnQueue({
      turns: limits.units,
      turnsPerTenant: limits.tenantUnits,
      waiting: limits.waiting,
      waitingPerTenant: limits.tenantWaiting,
      waitingBytes: limits.waitingBytes,
      waitingBytesPerTenant: limits.tenantWaitingBytes,
      waitMs: limits.waitMs,
    });
  }

  /** Operations that wait. */
  get waiting(): number {
    return this.#turns.waiting;
  }

  /** Units that are executed. */
  get units(): number {
    return this.#turns.used;
  }

  /**
   * Executes `work` when it is its turn.
   *
   * @throws AppError TENANT_BUSY, ROUTER_BUSY; the signal's reason where whoever asked is gone before it began.
   */
  async run<T>({ tenantId, units, sizeBytes, signal }: Entering, work: () => Promise<T>): Promise<T> {
    const done = await this.#turns.run({ tenantId, turns: units, sizeBytes, signal }, work);
    if (!(done instanceof NoTurn)) return done;
    if (done.why === "aborted") throw signal?.reason instanceof Error ? signal.reason : new Error(String(signal?.reason));
    throw this.#busy(tenantId, done);
  }

  #busy(tenantId: string, { of, retryAfterMs }: NoTurn): AppError {
    const { tenantUnits, units } = this.#limits;
    if (of === "tenant") return gateErrors.TENANT_BUSY({ tenantId, limit: tenantUnits, retryAfterMs });
    return gateErrors.ROUTER_BUSY({ limit: units, retryAfterMs });
  }
}
