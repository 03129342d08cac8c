/**
 * Times of documents: with an offset they are an instant; without one they are what a clock on the wall of a zone shows. In the hour that a zone leaves out in spring a
 * time is as much later as the clock is set on; one that comes twice in autumn is the earlier. So RFC 5545 has it, and Temporal by default. Temporal itself is not in this
 * Node; its polyfills and luxon were looked at: for one function each is more than these lines over Intl, which has the zones.
 */

const pattern = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?))?(Z|[+-]\d{2}:?\d{2})?$/i;

/**
 * The instant of a time, in milliseconds.
 *
 * @param zone  its IANA name; of a time that has no offset.
 * @returns words that go on from "until", where it is none.
 */
export function instantOf(text: string, zone: string | undefined): number | string {
  const [, date, timeAsWritten = "00:00", offset] = pattern.exec(text.trim()) ?? [];
  if (date === undefined) return "is no date and time such as 2026-03-29T02:30 or 2026-03-29T02:30:00+01:00";
  // Python writes a second's fraction with six digits, Go with nine; milliseconds count.
  const time = timeAsWritten.replace(/(\.\d{3})\d+/, "$1");
  const wall = Date.parse(`${date}T${time}Z`);
  // Date.parse takes the 30th of February for the 2nd of March.
  if (Number.isNaN(wall) || new Date(wall).toISOString().slice(0, 10) !== date) return "is no day of the calendar, or no time of a day";
  if (offset !== undefined) {
    const instant = Date.parse(`${date}T${time}${offset.length === 5 ? `${offset.slice(0, 3)}:${offset.slice(3)}` : offset.toUpperCase()}`);
    return Number.isNaN(instant) ? "has an offset that is none" : instant;
  }
  if (zone === undefined) return "has no offset: add one, such as Z or +01:00, or give zone, such as Europe/Berlin";
  const clock = clockOf(zone);
  if (clock === undefined) return `is a time in ${JSON.stringify(zone)}, which is no zone; give one such as Europe/Berlin`;
  return instantAt(clock, wall);
}

/** Whether a zone is one whose clock is known. */
export function hasClock(zone: string): boolean {
  return clockOf(zone) !== undefined;
}

/** What the clock of a zone shows at an instant, as the same time in UTC. */
type ZoneClock = (instant: number) => number;

function clockOf(zone: string): ZoneClock | undefined {
  try {
    const parts = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" } as const;
    const format = new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", ...parts });
    return (instant) => {
      const shown = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
      const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = shown;
      return Date.UTC(year, month - 1, day, hour, minute, second) + (((instant % 1000) + 1000) % 1000);
    };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const dayMs = 86_400_000;

/** A change of the clock is within a day of the time: the offsets before and after it are the two that there are. */
function instantAt(clock: ZoneClock, wall: number): number {
  const before = wall - (clock(wall - dayMs) - (wall - dayMs));
  const after = wall - (clock(wall + dayMs) - (wall + dayMs));
  const fitting = [before, after].filter((instant) => clock(instant) === wall);
  // None: the clock leaves the time out. By the offset before the change it is as much later as the clock is set on.
  return fitting.length > 0 ? Math.min(...fitting) : before;
}
