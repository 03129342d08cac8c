import {
  applyCancelled,
  applyCompleted,
  applyFailed,
  applyOpened,
  applyReopened,
  applySkipped,
} from "../../../subgraphs/runtime/engine/apply.ts";
import { runOutput } from "../../../subgraphs/runtime/engine/output.ts";
import type { NodeState } from "../../../subgraphs/runtime/engine/frame.ts";
import { compilePlan, PlanError } from "../../../subgraphs/runtime/engine/plan.ts";
import { retryDelayMs } from "../../../subgraphs/runtime/engine/retry.ts";
import { nodeAtPath, startRun, type RunState } from "../../../subgraphs/runtime/engine/run-state.ts";
import { runStatus } from "../../../subgraphs/runtime/engine/status.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

function setup(ids: string, edges: string[], options: { initialNode?: string; answers?: string } = {}) {
  const nodes = [...ids].map((id) => node(id, options.answers?.includes(id) ? "answer" : "any"));
  const compiled = compilePlan(plan(nodes, edges));
  const run = startRun(compiled, options.initialNode);
  const at = (id: string): NodeState => nodeAtPath(run, id)!;
  const done = (id: string, more: { route?: string; text?: string; json?: number; state?: Record<string, string> } = {}): string[] =>
    applyCompleted(run, at(id), {
      outputText: more.text ?? null,
      outputJson: more.json ?? null,
      stateUpdates: more.state,
      route: more.route,
    }).map(({ path }) => path);
  return { run, at, done, ready: () => readyIds(run) };
}

const readyIds = (run: RunState): string => [...run.ready].map(({ path }) => path).join("");

const phases = (run: RunState): string[] => run.root.nodes.map(({ phase }) => phase);

describe("the engine", () => {
  it("S-19: starts with the nodes that have no incoming edge", () => {
    expect(setup("abc", ["a>b"]).ready()).toBe("ac");
  });

  it("S-33: makes the successors of a completed node ready, a join once all its edges are decided", () => {
    const t = setup("abcd", ["a>b", "a>c", "b>d", "c>d"]);
    t.done("a");
    expect(t.ready()).toBe("bc");
    t.done("b");
    expect(t.ready()).toBe("c");
    t.done("c");
    expect(t.ready()).toBe("d");
  });

  it.each([
    ["true", "b", ["c", "e"]],
    ["false", "c", ["b", "d"]],
    ["other", "", ["b", "c", "d", "e", "f"]],
  ])("S-34: route %s makes %s ready and skips the rest", (route, ready, skipped) => {
    const t = setup("abcdef", ["a>b?true", "a>c?false", "b>d", "c>e", "d>f", "e>f"]);
    expect(t.done("a", { route }).toSorted()).toEqual(skipped);
    expect(t.ready()).toBe(ready);
  });

  it("runs a join behind a skipped branch", () => {
    const t = setup("abcd", ["a>b?true", "a>c?false", "b>d", "c>d"]);
    t.done("a", { route: "true" });
    t.done("b");
    expect(t.ready()).toBe("d");
  });

  it("takes every edge of a node that does not branch, whatever their conditions", () => {
    const t = setup("abc", ["a>b?true", "a>c"]);
    t.done("a");
    expect(t.ready()).toBe("bc");
  });

  it("starts at an initial node and leaves out what cannot be reached from it", () => {
    const t = setup("abcde", ["a>b", "b>c", "d>c", "e>b"], { initialNode: "b" });
    expect(t.ready()).toBe("b");
    t.done("b");
    expect(t.ready()).toBe("c");
    t.done("c");
    expect(runStatus(t.run)).toBe("COMPLETED");
    expect(phases(t.run)).toEqual(["ABSENT", "COMPLETED", "COMPLETED", "ABSENT", "ABSENT"]);
  });

  it("is FAILED only when the last open sibling has stopped, and starts nothing meanwhile", () => {
    const t = setup("abc", []);
    applyOpened(t.run, t.at("b"), "RUNNING");
    applyFailed(t.run, t.at("a"), { code: "BROKEN", message: "m" });
    expect(runStatus(t.run)).toBe("RUNNING");
    applyCancelled(t.run, t.at("b"));
    expect(runStatus(t.run)).toBe("FAILED");
    expect(t.run.root.failure).toEqual({ nodeId: "a", code: "BROKEN", message: "m" });
  });

  it.each([
    [["WAITING", "WAITING"], "WAITING"],
    [["WAITING", "RUNNING"], "RUNNING"],
    [["WAITING", "QUEUED"], "RUNNING"],
  ] as const)("S-31: with nodes %j the run is %s", (phases, status) => {
    const t = setup("ab", []);
    phases.forEach((phase, index) => applyOpened(t.run, t.at("ab"[index] ?? ""), phase));
    expect(runStatus(t.run)).toBe(status);
  });

  it("begins an open node again", () => {
    const t = setup("a", []);
    applyOpened(t.run, t.at("a"), "RUNNING");
    expect(t.ready()).toBe("");
    applyReopened(t.run, t.at("a"));
    expect(t.ready()).toBe("a");
  });

  it("skips what only a node that was skipped from outside leads to", () => {
    const t = setup("abc", ["a>b", "a>c"]);
    applySkipped(t.run, t.at("a"));
    expect(phases(t.run)).toEqual(["SKIPPED", "SKIPPED", "SKIPPED"]);
  });

  it("S-50: lets the later of two assigners win, and keeps what others hold as it was", () => {
    const t = setup("ab", []);
    t.done("a", { state: { k: "first", other: "kept" } });
    const held = t.run.state;
    t.done("b", { state: { k: "second" } });
    expect(t.run.state).toEqual({ k: "second", other: "kept" });
    expect(held).toEqual({ k: "first", other: "kept" });
  });

  it("refuses a second end of a node", () => {
    const t = setup("a", []);
    t.done("a");
    expect(() => t.done("a")).toThrow("node run a is COMPLETED");
  });

  it("takes a node called __proto__ for what it is", () => {
    const run = startRun(compilePlan(plan([node("__proto__", "any")])));
    applyCompleted(run, nodeAtPath(run, "__proto__")!, { outputText: "x", outputJson: null, stateUpdates: undefined, route: undefined });
    expect(Object.keys(run.root.outputs)).toEqual(["__proto__"]);
    expect(({} as { text?: string }).text).toBeUndefined();
  });
});

