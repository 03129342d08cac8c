/**
 * A bound on what a process has read for operations whose answers are not made yet, in bytes of rows: they are counted before they are texts, objects and
 * an answer, each as large again. What is large is measured in the database, and reserved before it is read; for what is too much now an operation
 * waits, with no connection in its hands. Whoever has read for longest always goes on, up to the bound of one operation: nobody waits for each other.
 */
import { AppError, defineErrors } from "./errors.ts";

export interface ReadLimits {
  /** Of one operation: more than the largest output of a node. */
  operationBytes: number;
  /** Of all operations of one tenant. */
  tenantBytes: number;
  /** Of all. */
  totalBytes: number;
  /** Of all while nothing has been given back for half of the longest wait: somebody reads and is not done. */
  stuckBytes: number;
  /** The longest wait for room. */
  waitMs: number;
}

/** An answer in the making takes about six times its rows. Beside a tenant that is not done with its own there is room for another. */
export const readLimits: ReadLimits = {
  operationBytes: 64 << 20,
  tenantBytes: 64 << 20,
  totalBytes: 64 << 20,
  stuckBytes: 128 << 20,
  waitMs: 10_000,
};

/** How long until one of several large answers has probably been made. */
const retryAfterMs = 1_000;

type Holder = "tenant" | "all";

interface Busy {
  limitBytes: number;
  of: Holder;
  retryAfterMs: number;
  retryable: boolean;
  effectUnknown: boolean;
  platformFault: true;
}

const readErrors = defineErrors({
  READ_TOO_LARGE: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { limitBytes: number; effectUnknown: boolean }) =>
      `What the operation reads has more than ${f.limitBytes} bytes. Ask for smaller pages (first, last), or for fewer large fields such as input, output and state.`,
  },
  READS_BUSY: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: Busy) =>
      `What is read ${f.of === "tenant" ? "for this tenant" : "in all"} whose answers are not made yet has as many bytes as it may (${f.limitBytes}). Try again in ${f.retryAfterMs} ms, fewer side by side, or ask for smaller pages.`,
  },
});

/** Whether an operation failed by what it has read itself. */
export function isReadRefusal(cause: unknown): boolean {
  return cause instanceof AppError && Object.hasOwn(readErrors, cause.reason);
}

/** Who reads. */
export interface Reader {
  tenantId: string;
  /** What a mutation reads may be its answer: it has been done, or may have been. */
  isMutation: boolean;
  signal?: AbortSignal | undefined;
}

/** What one operation has read. */
export interface Reading {
  /**
   * Waits until so many more bytes may be read.
   *
   * @throws AppError READ_TOO_LARGE, READS_BUSY; the signal's reason where whoever asked is gone
   */
  reserve(bytes: number): Promise<void>;
  /** Waits while its tenant has read more than it may: for what nobody has measured. A mutation does not wait. @throws as reserve */
  admit(): Promise<void> | undefined;
  /** Counts bytes that came; those that were reserved are counted already. @returns why no more is to come, where it is too much */
  came(bytes: number): AppError | undefined;
  /** Gives all of them back, once. */
  release(): void;
}

interface Waiter {
  holder: OperationReading;
  /** 0: it wants to be admitted. */
  bytes: number;
  take: () => void;
}

/** What all operations of a process have read. */
export class ReadBytes {
  readonly #limits: ReadLimits;
  readonly #tenants = new Map<string, number>();
  /** Operations that hold bytes; the first for longest. */
  readonly #holders = new Set<OperationReading>();
  readonly #waiting = new Set<Waiter>();
  #total = 0;
  /** When bytes were given back last, or none were held. */
  #movedAtMs = 0;

  constructor(limits: ReadLimits = readLimits) {
    this.#limits = limits;
  }

  /** Bytes that are held now. */
  get held(): number {
    return this.#total;
  }

  /** Operations that wait for room. */
  get waiting(): number {
    return this.#waiting.size;
  }

  open(reader: Reader): Reading {
    return new OperationReading(this, reader);
  }

  /** Why an operation may not have so much, however long it waits. */
  excess({ isMutation: effectUnknown }: Reader, bytes: number): AppError | undefined {
    const { operationBytes: limitBytes } = this.#limits;
    return bytes > limitBytes ? readErrors.READ_TOO_LARGE({ limitBytes, effectUnknown }) : undefined;
  }

