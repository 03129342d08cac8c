import type { Log } from "#shared/log.ts";

export interface AuditTroubleOptions {
  log: Log;
  /** Tries whether the database takes rows again, and gives it those that it lacks. */
  recover: () => Promise<void>;
  retryMs: number;
}

/** Whether rows of audits go to the database. While it is there rows go to the spill file at once, and the database is tried every second. */
export class AuditTrouble {
  readonly #setting: AuditTroubleOptions;
  #timer: NodeJS.Timeout | undefined;
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
    this.#timer = setTimeout(() => void this.tryNow(), this.#setting.retryMs);
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
    const { recover, log, retryMs } = this.#setting;
    try {
      await recover();
      if (this.#timer !== undefined) log.info("audits are stored in the database again");
      clearTimeout(this.#timer);
      this.#timer = undefined;
    } catch (cause) {
      if (this.#isEnded) return;
      log.warn({ err: cause }, "audits not stored in the database, trying again");
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => void this.tryNow(), retryMs);
    }
  }
}
