import { firstKeyNotes } from "../../../cli/compose/first-key.ts";

describe("how the first key is made", () => {
  it("is told where keys are asked for and there is none, and of the folder that the platform is on", () => {
    const on = { authRequired: true, dataDir: ".data" };
    expect(firstKeyNotes(on, false)).toEqual([expect.stringMatching(/Make it: \S+ \S+ keys create --tenant t1$/)]);
    expect(firstKeyNotes({ ...on, dataDir: "/srv/two words" }, false)).toEqual([
      expect.stringContaining("Make it: AGENT_PLATFORM_DATA_DIR='/srv/two words' "),
    ]);
    expect(firstKeyNotes(on, true)).toEqual([]);
    expect(firstKeyNotes({ ...on, authRequired: false }, false)).toEqual([]);
  });
});
