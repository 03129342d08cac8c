import type { Json, JsonObject } from "#shared/json.ts";
import { applyDriven, applyFailed } from "../../../subgraphs/runtime/engine/apply.ts";
import { handlingOf } from "../../../subgraphs/runtime/engine/handling.ts";
import { compilePlan, type PlanDocument, type PlanNode } from "../../../subgraphs/runtime/engine/plan.ts";
import { nodeAtPath, startRun } from "../../../subgraphs/runtime/engine/run-state.ts";
import { node, plan } from "../../testkit/engine/plan.ts";
import { tellNested } from "./nested-run.ts";

const picks = Array.from({ length: 20 }, (_, index) => index * 37);
const branch = { on_error: "branch" } as const;
const instead: Partial<PlanNode> = { on_error: { default: { output_json: ["instead"] } } };

/** An iteration over so many items. */
function each(count: number, body: PlanDocument, config: JsonObject = {}, more: Partial<PlanNode> = {}): PlanNode {
  return node("each", "iteration", { count, items: null, body: body as unknown as JsonObject, ...config }, more);
}

/** A loop of two rounds. */
function round(body: PlanDocument): PlanNode {
  return node("loop", "loop", { until: 1, max_rounds: 5, body: body as unknown as JsonObject });
}

/** What a run of the plan comes to where nodes at these paths fail: each row as status and route, and the outputs of the run's own nodes. */
function told(document: PlanDocument, failures: Record<string, string>) {
  const story = { document, plan: compilePlan(document), picks, failing: 0, failsWith: (path: string) => failures[path] };
  const { run, log } = tellNested(story);
  const rows = Object.fromEntries(log.map(({ row }) => [row.path, row.route === undefined ? row.status : `${row.status} ${row.route}`]));
  return { run, rows, outputs: run.root.outputs, failure: run.root.failure };
}

const one = plan([node("a", "any")]);
const broken = { code: "BROKEN", message: "Item 1: The node a failed: told" };

