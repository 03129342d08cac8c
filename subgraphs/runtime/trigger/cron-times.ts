/**
 * The times of a cron expression in a zone. A time of the day that the clock leaves out in spring comes as the clock has moved on, one that comes twice in autumn comes the first
 * time; what is said by steps (each half an hour) comes by the time that passes. So Vixie's cron has it, and croner, which was the only one that had it right for zones
 * that move by half an hour.
 */
import { Cron } from "croner";
import { LruCache } from "#shared/lru-cache.ts";

const kept = new LruCache<Cron>({ entries: 1_000 });

/** The expression as it is evaluated. @throws Error what is wrong with it, for people */
function cronOf(cron: string, zone: string): Cron {
  const key = `${zone} ${cron}`;
  let read = kept.get(key);
  // Neither started nor given a function: it only answers.
  if (read === undefined) kept.set(key, (read = new Cron(cron, { timezone: zone, mode: "5-part", paused: true })));
  return read;
}

/** What is wrong with an expression; undefined: nothing. */
export function cronProblem(cron: string): string | undefined {
  // croner takes the time of a single run too, however it is written; no field has a colon.
  if (/^\d{4}-|:/.test(cron.trim())) return "it is a date";
  try {
    cronOf(cron, "UTC");
    return undefined;
  } catch (error) {
    return (error as Error).message.replace(/^CronPattern: /, "").replace(/\.$/, "");
  }
}

/** Whether a zone is one of IANA's. Offsets such as +02:00 are none: no clock is set by them. */
export function isZone(zone: string): boolean {
  if (!/^[A-Za-z]/.test(zone)) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

/** What a schedule goes by. */
export interface CronClock {
  cron: string;
  zone: string;
}

/** The first times after an instant; fewer, or none, where there are no more. */
export function nextTimes({ cron, zone }: CronClock, after: Date, count: number): Date[] {
  return cronOf(cron, zone).nextRuns(count, after);
}

/** The first time after an instant; null where there is none. */
export function nextTime(clock: CronClock, after: Date): Date | null {
  return nextTimes(clock, after, 1)[0] ?? null;
}

/** The last time at an instant or before it. */
export function latestTime({ cron, zone }: CronClock, at: Date): Date | null {
  // Strictly before: a millisecond more has this one in it.
  return cronOf(cron, zone).previousRuns(1, new Date(at.getTime() + 1))[0] ?? null;
}
