import type { Json } from "#shared/json.ts";
import { templateTransformNode } from "../../../subgraphs/runtime/nodes/template-transform.node.ts";
import { fakeNodeContext } from "../../testkit/node-context.ts";

const scope = { state: { n: 2, list: [1, { a: "b" }], name: "Ada" } };
const run = (template: Json) => templateTransformNode.run(fakeNodeContext({ config: { template }, scope }));

describe("a template-transform node", () => {
  it("makes text of text (S-52)", () => {
    expect(run("{{ state.name }} has {{ state.n }}")).toEqual({ kind: "completed", outputText: "Ada has 2" });
  });

  it("makes JSON of an object or an array, with types kept", () => {
    expect(run({ who: "{{ state.name }}", n: "{{ state.n }}", all: ["{{ state.list }}"] })).toEqual({
      kind: "completed",
      outputJson: { who: "Ada", n: 2, all: [[1, { a: "b" }]] },
    });
    expect(run(["{{ state.n }}"])).toEqual({ kind: "completed", outputJson: [2] });
  });

  it("makes JSON of a lone expression that gives an object or array, and text of one that gives anything else", () => {
    expect(run("{{ state.list }}")).toEqual({ kind: "completed", outputJson: [1, { a: "b" }] });
    expect(run("{{ state.n }}")).toEqual({ kind: "completed", outputText: "2" });
    expect(run("{{ state.absent }}")).toEqual({ kind: "completed", outputText: "" });
  });

  it("ends a loop bomb with a code of its own", async () => {
    const bomb = "{% for a in (1..100000) %}{% for b in (1..100000) %}x{% endfor %}{% endfor %}";
    expect(await run(bomb)).toMatchObject({ kind: "failed", code: expect.stringMatching(/^TEMPLATE_TOO_(LARGE|SLOW)$/), retryable: false });
  });
});
