/**
 * How many bytes of answers the router holds: of one request, of one tenant, and of all requests in flight. They are counted as they come
 * from the subgraphs, and given back when the client has been answered. Above the limit an operation is refused; the process goes on.
 */
import { defineErrors, type AppError } from "#shared/errors.ts";
import { finishInTurns } from "#shared/pieces.ts";

export interface AnswerLimits {
  /** Of one operation: more than the largest output of a node. */
  requestBytes: number;
  /** Of all operations of one tenant that are not answered yet. */
  tenantBytes: number;
  /** Of all. */
  totalBytes: number;
}

/** 64 MiB a request; a tenant has at most half of `totalBytes`. */
export function answerLimits(totalBytes = 256 << 20): AnswerLimits {
  return { requestBytes: Math.min(64 << 20, totalBytes / 2), tenantBytes: totalBytes / 2, totalBytes };
}

/** How long until one of several large answers has probably been sent. */
const retryAfterMs = 1_000;

interface BusyFacts {
  field: string;
  limitBytes: number;
  retryAfterMs: number;
  effectUnknown: boolean;
}

const answerErrors = defineErrors({
  ANSWER_TOO_LARGE: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { field: string; limitBytes: number; effectUnknown: boolean }) =>
      `With ${f.field} the answer has more than ${f.limitBytes} bytes. Ask for smaller pages (first, last) or fewer fields there.`,
  },
  TENANT_ANSWERS_BUSY: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: BusyFacts) =>
      `With ${f.field} the answers that wait to be sent to this tenant have more than ${f.limitBytes} bytes. Try again in ${f.retryAfterMs} ms, or ask for smaller pages.`,
  },
  ANSWERS_BUSY: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: BusyFacts) =>
      `With ${f.field} the answers that wait to be sent have more than ${f.limitBytes} bytes in all. Try again in ${f.retryAfterMs} ms, or ask for smaller pages.`,
  },
});

/** Whose answer it is. */
export interface Answering {
  tenantId: string;
  /** A mutation that is refused for its answer has been done, or may have been. */
  isMutation: boolean;
}

/** The bytes of one operation's answer. */
export interface AnswerMeter {
  /** Why the answer is not given, once it is too large. */
  readonly refusal: AppError | undefined;
  /** Bytes that it may still have. */
  readonly left: number;
  /** The same where nobody else had any: others give some back and take some meanwhile. */
  readonly ownLeft: number;
  /**
   * Counts bytes that have come for a field.
   *
   * @throws AppError ANSWER_TOO_LARGE, TENANT_ANSWERS_BUSY, ANSWERS_BUSY; from then on always the same.
   */
  take(bytes: number, field: () => string): void;
  /** Gives all of them back, once. */
  release(): void;
}

/** What all answers of a router hold. */
export class AnswerBytes {
  readonly #limits: AnswerLimits;
  readonly #tenants = new Map<string, number>();
  #total = 0;

  constructor(limits: AnswerLimits) {
    this.#limits = limits;
  }

  /** Bytes that are held now. */
  get held(): number {
    return this.#total;
  }

  /** Opens the meter of one operation. */
  open({ tenantId, isMutation: effectUnknown }: Answering): AnswerMeter {
    const { requestBytes, tenantBytes, totalBytes } = this.#limits;
    const heldByTenant = () => this.#tenants.get(tenantId) ?? 0;
    const left = () => Math.min(requestBytes - taken, tenantBytes - heldByTenant(), totalBytes - this.#total);
    const add = (bytes: number) => {
      taken += bytes;
      this.#total += bytes;
      const held = heldByTenant() + bytes;
      if (held === 0) this.#tenants.delete(tenantId);
      else this.#tenants.set(tenantId, held);
    };
    const refuse = (bytes: number, field: string): AppError => {
      if (taken + bytes > requestBytes) return answerErrors.ANSWER_TOO_LARGE({ field, limitBytes: requestBytes, effectUnknown });
      if (heldByTenant() + bytes > tenantBytes)
        return answerErrors.TENANT_ANSWERS_BUSY({ field, limitBytes: tenantBytes, retryAfterMs, effectUnknown });
      return answerErrors.ANSWERS_BUSY({ field, limitBytes: totalBytes, retryAfterMs, effectUnknown });
    };
    let taken = 0;
    let refusal: AppError | undefined;
    return {
      get refusal() {
        return refusal;
      },
      get left() {
        return left();
      },
      get ownLeft() {
        return requestBytes - taken;
      },
      take(bytes, field) {
        if (refusal === undefined && bytes > left()) refusal = refuse(bytes, field());
        if (refusal !== undefined) throw refusal;
        add(bytes);
      },
      release() {
        add(-taken);
      },
    };
  }
}

/** About how many bytes a value is as JSON, told without making it. Above `most` it stops counting. */
export function jsonBytesOf(value: unknown, most: number): number {
  const count = new ByteCount(value, most);
  count.goOn(Infinity);
  return count.bytes;
}

/** The same of a value of any size: one of millions of numbers in turns of the main loop. */
export function jsonBytesInTurns(value: unknown, most: number): number | Promise<number> {
  const count = new ByteCount(value, most);
  if (count.goOn(itemsAtOnce)) return count.bytes;
  return finishInTurns(
    (function* () {
      while (!count.goOn(itemsAtOnce)) yield;
      return count.bytes;
    })(),
  );
}

/** Values that are counted before the clock is looked at: some milliseconds' work. */
const itemsAtOnce = 100_000;

class ByteCount {
  readonly #most: number;
  readonly #waiting: unknown[];
  bytes = 0;

  constructor(value: unknown, most: number) {
    this.#waiting = [value];
    this.#most = most;
  }

  /** Counts some items, and a list's to its end. Says whether that is all. */
  goOn(items: number): boolean {
    const waiting = this.#waiting;
    let bytes = this.bytes;
    for (let left = items; waiting.length > 0 && bytes <= this.#most && left > 0; left -= 1) {
      const next = waiting.pop();
      if (typeof next === "string") bytes += next.length + 3;
      else if (typeof next !== "object" || next === null) bytes += 6;
      else if (Array.isArray(next)) {
        bytes += 2;
        left -= next.length;
        // Vectors have a thousand numbers each: they need not wait.
        for (let at = 0; at < next.length; at += 1)
          if (typeof next[at] === "number") bytes += 6;
          else waiting.push(next[at]);
      } else {
        bytes += 2;
        for (const key in next) {
          bytes += key.length + 4;
          waiting.push((next as Record<string, unknown>)[key]);
        }
      }
    }
    this.bytes = bytes;
    return waiting.length === 0 || bytes > this.#most;
  }
}
