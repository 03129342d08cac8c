/**
 * A bound on how much happens at once, and on how much waits for its turn. Fair between tenants: turns go round by tenant, within a tenant
 * in the order of arrival, and no tenant has more than its share of the turns or of the waiting places. What would wait longer than it may is
 * told so when it comes, not after it has waited.
 */
import { setImmediate as nextTurn } from "node:timers/promises";

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
  /** Bytes that all that waits may hold; no bound unless given. */
  waitingBytes?: number;
  /** Of these for one tenant. */
  waitingBytesPerTenant?: number;
  /** The longest wait; until its signal fires unless given. */
  waitMs?: number;
}

/** Something that wants a turn. */
export interface Asking {
  tenantId: string;
  /** How many turns it takes; one unless given, its tenant's share at most. */
  turns?: number;
  /** What it holds while it waits; nothing unless given. */
  sizeBytes?: number;
  signal?: AbortSignal | undefined;
}

/** A turn that was given. */
export interface Turn {
  /** Gives it back; to be called once. */
  end(): void;
}

/**
 * Why there is no turn. full: too much waits already. late: there would be none, or was none, within the longest wait. aborted: the signal fired.
 * `of`: whose bound it was, the tenant's own or that of all. `retryAfterMs`: about when there is room again.
 */
export class NoTurn {
  constructor(
    readonly why: "full" | "late" | "aborted",
    readonly of: "tenant" | "all" = "tenant",
    readonly retryAfterMs = leastRetryMs,
  ) {}
}

const leastRetryMs = 1_000;
const mostRetryMs = 30_000;
/** All that came together are late together. So many are told so in one turn of the main loop: each does something about it, and everybody would wait for all of it. */
const toldInTurn = 8;

interface Waiter {
  readonly turns: number;
  readonly sizeBytes: number;
  readonly take: () => void;
  /** Ends its wait, for it was too long. */
  readonly giveUp: () => void;
}

interface Lane {
  /** Turns that the tenant has. */
  used: number;
  readonly waiting: Set<Waiter>;
  /** Turns that those who wait want, and bytes that they hold. */
  wanted: number;
  bytes: number;
  /** How long a turn takes lately, and how many have told it. */
  turnMs: number;
  ended: number;
}

/** Turns of a tenant that must have ended before their length is believed: the first are slow, for code is loaded. */
const endedToBelieve = 16;

/** See above. */
export class TurnQueue {
  readonly #options: TurnQueueOptions;
  /** Of tenants with anything here. Those that wait are served in this order; whose turn begins or ends goes to its end. */
  readonly #lanes = new Map<string, Lane>();
  /** Those that have waited too long, until they are told, or have their turn after all. */
  readonly #late = new Set<Waiter>();
  #isTelling = false;
  #used = 0;
  #waiting = 0;
  #bytes = 0;

  constructor(options: TurnQueueOptions) {
    this.#options = options;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Turns that are taken. */
  get used(): number {
    return this.#used;
  }

  /** Runs `work` when it is the tenant's turn, at once where there is one. */
  async run<T>(asking: Asking, work: () => Promise<T>): Promise<T | NoTurn> {
    const entered = this.ask(asking);
    const turn = entered instanceof Promise ? await entered : entered;
    if (turn instanceof NoTurn) return turn;
    try {
      return await work();
    } finally {
      turn.end();
    }
  }

  /** Waits for a turn. */
  async take(asking: Asking): Promise<Turn | NoTurn> {
    return this.ask(asking);
  }

  /** Waits for a turn where there is one to wait for: who has one, or will have none, is told so at once. */
  ask(asking: Asking): Turn | NoTurn | Promise<Turn | NoTurn> {
    if (asking.signal?.aborted === true) return new NoTurn("aborted");
    const { tenantId, sizeBytes = 0 } = asking;
    const turns = Math.min(asking.turns ?? 1, this.#options.turnsPerTenant);
    const lane = this.#lane(tenantId);
    if (lane.waiting.size === 0 && this.#mayTake(lane, turns)) return this.#take(tenantId, lane, turns);
    return this.#refusal(lane, turns, sizeBytes) ?? this.#wait(lane, { ...asking, turns, sizeBytes });
  }

  #lane(tenantId: string): Lane {
    return this.#lanes.get(tenantId) ?? { used: 0, waiting: new Set(), wanted: 0, bytes: 0, turnMs: 0, ended: 0 };
  }

  // Whoever waits does so for want of a turn, or for its tenant's share: a newcomer that finds both overtakes nobody who could go on.
  #mayTake(lane: Lane, turns: number): boolean {
    return this.#used + turns <= this.#options.turns && this.#isWithinShare(lane, turns);
  }

  #isWithinShare(lane: Lane, turns: number): boolean {
    return lane.used + turns <= this.#options.turnsPerTenant;
  }

