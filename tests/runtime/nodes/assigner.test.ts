import { assignerNode } from "../../../subgraphs/runtime/nodes/assigner.node.ts";
import { fakeNodeContext } from "../../testkit/node-context.ts";

describe("an assigner node", () => {
  it("renders its assignments into state updates; a lone expression keeps its type (S-50)", () => {
    const config = {
      assignments: {
        score: 7,
        name: "{{ input.name }}",
        tags: "{{ input.tags }}",
        greeting: "Hi {{ input.name }}",
        deep: { a: ["{{ input.n }}"] },
      },
    };
    const stateUpdates = { score: 7, name: "Ada", tags: ["x", "y"], greeting: "Hi Ada", deep: { a: [2.5] } };
    const scope = { input: { name: "Ada", tags: ["x", "y"], n: 2.5 } };
    expect(assignerNode.run(fakeNodeContext({ config, scope }))).toEqual({
      kind: "completed",
      outputJson: { state_updates: stateUpdates },
      stateUpdates,
    });
  });

  it("fails with the code of a template that cannot be read", () => {
    expect(assignerNode.run(fakeNodeContext({ config: { assignments: { a: "{% if %}" } } }))).toMatchObject({
      kind: "failed",
      code: "TEMPLATE_INVALID",
    });
  });
});
