/**
 * Work on many rows that is nobody's request, such as the removal of what is old. One process of all does it, whoever has its lock, on a connection of its own
 * that is there only while there is something to do; piece by piece, with a pause after each as long as the piece took, so that others keep half of what the
 * database can do, and four fifths while they are late.
 */
import type pg from "pg";
import type { Log } from "../log.ts";
import { openPool } from "./pool.ts";

export interface SweepOptions {
  /** What is swept: the lock's name, and the connection's. */
  name: string;
  /** Of the engine's role. */
  databaseUrl: string;
  log: Log;
  /** Does one piece, of a bounded number of rows. @returns whether there may be more. */
  piece: (client: pg.PoolClient) => Promise<boolean>;
  /** Whether others wait for the database's work; asked once a second at most. */
  isLate?: (client: pg.PoolClient) => Promise<boolean>;
  /** How often it looks for something to do by itself; a minute. */
  lookMs?: number | undefined;
}

const defaultLookMs = 60_000;
/** Another process has the lock: it may have looked before there was this to do. */
const againMs = 1_000;
const leastPauseMs = 2;
const latePauses = 4;
const lateLookMs = 1_000;

/** The sweep of one process. */
export class Sweep {
  readonly #options: SweepOptions;
  readonly #closed = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> | undefined;
  #isWanted = false;
  #late = { is: false, atMs: Number.NEGATIVE_INFINITY };

  constructor(options: SweepOptions) {
    this.#options = options;
  }

  /** Begins to look. */
  start(): void {
    this.#sweepIn(0);
  }

  /** There is something to do. */
  wanted(): void {
    this.#isWanted = true;
    this.#sweepIn(0);
  }

  /** Ends after the piece under way. */
  async close(): Promise<void> {
    this.#closed.abort();
    clearTimeout(this.#timer);
    await this.#sweeping;
  }

  get #isClosed(): boolean {
    return this.#closed.signal.aborted;
  }

  #sweepIn(ms: number): void {
    if (this.#isClosed || this.#sweeping !== undefined) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#sweeping = this.#sweepOnce();
    }, ms).unref();
  }

  async #sweepOnce(): Promise<void> {
    const { log, name, lookMs = defaultLookMs } = this.#options;
    this.#isWanted = false;
    let nextMs = againMs;
    try {
      if (await this.#sweep()) nextMs = 0;
    } catch (cause) {
      if (!this.#isClosed) log.warn({ err: cause, sweep: name }, "a sweep failed; it is tried again");
    }
    this.#sweeping = undefined;
    this.#sweepIn(this.#isWanted ? nextMs : lookMs);
  }

  /** Does all that there is to do. @returns false where another process does. */
  async #sweep(): Promise<boolean> {
    const { name, databaseUrl, piece } = this.#options;
    const pool = openPool({ url: databaseUrl, scope: "engine", max: 1, applicationName: `agent-platform ${name}` });
    const client = await pool.connect().catch(async (cause: unknown) => {
      await pool.end();
      throw cause;
    });
    try {
      if (!(await isMine(client, name))) return false;
      // What a crash of the database undoes is done again, so no piece waits for its disk, or its standby.
      await client.query("set synchronous_commit = off");
      for (let isMore = true; isMore && !this.#isClosed;) isMore = await this.#paced(client, () => piece(client));
      return true;
    } finally {
      // Closed, for the lock is the session's.
      client.release(true);
      await pool.end();
    }
  }

  async #paced<T>(client: pg.PoolClient, work: () => Promise<T>): Promise<T> {
    const beganAtMs = performance.now();
    const made = await work();
    const tookMs = performance.now() - beganAtMs;
    const { isLate } = this.#options;
    if (isLate !== undefined && performance.now() - this.#late.atMs > lateLookMs)
      this.#late = { is: await isLate(client), atMs: performance.now() };
    await pause(Math.max(leastPauseMs, tookMs * (this.#late.is ? latePauses : 1)), this.#closed.signal);
    return made;
  }
}

async function isMine(client: pg.PoolClient, name: string): Promise<boolean> {
  const text = "select pg_try_advisory_lock(hashtextextended('agent-platform ' || $1, 0)) as is_mine";
  const { rows } = await client.query<{ is_mine: boolean }>(text, [name]);
  return rows[0]?.is_mine === true;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const ended = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", ended);
      resolve();
    };
    const timer = setTimeout(ended, ms);
    signal.addEventListener("abort", ended);
  });
}
