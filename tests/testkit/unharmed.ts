import type { Beside } from "./bystander.ts";

/**
 * Evaluated or parsed there, each case would hold a main loop up for seconds. It is processor time, and where two suites share two processors the same turn takes two to
 * three times that of a quiet machine, on which none is to be longer than 100.
 */
export const longestTurnMs = 300;

/** What another tenant must have seen beside any case: every question answered, every run completed, and no main loop held up. */
export function expectUnharmed(beside: Beside): void {
  const { pings, completed, refused, failed, longestMs } = beside;
  expect({ refused, failed }).toEqual({ refused: [], failed: [] });
  expect(Math.min(pings, completed)).toBeGreaterThan(0);
  expect(Object.entries(longestMs).filter(([, ms]) => ms > longestTurnMs)).toEqual([]);
}
