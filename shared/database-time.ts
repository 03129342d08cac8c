/**
 * The time of day that all processes of the platform go by: PostgreSQL's, as this process heard it last, counted on by a clock that never jumps. The clocks of
 * two machines may be minutes apart, and one may be set while it is read; what one process says until when (a token, a key, a link, an id) must mean the same to all.
 */

/** A sample that took longer says too little of when PostgreSQL looked at its clock; the first one counts nevertheless. */
const longestWayMs = 2_000;

let offsetMs: number | undefined;

/** SQL that gives the database's time of day in milliseconds since 1970, for {@link heardDatabaseTime}. */
export const databaseTime = "extract(epoch from clock_timestamp())::float8 * 1000";

/** The time of day, in milliseconds since 1970. Before anything was heard of the database: this machine's. */
export function databaseNowMs(): number {
  return offsetMs === undefined ? Date.now() : Math.floor(offsetMs + performance.now());
}

/** As {@link databaseNowMs}. */
export function databaseNow(): Date {
  return new Date(databaseNowMs());
}

/** PostgreSQL has told its time. @param askedAtMs  when it was asked, by performance.now(). */
export function heardDatabaseTime(timeMs: number, askedAtMs: number): void {
  const wayMs = performance.now() - askedAtMs;
  if (offsetMs === undefined || wayMs <= longestWayMs) offsetMs = timeMs - askedAtMs - wayMs / 2;
}
