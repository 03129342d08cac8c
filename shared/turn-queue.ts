/**
 * A bound on how much happens at once, and on how much waits for its turn. Fair between tenants: turns go round by tenant, within a tenant
 * in the order of arrival, and no tenant has more than its share of the turns or of the waiting places.
 */

/** How much there is of what. */
export interface TurnQueueOptions {
  /** How much may happen at once. */
  turns: number;
  /** How many of the turns one tenant may have. */
  turnsPerTenant: number;
  /** How much may wait. */
  waiting: number;
  /** How much of one tenant may wait. */
  waitingPerTenant: number;
}

interface Lane {
  used: number;
  readonly waiting: Set<() => void>;
}

export class TurnQueue {
  readonly #options: TurnQueueOptions;
  /** Of tenants with anything here. Those that wait are served in this order; whose turn begins or ends goes to its end. */
  readonly #lanes = new Map<string, Lane>();
  #used = 0;
  #waiting = 0;

  constructor(options: TurnQueueOptions) {
    this.#options = options;
  }

  /** Runs `work` when it is the tenant's turn. "full": too many wait already; "aborted": the signal fired before its turn. */
  async run<T>(tenantId: string, signal: AbortSignal, work: () => Promise<T>): Promise<T | "full" | "aborted"> {
    if (signal.aborted) return "aborted";
    const lane = this.#lane(tenantId);
    if (this.#mayTake(lane)) this.#take(tenantId, lane);
    else {
      const { waiting, waitingPerTenant } = this.#options;
      if (this.#waiting >= waiting || lane.waiting.size >= waitingPerTenant) return "full";
      if (!(await this.#turn(tenantId, lane, signal))) return "aborted";
    }
    try {
      return signal.aborted ? "aborted" : await work();
    } finally {
      this.#release(tenantId, lane);
    }
  }

  #lane(tenantId: string): Lane {
    return this.#lanes.get(tenantId) ?? { used: 0, waiting: new Set() };
  }

  // Whoever waits does so for want of a turn, or for its tenant's share: a newcomer that finds both overtakes nobody.
  #mayTake(lane: Lane): boolean {
    return this.#used < this.#options.turns && lane.used < this.#options.turnsPerTenant;
  }

  #take(tenantId: string, lane: Lane): void {
    this.#used++;
    lane.used++;
    this.#toEnd(tenantId, lane);
  }

  /** Resolves with true when it is its turn, with false when the signal fired first. */
  #turn(tenantId: string, lane: Lane, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const take = (): void => {
        signal.removeEventListener("abort", leave);
        this.#leave(tenantId, lane, take);
        this.#take(tenantId, lane);
        resolve(true);
      };
      const leave = (): void => {
        this.#leave(tenantId, lane, take);
        resolve(false);
      };
      this.#waiting++;
      lane.waiting.add(take);
      this.#lanes.set(tenantId, lane);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  #leave(tenantId: string, lane: Lane, take: () => void): void {
    this.#waiting--;
    lane.waiting.delete(take);
    this.#forget(tenantId, lane);
  }

  #release(tenantId: string, lane: Lane): void {
    this.#used--;
    lane.used--;
    this.#toEnd(tenantId, lane);
    // Given on at once, so that nobody overtakes.
    for (const next of this.#lanes.values()) {
      const [first] = next.waiting;
      if (first === undefined || !this.#mayTake(next)) continue;
      first();
      break;
    }
    this.#forget(tenantId, lane);
  }

  #toEnd(tenantId: string, lane: Lane): void {
    this.#lanes.delete(tenantId);
    this.#lanes.set(tenantId, lane);
  }

  #forget(tenantId: string, lane: Lane): void {
    if (lane.used === 0 && lane.waiting.size === 0) this.#lanes.delete(tenantId);
  }
}
