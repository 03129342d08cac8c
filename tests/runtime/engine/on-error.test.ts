import { applyCompleted, applyFailed, applySkipped, type FailedEnd } from "../../../subgraphs/runtime/engine/apply.ts";
import type { NodeState } from "../../../subgraphs/runtime/engine/frame.ts";
import { handlingOf } from "../../../subgraphs/runtime/engine/handling.ts";
import { compileOnError, type PlanOnError } from "../../../subgraphs/runtime/engine/on-error.ts";
import { isOutputLarger, runOutput } from "../../../subgraphs/runtime/engine/output.ts";
import { compilePlan, edgeRoutes, type PlanNode } from "../../../subgraphs/runtime/engine/plan.ts";
import { replay } from "../../../subgraphs/runtime/engine/replay.ts";
import { nodeAtPath, startRun } from "../../../subgraphs/runtime/engine/run-state.ts";
import { runStatus } from "../../../subgraphs/runtime/engine/status.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

const sorry = { default: { output_text: "Sorry.", output_json: { ok: false } } } satisfies PlanOnError;

/** `a` has the given on_error; every other node fails its frame. */
function setup(ids: string, edges: string[], onError: PlanOnError, more: Partial<PlanNode> = {}) {
  const nodes = [...ids].map((id) => node(id, "any", {}, id === "a" ? { on_error: onError, ...more } : {}));
  const compiled = compilePlan(plan(nodes, edges));
  const run = startRun(compiled);
  const at = (id: string): NodeState => nodeAtPath(run, id)!;
  /** As a run's owner does it: the decision is made, and applied. */
  const fail = (id: string, end: Partial<FailedEnd> = {}): string => {
    const { code = "BROKEN", message = "as told", fault } = end;
    const handling = handlingOf(run, at(id), fault);
    return applyFailed(run, at(id), { ...end, code, message, route: handling?.route, ...handling?.output })
      .map(({ path }) => path)
      .toSorted()
      .join("");
  };
  const done = (id: string, route?: string): string =>
    applyCompleted(run, at(id), { outputText: `text of ${id}`, outputJson: null, stateUpdates: undefined, route })
      .map(({ path }) => path)
      .toSorted()
      .join("");
  return { run, compiled, at, fail, done, ready: () => [...run.ready].map(({ path }) => path).join("") };
}

