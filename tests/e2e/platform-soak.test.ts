import { platformSoak } from "../testkit/platform-soak.ts";

describe("the platform under faults", () => {
  it("loses no run, doubles none, and fails no node, though none of them has a retry", async () => {
    const story = await platformSoak({ seconds: 20, pauseMs: 2_500, before: 50, createMs: 100, patienceSeconds: 240 });
    process.stdout.write(`platform soak: ${JSON.stringify(story)}\n`);
    expect(Math.min(...Object.values(story.faults))).toBeGreaterThan(0);
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
  }, 900_000);
});
