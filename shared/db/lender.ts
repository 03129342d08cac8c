/**
 * Lends a pool's connections so that nobody holds all of them: whose transactions are slow waits for their own, and others go on. Who would wait too
 * long is told so at once, before anything is begun. While somebody waits PostgreSQL is looked at, so that nobody waits for one that is gone.
 */
import type pg from "pg";
import type { AppError } from "../errors.ts";
import type { Reading } from "../read-bytes.ts";
import { NoTurn, TurnQueue } from "../turn-queue.ts";
import { databaseBusy, databaseUnavailable } from "./errors.ts";
import { connectDeadlineMs } from "./pool.ts";
import { countBytes } from "./row-bytes.ts";

/** A connection in the hands of who asked for it. */
export interface LentConnection {
  client: pg.PoolClient;
  /** Why nothing more comes over it, where the operation that it is lent to has read too much. */
  refusal(): AppError | undefined;
  /** To be called once. `lost`: it is in no state to be lent again. */
  release(lost?: Error): void;
}

/** What is lent, and how. */
export interface LenderOptions {
  pool: pg.Pool;
  /** How many connections there are, and how many one borrower may have at a time. */
  connections: number;
  each: number;
  /** Resolves when PostgreSQL answers, rejects soon when it does not. */
  look: () => Promise<void>;
}

/** Of one borrower; an operation may ask a hundred things at once, and so many operations are executed. */
const waitingEach = 2_000;
const waitingAtMost = 8_000;
const lookEveryMs = 1_000;
/** Looks in a row without an answer: one may be late by the machine's fault, above all where much is asked, or by that of a PostgreSQL that is started again. */
const looksUntilGone = 2;

export class Lender {
  readonly #pool: pg.Pool;
  readonly #look: () => Promise<void>;
  readonly #turns: TurnQueue;
  /** Fires for all that wait when PostgreSQL is gone. */
  #gone = new AbortController();
  #nextLook: NodeJS.Timeout | undefined;
  #isLooking = false;
  /** Looks in a row that had no answer. */
  #unanswered = 0;

  constructor({ pool, connections, each, look }: LenderOptions) {
    this.#pool = pool;
    this.#look = look;
    const waiting = { waiting: waitingAtMost, waitingPerTenant: waitingEach, waitMs: connectDeadlineMs };
    this.#turns = new TurnQueue({ turns: connections, turnsPerTenant: each, ...waiting });
  }

  /** @throws AppError DATABASE_BUSY, DATABASE_UNAVAILABLE; what the driver throws when it cannot connect. */
  async lend(borrower: string, reading?: Reading): Promise<LentConnection> {
    const { signal } = this.#gone;
    const taking = this.#turns.take({ tenantId: borrower, signal });
    if (this.#turns.waiting > 0) this.#watch();
    const turn = await taking;
    if (turn instanceof NoTurn) throw turn.why === "aborted" ? (signal.reason as AppError) : databaseBusy(turn.retryAfterMs);
    try {
      const client = await this.#pool.connect();
      const counted = countBytes(client, reading);
      const release = (lost?: Error) => {
        counted.end();
        client.release(lost ?? counted.refusal());
        turn.end();
      };
      return { client, refusal: counted.refusal, release };
    } catch (cause) {
      turn.end();
      throw cause;
    }
  }

  #watch(): void {
    if (this.#nextLook !== undefined) return;
    this.#nextLook = setTimeout(() => {
      this.#nextLook = undefined;
      if (this.#turns.waiting === 0) {
        this.#unanswered = 0;
        return;
      }
      this.#watch();
      void this.#lookOnce();
    }, lookEveryMs).unref();
  }

  /** A look counts once: where the machine stood still, one that is under way outlasts the next one's time. */
  async #lookOnce(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      await this.#look();
      this.#unanswered = 0;
    } catch (cause) {
      if (++this.#unanswered >= looksUntilGone) this.#refuseAll(cause);
    } finally {
      this.#isLooking = false;
    }
  }

  #refuseAll(cause: unknown): void {
    const gone = this.#gone;
    this.#gone = new AbortController();
    gone.abort(databaseUnavailable(cause));
  }
}