describe("a failure that its node handles", () => {
  it.each<[string, string[], PlanOnError, ready: string, skipped: string]>([
    ["takes the edges of the error, and no other", ["a>b", "a>c?error"], "branch", "c", "b"],
    ["takes all edges of the error", ["a>b?error", "a>c?error"], "branch", "bc", ""],
    ["skips what only success leads to, however far", ["a>b", "b>d", "a>c?error"], "branch", "c", "bd"],
    ["takes no route of a branching node", ["a>b?true", "a>d?false", "a>c?error"], "branch", "c", "bd"],
    ["leads to one node by both ways once", ["a>b", "a>b?error"], "branch", "b", ""],
    ["ends the way where no edge is one of the error", ["a>b", "b>c"], "branch", "", "bc"],
    ["goes on as if it had completed with its default", ["a>b", "a>c"], sorry, "bc", ""],
    ["goes on by the route of its default", ["a>b?true", "a>c?false"], { default: { output_json: { route: "false" } } }, "c", "b"],
    ["has edges called error as any other where it has a default", ["a>b?error", "a>c"], sorry, "bc", ""],
  ])("%s", (_, edges, onError, ready, skipped) => {
    const t = setup([..."abcd"].filter((id) => edges.join().includes(id)).join(""), edges, onError);
    expect(t.fail("a")).toBe(skipped);
    expect(t.ready()).toBe(ready);
    expect(t.run.root.failure).toBeUndefined();
  });

  it("is seen by what comes after it, with its error", () => {
    const t = setup("ab", ["a>b?error"], "branch");
    t.fail("a", { code: "TOOL_HTTP_ERROR", message: "503", outputJson: { status: 503 } });
    const error = { code: "TOOL_HTTP_ERROR", message: "503" };
    expect(t.run.root.outputs).toEqual({ a: { output: { status: 503 }, text: null, error } });
    const other = setup("ab", ["a>b"], sorry);
    other.fail("a", { code: "TOOL_HTTP_ERROR", message: "503", outputJson: { status: 503 } });
    expect(other.run.root.outputs).toEqual({ a: { output: { ok: false }, text: "Sorry.", error } });
  });

  it("lets a join behind both ways run once, whichever was taken", () => {
    const t = setup("abcd", ["a>b", "a>c?error", "b>d", "c>d"], "branch");
    t.fail("a");
    t.done("c");
    expect(t.ready()).toBe("d");
    t.done("d");
    expect(runStatus(t.run)).toBe("COMPLETED");
    const other = setup("abcd", ["a>b", "a>c?error", "b>d", "c>d"], "branch");
    expect(other.done("a")).toBe("c");
    other.done("b");
    expect(other.ready()).toBe("d");
  });

  it("is not taken where the node completes, or is skipped", () => {
    for (const route of [undefined, "true"]) {
      const t = setup("abc", ["a>b?true", "a>c?error"], "branch");
      t.done("a", route);
      expect([t.ready(), t.at("c").phase]).toEqual(["b", "SKIPPED"]);
    }
    const skipped = setup("abc", ["a>b", "a>c?error"], "branch");
    expect(applySkipped(skipped.run, skipped.at("a")).map(({ path }) => path)).toEqual(["a", "b", "c"]);
  });

  it.each(["INTERNAL", "NODE_TYPE_UNKNOWN", "BROKEN"])(
    "is none where the platform itself is at fault, by its mark and not by a word: %s",
    (code) => {
      const t = setup("ab", ["a>b?error"], "branch");
      t.fail("a", { code, fault: "own" });
      expect(runStatus(t.run)).toBe("FAILED");
      expect(t.run.root.failure).toMatchObject({ nodeId: "a", code });
      const word = setup("ab", ["a>b?error"], "branch");
      word.fail("a", { code });
      expect(word.ready()).toBe("b");
    },
  );

  it("is none in a frame that fails already", () => {
    const t = setup("abc", ["a>c?error"], "branch");
    t.fail("b");
    t.fail("a");
    expect(t.run.root.failure?.nodeId).toBe("b");
    expect(t.ready()).toBe("");
  });

  it("is none where it is the third node of its run that its owners died of", () => {
    const nodes = [..."abcd"].map((id) => node(id, "any", {}, { on_error: sorry }));
    const run = startRun(compilePlan(plan(nodes)));
    const handled = [..."abcd"].map((id) => {
      const state = nodeAtPath(run, id)!;
      const handling = handlingOf(run, state, "crash");
      applyFailed(run, state, { code: "WORKER_CRASHED", message: "", fault: "crash", route: handling?.route });
      return handling !== undefined;
    });
    expect(handled).toEqual([true, true, false, false]);
    expect(run.root.failure).toMatchObject({ nodeId: "c", code: "WORKER_CRASHED" });
  });

  it("gives its default to the run, as the last node's output", () => {
    const t = setup("a", [], sorry);
    t.fail("a");
    expect(runOutput(t.run.root)).toEqual({ outputText: "Sorry.", outputJson: { ok: false } });
    expect(isOutputLarger(t.run.root, 1)).toBe(false);
    const branch = setup("ab", ["a>b?error"], "branch");
    branch.fail("a", { outputJson: { status: 503 } });
    branch.done("b");
    expect(runOutput(branch.run.root)).toEqual({ outputText: "text of b", outputJson: null });
  });

  it("takes a node called __proto__ for what it is", () => {
    const run = startRun(compilePlan(plan([node("__proto__", "any", {}, { on_error: sorry })])));
    applyFailed(run, nodeAtPath(run, "__proto__")!, { code: "X", message: "", route: "default", outputText: "Sorry." });
    expect(Object.keys(run.root.outputs)).toEqual(["__proto__"]);
    expect(runOutput(run.root).outputText).toBe("Sorry.");
  });
});

describe("replay", () => {
  it("takes a stored failure for handled where its row says so, and asks nothing anew", () => {
    const row = { outputText: null, outputJson: null, stateUpdates: undefined, errorCode: "BROKEN", errorMessage: "m" };
    const { compiled } = setup("ab", ["a>b?error"], "branch");
    const of = (route: string | undefined, errorCode = "BROKEN") =>
      replay(compiled, [{ ...row, path: "a", status: "FAILED", doneSeq: 2, route, errorCode }]);
    expect([...of("error").run.ready].map(({ path }) => path)).toEqual(["b"]);
    // A version that did not know the key, or one that decides otherwise, has failed the run.
    expect(of(undefined).run.root.failure).toMatchObject({ code: "BROKEN" });
    expect(of("error", "INTERNAL").run.root.failure).toBeUndefined();
  });

  it("tells the skips of a failure that has no rows for them yet", () => {
    const row = { outputText: null, outputJson: null, stateUpdates: undefined, errorCode: "BROKEN", errorMessage: "m" };
    const { compiled } = setup("abc", ["a>b", "b>c", "a>c?error"], "branch");
    const { unstoredSkips } = replay(compiled, [{ ...row, path: "a", status: "FAILED", doneSeq: 2, route: "error" }]);
    expect(unstoredSkips.map(({ path }) => path)).toEqual(["b"]);
  });
});

describe("a plan", () => {
  it.each<[unknown, string]>([
    [undefined, "fail"],
    ["fail", "fail"],
    ["branch", "branch"],
    [sorry, "default"],
    // What documents of before may have.
    ["continue", "fail"],
    [5, "fail"],
    [null, "fail"],
    [{ default: "x" }, "fail"],
    [{}, "fail"],
  ])("reads on_error %j as %s", (given, kind) => {
    expect(compileOnError(given as PlanOnError).kind).toBe(kind);
  });

  it("has no route for a failure", () => {
    const routes = (onError: PlanOnError) => edgeRoutes(setup("abc", ["a>b?true", "a>c?error"], onError).at("a").node);
    expect(routes("branch")).toEqual(["true"]);
    expect(routes("fail")).toEqual(["true", "error"]);
  });
});