  #refusal(lane: Lane, turns: number, sizeBytes: number): NoTurn | undefined {
    const { waiting, waitingPerTenant, waitingBytes = Infinity, waitingBytesPerTenant = Infinity, waitMs = Infinity } = this.#options;
    const expectedMs = this.#expectedWaitMs(lane, turns);
    const retryAfterMs = Math.round(Math.min(mostRetryMs, Math.max(leastRetryMs, expectedMs)));
    if (lane.waiting.size >= waitingPerTenant || lane.bytes + sizeBytes > waitingBytesPerTenant)
      return new NoTurn("full", "tenant", retryAfterMs);
    if (this.#waiting >= waiting || this.#bytes + sizeBytes > waitingBytes) return new NoTurn("full", "all", retryAfterMs);
    return expectedMs > waitMs ? new NoTurn("late", "tenant", retryAfterMs) : undefined;
  }

  /** How long a tenant's queue takes at its share, by what its turns took lately. */
  #expectedWaitMs({ wanted, turnMs, ended }: Lane, turns: number): number {
    return ended < endedToBelieve ? 0 : ((wanted + turns) * turnMs) / this.#options.turnsPerTenant;
  }

  #take(tenantId: string, lane: Lane, turns: number): Turn {
    this.#used += turns;
    lane.used += turns;
    this.#toEnd(tenantId, lane);
    const beganAtMs = performance.now();
    return { end: () => this.#release(tenantId, lane, { turns, tookMs: performance.now() - beganAtMs }) };
  }

  #wait(lane: Lane, asking: Asking & { turns: number; sizeBytes: number }): Promise<Turn | NoTurn> {
    const { tenantId, turns, sizeBytes, signal } = asking;
    return new Promise((resolve) => {
      const settle = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        lane.waiting.delete(waiter);
        this.#late.delete(waiter);
        this.#count(lane, waiter, -1);
      };
      const take = () => {
        settle();
        resolve(this.#take(tenantId, lane, turns));
      };
      const leave = (refusal: NoTurn) => {
        settle();
        resolve(refusal);
        // Those behind it may fit where it did not.
        this.#admit();
        this.#forget(tenantId, lane);
      };
      const onAbort = () => leave(new NoTurn("aborted"));
      const { waitMs } = this.#options;
      const late = () => new NoTurn("late", this.#isWithinShare(lane, turns) ? "all" : "tenant");
      const timer = waitMs === undefined ? undefined : setTimeout(() => this.#isLate(waiter), waitMs).unref();
      const waiter: Waiter = { turns, sizeBytes, take, giveUp: () => leave(late()) };
      lane.waiting.add(waiter);
      this.#count(lane, waiter, 1);
      this.#lanes.set(tenantId, lane);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  #isLate(waiter: Waiter): void {
    this.#late.add(waiter);
    this.#tellLate();
  }

  // A chain of its own: in the one of ownTurn() all others would wait behind thousands of these.
  #tellLate(): void {
    if (this.#isTelling || this.#late.size === 0) return;
    this.#isTelling = true;
    void nextTurn().then(() => {
      this.#isTelling = false;
      for (let told = 0; told < toldInTurn; told++) {
        const [waiter] = this.#late;
        waiter?.giveUp();
      }
      this.#tellLate();
    });
  }

  #count(lane: Lane, { turns, sizeBytes }: Waiter, sign: 1 | -1): void {
    this.#waiting += sign;
    this.#bytes += sign * sizeBytes;
    lane.bytes += sign * sizeBytes;
    lane.wanted += sign * turns;
  }

  #release(tenantId: string, lane: Lane, { turns, tookMs }: { turns: number; tookMs: number }): void {
    this.#used -= turns;
    lane.used -= turns;
    lane.ended++;
    lane.turnMs += (tookMs - lane.turnMs) / Math.min(lane.ended, endedToBelieve);
    this.#toEnd(tenantId, lane);
    // Given on at once, so that nobody overtakes.
    this.#admit();
    this.#forget(tenantId, lane);
  }

  /** Whoever is first of a tenant and too large for the room there is waits alone: other tenants' small ones pass it. */
  #admit(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) next.take();
  }

  #next(): Waiter | undefined {
    if (this.#waiting === 0 || this.#used >= this.#options.turns) return undefined;
    for (const lane of this.#lanes.values()) {
      const [first] = lane.waiting;
      if (first !== undefined && this.#mayTake(lane, first.turns)) return first;
    }
    return undefined;
  }

  #toEnd(tenantId: string, lane: Lane): void {
    this.#lanes.delete(tenantId);
    this.#lanes.set(tenantId, lane);
  }

  #forget(tenantId: string, lane: Lane): void {
    if (lane.used === 0 && lane.waiting.size === 0) this.#lanes.delete(tenantId);
  }
}
