/**
 * Evaluates what strangers wrote in threads, so that no template, expression or document of one tenant stops the main loop for all others. At most
 * two threads, one tenant has at most one of them; each job has a deadline, after which its thread is ended. What waits is bounded in bytes
 * (fair-queue.ts).
 */
import { AppError } from "#shared/errors.ts";
import type { Json } from "#shared/json.ts";
import { JsonProblem, readJsonInTurns } from "#shared/json-reader.ts";
import { smallJson, writeJson } from "#shared/json-writer.ts";
import { evaluationErrors } from "./errors.ts";
import { FairQueue, jobBytes } from "./fair-queue.ts";
import type { Evaluator, Job, JobCall } from "./job.ts";
import { maxJsonValues, ValueCounter } from "#shared/json/value-count.ts";
import { Turns } from "./turns.ts";
import { ThreadSlot, type JobEnd } from "./thread-slot.ts";

/** What threads are made with; tests have smaller ones. */
export interface EvaluationLimits {
  threads: number;
  /** Of all jobs that wait or are being done; one tenant has at most half of it. */
  queueBytes: number;
  /** How long a job of someone who would be refused waits for its turn. */
  patienceMs: number;
}

/** The limits of a process. */
export const evaluationLimits: EvaluationLimits = { threads: 2, queueBytes: 64 << 20, patienceMs: 20_000 };

const maxResultChars = 8 << 20;
const retryAfterMs = 1_000;
const warmMs = 10_000;

interface Waiter {
  tenantId: string;
  job: Job<never, unknown>;
  pieces: string[];
  text: string | undefined;
  bytes: number;
  begins: (() => void) | undefined;
  end: (end: JobEnd) => void;
}

/** See above. Nothing is started before it is needed. */
export class EvaluationThreads implements Evaluator {
  readonly #limits: EvaluationLimits;
  readonly #queue: FairQueue<Waiter>;
  readonly #slots: ThreadSlot[];
  /** Tenants whose job is being done. */
  readonly #busy = new Set<string>();
  readonly #turns = new Turns();
  /** Who waits for room in the queue. */
  readonly #forRoom = new Set<() => void>();

  constructor(limits: Partial<EvaluationLimits> = {}) {
    this.#limits = { ...evaluationLimits, ...limits };
    this.#queue = new FairQueue(this.#limits.queueBytes);
    this.#slots = Array.from({ length: this.#limits.threads }, () => new ThreadSlot());
  }

  /** Bytes of all jobs that wait or are being done. */
  get heldBytes(): number {
    return this.#queue.heldBytes;
  }

