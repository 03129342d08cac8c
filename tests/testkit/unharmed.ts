import type { Beside } from "./bystander.ts";

/** Evaluated or parsed there, each case would hold a main loop up for seconds. */
const longestTurnMs = 100;

/** What another tenant must have seen beside any case: every question answered, every run completed, and no main loop held up. */
export function expectUnharmed(beside: Beside): void {
  const { pings, completed, refused, failed, longestMs } = beside;
  expect({ refused, failed }).toEqual({ refused: [], failed: [] });
  expect(Math.min(pings, completed)).toBeGreaterThan(0);
  expect(Object.entries(longestMs).filter(([, ms]) => ms > longestTurnMs)).toEqual([]);
}
