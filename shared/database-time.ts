/**
 * The time of day that all processes of the platform go by: PostgreSQL's, as this process heard it last, counted on by a clock that never jumps. The clocks of
 * two machines may be minutes apart, and one may be set while it is read; what one process says until when (a token, a key, a link, an id) must mean the same to all.
 */

/** A sample that took longer says too little of when PostgreSQL looked at its clock; the first one counts nevertheless. */
const longestWayMs = 2_000;

/** The databases of a process may differ in their clocks, and the time must not jump between them: another's counts when the one that is gone by was not heard for so long. */
const sourceHoldsMs = 120_000;

/** By more than this the two clocks of this machine move apart only where one is set, or where the machine sleeps, in which the one that never jumps stands still. */
const apartMs = 2_000;

interface Sample {
  database: string;
  heardAtMs: number;
  /** What is added to performance.now(). */
  offsetMs: number;
  /** How far this machine's clock was ahead of performance.now(). */
  machineMs: number;
}

const machineMs = () => Date.now() - performance.now();

/** A time of day that is heard now and then, and counted on between. */
export class DatabaseClock {
  #sample: Sample | undefined;
  #isDoubted = false;

  /** In milliseconds since 1970. */
  nowMs(): number {
    return this.#sample === undefined ? Date.now() : Math.floor(this.#sample.offsetMs + performance.now());
  }

  /** As {@link heardDatabaseTime}. */
  heard(timeMs: number, { askedAtMs, database }: { askedAtMs: number; database: string }): void {
    const heardAtMs = performance.now();
    const wayMs = heardAtMs - askedAtMs;
    const before = this.#sample;
    if (before !== undefined && wayMs > longestWayMs) return;
    const isOther = before !== undefined && before.database !== database;
    if (isOther && heardAtMs - before.heardAtMs < sourceHoldsMs && !this.#isApart()) return;
    this.#sample = { database, heardAtMs, offsetMs: timeMs - askedAtMs - wayMs / 2, machineMs: machineMs() };
    this.#isDoubted = false;
  }

  /** As {@link doubtDatabaseTime}. */
  doubt(): void {
    this.#isDoubted = true;
  }

  /** As {@link isDatabaseTimeDoubted}. */
  get isDoubted(): boolean {
    return this.#isDoubted || this.#isApart();
  }

  #isApart(): boolean {
    return this.#sample !== undefined && Math.abs(machineMs() - this.#sample.machineMs) > apartMs;
  }
}

const clock = new DatabaseClock();

/** SQL that gives the database's time of day in milliseconds since 1970, for {@link heardDatabaseTime}. */
export const databaseTime = "extract(epoch from clock_timestamp())::float8 * 1000";

/** The time of day, in milliseconds since 1970. Before anything was heard of the database: this machine's. */
export function databaseNowMs(): number {
  return clock.nowMs();
}

/** As {@link databaseNowMs}. */
export function databaseNow(): Date {
  return new Date(databaseNowMs());
}

/** PostgreSQL has told its time. @param of.askedAtMs  when it was asked, by performance.now(). @param of.database  its address and name. */
export function heardDatabaseTime(timeMs: number, of: { askedAtMs: number; database: string }): void {
  clock.heard(timeMs, of);
}

/** Somebody has another time than this process: it is asked for anew soon. */
export function doubtDatabaseTime(): void {
  clock.doubt();
}

/** Whether the database is to be asked now, though it was a moment ago. */
export function isDatabaseTimeDoubted(): boolean {
  return clock.isDoubted;
}
