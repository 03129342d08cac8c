import type { JsonObject } from "#shared/json.ts";
import { variableAggregatorNode } from "../../../subgraphs/runtime/nodes/variable-aggregator.node.ts";
import { fakeNodeContext } from "../../testkit/node-context.ts";

const nodes = {
  b: { output: { n: 5 }, text: "text of b" },
  c: { output: null, text: "" },
  failed: { output: null, text: null, error: { code: "BROKEN", message: "m" } },
};
const run = (variables: unknown[], more: JsonObject = {}) =>
  variableAggregatorNode.run(fakeNodeContext({ config: { variables: variables as [], ...more }, scope: { nodes } }));

describe("a variable-aggregator node", () => {
  it.each<[string, unknown[], JsonObject]>([
    [
      "the first branch that ran",
      ["{{ nodes.a.text }}", "{{ nodes.b.text }}", "{{ nodes.c.text }}"],
      { outputText: "text of b", outputJson: { value: "text of b", index: 1 } },
    ],
    ["a value with its type", ["{{ nodes.a.output.n }}", "{{ nodes.b.output.n }}"], { outputJson: { value: 5, index: 1 } }],
    ["an object", ["{{ nodes.b.output }}"], { outputJson: { value: { n: 5 }, index: 0 } }],
    [
      "a text that is empty, of a branch that ran",
      ["{{ nodes.c.text }}", "{{ nodes.b.text }}"],
      { outputText: "", outputJson: { value: "", index: 0 } },
    ],
    [
      "not a branch that failed, whose failure was handled",
      ["{{ nodes.failed.text }}", "{{ nodes.b.output.n }}"],
      { outputJson: { value: 5, index: 1 } },
    ],
    ["what stands last for none", ["{{ nodes.a.text }}", "nobody"], { outputText: "nobody", outputJson: { value: "nobody", index: 1 } }],
    ["null where none ran", ["{{ nodes.a.text }}", "{{ nodes.z.output }}"], { outputJson: { value: null, index: null } }],
    ["false and 0, which are values", ["{{ nodes.a.text }}", false, 0], { outputJson: { value: false, index: 1 } }],
  ])("gives %s", (_, variables, expected) => {
    expect(run(variables)).toEqual({ kind: "completed", ...expected });
  });

  it("fails where the value is not of the type that is asked for, naming both", () => {
    expect(run(["{{ nodes.b.output }}"], { output_type: "string" })).toMatchObject({
      kind: "failed",
      code: "VARIABLE_TYPE_DIFFERS",
      message: "config.variables.0 gives an object, and config.output_type asks for a string.",
    });
    expect(run(["{{ nodes.b.output.n }}"], { output_type: "number" })).toMatchObject({ kind: "completed" });
    expect(run(["{{ nodes.a.text }}"], { output_type: "string" })).toMatchObject({ outputJson: { value: null, index: null } });
  });
});
