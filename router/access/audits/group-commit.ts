/**
 * Rows of audits that somebody waits for: stored at once, together with all that came while the batch before was stored. What the database does not take
 * within its deadline goes to the spill file.
 */
import { withinDeadline } from "#shared/deadline.ts";
import type { AuditTrouble } from "./audit-trouble.ts";

export interface GroupCommitOptions {
  store: (rows: readonly string[]) => Promise<void>;
  spill: (rows: readonly string[]) => Promise<void>;
  trouble: AuditTrouble;
  /** From when a row comes until it goes to the spill file. */
  deadlineMs: number;
  /** Of one statement at most. */
  batchRows: number;
}

interface Waiting {
  row: string;
  sinceMs: number;
  resolve: () => void;
  reject: (cause: unknown) => void;
}

/** One lane: its batches follow each other. */
export class GroupCommit {
  readonly #setting: GroupCommitOptions;
  #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  constructor(setting: GroupCommitOptions) {
    this.#setting = setting;
  }

  /** Resolves when the row is stored. @throws why it was not: neither database nor file took it. */
  add(row: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ row, sinceMs: performance.now(), resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when nothing waits. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    // Those that come in this turn of the loop share the batch.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#commit(this.#waiting.splice(0, this.#setting.batchRows));
    this.#running = undefined;
  }

  async #commit(batch: readonly Waiting[]): Promise<void> {
    const { spill, trouble } = this.#setting;
    const rows = batch.map(({ row }) => row);
    try {
      if (!(await this.#isStored(batch, rows))) await spill(rows);
      for (const { resolve } of batch) resolve();
    } catch (cause) {
      trouble.begin(cause);
      for (const { reject } of batch) reject(cause);
    }
  }

  async #isStored([first]: readonly Waiting[], rows: readonly string[]): Promise<boolean> {
    const { store, trouble, deadlineMs } = this.#setting;
    if (trouble.isThere) return false;
    const leftMs = Math.max(1, deadlineMs - (performance.now() - first!.sinceMs));
    return withinDeadline(leftMs, () => store(rows)).then(
      () => true,
      (cause: unknown) => {
        trouble.begin(cause);
        return false;
      },
    );
  }
}
