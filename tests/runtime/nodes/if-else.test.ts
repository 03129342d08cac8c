import { ifElseNode } from "../../../subgraphs/runtime/nodes/if-else.node.ts";
import { fakeNodeContext } from "../../testkit/node-context.ts";

const run = (expression: string, score: number) => ifElseNode.run(fakeNodeContext({ config: { expression }, scope: { state: { score } } }));

describe("an if-else node", () => {
  it.each([
    [7, true],
    [5, true],
    [4, false],
  ])("takes state.score >= 5 for %d as %s, as result and as route (S-51, S-34)", (score, result) => {
    expect(run("state.score >= 5", score)).toEqual({
      kind: "completed",
      outputJson: { condition_result: result, route: String(result) },
      route: String(result),
    });
  });

  it("fails where a key is missing, the expression is malformed, or the result is no boolean", () => {
    expect(run("state.absent >= 5", 1)).toMatchObject({ kind: "failed", code: "EXPRESSION_FAILED", retryable: false });
    expect(run("state.score >=", 1)).toMatchObject({ kind: "failed", code: "EXPRESSION_INVALID" });
    expect(run("state.score", 1)).toMatchObject({ kind: "failed", code: "EXPRESSION_NOT_BOOLEAN" });
  });
});
