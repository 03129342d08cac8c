import type { Evaluator } from "#shared/evaluation/job.ts";
import type { JsonObject } from "#shared/json.ts";
import { knownReads, nodesRead } from "../../../subgraphs/runtime/nodes/nodes-read.ts";

const nobody: Evaluator = { run: () => Promise.reject(new Error("it is read here and now")) };

describe("what a node reads of other nodes", () => {
  it.each<[type: string, config: JsonObject, when: string | undefined, ids: string[] | "any"]>([
    ["answer", { answer: "{{ nodes.a.text }} {{ nodes.b.output.x }} {{ input.c }}" }, undefined, ["a", "b"]],
    ["answer", { answer: "{{ nodes[input.id].text }}" }, undefined, "any"],
    ["switch", { cases: [{ id: "x", expression: "nodes.a.output.n > 1" }] }, undefined, ["a"]],
    ["list", { items: "{{ nodes.a.output }}", filter: "item.id in nodes.b.output" }, undefined, ["a", "b"]],
    ["variable-aggregator", { variables: ["{{ nodes.a.text }}", "{{ nodes.b.text }}"] }, undefined, ["a", "b"]],
    ["iteration", { items: "{{ nodes.a.output }}", body: { nodes: [] } }, undefined, "any"],
    ["unheard-of", { items: "{{ nodes.a.output }}" }, undefined, "any"],
    // The condition of its retry is asked where the node was executed.
    ["llm", { prompt: "{{ nodes.a.text }}" }, "text == nodes.b.text", ["a", "b"]],
    ["llm", { prompt: "Hello" }, "output in nodes[input.id].output", "any"],
  ])("%s %j, retried when %s: %j", async (type, config, when, ids) => {
    const retryWhen = when === undefined ? undefined : { when };
    const read = ids === "any" ? "any" : new Set(ids);
    expect(knownReads({ type, config: { ...config }, retryWhen })).toEqual(read);
    expect(await nodesRead(nobody, { type, config, retryWhen }, "acme")).toEqual(read);
  });
});
