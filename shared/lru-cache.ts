/** What a cache may hold. */
export interface CacheLimits {
  entries: number;
  /** Of the sizes that entries are given with; any number unless given. */
  bytes?: number;
}

/** A map within limits: what was used longest ago goes first. An entry above a quarter of the bytes is not kept, for it would push out most others. */
export class LruCache<V> {
  readonly #limits: Required<CacheLimits>;
  readonly #entries = new Map<string, { value: V; sizeBytes: number }>();
  #bytes = 0;

  constructor({ entries, bytes = Infinity }: CacheLimits) {
    this.#limits = { entries, bytes };
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The sizes of what is kept, summed. */
  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** @param sizeBytes roughly; it only has to grow with what the entry holds. */
  set(key: string, value: V, sizeBytes = 0): void {
    this.delete(key);
    if (sizeBytes > this.#limits.bytes / 4) return;
    this.#entries.set(key, { value, sizeBytes });
    this.#bytes += sizeBytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#limits.entries && this.#bytes <= this.#limits.bytes) break;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    this.#bytes -= this.#entries.get(key)?.sizeBytes ?? 0;
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }
}
