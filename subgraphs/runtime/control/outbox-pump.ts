/**
 * Delivers what runs tell others (queue/outbox.sql.ts), messages of some kinds. One leaves the outbox when it was taken, or never will be; whoever takes it does so once
 * however often it comes, so several pumps, or one that dies half-way, do no harm.
 */
import type { HintChannel } from "#shared/hints.ts";
import type { Log } from "#shared/log.ts";
import { outboxPutBack, outboxRemove, outboxTake, type OutboxMessage } from "../queue/outbox.sql.ts";
import type { Queryable } from "../queue/statement.ts";

/**
 * What becomes of a message. gone: it was delivered, or never can be. later: it was not taken yet.
 * isUntried: for want of room nobody tried to deliver it, so that does not count when a real failure's pause is reckoned. stored: told when the pause is stored, before which
 * nobody can shorten it.
 */
export type Fate = { message: OutboxMessage } & (
  { kind: "gone" } | { kind: "later"; pauseMs: number; isUntried?: true; stored?: () => void }
);

/** Whoever delivers messages of some kinds. */
export interface Delivery {
  kinds: readonly number[];
  /** Messages that are delivered together, at most. */
  batchSize: number;
  /** Whoever takes messages has so long for them, milliseconds; then another takes them. */
  holdMs: number;
  /** @returns what became of them, but for those that are still at work: these are settled later, by whoever delivers. */
  deliver(messages: readonly OutboxMessage[]): Promise<Fate[]>;
  /** `isDue` is told when messages became due before their time. */
  start?(isDue: () => void): void;
  /** Ends when nothing of it is at work any more. */
  close?(): Promise<void>;
}

/** What a pump is made of. */
export interface OutboxPumpOptions {
  /** Works for all tenants. */
  db: Queryable;
  hints: HintChannel;
  log: Log;
  delivery: Delivery;
}

const pollMs = 1_000;
/** Hints come with every flush of every run; the outbox is looked at no more often than this. */
const hintPauseMs = 50;
const firstPauseMs = 1_000;
const longestPauseMs = 5 * 60_000;

/** The pump of one process, for one kind of delivery. */
export class OutboxPump {
  readonly #options: OutboxPumpOptions;
  readonly #unsubscribe: () => void;
  #timer: NodeJS.Timeout | undefined;
  #dueAtMs = Number.POSITIVE_INFINITY;
  #pumping: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: OutboxPumpOptions) {
    this.#options = options;
    this.#unsubscribe = options.hints.subscribe("run", "*", () => this.#pumpIn(hintPauseMs));
    options.delivery.start?.(() => this.#pumpIn(0));
    this.#pumpIn(0);
  }

  /** Ends after the batch under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#unsubscribe();
    clearTimeout(this.#timer);
    await this.#pumping;
    await this.#options.delivery.close?.();
  }

  #pumpIn(ms: number): void {
    const dueAtMs = performance.now() + ms;
    if (this.#isClosed || this.#pumping !== undefined || dueAtMs >= this.#dueAtMs) return;
    clearTimeout(this.#timer);
    this.#dueAtMs = dueAtMs;
    this.#timer = setTimeout(() => {
      this.#dueAtMs = Number.POSITIVE_INFINITY;
      this.#pumping = this.#pump().finally(() => {
        this.#pumping = undefined;
        this.#pumpIn(pollMs);
      });
    }, ms);
  }

  async #pump(): Promise<void> {
    const { db, log, delivery } = this.#options;
    try {
      for (;;) {
        const messages = await outboxTake(db, delivery);
        if (messages.length > 0) await settle(db, await delivery.deliver(messages));
        // A batch may bring a share of each tenant only: nobody knows that there is no more until none comes.
        if (messages.length === 0 || this.#isClosed) return;
      }
    } catch (cause) {
      log.warn({ err: cause }, "outbox not read");
    }
  }
}

/** Removes what was delivered, and lets the rest become due again. */
export async function settle(db: Queryable, fates: readonly Fate[]): Promise<void> {
  const gone = fates.filter(({ kind }) => kind === "gone").map(({ message }) => message);
  const later = fates.flatMap((fate) =>
    fate.kind === "later" ? [{ ...fate.message, pauseMs: fate.pauseMs, attempts: fate.isUntried ? fate.message.attempts : null }] : [],
  );
  if (gone.length > 0) await outboxRemove(db, gone);
  if (later.length > 0) await outboxPutBack(db, later);
  for (const fate of fates) if (fate.kind === "later") fate.stored?.();
}

/** A message that was not taken, and comes again after a pause, which is longer each time. */
export function laterFate(message: OutboxMessage): Fate {
  return { message, kind: "later", pauseMs: pauseAfter(message) };
}

/** How long it is before a message comes again that was taken so often. */
export function pauseAfter({ attempts }: Pick<OutboxMessage, "attempts">, longestMs = longestPauseMs): number {
  return Math.min(firstPauseMs * 2 ** attempts, longestMs);
}
