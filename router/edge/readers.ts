/**
 * Who reads the router's answers, and how slowly. What waits for readers is held in memory: a reader takes {@link ReaderLimits.leastBytesPerSecond}, or
 * all there is, or is cut; and where those that stand still hold more than their part, the one that holds most of it is cut before its time.
 */
import type { Socket } from "node:net";
import type { Log } from "#shared/log.ts";

export interface ReaderLimits {
  /** Of all that waits for readers that stand still: of one tenant, and in all. Twice as much for readers that read, however slowly. */
  tenantBytes: number;
  totalBytes: number;
  /** What a reader takes at least while something waits for it, looked at over `windowMs`. */
  leastBytesPerSecond: number;
  windowMs: number;
  /** How often readers are looked at. */
  lookMs: number;
}

/** A quarter of the answers' bytes for one tenant's readers that stand still, half for all. */
export function readerLimits(answersBytes: number): ReaderLimits {
  return {
    tenantBytes: answersBytes / 4,
    totalBytes: answersBytes / 2,
    leastBytesPerSecond: 16 << 10,
    windowMs: 20_000,
    lookMs: 1_000,
  };
}

/** Somebody who is being sent something. */
export interface Reader {
  /** Undefined: nobody knows yet. */
  tenantId: () => string | undefined;
  socket: Socket;
  /** Bytes that wait for it. */
  unread: () => number;
  /** Ends it, and lets go of what waits. */
  cut: () => void;
}

interface Watched extends Reader {
  /** Bytes that wait, at the last look. */
  bytes: number;
  /** What it had taken at the last look, and when that was more than before. */
  taken: number;
  tookAtMs: number;
  /** Since when it is measured, what it had taken then, and what waited for it. */
  window: { fromMs: number; taken: number; bytes: number };
}

/** All readers of a router. */
export class Readers {
  readonly #limits: ReaderLimits;
  readonly #log: Log;
  readonly #watched = new Set<Watched>();
  #timer: NodeJS.Timeout | undefined;

  constructor(limits: ReaderLimits, log: Log) {
    this.#limits = limits;
    this.#log = log;
  }

  /** Watches a reader until the function that is returned is called. */
  watch(reader: Reader): () => void {
    const nowMs = performance.now();
    const taken = takenBy(reader);
    const bytes = reader.unread();
    const watched = { ...reader, bytes, taken, tookAtMs: nowMs, window: { fromMs: nowMs, taken, bytes } };
    this.#watched.add(watched);
    this.#timer ??= setInterval(() => this.#look(), this.#limits.lookMs).unref();
    return () => {
      this.#watched.delete(watched);
      if (this.#watched.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  }

  #look(): void {
    const nowMs = performance.now();
    for (const each of this.#watched) {
      measure(each, nowMs);
      if (this.#isTooSlow(each, nowMs)) this.#cut(each);
    }
    const holding = [...this.#watched].filter(({ bytes }) => bytes > 0).sort((a, b) => b.bytes - a.bytes);
    for (const ofTenant of Map.groupBy(holding, ({ tenantId }) => tenantId()).values())
      this.#bound(ofTenant, this.#limits.tenantBytes, nowMs);
    this.#bound(
      holding.filter((each) => this.#watched.has(each)),
      this.#limits.totalBytes,
      nowMs,
    );
  }

  #isTooSlow({ bytes, taken, window }: Watched, nowMs: number): boolean {
    const { leastBytesPerSecond, windowMs } = this.#limits;
    if (bytes === 0 || nowMs - window.fromMs < windowMs) return false;
    return taken - window.taken < Math.min(window.bytes, (leastBytesPerSecond * windowMs) / 1_000);
  }

  /** Of readers that stand sorted by what they hold. */
  #bound(holding: readonly Watched[], limit: number, nowMs: number): void {
    const stillMs = 2 * this.#limits.lookMs;
    const still = holding.filter(({ tookAtMs }) => nowMs - tookAtMs >= stillMs);
    this.#cutLargest(still, limit);
    this.#cutLargest(holding, 2 * limit);
  }

  #cutLargest(readers: readonly Watched[], most: number): void {
    let held = readers.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const each of readers) {
      if (held <= most) return;
      held -= each.bytes;
      this.#cut(each);
    }
  }

  #cut(watched: Watched): void {
    if (!this.#watched.delete(watched)) return;
    this.#log.info({ tenantId: watched.tenantId(), unreadBytes: watched.bytes }, "a reader was too slow");
    watched.cut();
  }
}

function measure(watched: Watched, nowMs: number): void {
  const { window } = watched;
  const taken = takenBy(watched);
  if (taken > watched.taken) watched.tookAtMs = nowMs;
  watched.taken = taken;
  watched.bytes = watched.unread();
  const hasKeptUp = taken - window.taken >= window.bytes;
  // It has read all that waited: what waits now came later.
  if (watched.bytes === 0 || hasKeptUp) watched.window = { fromMs: nowMs, taken, bytes: watched.bytes };
  if (watched.bytes === 0) watched.tookAtMs = nowMs;
}

/** Bytes that have left this process for it. */
function takenBy({ socket }: Reader): number {
  return socket.bytesWritten - socket.writableLength;
}
