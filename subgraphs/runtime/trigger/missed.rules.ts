/** Which of the planned times of a schedule becomes a run, when somebody comes to it. Pure. */
import { latestTime, nextTime, type CronClock } from "./cron-times.ts";

/** What is done about planned times that nobody came to. */
export type MissedPolicy = "SKIP" | "ONCE";

/** A planned time that is later than this is missed: a process that was killed with it gives it back after 30 s, and the next has as long again. */
export const graceMs = 120_000;

/** What somebody who comes to a schedule has before them. */
export interface DueSchedule extends CronClock {
  missed: MissedPolicy;
  /** The first planned time that has not become a run. */
  plannedAt: Date;
  /** By the database's clock. */
  now: Date;
}

/** What becomes of it. plannedAt: undefined: no run. missedAt: the last planned time that becomes none. */
export interface Firing {
  plannedAt: Date | undefined;
  missedAt: Date | undefined;
  nextAt: Date | null;
}

/** Decides: all that has passed makes one run at most, the last of it. With SKIP that is one that is still in time. */
export function firingOf({ missed, plannedAt: first, now, ...clock }: DueSchedule): Firing {
  const latest = latestTime(clock, now);
  const last = latest !== null && latest > first ? latest : first;
  const nextAt = nextTime(clock, last > now ? last : now);
  if (missed === "ONCE") return { plannedAt: last, missedAt: undefined, nextAt };
  if (now.getTime() - last.getTime() > graceMs) return { plannedAt: undefined, missedAt: last, nextAt };
  return { plannedAt: last, missedAt: last > first ? (latestTime(clock, new Date(last.getTime() - 2_000)) ?? first) : undefined, nextAt };
}
