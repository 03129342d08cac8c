import fc from "fast-check";
import { framePathOf, lastSegment, nodeIdOfPath, pathBeneath, rootPath } from "../../../subgraphs/runtime/engine/path.ts";
import { compilePlan, nodeOfPath, pathsBefore } from "../../../subgraphs/runtime/engine/plan.ts";
import { nodeAtPath, startRun } from "../../../subgraphs/runtime/engine/run-state.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

const nodeId = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
const segment = fc
  .tuple(nodeId, fc.option(fc.tuple(fc.nat(10_000), fc.option(fc.nat(63)))))
  .map(([id, ordinal]) => ({ id, text: ordinal === null ? id : `${id}#${ordinal[0]}${ordinal[1] === null ? "" : `.${ordinal[1]}`}` }));

describe("a path", () => {
  it.each([
    ["fetch", "fetch"],
    ["loop#3/body", "body"],
    ["each#17", "each"],
    ["agent/tool#5.0", "tool"],
    ["team#2/anna#4/model#12", "model"],
  ])("%s is the node %s, whatever its ordinal", (path, id) => {
    expect(nodeIdOfPath(path)).toBe(id);
  });

  it("comes apart as it was put together, at any depth", () => {
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 8 }), (segments) => {
        const texts = segments.map(({ text }) => text);
        const path = texts.reduce(pathBeneath, rootPath);
        expect(path).toBe(texts.join("/"));
        expect(framePathOf(path)).toBe(texts.slice(0, -1).join("/"));
        expect(lastSegment(path)).toBe(texts.at(-1));
        expect(nodeIdOfPath(path)).toBe(segments.at(-1)?.id);
      }),
    );
  });
});

describe("a node run", () => {
  const compiled = compilePlan(plan([node("a", "any"), node("body", "any"), node("c", "any")], ["a>body", "body>c"]));

  it.each(["loop#0/body", "body#1", "a/body", "/body", ""])("at %j is not its namesake of the run's own graph", (path) => {
    expect(nodeAtPath(startRun(compiled), path)).toBeUndefined();
    expect(nodeOfPath(compiled, path)).toBeUndefined();
    expect(pathsBefore(compiled, path)).toEqual([]);
  });

  it("is found by its path, in the run and in the plan", () => {
    expect(nodeAtPath(startRun(compiled), "body")).toMatchObject({ path: "body", node: { id: "body" } });
    expect(nodeOfPath(compiled, "body")?.id).toBe("body");
    expect(pathsBefore(compiled, "c").toSorted()).toEqual(["a", "body"]);
  });
});