describe("the run's output", () => {
  it("joins the texts of the answer nodes in document order and takes the last one's JSON", () => {
    const t = setup("abc", [], { answers: "ac" });
    t.done("c", { text: "second", json: 2 });
    t.done("a", { text: "first", json: 1 });
    t.done("b", { text: "no answer" });
    expect(runOutput(t.run.root)).toEqual({ outputText: "first\n\nsecond", outputJson: 2 });
  });

  it("is that of the one last node where no answer completed", () => {
    const t = setup("abc", ["a>b?true", "a>c?false"], { answers: "c" });
    t.done("a", { route: "true" });
    t.done("b", { text: "end", json: 7 });
    expect(runOutput(t.run.root)).toEqual({ outputText: "end", outputJson: 7 });
  });

  it("is keyed by node id where several nodes are last", () => {
    const t = setup("ab", []);
    t.done("a", { json: 1 });
    t.done("b", { text: "b" });
    expect(runOutput(t.run.root)).toEqual({ outputText: "b", outputJson: { a: 1, b: "b" } });
  });
});

describe("compilePlan", () => {
  it.each([
    ["an id that is used twice", plan([node("a", "x"), node("a", "x")]), "twice"],
    ["an edge to nowhere", plan([node("a", "x")], ["a>b"]), "does not exist"],
    ["a cycle", plan([node("a", "x"), node("b", "x"), node("c", "x")], ["a>b", "b>c", "c>b"]), "cycle"],
  ])("refuses %s", (_, document, message) => {
    expect(() => compilePlan(document)).toThrow(PlanError);
    expect(() => compilePlan(document)).toThrow(message);
  });
});

describe("retryDelayMs", () => {
  const policy = { maxAttempts: 4, backoffMs: 1_000, factor: 2, maxBackoffMs: 3_000 };
  it.each([
    [{ attempt: 1, retryable: true }, 1_000],
    [{ attempt: 2, retryable: true }, 2_000],
    [{ attempt: 3, retryable: true }, 3_000],
    [{ attempt: 4, retryable: true }, undefined],
    [{ attempt: 1, retryable: false }, undefined],
    [{ attempt: 1, retryable: true, retryAfterMs: 9_000 }, 9_000],
  ])("after %j waits %s ms", (failed, delay) => {
    expect(retryDelayMs(policy, failed, 0)).toBe(delay);
  });

  it("spreads attempts by up to a quarter", () => {
    expect(retryDelayMs(policy, { attempt: 1, retryable: true }, 1)).toBe(1_250);
  });
});
