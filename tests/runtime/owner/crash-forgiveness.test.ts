import type { JsonObject } from "#shared/json.ts";
import { applyDriven, applyFailed } from "../../../subgraphs/runtime/engine/apply.ts";
import { compilePlan } from "../../../subgraphs/runtime/engine/plan.ts";
import { nodeAtPath, startRun } from "../../../subgraphs/runtime/engine/run-state.ts";
import { CrashForgiveness } from "../../../subgraphs/runtime/owner/takeover/crash-forgiveness.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

/** A run of an iteration, whose item begins with two nodes. */
function setup() {
  const body = plan([node("a", "any"), node("b", "any")]) as unknown as JsonObject;
  const run = startRun(compilePlan(plan([node("each", "iteration", { body })])));
  const stateAt = (path: string) => nodeAtPath(run, path)!;
  const open = (): void => applyDriven(run, stateAt("each"), { count: 1, items: [1] });
  return { run, stateAt, open };
}

describe("A18: the crashes of a run", () => {
  it("are not forgiven by the opening of a composite, but by what it begins with", () => {
    const { run, stateAt, open } = setup();
    const forgiveness = new CrashForgiveness(1, run.ready);
    open();
    forgiveness.opened(stateAt("each"), [stateAt("each#0/a"), stateAt("each#0/b")]);
    expect(forgiveness.isDue).toBe(false);
    forgiveness.ended(stateAt("each#0/a"));
    expect(forgiveness.isDue).toBe(false);
    forgiveness.ended(stateAt("each#0/b"));
    expect(forgiveness.isDue).toBe(true);
  });

  it("wait for nothing that its frame's failure has stopped", () => {
    const { run, stateAt, open } = setup();
    open();
    const forgiveness = new CrashForgiveness(1, run.ready);
    const failed = stateAt("each#0/a");
    applyFailed(run, failed, { code: "BROKEN", message: "" });
    forgiveness.ended(failed);
    expect(forgiveness.isDue).toBe(true);
  });
});
