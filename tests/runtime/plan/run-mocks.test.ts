import { withMocks } from "../../../subgraphs/runtime/plan/run-mocks.ts";
import { longestTurnAtBest } from "../../testkit/longest-turn.ts";

const plan = { nodes: Array.from({ length: 1_000 }, (_, n) => ({ id: `n${n}`, type: "answer" })), edges: [] };
const unknown = Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`none-${n}/`.repeat(12), 1]));

describe("a thousand mocks of what a plan of a thousand nodes does not have", () => {
  it.each([
    ["given", undefined, { reason: "MOCK_PATH_UNKNOWN" }],
    ["of a run of another version", "run", { reason: "FORK_MOCKS_MISFIT" }],
  ])("are told in a moment: %s", async (_, takenOverFrom, told) => {
    const ask = async () => {
      try {
        withMocks(plan as never, { field: "mocks", mocks: unknown, takenOverFrom });
      } catch (cause) {
        return cause;
      }
      return undefined;
    };
    const { outcome, longestMs } = await longestTurnAtBest(ask);
    expect(outcome).toMatchObject(told);
    expect(longestMs).toBeLessThan(100);
  });
});
