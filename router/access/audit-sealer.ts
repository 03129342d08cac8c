import type { KeyObject } from "node:crypto";
import type pg from "pg";
import { withinDeadline } from "#shared/deadline.ts";
import type { Log } from "#shared/log.ts";
import { chainBatch } from "./audit-chain.ts";

export interface AuditSealerOptions {
  /** Of the engine's role; whoever made it ends it. A batch has a connection for some 20 ms. */
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

/** Chains audits in the background, behind whoever stores them. Nobody waits for it; several routers take turns. */
export class AuditSealer {
  readonly #setting: Required<AuditSealerOptions>;
  #timer: NodeJS.Timeout | undefined;
  #isSoon = false;
  #passing: Promise<void> | undefined;
  #isStopped = false;

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
      while (!this.#isStopped && (await chainBatch(this.#setting.pool, this.#setting.key)) > 0);
    } catch (cause) {
      // They wait in their table.
      this.#setting.log.warn({ err: cause }, "audits were not chained, trying again");
    } finally {
      if (!this.#isSoon) this.#passIn(this.#setting.idleMs);
    }
  }
}
