/** Counts in this process, for rate-limiter-flexible: its own memory store has a timer for each name, and no bound on their number. */
import RateLimiterRes from "rate-limiter-flexible/lib/RateLimiterRes.js";
import RateLimiterStoreAbstract from "rate-limiter-flexible/lib/RateLimiterStoreAbstract.js";
import { LruCache } from "#shared/lru-cache.ts";

interface Counted {
  points: number;
  /** By performance.now(): who has used up a window would wait for as long as the machine's clock is set back. */
  endsAtMs: number;
}

/** Names that are counted at once, about 20 MB; of more, those that were silent for longest begin anew. */
const mostNames = 100_000;

/** So many points of each name in a window that begins with the first of them. */
export class MemoryCounts extends RateLimiterStoreAbstract {
  readonly #counted: LruCache<Counted>;

  constructor({ names = mostNames, ...options }: { points: number; duration: number; names?: number }) {
    super({ ...options, storeClient: undefined });
    this.#counted = new LruCache({ entries: names });
  }

  _upsert(name: string, points: number, windowMs: number, isForced = false): Promise<Counted> {
    const known = this.#get(name);
    const next =
      known === undefined || isForced ? { points, endsAtMs: performance.now() + windowMs } : { ...known, points: known.points + points };
    this.#counted.set(name, next);
    return Promise.resolve(next);
  }

  _get(name: string): Promise<Counted | null> {
    return Promise.resolve(this.#get(name) ?? null);
  }

  _delete(name: string): Promise<boolean> {
    const isKnown = this.#get(name) !== undefined;
    this.#counted.delete(name);
    return Promise.resolve(isKnown);
  }

  _getRateLimiterRes(_name: string, changed: number, { points, endsAtMs }: Counted): RateLimiterRes {
    return new RateLimiterRes(Math.max(0, this.points - points), Math.max(0, endsAtMs - performance.now()), points, changed === points);
  }

  #get(name: string): Counted | undefined {
    const known = this.#counted.get(name);
    return known !== undefined && known.endsAtMs > performance.now() ? known : undefined;
  }
}
