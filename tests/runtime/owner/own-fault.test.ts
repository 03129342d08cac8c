/** A fault of the platform's own is given back, and is no item's failure. */
import type { Json, JsonObject } from "#shared/json.ts";
import type { NodeExecutor } from "../../../subgraphs/runtime/nodes/executor.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

/** Throws at its first config.throws calls for item 1, as a bug would. */
function throwing(effect: "pure" | "outside", calls: number[]): NodeExecutor {
  return {
    effect,
    run: ({ scope, config, attempt }) => {
      if (scope.index === 1) calls.push(attempt);
      if (scope.index === 1 && calls.length <= Number(config["throws"])) throw new Error("a bug");
      return { kind: "completed", outputJson: scope.item ?? null };
    },
  };
}

describe.each(["pure", "outside"] as const)("an item whose %s executor throws", (effect) => {
  const setup = async (throws: number, on_item_error: string, more: object = {}) => {
    const t = await EngineFixture.open();
    const calls: number[] = [];
    t.worker({ executors: (type) => (type === "throws" ? throwing(effect, calls) : t.executors(type)) });
    const body = plan([node("bad", "throws", { throws }, more)]) as unknown as JsonObject;
    const runId = await t.create(plan([node("each", "iteration", { items: ["a", "b", "c"] as Json, body, on_item_error })]));
    return { t, runId, calls, view: await t.finished(runId) };
  };

  it.each(["continue", "remove", "fail"])("is tried again, and has not failed, where the iteration would %s", async (onItemError) => {
    const { view, calls } = await setup(2, onItemError);
    expect(view).toMatchObject({
      status: "COMPLETED",
      handledErrors: 0,
      outputJson: ["a", "b", "c"],
      nodes: { "each#1/bad": "COMPLETED" },
    });
    expect(calls).toEqual([1, 2, 3]);
  });

  it("fails the run with INTERNAL when it throws again and again: it is not handled as an item's failure", async () => {
    const { view, calls } = await setup(99, "continue");
    expect(view).toMatchObject({ status: "FAILED", errorCode: "INTERNAL", handledErrors: 0 });
    expect(calls).toEqual([1, 2, 3]);
  });

  it("is not tried again where it must not be called twice", async () => {
    const { view, calls } = await setup(1, "continue", { at_most_once: true });
    expect(view).toMatchObject({ status: "FAILED", errorCode: "INTERNAL" });
    expect(calls).toEqual([1]);
  });
});