  add(holder: OperationReading, bytes: number): void {
    const { tenantId } = holder.reader;
    if (this.#total === 0) this.#movedAtMs = performance.now();
    this.#total += bytes;
    this.#holders.add(holder);
    this.#tenants.set(tenantId, this.#of(holder) + bytes);
  }

  remove(holder: OperationReading, bytes: number): void {
    if (!this.#holders.delete(holder)) return;
    const { tenantId } = holder.reader;
    this.#total -= bytes;
    this.#movedAtMs = performance.now();
    const left = this.#of(holder) - bytes;
    if (left > 0) this.#tenants.set(tenantId, left);
    else this.#tenants.delete(tenantId);
    this.#giveOn();
  }

  mayEnter(holder: OperationReading): boolean {
    return this.#mayTake(holder, 0);
  }

  /** Resolves when the holder has them. */
  take(holder: OperationReading, bytes: number): Promise<void> {
    const { signal } = holder.reader;
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(reasonOf(signal));
      const settle = () => {
        clearTimeout(timer);
        clearInterval(looking);
        signal?.removeEventListener("abort", onAbort);
        this.#waiting.delete(waiter);
      };
      const leave = (reason: Error) => {
        settle();
        reject(reason);
        // Those behind it may fit where it did not.
        this.#giveOn();
      };
      const take = () => {
        settle();
        if (bytes > 0) this.add(holder, bytes);
        resolve();
      };
      const onAbort = () => leave(reasonOf(signal));
      const timer = setTimeout(() => leave(this.#busy(holder, bytes)), this.#limits.waitMs).unref();
      const looking = setInterval(() => this.#giveOn(), this.#limits.waitMs / 4).unref();
      const waiter: Waiter = { holder, bytes, take };
      this.#waiting.add(waiter);
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#giveOn();
    });
  }

  #giveOn(): void {
    if (this.#waiting.size === 0) return;
    for (let next = this.#next(); next !== undefined; next = this.#next()) next.take();
  }

  /** Of the tenants' first ones that of who holds least. Where it does not fit the others wait behind it, or a large one would never fit. */
  #next(): Waiter | undefined {
    let first: Waiter | undefined;
    for (const waiter of this.#waiting) {
      const { holder, bytes } = waiter;
      if (this.#isOldest(holder) || (bytes === 0 && this.#mayTake(holder, 0))) return waiter;
      if (bytes === 0 || !this.#isWithinShare(holder, bytes)) continue;
      if (first === undefined || this.#of(holder) < this.#of(first.holder)) first = waiter;
    }
    return first !== undefined && this.#mayTake(first.holder, first.bytes) ? first : undefined;
  }

  /** Others' bytes keep no tenant from what is small. */
  #mayTake(holder: OperationReading, bytes: number): boolean {
    if (this.#isOldest(holder)) return true;
    const { totalBytes, stuckBytes, waitMs } = this.#limits;
    const isStuck = performance.now() - this.#movedAtMs >= waitMs / 2;
    const fits = this.#total + bytes <= (isStuck ? stuckBytes : totalBytes) || (bytes === 0 && this.#of(holder) === 0);
    return fits && this.#isWithinShare(holder, bytes);
  }

  #isOldest(holder: OperationReading): boolean {
    const [oldest = holder] = this.#holders;
    return oldest === holder;
  }

  #isWithinShare(holder: OperationReading, bytes: number): boolean {
    return this.#of(holder) + bytes <= this.#limits.tenantBytes;
  }

  #of({ reader }: OperationReading): number {
    return this.#tenants.get(reader.tenantId) ?? 0;
  }

  #busy(holder: OperationReading, bytes: number): AppError {
    const { tenantBytes, totalBytes } = this.#limits;
    const { isMutation: effectUnknown } = holder.reader;
    const busy = { retryAfterMs, retryable: !effectUnknown, effectUnknown, platformFault: true } as const;
    if (!this.#isWithinShare(holder, bytes)) return readErrors.READS_BUSY({ limitBytes: tenantBytes, of: "tenant", ...busy });
    return readErrors.READS_BUSY({ limitBytes: totalBytes, of: "all", ...busy });
  }
}

/** As much as an operation has read before it counts: most never do. */
const uncountedBytes = 256 << 10;

class OperationReading implements Reading {
  readonly #all: ReadBytes;
  readonly reader: Reader;
  /** Bytes that are held, and those that came: measured ones are held before they come. */
  #held = 0;
  #came = 0;
  #isOver = false;

  constructor(all: ReadBytes, reader: Reader) {
    this.#all = all;
    this.reader = reader;
  }

  async reserve(bytes: number): Promise<void> {
    const excess = this.#all.excess(this.reader, this.#held + bytes);
    if (excess !== undefined) throw excess;
    await this.#all.take(this, bytes);
    this.#held += bytes;
    // Where it is over by now nobody else gives them back.
    if (this.#isOver) this.#giveBack();
  }

  admit(): Promise<void> | undefined {
    return this.reader.isMutation || this.#all.mayEnter(this) ? undefined : this.#all.take(this, 0);
  }

  came(bytes: number): AppError | undefined {
    this.#came += bytes;
    const more = this.#came - this.#held;
    if (more <= uncountedBytes || this.#isOver) return undefined;
    this.#held += more;
    this.#all.add(this, more);
    return this.#all.excess(this.reader, this.#came);
  }

  release(): void {
    this.#isOver = true;
    this.#giveBack();
  }

  #giveBack(): void {
    const held = this.#held;
    this.#held = 0;
    this.#all.remove(this, held);
  }
}

function reasonOf(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error(String(reason));
}

/** Of this process. */
export const processReads = new ReadBytes();

/** Executes an operation that is counted by nobody yet, and gives its bytes back when it has its result. */
export async function withReading<T>(reader: Reader, work: (reading: Reading) => Promise<T> | T): Promise<T> {
  const reading = processReads.open(reader);
  try {
    return await work(reading);
  } finally {
    reading.release();
  }
}
