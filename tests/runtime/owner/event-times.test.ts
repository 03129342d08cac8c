import type { NodeExecutor } from "../../../subgraphs/runtime/nodes/executor.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

/** An engine whose nodes of type `spanned` record a span that has ended before they are held. */
async function setup() {
  const t = await EngineFixture.open();
  const hold = t.executors("hold")!;
  const spanned: NodeExecutor = {
    effect: "outside",
    run(context) {
      context.span("TOOL", "early").end();
      return hold.run(context);
    },
  };
  const executors = (type: string): NodeExecutor | undefined => (type === "spanned" ? spanned : t.executors(type));
  return { t, executors };
}

/** Numbers of events whose time is before that of an earlier one. */
async function backwards(t: EngineFixture, runId: string): Promise<number[]> {
  const { rows } = await t.pool.query<{ seq: number }>(
    "select seq from (select seq, at, lag(at) over (order by seq) as before from runtime.run_event where run_id = $1) e where at < before",
    [runId],
  );
  return rows.map(({ seq }) => seq);
}

describe("times of events", () => {
  it("never go back along the cursor, though a span has ended before what was told meanwhile; the span's own times stay", async () => {
    const { t, executors } = await setup();
    t.worker({ executors });
    const runId = await t.create(plan([node("long", "spanned"), node("short", "hold")]));
    const long = await t.calls.heldNode("long");
    (await t.calls.heldNode("short")).end();
    await t.until(runId, ({ nodes }) => nodes["short"] === "COMPLETED");
    long.end();
    await t.finished(runId);
    expect(await backwards(t, runId)).toEqual([]);
    const { rows } = await t.pool.query(
      "select s.ended_at < n.ended_at as is_earlier from runtime.trace_span s join runtime.node_run n on n.run_id = s.run_id and n.path = 'short'",
    );
    expect(rows).toEqual([{ is_earlier: true }]);
  });

  it("never go back when the run is taken over and the database's clock was set back", async () => {
    const { t, executors } = await setup();
    const first = t.worker({ executors });
    const runId = await t.create(plan([node("a", "call"), node("b", "hold"), node("c", "pure")], ["a>b", "b>c"]));
    await t.calls.heldNode("b");
    await first.kill();
    t.calls.held.clear();
    // What was told till now was told at a time that is still to come.
    await t.pool.query("update runtime.run_story set at = at + interval '1 hour' where run_id = $1", [runId]);
    await t.leasesEnd(runId);
    t.worker({ executors });
    (await t.calls.heldNode("b")).end();
    expect((await t.finished(runId)).status).toBe("COMPLETED");
    expect(await backwards(t, runId)).toEqual([]);
  });
});
