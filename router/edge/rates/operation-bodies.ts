/**
 * Bodies of operations over HTTP, and long messages of WebSockets. Bodies come as slowly as their senders like, and are held meanwhile: so many bytes of one tenant and of all, beside the first 64 KiB of each, which its connection bounds: a small one always has room. A large one is read when it is its
 * tenant's turn, one at a time, so that nobody's waits behind another tenant's.
 */
import { clientLeft } from "#shared/client-left.ts";
import { defineErrors, type AppError } from "#shared/errors.ts";
import type { BodyRoom } from "#shared/serve/http-body.ts";
import { NoTurn, TurnQueue } from "#shared/turn-queue.ts";
import { HeldBytes, type HeldLimits } from "./held-bytes.ts";
import type { Leave } from "./places.ts";

/** Sixteen of 4 MiB for one tenant. */
export const defaultBodyLimits: HeldLimits = { tenantBytes: 64 << 20, totalBytes: 256 << 20 };

/** As many as are read at once (http-body.ts). */
const uncountedBytes = 64 << 10;
const retryAfterMs = 1_000;

const bodiesErrors = defineErrors({
  BODIES_BUSY: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { tenantId: string; limitBytes: number; retryAfterMs: number; retryable: true }) =>
      `There is no room for the request's body: those that come at once may have ${f.limitBytes} bytes of one tenant (this is ${f.tenantId}). Nothing was done. Try again in ${f.retryAfterMs} ms, fewer side by side.`,
  },
  BODIES_FULL: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { limitBytes: number; retryAfterMs: number; retryable: true }) =>
      `There is no room for a large body now: those of all that come at once may have ${f.limitBytes} bytes. Nothing was done. Try again in ${f.retryAfterMs} ms.`,
  },
});

/** See above. */
export class OperationBodies {
  readonly #limits: HeldLimits;
  readonly #held: HeldBytes;
  // All that waits holds bytes, which are counted.
  readonly #turns = new TurnQueue({ turns: 4, turnsPerTenant: 1, waiting: Infinity, waitingPerTenant: Infinity });

  constructor(limits: HeldLimits = defaultBodyLimits) {
    this.#limits = limits;
    this.#held = new HeldBytes(limits);
  }

  /** Room for one body. Its methods throw AppError BODIES_BUSY, BODIES_FULL, CLIENT_LEFT. */
  of(tenantId: string, signal: AbortSignal): BodyRoom {
    const leaves: Leave[] = [];
    let size = 0;
    return {
      came: (bytes) => {
        const more = Math.min(bytes, size + bytes - uncountedBytes);
        size += bytes;
        if (more <= 0) return;
        const leave = this.#held.hold(tenantId, more);
        if (leave === undefined) throw this.#refusal(tenantId, more);
        leaves.push(leave);
      },
      inTurn: async (work) => {
        const done = await this.#turns.run({ tenantId, signal }, work);
        // It waits for as long as somebody sends it.
        if (done instanceof NoTurn) throw clientLeft();
        return done;
      },
      leave: () => {
        for (const leave of leaves.splice(0)) leave();
      },
    };
  }

  #refusal(tenantId: string, bytes: number): AppError {
    const { tenantBytes, totalBytes } = this.#limits;
    const told = { retryAfterMs, retryable: true } as const;
    if (this.#held.hasTenantRoom(tenantId, bytes)) return bodiesErrors.BODIES_FULL({ limitBytes: totalBytes, ...told });
    return bodiesErrors.BODIES_BUSY({ tenantId, limitBytes: tenantBytes, ...told });
  }
}
