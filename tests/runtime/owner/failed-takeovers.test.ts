import { setTimeout } from "node:timers/promises";
import { FailedTakeovers } from "../../../subgraphs/runtime/owner/takeover/failed-takeovers.ts";
import { isDamage, isOwnError } from "../../../subgraphs/runtime/queue/failure.ts";

/** What four tries said of a run whose last event was this, with more than a lease and a half between the first and the last two. */
async function tried(
  [first, second, third, fourth]: readonly [number, number, number, number],
  littleProgress?: number,
): Promise<boolean[]> {
  const failed = new FailedTakeovers();
  const add = (eventSeq: number) => failed.add({ runId: "r", leaseMs: 100, eventSeq }, littleProgress);
  const before = [add(first), add(second)];
  await setTimeout(160);
  return [...before, add(third), add(fourth)];
}

describe("runs that cannot be taken over", () => {
  it.each<[string, [number, number, number, number], number | undefined, boolean[]]>([
    ["are given up at the third try", [7, 7, 7, 7], undefined, [false, false, true, true]],
    ["begin anew where somebody has taken them further", [7, 7, 8, 8], undefined, [false, false, false, false]],
    ["do not for what little their owner stores each time", [7, 9, 11, 13], 2, [false, false, true, true]],
    ["do for more", [7, 9, 12, 13], 2, [false, false, false, false]],
  ])("%s", async (_, events, little, told) => {
    expect(await tried(events, little)).toEqual(told);
  });
});

describe("what failed a takeover", () => {
  const coded = (code: string) => Object.assign(new Error("x"), { code });
  it.each([
    ["a bug", new TypeError("x is no function"), true],
    ["a plan that is none", new Error("the plan has no node x"), true],
    ["a constraint", coded("23505"), true],
    ["a name that is not told", coded("ENOTFOUND"), false],
    ["a host that is not there", coded("EHOSTUNREACH"), false],
    ["too many files", coded("EMFILE"), false],
    ["a password", coded("28P01"), false],
    ["a plan that PostgreSQL has no more", coded("0A000"), false],
    ["a table that is not there yet", coded("42P01"), false],
    ["a connection", new Error("Connection terminated unexpectedly"), false],
    ["a read", new Error("Query read timeout"), false],
    ["memory", new RangeError("Array buffer allocation failed"), false],
    ["the stack", new RangeError("Maximum call stack size exceeded"), false],
  ])("is the run's, or not: %s", (_, cause, isRuns) => {
    expect(isDamage(cause) || isOwnError(cause)).toBe(isRuns);
  });
});