describe("a failure in an item", () => {
  it.each<[string, PlanDocument, rows: Record<string, string | undefined>, outputs: JsonObject]>([
    [
      "takes the branch of the iteration",
      plan([each(2, one, {}, branch), node("ok", "any"), node("saved", "any")], ["each>ok", "each>saved?error"]),
      { "each#1/a": "FAILED", "each#1": "FAILED", each: "FAILED error", ok: "SKIPPED", saved: "COMPLETED" },
      { each: { output: null, text: null, error: broken } },
    ],
    [
      "goes on with the default of the iteration",
      plan([each(2, one, {}, instead), node("next", "any")], ["each>next"]),
      { "each#1": "FAILED", each: "FAILED default", next: "COMPLETED" },
      { each: { output: ["instead"], text: null, error: broken } },
    ],
    [
      "is handled by the iteration, in its row, where that goes on",
      plan([each(2, one, { on_item_error: "continue" })]),
      { "each#0": "COMPLETED", "each#1/a": "FAILED", "each#1": "FAILED continue", each: "COMPLETED" },
      { each: { output: ["each#0/a", null], text: null } },
    ],
    [
      "is handled by the iteration, in its row, where that leaves the item out",
      plan([each(2, one, { on_item_error: "remove" })]),
      { "each#1": "FAILED remove", each: "COMPLETED" },
      { each: { output: ["each#0/a"], text: null } },
    ],
    [
      "takes a branch within the item",
      plan([each(2, plan([node("a", "any", {}, branch), node("ok", "any"), node("saved", "any")], ["a>ok", "a>saved?error"]))]),
      { "each#1/a": "FAILED error", "each#1/ok": "SKIPPED", "each#1/saved": "COMPLETED", "each#1": "COMPLETED", each: "COMPLETED" },
      { each: { output: ["each#0/ok", "each#1/saved"], text: null } },
    ],
    [
      "ends the item with the default of its last node",
      plan([each(2, plan([node("a", "any", {}, instead)]))]),
      { "each#1/a": "FAILED default", "each#1": "COMPLETED" },
      { each: { output: ["each#0/a", ["instead"]], text: null } },
    ],
  ])("%s", (_, document, rows, outputs) => {
    const t = told(document, { "each#1/a": "BROKEN" });
    expect(t.failure).toBeUndefined();
    expect(t.rows).toMatchObject(rows);
    expect(t.outputs).toMatchObject(outputs);
  });

  it("of a list within is handled by whoever is next around it", () => {
    const inner = { ...each(1, one), id: "inner" };
    const failures = { "each#0/inner#0/a": "BROKEN" };
    const within = told(plan([each(1, plan([{ ...inner, ...instead }]))]), failures);
    expect(within.rows).toMatchObject({ "each#0/inner#0": "FAILED", "each#0/inner": "FAILED default", "each#0": "COMPLETED" });
    const around = told(plan([each(1, plan([inner]), { on_item_error: "continue" })]), failures);
    expect(around.rows).toMatchObject({ "each#0/inner": "FAILED", "each#0": "FAILED continue", each: "COMPLETED" });
    const outside = told(plan([each(1, plan([inner]), {}, branch)]), failures);
    expect(outside.rows).toMatchObject({ "each#0/inner": "FAILED", "each#0": "FAILED", each: "FAILED error" });
  });

  it.each<[string, PlanNode, failing: string, rows: Record<string, string | undefined>, output: Json]>([
    [
      "takes a branch in a round within the item, and the loop goes round again",
      round(plan([node("a", "any", {}, branch), node("ok", "any"), node("saved", "any")], ["a>ok", "a>saved?error"])),
      "each#1/loop#0/a",
      {
        "each#1/loop#0/a": "FAILED error",
        "each#1/loop#0/ok": "SKIPPED",
        "each#1/loop#0/saved": "COMPLETED",
        "each#1/loop#1/saved": "SKIPPED",
        "each#1/loop#1": "COMPLETED done",
        "each#1/loop": "COMPLETED",
        each: "COMPLETED",
      },
      "each#1/loop#1",
    ],
    [
      "takes the branch of the loop in the item, which ends with its round",
      { ...round(one), ...branch },
      "each#1/loop#1/a",
      { "each#1/loop#0": "COMPLETED again", "each#1/loop#1": "FAILED", "each#1/loop": "FAILED error", "each#1": "COMPLETED" },
      null,
    ],
    [
      "has the default of a loop in its place",
      { ...round(one), ...instead },
      "each#1/loop#0/a",
      { "each#1/loop#0": "FAILED", "each#1/loop#1": undefined, "each#1/loop": "FAILED default", "each#1": "COMPLETED" },
      ["instead"],
    ],
    [
      "is that of an item where no round handles it, and that goes on",
      round(one),
      "each#1/loop#1/a",
      { "each#1/loop#1/a": "FAILED", "each#1/loop#1": "FAILED", "each#1/loop": "FAILED", "each#1": "FAILED continue", each: "COMPLETED" },
      null,
    ],
  ])("in a round %s", (_, loop, failing, rows, output) => {
    const t = told(plan([each(2, plan([loop]), { on_item_error: "continue" })]), { [failing]: "BROKEN" });
    expect(t.failure).toBeUndefined();
    for (const [path, row] of Object.entries(rows)) expect([path, t.rows[path]]).toEqual([path, row]);
    const [, found] = t.outputs["each"]!.output as [Json, Json];
    expect(output === "each#1/loop#1" ? (found as JsonObject)["result"] : found).toEqual(output);
  });

  it.each<[string, PlanNode, failing: string]>([
    ["a list", { ...each(2, one), ...instead }, "each#0/a"],
    ["a loop", { ...round(one), ...instead }, "loop#1/a"],
    ["a sub-workflow", node("sub", "sub-workflow", { workflow_version_id: "v" }, instead), "sub/a"],
  ])("of %s is told with its default to what follows, of which it names the route", (_, composite, failing) => {
    const gone: Partial<PlanNode> = { on_error: { default: { output_json: { route: "away" } } } };
    const workflows = { v: one };
    const { id } = composite;
    const next = [node("next", "any"), node("other", "any")];
    const plain = told({ ...plan([composite, ...next], [`${id}>next`, `${id}>other?away`]), workflows }, { [failing]: "BROKEN" });
    expect(plain.rows).toMatchObject({ [id]: "FAILED default", next: "COMPLETED" });
    expect(plain.outputs[id]).toMatchObject({ output: ["instead"], error: { code: "BROKEN" } });
    const routed = { ...plan([{ ...composite, ...gone }, ...next], [`${id}>next?here`, `${id}>other?away`]), workflows };
    expect(told(routed, { [failing]: "BROKEN" }).rows).toMatchObject({ [id]: "FAILED away", next: "SKIPPED", other: "COMPLETED" });
  });

  it("is not handled where the platform itself is at fault", () => {
    const t = told(plan([each(3, one, { on_item_error: "continue" }, instead)]), { "each#1/a": "INTERNAL" });
    expect(t.failure).toMatchObject({ nodeId: "each", code: "INTERNAL" });
    expect(t.rows).toMatchObject({ "each#1": "FAILED", each: "FAILED" });
  });

  it("is the death of owners too, of two node runs of all items together; the third ends the run", () => {
    const crashes = (items: number[]) => Object.fromEntries(items.map((item) => [`each#${item}/a`, "WORKER_CRASHED"]));
    const document = plan([each(5, one, { on_item_error: "continue" })]);
    const twice = told(document, crashes([0, 1]));
    expect(twice.rows).toMatchObject({ "each#0": "FAILED continue", "each#1": "FAILED continue", each: "COMPLETED" });
    const thrice = told(document, crashes([0, 1, 2]));
    expect(thrice.run.crashedNodes).toBe(3);
    expect(thrice.rows["each#4"]).toBeUndefined();
    const handled = told(plan([each(5, plan([node("a", "any", {}, instead)]))]), crashes([0, 1, 2]));
    expect(handled.rows).toMatchObject({ "each#0/a": "FAILED default", "each#1/a": "FAILED default", "each#2/a": "FAILED" });
  });

  it("is not handled in what fails already", () => {
    const body = plan([node("a", "any"), node("b", "any", {}, instead)]);
    const run = startRun(compilePlan(plan([each(2, body, { parallel: 2 })])));
    applyDriven(run, nodeAtPath(run, "each")!, { count: 2, items: [1, 2] });
    const fails = (path: string): unknown => {
      const state = nodeAtPath(run, path)!;
      const handling = handlingOf(run, state, undefined);
      applyFailed(run, state, { code: "BROKEN", message: "", route: handling?.route });
      return handling?.route;
    };
    expect(fails("each#0/b")).toBe("default");
    expect(fails("each#0/a")).toBeUndefined();
    // Its iteration fails with it, and what is beside it in that.
    expect(fails("each#0")).toBeUndefined();
    expect(fails("each#1/b")).toBeUndefined();
  });

  it("is seen in an item with its error, where what is around the iteration has handled it", () => {
    const run = startRun(compilePlan(plan([node("a", "any", {}, branch), each(1, one)], ["a>each?error"])));
    applyFailed(run, nodeAtPath(run, "a")!, { code: "BROKEN", message: "told", route: "error" });
    applyDriven(run, nodeAtPath(run, "each")!, { count: 1, items: [1] });
    // The body's own node of that name hides it.
    expect(run.frames.get("each#0")!.outputs).toEqual({});
    const other = startRun(compilePlan(plan([node("out", "any", {}, branch), each(1, one)], ["out>each?error"])));
    applyFailed(other, nodeAtPath(other, "out")!, { code: "BROKEN", message: "told", route: "error" });
    applyDriven(other, nodeAtPath(other, "each")!, { count: 1, items: [1] });
    expect(other.frames.get("each#0")!.outputs).toEqual({ out: { output: null, text: null, error: { code: "BROKEN", message: "told" } } });
  });
});

it("a round in an item sees the item, and its own number", () => {
  const run = startRun(compilePlan(plan([each(2, plan([round(one)]))])));
  applyDriven(run, nodeAtPath(run, "each")!, { count: 2, items: ["x", "y"] });
  applyDriven(run, nodeAtPath(run, "each#0/loop")!, { count: 1, items: [{ n: 1 }] });
  expect(run.frames.get("each#0/loop#0")!.vars).toEqual({ item: "x", index: 0 });
});
