import type { JsonObject } from "#shared/json.ts";
import { applyDriven, applyFailed, applyOpened } from "../../../subgraphs/runtime/engine/apply.ts";
import { handlingOf } from "../../../subgraphs/runtime/engine/handling.ts";
import { compilePlan } from "../../../subgraphs/runtime/engine/plan.ts";
import { nodeAtPath, startRun } from "../../../subgraphs/runtime/engine/run-state.ts";
import { DatabaseClock } from "../../../subgraphs/runtime/owner/clock.ts";
import { RunEnding } from "../../../subgraphs/runtime/owner/run-ending.ts";
import type { RunLedger } from "../../../subgraphs/runtime/owner/run-ledger.ts";
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

  it("are forgiven at once where nothing can go on, and only where there are any", () => {
    expect(new CrashForgiveness(1, []).isDue).toBe(true);
    expect(new CrashForgiveness(0, []).isDue).toBe(false);
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

describe("A19: the death of a run's owners", () => {
  /** Two nodes in each item: `a` fails, as a node does, and then the owners die of `b`, which is still at work beside it. */
  function dies(items: number) {
    const body = plan([node("a", "any"), node("b", "any")]) as unknown as JsonObject;
    const run = startRun(compilePlan(plan([node("each", "iteration", { body, on_item_error: "continue" })])));
    applyDriven(run, nodeAtPath(run, "each")!, { count: 5, items: [1, 2, 3, 4, 5] });
    const ledger = { graph: run, clock: new DatabaseClock(0), startedMs: undefined } as unknown as RunLedger;
    const ending = new RunEnding(ledger, undefined);
    for (let item = 0; item < items; item++) {
      const [a, b, end] = [`each#${item}/a`, `each#${item}/b`, `each#${item}`].map((path) => nodeAtPath(run, path)!);
      applyOpened(run, b!, "RUNNING");
      applyFailed(run, a!, { code: "BROKEN", message: "" });
      applyFailed(run, b!, { code: "WORKER_CRASHED", message: "", fault: "crash" });
      const { route } = handlingOf(run, end!, undefined) ?? {};
      ending.decide();
      if (ending.ending === undefined) applyFailed(run, end!, { code: "BROKEN", message: "", route });
      else expect(route).toBe("continue");
    }
    return { run, ending };
  }

  it("ends it with the third node that they die of, though the items of all three failed before, which goes on with others", () => {
    expect(dies(2).ending.ending).toBeUndefined();
    const { run, ending } = dies(3);
    expect(run.root.failure).toBeUndefined();
    expect(ending.ending).toMatchObject({ status: "FAILED", code: "WORKER_CRASHED" });
  });

  it("stays the ending of a run that is cancelled later, and says nothing of one that was cancelled before, or fails already", () => {
    const cancelled = { status: "CANCELLED", code: "RUN_CANCELLED", message: "told" } as const;
    const { run, ending } = dies(3);
    ending.told(cancelled);
    ending.decide();
    expect(ending.ending).toMatchObject({ code: "WORKER_CRASHED" });
    const anew = (): RunEnding => new RunEnding({ graph: run, clock: new DatabaseClock(0) } as unknown as RunLedger, undefined);
    const late = anew();
    late.told(cancelled);
    late.decide();
    expect(late.ending).toBe(cancelled);
    run.root.failure = { nodeId: "each", code: "BROKEN", message: "" };
    const failed = anew();
    failed.decide();
    expect(failed.ending).toBeUndefined();
  });
});
