import type { NodeOutcome } from "../../../subgraphs/runtime/nodes/executor.ts";
import { EngineFixture, node, plan } from "../../testkit/engine.ts";

afterEach(EngineFixture.closeLeft);

async function setup(): Promise<EngineFixture> {
  return EngineFixture.open();
}

/** What the checks before a flush let pass and PostgreSQL refuses. */
const refused: [what: string, outcome: NodeOutcome][] = [
  ["a count beyond int4 (22003)", { kind: "completed", usage: { modelCalls: 2 ** 31, promptTokens: 0, completionTokens: 0 } }],
  ["a count that is no number (22P02)", { kind: "completed", usage: { modelCalls: Number.NaN, promptTokens: 0, completionTokens: 0 } }],
];

describe("a flush of eight runs that PostgreSQL refuses", () => {
  it.each(refused)("is halved until %s stands alone: that run fails, its neighbours are stored", async (_what, outcome) => {
    const t = await setup();
    const worker = t.worker({ leaseMs: 30_000 });
    const ids = Array.from({ length: 8 }, (_, k) => `h${k}`);
    const runs = await Promise.all(ids.map((id) => t.create(plan([node(id, "hold")]))));
    const calls = await Promise.all(ids.map((id) => t.calls.heldNode(id)));
    const sizes: number[] = [];
    worker.signals.on("flushed", (runIds) => sizes.push(runIds.length));
    // All of them end in one turn of the event loop, so they share a flush.
    for (const [k, call] of calls.entries()) call.end(k === 5 ? outcome : undefined);
    const views = await Promise.all(runs.map((runId) => t.finished(runId)));
    expect(views.map(({ status }) => status)).toEqual(runs.map((_, k) => (k === 5 ? "FAILED" : "COMPLETED")));
    expect(views[5]).toMatchObject({ errorCode: "INTERNAL", nodes: { h5: "CANCELLED" } });
    expect(sizes.toSorted((a, b) => a - b)).toEqual([1, 2, 4]);
    expect(t.calls.log).toHaveLength(8);
    await t.close();
  });
});
