import { nodeTypeAliases, nodeTypes } from "#shared/dsl/node-types.ts";
import { completed, pureNode } from "../../../subgraphs/runtime/nodes/outcome.ts";
import { nodeExecutors, nodeRegistry } from "../../../subgraphs/runtime/nodes/registry.ts";

describe("nodeRegistry", () => {
  it("knows every node type of the DSL (S-17) and its aliases (S-18)", () => {
    const find = nodeRegistry();
    for (const type of nodeTypes) expect(find(type)).toBe(nodeExecutors[type]);
    for (const [alias, type] of Object.entries(nodeTypeAliases)) expect(find(alias)).toBe(nodeExecutors[type]);
    expect(find("no-such-type")).toBeUndefined();
    expect(find("constructor")).toBeUndefined();
  });

  it("takes further types, which cannot stand in for the platform's", () => {
    const extra = pureNode(() => completed({}));
    const find = nodeRegistry({ wait: extra, answer: extra });
    expect(find("wait")).toBe(extra);
    expect(find("answer")).toBe(nodeExecutors.answer);
  });
});
