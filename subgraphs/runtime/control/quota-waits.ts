/**
 * Runs that are asked for by other runs of a tenant that may have no more now. The tenant is looked at until there is room (control/room-looks.ts), and as many as there is room for come at once.
 * Each comes by itself too, should whoever looks die: alone within 30 s; but the outbox is everybody's, and ten thousand of one tenant, from one iteration, cost 500 changes of its rows a second
 * for as long as the quota was used up. So they come as in a line, ten in a second, however many they are.
 */
import type { Log } from "#shared/log.ts";
import { createsHasten, createsWait, type OutboxMessage } from "../queue/outbox.sql.ts";
import type { Queryable } from "../queue/statement.ts";
import { pauseAfter, type Fate } from "./outbox-pump.ts";
import { PutOffLine } from "./put-off-line.ts";
import { RoomLooks, type Seen } from "./room-looks.ts";

export interface QuotaWaitsOptions {
  /** Works for all tenants. */
  db: Queryable;
  log: Log;
  /** How many more runs a tenant may have, as far as is known. */
  room(tenantId: string): number;
  /** How many more runs that others ask for it may have, by a count that begins now. */
  roomNow(tenantId: string): Promise<number>;
}

/** Where few wait each comes again at least so often. */
const longestPauseMs = 30_000;
/** Of a tenant. */
const perSecond = 10;
/** The end of a line of six thousand; beyond it more than ten come in a second. */
const longestLineMs = 600_000;
/** Brought forward at once; those that are made bring others, and so does the next look. */
const mostHastened = 100;

export class QuotaWaits {
  readonly #options: QuotaWaitsOptions;
  readonly #line = new PutOffLine(perSecond, { longestPauseMs: longestLineMs });
  readonly #looks: RoomLooks;
  #isDue = (): void => {};

  constructor(options: QuotaWaitsOptions) {
    this.#options = options;
    this.#looks = new RoomLooks({ ...options, look: (tenantId) => this.#look(tenantId) });
  }

  /** `isDue` is told when some come that had to wait. */
  start(isDue: () => void): void {
    this.#isDue = isDue;
  }

  /** Ends with what is looked for now. */
  close(): Promise<void> {
    return this.#looks.close();
  }

  /** When a message comes again whose tenant may have no more runs. */
  later(message: OutboxMessage): Fate {
    const { tenantId } = message;
    const pauseMs = Math.max(pauseAfter(message, longestPauseMs), this.#line.pauseMs(tenantId));
    // Not before it is stored: a look that finds room for all is the last, and could not bring forward what is still in hand.
    return { message, kind: "later", pauseMs, stored: () => this.#looks.wanted(tenantId) };
  }

  /** Runs were made of messages: others of a tenant that had to wait come now, where there is room. Never rejects. */
  async made(messages: readonly OutboxMessage[]): Promise<void> {
    const { db, log, room } = this.#options;
    for (const [tenantId, own] of Map.groupBy(messages, (message) => message.tenantId)) {
      const stoodInLine = this.#line.forget(tenantId);
      if (!stoodInLine && own.every(({ attempts }) => attempts === 0)) continue;
      this.#looks.wentOn(tenantId);
      const count = Math.min(room(tenantId), mostHastened);
      if (count <= 0) continue;
      await createsHasten(db, tenantId, count).catch((cause: unknown) =>
        log.warn({ err: cause, tenantId }, "runs that wait to be made wait on"),
      );
    }
  }

  /** A run of a tenant is not asked for any more: with it may go all that stood in line, so whoever comes next is not put behind them. */
  takenBack(tenantId: string): void {
    this.#line.forget(tenantId);
  }

  async #look(tenantId: string): Promise<Seen> {
    const { db, roomNow } = this.#options;
    if (!(await createsWait(db, tenantId))) return "nothing";
    const count = Math.min(await roomNow(tenantId), mostHastened);
    if (count <= 0) return "waits";
    const hastened = await createsHasten(db, tenantId, count);
    if (hastened > 0) this.#isDue();
    // No rows say why they were put off. Those that come and have no room, or are made, want the next look; those that a fault puts off again must not be brought forward for ever.
    return hastened === mostHastened ? "waits" : "let";
  }
}
