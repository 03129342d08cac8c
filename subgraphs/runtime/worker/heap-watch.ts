import { constants, PerformanceObserver, type PerformanceEntry } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";

/** Of what the heap may have. */
const shortShare = 0.75;
/** Without a collection since, nobody knows. */
const validMs = 3_000;

/**
 * Looks after each collection of the old generation how much of the heap lives. What runs hold is counted elsewhere, as it is stored; this is for what takes
 * more in memory than anybody thought.
 */
export class HeapWatch {
  readonly #onShort: () => void;
  readonly #observer = new PerformanceObserver((list) => this.#seen(list.getEntries()));
  #shortAtMs = Number.NEGATIVE_INFINITY;

  /** @param onShort  called after each collection that left too much. */
  constructor(onShort: () => void) {
    this.#onShort = onShort;
  }

  /** Whether the last collection left too much, a moment ago. */
  get isShort(): boolean {
    return performance.now() - this.#shortAtMs < validMs;
  }

  start(): void {
    this.#observer.observe({ entryTypes: ["gc"] });
  }

  close(): void {
    this.#observer.disconnect();
  }

  #seen(entries: readonly PerformanceEntry[]): void {
    if (!entries.some(isMajor)) return;
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
    if (used < limit * shortShare) {
      this.#shortAtMs = Number.NEGATIVE_INFINITY;
      return;
    }
    this.#shortAtMs = performance.now();
    this.#onShort();
  }
}

function isMajor(entry: PerformanceEntry): boolean {
  // Its types leave out what the entry is for.
  const { detail } = entry as PerformanceEntry & { detail?: { kind?: number } };
  return detail?.kind === constants.NODE_PERFORMANCE_GC_MAJOR;
}
