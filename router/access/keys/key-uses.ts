import type pg from "pg";
import { databaseNow } from "#shared/database-time.ts";
import type { Log } from "#shared/log.ts";
import { keysUsed } from "./key.sql.ts";

/** When keys were used last: gathered, and written now and then in one statement. What is gathered when the process is killed is lost. */
export class KeyUses {
  readonly #setting: { pool: pg.Pool; log: Log; everyMs: number };
  #gathered = new Map<string, Date>();
  #timer: NodeJS.Timeout | undefined;
  #writing = Promise.resolve();

  constructor(setting: { pool: pg.Pool; log: Log; everyMs: number }) {
    this.#setting = setting;
  }

  record(keyId: string): void {
    this.#gathered.set(keyId, databaseNow());
    this.#timer ??= setTimeout(() => void this.#write(), this.#setting.everyMs);
  }

  async close(): Promise<void> {
    await this.#write();
  }

  #write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const gathered = this.#gathered;
    this.#gathered = new Map();
    if (gathered.size === 0) return this.#writing;
    const values = [[...gathered.keys()], [...gathered.values()]];
    this.#writing = this.#writing
      .then(() => this.#setting.pool.query({ name: "keys-used", text: keysUsed, values }))
      .then(
        () => {},
        (cause: unknown) => this.#setting.log.warn({ err: cause }, "the last use of keys was not stored"),
      );
    return this.#writing;
  }
}
