/**
 * A tenant's share of the graph: so many operations are executed side by side, of one tenant at most half of them. What comes beyond waits,
 * and the tenants take turns: whoever sends a thousand stands behind whoever sends one. What has waited too long is told to come again.
 */
import { defineErrors, type AppError } from "#shared/errors.ts";

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

interface Waiter extends Entering {
  admit: () => void;
}

interface Share {
  units: number;
  bytes: number;
  waiters: Waiter[];
}

/** Lets operations in. */
export class TenantGate {
  readonly #limits: GateLimits;
  /** Of tenants that have something executed or waiting. Those that wait are in the order of their turns. */
  readonly #shares = new Map<string, Share>();
  #units = 0;
  #waiting = 0;
  #waitingBytes = 0;

  constructor(limits: GateLimits) {
    this.#limits = limits;
  }

  /** Operations that wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Units that are executed. */
  get units(): number {
    return this.#units;
  }

  /**
   * Executes `work` when it is its turn.
   *
   * @throws AppError TENANT_BUSY, ROUTER_BUSY; the signal's reason where whoever asked is gone before it began.
   */
  async run<T>(entering: Entering, work: () => Promise<T>): Promise<T> {
    const units = Math.min(entering.units, this.#limits.tenantUnits);
    await this.#enter({ ...entering, units });
    try {
      return await work();
    } finally {
      this.#leave(entering.tenantId, units);
    }
  }

  #enter(entering: Entering): Promise<void> {
    const share = this.#shareOf(entering.tenantId);
    if (share.waiters.length === 0 && this.#fits(share, entering.units) && this.#hasRoom(entering.units)) {
      this.#take(share, entering.units);
      return Promise.resolve();
    }
    const refusal = this.#refusal(share, entering);
    if (refusal !== undefined) {
      this.#forget(entering.tenantId, share);
      return Promise.reject(refusal);
    }
    return this.#wait(share, entering);
  }

  #wait(share: Share, entering: Entering): Promise<void> {
    const { tenantId, sizeBytes, signal, units } = entering;
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        this.#count(share, -1, -sizeBytes);
      };
      const waiter: Waiter = {
        ...entering,
        admit: () => {
          settle();
          this.#take(share, units);
          resolve();
        },
      };
      const leave = (reason: unknown) => {
        settle();
        share.waiters.splice(share.waiters.indexOf(waiter), 1);
        this.#forget(tenantId, share);
        reject(reason instanceof Error ? reason : new Error(String(reason)));
        // Those behind it may fit where it did not.
        this.#admit();
      };
      const onAbort = () => leave(signal?.reason);
      const timer = setTimeout(() => leave(this.#busy(share, entering)), this.#limits.waitMs).unref();
      share.waiters.push(waiter);
      this.#count(share, 1, sizeBytes);
      if (signal?.aborted === true) return onAbort();
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  #leave(tenantId: string, units: number): void {
    const share = this.#shareOf(tenantId);
    share.units -= units;
    this.#units -= units;
    this.#admit();
    this.#forget(tenantId, share);
  }

  /** Round by round, one operation of each tenant that has room in its share, while there is room in all. */
  #admit(): void {
    for (let admitted = this.#waiting > 0; admitted;) {
      admitted = false;
      for (const [tenantId, share] of [...this.#shares]) {
        const [first] = share.waiters;
        // One that is too large for the room there is waits alone: other tenants' small ones pass it.
        if (first === undefined || !this.#fits(share, first.units) || !this.#hasRoom(first.units)) continue;
        share.waiters.shift();
        first.admit();
        admitted = true;
        // To the end of the turns.
        this.#shares.delete(tenantId);
        this.#shares.set(tenantId, share);
      }
    }
  }

  #refusal(share: Share, entering: Entering): AppError | undefined {
    const { tenantWaiting, tenantWaitingBytes, waiting, waitingBytes } = this.#limits;
    const { sizeBytes } = entering;
    const isOverShare = share.waiters.length >= tenantWaiting || share.bytes + sizeBytes > tenantWaitingBytes;
    if (isOverShare) return gateErrors.TENANT_BUSY(this.#facts(entering));
    const isOver = this.#waiting >= waiting || this.#waitingBytes + sizeBytes > waitingBytes;
    return isOver ? gateErrors.ROUTER_BUSY(this.#allFacts()) : undefined;
  }

  #busy(share: Share, entering: Entering): AppError {
    return this.#fits(share, entering.units) ? gateErrors.ROUTER_BUSY(this.#allFacts()) : gateErrors.TENANT_BUSY(this.#facts(entering));
  }

  #facts({ tenantId }: Entering) {
    return { tenantId, limit: this.#limits.tenantUnits, retryAfterMs };
  }

  #allFacts() {
    return { limit: this.#limits.units, retryAfterMs };
  }

  #fits(share: Share, units: number): boolean {
    return share.units + units <= this.#limits.tenantUnits;
  }

  #hasRoom(units: number): boolean {
    return this.#units + units <= this.#limits.units;
  }

  #take(share: Share, units: number): void {
    share.units += units;
    this.#units += units;
  }

  #count(share: Share, waiters: number, bytes: number): void {
    share.bytes += bytes;
    this.#waiting += waiters;
    this.#waitingBytes += bytes;
  }

  #shareOf(tenantId: string): Share {
    let share = this.#shares.get(tenantId);
    if (share === undefined) this.#shares.set(tenantId, (share = { units: 0, bytes: 0, waiters: [] }));
    return share;
  }

  #forget(tenantId: string, share: Share): void {
    if (share.units === 0 && share.waiters.length === 0) this.#shares.delete(tenantId);
  }
}

/** About as long as most operations take. */
const retryAfterMs = 1_000;
