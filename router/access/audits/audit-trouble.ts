import type { Log } from "#shared/log.ts";

export interface AuditTroubleOptions {
  log: Log;
  /** Tries whether the database takes rows again, and gives it those that it lacks. */
  recover: () => Promise<void>;
  retryMs: number;
}

/**
 * Whether rows of audits go to the database. While it is there rows go to the spill file at once, and the database is tried every second. It is told when it
 * begins and when it is over, and not in between.
 */
export class AuditTrouble {
  readonly #setting: AuditTroubleOptions;
  #timer: NodeJS.Timeout | undefined;
  #sinceMs = 0;
  /** Tries that have failed since it began. */
  #failedTries = 0;
  #trying: Promise<void> | undefined;
  #isEnded = false;

  constructor(setting: AuditTroubleOptions) {
    this.#setting = setting;
  }

  get isThere(): boolean {
    return this.#timer !== undefined;
  }

  /** It is there, from now on until the database takes rows again. */
  begin(cause: unknown): void {
    if (this.#timer !== undefined || this.#isEnded) return;
    this.#setting.log.warn({ err: cause }, "audits not stored in the database, trying again");
    this.#sinceMs = performance.now();
    this.#failedTries = 0;
    this.#tryLater();
  }

  /** Tries now. Never rejects. */
  async tryNow(): Promise<void> {
    await (this.#trying ??= this.#try().finally(() => (this.#trying = undefined)));
  }

  /** Tries no more. */
  async end(): Promise<void> {
    this.#isEnded = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#trying;
  }

  async #try(): Promise<void> {
    const { recover, log } = this.#setting;
    try {
      await recover();
      const facts = { failedTries: this.#failedTries, seconds: Math.round((performance.now() - this.#sinceMs) / 1_000) };
      if (this.#timer !== undefined) log.info(facts, "audits are stored in the database again");
      clearTimeout(this.#timer);
      this.#timer = undefined;
    } catch (cause) {
      this.begin(cause);
      if (this.#isEnded) return;
      this.#failedTries++;
      this.#tryLater();
    }
  }

  #tryLater(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.tryNow(), this.#setting.retryMs);
  }
}
