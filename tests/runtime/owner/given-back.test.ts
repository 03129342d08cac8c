/** Runs that a worker has given back, and how long it leaves them alone. */
import { LeftToOthers } from "../../../subgraphs/runtime/owner/takeover/left-to-others.ts";
import { SetBacks } from "../../../subgraphs/runtime/owner/takeover/set-backs.ts";

/** A pause without what it is spread by. */
const from = (pauseMs: number): number =>
  [15_000, 8_000, 4_000, 2_000, 1_000].find((leastMs) => pauseMs >= leastMs && pauseMs <= leastMs * 1.25) ?? pauseMs;

describe("a run for which there was no room", () => {
  it("is left alone longer each time, for 15 s at most, until it has gone its way", () => {
    const setBacks = new SetBacks();
    const next = (runId: string): number => from(setBacks.nextPauseMs(runId));
    expect([1, 2, 3, 4, 5, 6].map(() => next("run"))).toEqual([1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
    expect(next("other")).toBe(1_000);
    setBacks.forget("run");
    expect([next("run"), next("other")]).toEqual([1_000, 2_000]);
  });

  it("is remembered with the last thousand", () => {
    const setBacks = new SetBacks();
    for (let run = 0; run < 1_000; run++) setBacks.nextPauseMs(`run ${run}`);
    expect(from(setBacks.nextPauseMs("run 0"))).toBe(2_000);
    setBacks.nextPauseMs("one more");
    expect(from(setBacks.nextPauseMs("run 0"))).toBe(4_000);
    expect(from(setBacks.nextPauseMs("run 1"))).toBe(1_000);
  });
});

describe("what only newer workers know", () => {
  it("is left to them, the last thousand of it", () => {
    const left = new LeftToOthers();
    expect(left.keys()).toEqual([]);
    for (let run = 0; run < 1_000; run++) left.add(`run ${run}`);
    left.add("run 0");
    left.add("one more");
    const keys = left.keys();
    expect(keys).toHaveLength(1_000);
    expect(keys.slice(-2)).toEqual(["run 0", "one more"]);
    expect(keys).not.toContain("run 1");
  });
});
