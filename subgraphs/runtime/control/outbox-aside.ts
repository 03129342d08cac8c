/**
 * What is delivered beside the pump, as it may take long: at most so much at once, each tenant in turn. Nobody's messages wait for these but the same tenant's of the same
 * sort, and a message that is in hand is not begun again, by whomever it is taken meanwhile.
 */
import type { Log } from "#shared/log.ts";
import { NoTurn, TurnQueue, type Turn, type TurnQueueOptions } from "#shared/turn-queue.ts";
import type { OutboxKey, OutboxMessage } from "../queue/outbox.sql.ts";
import type { Queryable } from "../queue/statement.ts";
import { settle, type Fate } from "./outbox-pump.ts";
import { PutOffLine } from "./put-off-line.ts";

/** What it is made of. */
export interface OutboxAsideOptions {
  db: Queryable;
  log: Log;
  /** `waitMs` and the longest delivery together are less than the pump's hold, or another process takes what waits here. */
  turns: TurnQueueOptions & { waitMs: number };
  /** Messages of a tenant that come again in a second, of those that found no room; about what is delivered in one. */
  againPerSecond: number;
}

/** See above. */
export class OutboxAside {
  readonly #options: OutboxAsideOptions;
  readonly #turns: TurnQueue;
  readonly #line: PutOffLine;
  readonly #inHand = new Map<string, Promise<void>>();
  readonly #closing = new AbortController();

  constructor(options: OutboxAsideOptions) {
    this.#options = options;
    this.#turns = new TurnQueue(options.turns);
    this.#line = new PutOffLine(options.againPerSecond);
  }

  /**
   * Delivers a message in its tenant's turn, and settles it.
   *
   * @returns what becomes of it where there is no room; else what ends, and never fails, when it is settled.
   */
  begin(message: OutboxMessage, deliver: () => Promise<Fate[]>): Fate | Promise<void> {
    const key = keyOf(message);
    const inHand = this.#inHand.get(key);
    if (inHand !== undefined) return inHand;
    const entered = this.#turns.ask({ tenantId: message.tenantId, signal: this.#closing.signal });
    if (entered instanceof NoTurn) return this.#putOff(message);
    const work = this.#inTurn(message, entered, deliver).finally(() => this.#inHand.delete(key));
    this.#inHand.set(key, work);
    return work;
  }

  /** Ends when nothing is in hand any more; what waits for its turn goes back. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#inHand.values());
  }

  async #inTurn(message: OutboxMessage, entered: Turn | Promise<Turn | NoTurn>, deliver: () => Promise<Fate[]>): Promise<void> {
    const { db, log } = this.#options;
    const turn = await entered;
    try {
      await settle(db, turn instanceof NoTurn ? [this.#putOff(message)] : await deliver());
    } catch (cause) {
      // It comes again when it is nobody's any more.
      log.warn({ err: cause, runId: message.runId }, "a message was not settled");
    } finally {
      if (!(turn instanceof NoTurn)) turn.end();
    }
  }

  #putOff(message: OutboxMessage): Fate {
    return { message, kind: "later", pauseMs: this.#line.pauseMs(message.tenantId), isUntried: true };
  }
}

/** @returns the fate of a message that found no room; nothing of one that is in hand. */
export function fateOf(begun: Fate | Promise<void>): Fate[] {
  return begun instanceof Promise ? [] : [begun];
}

function keyOf({ runId, kind, targetRunId, targetPath }: OutboxKey): string {
  return JSON.stringify([runId, kind, targetRunId, targetPath]);
}
