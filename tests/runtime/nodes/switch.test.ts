import { switchNode } from "../../../subgraphs/runtime/nodes/switch.node.ts";
import { fakeNodeContext } from "../../testkit/node-context.ts";

const cases = [
  { id: "vip", expression: "input.vip" },
  { id: "large", expression: "input.total > 100" },
  { id: "any", expression: "input.total > 0" },
];
const run = (input: object, given: object = cases) =>
  switchNode.run(fakeNodeContext({ config: { cases: given as [] }, scope: { input: { ...input } } }));

describe("a switch node", () => {
  it.each([
    [{ vip: true, total: 500 }, "vip"],
    [{ vip: false, total: 500 }, "large"],
    [{ vip: false, total: 5 }, "any"],
    [{ vip: false, total: 0 }, "default"],
  ])("takes of %j the route %s: of the first case that holds", (input, route) => {
    expect(run(input)).toEqual({ kind: "completed", outputJson: { route }, route });
  });

  it("asks no case behind one that holds", () => {
    expect(run({ vip: true })).toMatchObject({ route: "vip" });
  });

  it.each([
    [{ vip: false }, "EXPRESSION_FAILED", 'Case "large": '],
    [{ vip: "yes" }, "EXPRESSION_NOT_BOOLEAN", 'Case "vip": '],
  ])("fails of %j with %s, and says of which case", (input, code, message) => {
    expect(run(input)).toMatchObject({ kind: "failed", code, message: expect.stringContaining(message), retryable: false });
  });

  it("is evaluated in a thread where it is not small, and says there too of which case", async () => {
    const loops = [{ id: "some", expression: "input.list.exists(x, x > input.least)" }];
    expect(await run({ list: [1, 5], least: 3 }, loops)).toMatchObject({ route: "some" });
    expect(await run({ list: [1, 2], least: 3 }, loops)).toMatchObject({ route: "default" });
    expect(await run({ list: [1] }, loops)).toMatchObject({ kind: "failed", message: expect.stringContaining('Case "some": ') });
  });
});