  async run<A, R>(job: Job<A, R>, args: A, call: JobCall): Promise<R> {
    const waiter: Waiter = {
      tenantId: call.tenantId,
      job,
      pieces: [],
      text: call.text,
      bytes: 0,
      begins: call.begins,
      end: () => {},
    };
    try {
      await this.#written(waiter, args as Json, call);
      const end = await this.#ended(waiter, call);
      return await resultOf(end, job);
    } finally {
      this.#queue.release(waiter.tenantId, waiter.bytes);
      for (const look of [...this.#forRoom]) look();
    }
  }

  /** Starts the first thread, unless it runs, and has it load these modules: whoever comes first need not wait for that. */
  warm(modules: readonly string[]): void {
    const [slot] = this.#slots;
    const [module, ...more] = modules;
    if (slot === undefined || slot.isBusy || module === undefined) return;
    slot.run({ module, name: "", pieces: [], text: undefined, maxResultChars: 0 }, warmMs, () => {
      this.#start();
      this.warm(more);
    });
  }

  /** Ends the threads; whoever waits is told so. */
  async close(): Promise<void> {
    const closed: JobEnd = { kind: "bug", message: "the evaluation was closed", stack: undefined };
    for (let waiter = this.#queue.take(() => true); waiter !== undefined; waiter = this.#queue.take(() => true)) waiter.end(closed);
    await Promise.all(this.#slots.map((slot) => slot.close()));
  }

  /** Takes room for the arguments, then writes them. */
  async #written(waiter: Waiter, args: Json, call: JobCall): Promise<void> {
    const { pieces, job } = waiter;
    const textBytes = call.text?.length ?? 0;
    await this.#turns.next();
    const small = smallJson(args);
    if (small !== undefined) {
      await this.#reserved(waiter, jobBytes(Buffer.byteLength(small) + textBytes), call);
      pieces.push(small);
      return;
    }
    // Twice, and the first time for nothing but its size: what is half written would take room while it waits for room.
    const values = new ValueCounter();
    let bytes = 0;
    await writeJson(args, (piece) => {
      call.signal?.throwIfAborted();
      values.add(piece);
      bytes += Buffer.byteLength(piece);
      if (bytes > this.#queue.tenantBytes || values.count > maxJsonValues) throw job.tooLarge();
    });
    await this.#reserved(waiter, jobBytes(bytes + textBytes), call);
    await writeJson(args, (piece) => pieces.push(piece));
  }

  /** Takes room; waits for it, where the caller would wait. */
  async #reserved(waiter: Waiter, bytes: number, { signal, whenBusy }: JobCall): Promise<void> {
    if (bytes > this.#queue.tenantBytes) throw waiter.job.tooLarge();
    for (;;) {
      signal?.throwIfAborted();
      if (this.#queue.reserve(waiter.tenantId, bytes)) {
        waiter.bytes += bytes;
        return;
      }
      if (whenBusy === "refuse") throw busy();
      await this.#room(signal);
    }
  }

  #room(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        this.#forRoom.delete(look);
        signal?.removeEventListener("abort", look);
        resolve();
      };
      this.#forRoom.add(look);
      signal?.addEventListener("abort", look, { once: true });
    });
  }

  #ended(waiter: Waiter, { signal, whenBusy }: JobCall): Promise<JobEnd> {
    return new Promise((resolve, reject) => {
      const leave = (why: Error): void => {
        // What is being done is done to its end, and nobody hears of it.
        if (this.#queue.remove(waiter)) reject(why);
      };
      const onAbort = (): void => leave(signal?.reason as Error);
      const patience = whenBusy === "refuse" ? setTimeout(() => leave(busy()), this.#limits.patienceMs) : undefined;
      waiter.end = (end) => {
        clearTimeout(patience);
        signal?.removeEventListener("abort", onAbort);
        resolve(end);
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#queue.add(waiter);
      this.#start();
    });
  }

  #start(): void {
    // Idle threads that are there first: a second one is started only where two tenants have something to do.
    for (const slot of this.#slots) {
      if (slot.isBusy) continue;
      const waiter = this.#queue.take((tenantId) => !this.#busy.has(tenantId));
      if (waiter === undefined) return;
      const { job, pieces, text, tenantId } = waiter;
      this.#busy.add(tenantId);
      waiter.begins?.();
      const message = { module: job.module, name: job.name, pieces, text, maxResultChars: job.maxResultChars ?? maxResultChars };
      slot.run(message, job.limitMs, (end) => {
        this.#busy.delete(tenantId);
        waiter.end(end);
        this.#start();
      });
    }
  }
}

async function resultOf<A, R>(end: JobEnd, job: Job<A, R>): Promise<R> {
  switch (end.kind) {
    case "done":
      return (await valueOf(end.json)) as R;
    case "refused":
      throw new AppError(end.code, end.reason, end.message, end.facts);
    case "slow":
      throw job.tooSlow();
    case "large":
    case "too-large":
      throw job.tooLarge();
    case "bug": {
      const cause = new Error(end.message);
      if (end.stack !== undefined) cause.stack = end.stack;
      throw new Error(`evaluate ${job.name}`, { cause });
    }
  }
}

/** An object of 20,000 keys takes 30 ms to read. */
async function valueOf(json: string): Promise<Json> {
  const value = await readJsonInTurns(json, { isOurs: true });
  // It nests deeper than is read in turns.
  return value instanceof JsonProblem ? (JSON.parse(json) as Json) : value;
}

function busy(): AppError {
  return evaluationErrors.EVALUATION_BUSY({ retryAfterMs, retryable: true });
}
