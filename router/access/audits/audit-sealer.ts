import type { KeyObject } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { withinDeadline } from "#shared/deadline.ts";
import type { Log } from "#shared/log.ts";
import { chainBatch } from "./audit-chain.ts";

export interface AuditSealerOptions {
  /** Of the engine's role; whoever made it ends it. A batch has a connection for some 20 ms, of which each process works 8. */
  pool: pg.Pool;
  log: Log;
  /** Of the chains. */
  key: KeyObject;
  /** From the storing of rows to the pass that chains them; 1,000. */
  soonMs?: number;
  /** Between passes where nothing was stored by this process: workers store audits too; 30,000. */
  idleMs?: number;
}

const stopMs = 2_000;
/** After a batch it rests so many times as long: requests keep nine tenths of what the process can do, and a flood of them is chained when it is over. */
const restTimes = 9;

/** Chains audits in the background, behind whoever stores them. Nobody waits for it; several routers take turns. */
export class AuditSealer {
  readonly #setting: Required<AuditSealerOptions>;
  #timer: NodeJS.Timeout | undefined;
  #isSoon = false;
  #passing: Promise<void> | undefined;
  #isStopped = false;
  readonly #ended = new AbortController();

  constructor(options: AuditSealerOptions) {
    this.#setting = { soonMs: 1_000, idleMs: 30_000, ...options };
    // Of a process before this one, perhaps.
    this.soon();
  }

  /** Audits were stored: they are chained within about a second. */
  soon(): void {
    if (this.#isSoon || this.#isStopped) return;
    this.#isSoon = true;
    this.#passIn(this.#setting.soonMs);
  }

  /** Chains what is there now. Never rejects. */
  async pass(): Promise<void> {
    await (this.#passing ??= this.#pass().finally(() => (this.#passing = undefined)));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#ended.abort();
    clearTimeout(this.#timer);
    await withinDeadline(stopMs, () => this.#passing ?? Promise.resolve()).catch(() => {});
  }

  #passIn(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      this.#isSoon = false;
      void this.pass();
    }, ms);
    this.#timer.unref();
  }

  async #pass(): Promise<void> {
    try {
      while (!this.#isStopped) {
        const beganAtMs = performance.now();
        if ((await chainBatch(this.#setting.pool, this.#setting.key)) === 0) return;
        await sleep((performance.now() - beganAtMs) * restTimes, undefined, { ref: false, signal: this.#ended.signal });
      }
    } catch (cause) {
      // They wait in their table.
      if (!this.#isStopped) this.#setting.log.warn({ err: cause }, "audits were not chained, trying again");
    } finally {
      if (!this.#isSoon) this.#passIn(this.#setting.idleMs);
    }
  }
}
