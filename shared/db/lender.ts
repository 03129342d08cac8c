/**
 * Lends a pool's connections so that nobody holds all of them: whose transactions are slow waits for their own, and others go on. A turn has a deadline,
 * as a connection has.
 */
import type pg from "pg";
import { connectDeadlineMs } from "./pool.ts";

/** A connection in the hands of who asked for it. */
export interface LentConnection {
  client: pg.PoolClient;
  /** To be called once. `lost`: it is in no state to be lent again. */
  release(lost?: Error): void;
}

export class Lender {
  readonly #pool: pg.Pool;
  readonly #each: number;
  readonly #held = new Map<string, number>();
  readonly #waiting = new Map<string, (() => void)[]>();

  /** @param each  how many connections one borrower may have at a time. */
  constructor(pool: pg.Pool, each: number) {
    this.#pool = pool;
    this.#each = each;
  }

  /** @throws Error when there was no turn, or no connection, in 10 s. */
  async lend(borrower: string): Promise<LentConnection> {
    await this.#turn(borrower);
    try {
      const client = await this.#pool.connect();
      const release = (lost?: Error) => {
        client.release(lost);
        this.#leave(borrower);
      };
      return { client, release };
    } catch (cause) {
      this.#leave(borrower);
      throw cause;
    }
  }

  #turn(borrower: string): Promise<void> {
    const held = this.#held.get(borrower) ?? 0;
    if (held < this.#each) {
      this.#held.set(borrower, held + 1);
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const queue = this.#waiting.get(borrower) ?? [];
      const timer = setTimeout(() => {
        queue.splice(queue.indexOf(turn), 1);
        // As the pool says it, which databaseError knows.
        reject(new Error("timeout exceeded when trying to connect"));
      }, connectDeadlineMs);
      const turn = () => {
        clearTimeout(timer);
        resolve();
      };
      queue.push(turn);
      this.#waiting.set(borrower, queue);
    });
  }

  /** Hands the turn on to who of the same borrower has waited longest. */
  #leave(borrower: string): void {
    const next = this.#waiting.get(borrower)?.shift();
    if (next !== undefined) return next();
    this.#waiting.delete(borrower);
    const held = (this.#held.get(borrower) ?? 1) - 1;
    if (held === 0) this.#held.delete(borrower);
    else this.#held.set(borrower, held);
  }
}
