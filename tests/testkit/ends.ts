import { withinTime } from "#shared/time-limit.ts";

/**
 * Runs synchronous work that a fault would let run for hours, and gives what it makes; throws where it has not ended after a minute. That tells a
 * moment from for ever, on a slow machine too: it is no measure.
 */
export function ends<T>(work: () => T): T {
  const made = withinTime(60_000, () => ({ value: work() }));
  if (made === undefined) throw new Error("it has not ended after a minute");
  return made.value;
}
