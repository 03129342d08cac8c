/** The soak of tests/e2e/platform-soak.test.ts, for minutes. */
import { platformSoak } from "../testkit/platform-soak.ts";
import { shareOf, tell } from "./settings.ts";

describe("the platform under faults, for minutes", () => {
  it("loses no run, doubles none, and fails no node, though none of them has a retry", async () => {
    // What is killed this often looks like poison: docs/engine.md, crashes.
    const settings = { MAX_CRASHES: "1000" };
    const story = await platformSoak({ seconds: shareOf(180), pauseMs: 3_000, before: 100, createMs: 150, patienceSeconds: 600, settings });
    tell("platform soak", story);
    expect({
      ...story,
      faults: undefined,
      created: undefined,
      keys: { ...story.keys, calls: undefined },
      prompts: { ...story.prompts, calls: undefined },
    }).toEqual({
      runs: { COMPLETED: story.created },
      unfinished: [],
      wrong: [],
      untold: [],
      keys: { expected: story.keys.expected, seen: story.keys.expected },
      prompts: { expected: story.prompts.expected, seen: story.prompts.expected, changed: [] },
      left: { work: 0, inbox: 0 },
    });
  });
});
