/**
 * Bodies that strangers send. They come as slowly as their senders like, so reading them is none of the turns in which something is done: a sender that waits keeps nobody from
 * those. So many are read at once, fewer of one tenant, and what takes longer than `bodyMs` is cut.
 */
import type { IncomingMessage } from "node:http";
import type { AppError } from "#shared/errors.ts";
import { bodyErrors, readBytes } from "#shared/serve/http-body.ts";
import { NoTurn, TurnQueue } from "#shared/turn-queue.ts";

const turns = { turns: 128, turnsPerTenant: 32, waiting: 0, waitingPerTenant: 0 };
const bodyMs = 10_000;

/** Whose body it is, how long it may be, and how it is refused where too many are read. */
export interface SentBody {
  tenantId: string;
  maxBytes: number;
  busy(retryAfterMs: number): AppError;
}

export class SentBodies {
  readonly #turns = new TurnQueue(turns);

  /** Reads one whole, as it is sent. @throws AppError BODY_ENCODED, BODY_TOO_LARGE, CLIENT_LEFT, and what `busy` makes */
  async read(request: IncomingMessage, { tenantId, maxBytes, busy }: SentBody): Promise<Buffer> {
    const encoding = request.headers["content-encoding"];
    if (encoding !== undefined && encoding !== "identity") throw bodyErrors.BODY_ENCODED({ encoding });
    const read = await this.#turns.run({ tenantId }, async () => {
      const cut = setTimeout(() => void request.destroy(), bodyMs);
      try {
        return await readBytes(request, maxBytes);
      } finally {
        clearTimeout(cut);
      }
    });
    if (read instanceof NoTurn) throw busy(read.retryAfterMs);
    return read;
  }
}
