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

async function begun(effect: "pure" | "outside", throws: number, on_item_error: string, more: object = {}) {
  const t = await EngineFixture.open();
  const calls: number[] = [];
  t.worker({ executors: (type) => (type === "throws" ? throwing(effect, calls) : t.executors(type)) });
  const body = plan([node("bad", "throws", { throws }, more)]) as unknown as JsonObject;
  const runId = await t.create(plan([node("each", "iteration", { items: ["a", "b", "c"] as Json, body, on_item_error })]));
  return { t, runId, calls };
}

describe.each(["pure", "outside"] as const)("an item whose %s executor throws", (effect) => {
  const setup = async (throws: number, on_item_error: string) => {
    const { t, runId, calls } = await begun(effect, throws, on_item_error);
    return { calls, view: await t.finished(runId) };
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

  it("is not called again where it must not be called twice and may have been: a person is asked", async () => {
    const { t, runId, calls } = await begun(effect, 1, "continue", { at_most_once: true });
    if (effect === "pure") expect(await t.finished(runId)).toMatchObject({ status: "COMPLETED", outputJson: ["a", "b", "c"] });
    else expect(await t.until(runId, ({ status }) => status === "WAITING")).toMatchObject({ nodes: { "each#1/bad": "WAITING" } });
    expect(calls).toEqual(effect === "pure" ? [1, 2] : [1]);
  });
});

/** Does at its n-th call what the n-th word says. */
function asTold(words: readonly string[], calls: string[]): NodeExecutor {
  return {
    effect: "outside",
    run: () => {
      const word = words[calls.length] ?? "completes";
      calls.push(word);
      if (word === "throws") throw new Error("a bug");
      if (word === "is away") return Promise.resolve({ kind: "interrupted", code: "AWAY", message: "away" });
      if (word === "says INTERNAL") return Promise.resolve({ kind: "failed", code: "INTERNAL", message: "of its own", retryable: false });
      if (word === "fails") return Promise.resolve({ kind: "failed", code: "BROKEN", message: "broken", retryable: true });
      return Promise.resolve({ kind: "completed", outputText: word });
    },
  };
}

describe("a node's own retry", () => {
  const once = { retry: { max_attempts: 2, backoff_seconds: 0.01 } };
  it.each<[string, string[], object, object]>([
    ["that throws twice and fails once", ["throws", "throws", "fails"], once, { status: "COMPLETED" }],
    ["that fails once and throws twice", ["fails", "throws", "throws"], once, { status: "COMPLETED" }],
    ["that throws between and is away", ["throws", "fails", "is away", "throws"], once, { status: "COMPLETED" }],
    ["that fails twice", ["throws", "fails", "throws", "fails"], once, { status: "FAILED", errorCode: "BROKEN" }],
    ["that throws three times in all", ["throws", "fails", "throws", "throws"], once, { status: "FAILED", errorCode: "INTERNAL" }],
    ["that says INTERNAL by itself", ["says INTERNAL"], once, { status: "FAILED", errorCode: "INTERNAL" }],
    ["that throws, and says INTERNAL by itself", ["throws", "says INTERNAL"], once, { status: "FAILED", errorCode: "INTERNAL" }],
    ["that has none, throws and fails", ["throws", "fails"], {}, { status: "FAILED", errorCode: "BROKEN" }],
  ])("is not used up by the platform's faults, whoever owns its run then: one %s", async (_, words, more, end) => {
    const t = await EngineFixture.open();
    const calls: string[] = [];
    const executors = (type: string) => (type === "told" ? asTold(words, calls) : t.executors(type));
    // One that rests is taken up by either.
    for (const slots of [1, 4]) t.worker({ executors, slots });
    const runId = await t.create(plan([node("a", "told", {}, more)]));
    expect(await t.finished(runId)).toMatchObject(end);
    expect(calls).toEqual("errorCode" in end ? words : [...words, "completes"]);
  });
});
