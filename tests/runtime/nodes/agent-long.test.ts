import { answerText, argumentsLength, argumentsTold, longAhead } from "../../../subgraphs/runtime/nodes/agent/agent-long.ts";
import type { AgentOutputs } from "../../../subgraphs/runtime/nodes/agent/agent-turn.ts";
import { longestTurnAtBest } from "../../testkit/longest-turn.ts";

type Row = AgentOutputs[string];
const list = (count: number) => Array.from({ length: count }, (_, index) => index);
const most = 5_000;

describe("what a call answered", () => {
  const error = { code: "TOOL_HTTP_ERROR", message: "500" };
  it.each<[string, () => Row, string]>([
    ["a text", () => ({ output: { result: "x".repeat(20_000) }, text: "y" }), "x".repeat(20_000)],
    ["JSON", () => ({ output: { result: list(9_000) }, text: null }), JSON.stringify(list(9_000))],
    ["what is no result", () => ({ output: { a: list(9_000) }, text: null }), JSON.stringify({ a: list(9_000) })],
    ["a text beside it", () => ({ output: { a: list(9_000) }, text: "said" }), "said"],
    ["an error", () => ({ output: { result: list(9_000) }, text: null, error }), JSON.stringify({ error, result: list(9_000) })],
    ["an error alone", () => ({ output: { other: list(9_000), result: null }, text: null, error }), JSON.stringify({ error })],
    [
      "what a person allowed",
      () => ({ output: { result: "done", approved_arguments: { l: list(9_000) } }, text: null }),
      `A person had it called with other arguments: ${JSON.stringify({ l: list(9_000) })}\ndone`,
    ],
    ["nothing", () => ({ output: null, text: null }), "null"],
    ["little", () => ({ output: { result: [1] }, text: null }), "[1]"],
  ])("is the same text whether it was written ahead or not: %s", async (_, row, text) => {
    const cut = { head: text.slice(0, most), length: text.length };
    expect(answerText(row(), most)).toEqual(cut);
    const ahead = row();
    await longAhead({ calls: [], rows: [ahead], most });
    expect(answerText(ahead, most)).toEqual(cut);
    expect(longAhead({ calls: [], rows: [ahead], most })).toBeUndefined();
  });

  it("is written in turns of the main loop, once", async () => {
    const million = JSON.stringify(list(150_000));
    const tries = list(3).map(() => list(30).map((): Row => ({ output: { result: JSON.parse(million) as never }, text: null })));
    const { longestMs } = await longestTurnAtBest(async () => {
      const rows = tries.pop()!;
      await longAhead({ calls: [], rows, most });
      expect(rows.map((row) => answerText(row, most).length)).toEqual(rows.map(() => million.length));
    });
    expect(longestMs).toBeLessThan(40);
  });
});

describe("arguments of a call", () => {
  it.each([{ l: list(9_000) }, list(9_000), "x".repeat(9_000), "text", null, {}])(
    "are told as an object, once, and are as long whether they were written ahead or not",
    async (args) => {
      const call = { id: "c", name: "n", arguments: args };
      const told = argumentsTold(call);
      const json = JSON.stringify(Array.isArray(args) || typeof args !== "object" || args === null ? { arguments: args } : args);
      expect([JSON.stringify(told), argumentsLength(told)]).toEqual([json, json.length]);
      await longAhead({ calls: [call], rows: [], most });
      expect(argumentsTold(call)).toBe(told);
      expect(argumentsLength(told)).toBe(json.length);
      expect(longAhead({ calls: [call], rows: [], most })).toBeUndefined();
    },
  );
});
