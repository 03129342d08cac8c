import type { NodeOutcome } from "../../../subgraphs/runtime/nodes/executor.ts";
import { query } from "../../testkit/admin-query.ts";
import { eventually } from "../../testkit/eventually.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

async function setup(): Promise<EngineFixture> {
  return EngineFixture.open();
}

/** What the checks before a flush let pass and PostgreSQL refuses. */
const refused: [what: string, outcome: NodeOutcome][] = [
  ["a count beyond int4 (22003)", { kind: "completed", usage: { modelCalls: 2 ** 31, promptTokens: 0, completionTokens: 0 } }],
  ["a count that is no number (22P02)", { kind: "completed", usage: { modelCalls: Number.NaN, promptTokens: 0, completionTokens: 0 } }],
];

describe("a flush of eight runs that PostgreSQL refuses", () => {
  it.each(refused)("is halved until %s stands alone: its node fails, the other runs are stored", async (_what, outcome) => {
    const t = await setup();
    const worker = t.worker();
    const ids = Array.from({ length: 8 }, (_, k) => `h${k}`);
    const runs = await Promise.all(ids.map((id) => t.create(plan([node(id, "hold")]))));
    const calls = await Promise.all(ids.map((id) => t.calls.heldNode(id)));
    const sizes: number[] = [];
    worker.signals.on("flushed", (runIds) => sizes.push(runIds.length));
    // All of them end in one turn of the event loop, so they share a flush.
    for (const [k, call] of calls.entries()) call.end(k === 5 ? outcome : undefined);
    const views = await Promise.all(runs.map((runId) => t.finished(runId)));
    expect(views.map(({ status }) => status)).toEqual(runs.map((_, k) => (k === 5 ? "FAILED" : "COMPLETED")));
    expect(views[5]).toMatchObject({ errorCode: "OUTPUT_NOT_STORABLE", nodes: { h5: "FAILED" } });
    // Halves of eight, then the run alone: its node's failure, and its end. The rows are there before the worker says so.
    await eventually(
      () => sizes,
      ({ length }) => length >= 5,
    );
    expect(sizes.toSorted((a, b) => a - b)).toEqual([1, 1, 1, 2, 4]);
    expect(t.calls.log).toHaveLength(8);
  });
});

describe("a flush of one run that PostgreSQL refuses", () => {
  const unstorable: NodeOutcome = { kind: "completed", usage: { modelCalls: 2 ** 31, promptTokens: 0, completionTokens: 0 } };

  it("keeps what the other nodes did, in its order, and calls none of them again", async () => {
    const t = await setup();
    t.worker();
    const holds = ["a", "b", "c"].map((id) => node(id, "hold"));
    const run = await t.create(plan([...holds, node("after-a", "echo"), node("after-c", "echo")], ["a>after-a", "c>after-c"]));
    const [a, b, c] = await Promise.all(["a", "b", "c"].map((id) => t.calls.heldNode(id)));
    a?.end({ kind: "completed", outputText: "kept", outputJson: { n: 1 } });
    b?.end(unstorable);
    c?.end();
    const view = await t.finished(run);
    expect(view).toMatchObject({ status: "FAILED", errorCode: "OUTPUT_NOT_STORABLE" });
    expect(view.nodes).toEqual({ a: "COMPLETED", b: "FAILED", c: "COMPLETED", "after-a": "COMPLETED" });
    // after-c ran once in memory, on the strength of a flush that was refused: pure nodes leave no trace.
    expect(t.calls.log.filter((id) => id.length === 1).toSorted()).toEqual(["a", "b", "c"]);
    const { rows } = await t.pool.query(
      "select output_text, output_json, started_at is not null as started from runtime.node_run where path = 'a'",
    );
    expect(rows).toEqual([{ output_text: "kept", output_json: { n: 1 }, started: true }]);
  });

  it("tells nothing again that followed from what was refused", async () => {
    const t = await setup();
    t.worker();
    const handled = node("a", "hold", {}, { on_error: { default: { output_text: "instead" } } });
    const run = await t.create(plan([handled, node("b", "hold"), node("see", "echo")], ["a>see"]));
    const [a, b] = await Promise.all(["a", "b"].map((id) => t.calls.heldNode(id)));
    a?.end({ kind: "completed", outputText: "refused", usage: { modelCalls: 2 ** 31, promptTokens: 0, completionTokens: 0 } });
    b?.end();
    const view = await t.finished(run);
    expect(view).toMatchObject({ status: "COMPLETED", nodes: { a: "FAILED", see: "COMPLETED" } });
    const { rows } = await t.pool.query("select output_json -> 'nodes' -> 'a' ->> 'text' as seen from runtime.node_run where path = 'see'");
    expect(rows).toEqual([{ seen: "instead" }]);
  });

  it("goes on where the outcomes can be stored one by one", async () => {
    const t = await setup();
    // Stands for a limit of PostgreSQL that several values reach only together.
    await query(
      t.adminUrl,
      `create function refuse_pairs() returns trigger language plpgsql as $$ begin
        if (select count(*) from added where status = 3) > 1 then raise exception 'too much' using errcode = '54000'; end if;
        return null;
      end $$`,
    );
    for (const event of ["insert", "update"]) {
      await query(
        t.adminUrl,
        `create trigger refuse_pairs_${event} after ${event} on runtime.node_run referencing new table as added
        for each statement execute function refuse_pairs()`,
      );
    }
    t.worker();
    const run = await t.create(plan([node("a", "hold"), node("b", "hold"), node("join", "echo")], ["a>join", "b>join"]));
    const held = await Promise.all(["a", "b"].map((id) => t.calls.heldNode(id)));
    for (const call of held) call.end();
    const view = await t.finished(run);
    expect(view).toMatchObject({ status: "COMPLETED", nodes: { a: "COMPLETED", b: "COMPLETED", join: "COMPLETED" } });
    expect(t.calls.log.toSorted()).toEqual(["a", "b", "join"]);
  });

  it("ends the run with INTERNAL and no payload when the failure cannot be stored either", async () => {
    const t = await setup();
    await query(
      t.adminUrl,
      `create function refuse_failed() returns trigger language plpgsql as $$ begin
        if new.error_code = 'OUTPUT_NOT_STORABLE' then raise exception 'no' using errcode = '23514'; end if;
        return new;
      end $$`,
    );
    await query(
      t.adminUrl,
      "create trigger refuse_failed before insert or update on runtime.node_run for each row execute function refuse_failed()",
    );
    t.worker();
    const run = await t.create(plan([node("a", "hold")]));
    (await t.calls.heldNode("a")).end(unstorable);
    expect(await t.finished(run)).toMatchObject({ status: "FAILED", errorCode: "INTERNAL", outputJson: null, nodes: { a: "CANCELLED" } });
  });

  it("fails the node for a caller of executeRun too", async () => {
    const t = await setup();
    const run = await t.create(plan([node("a", "hold"), node("b", "pure")], ["a>b"]), { execution: "MANUAL" });
    const executed = t.control.ownRun({ tenantId: "acme", runId: run, workerKey: "cli", mode: { kind: "steps", max: 16 } });
    (await t.calls.heldNode("a")).end(unstorable);
    expect(await executed).toEqual({ kind: "done", executed: ["a"], stopReason: "FINISHED" });
    expect(await t.view(run)).toMatchObject({ status: "FAILED", errorCode: "OUTPUT_NOT_STORABLE", nodes: { a: "FAILED" } });
  });
});

describe("a run that writes to a node run that does not change any more", () => {
  it("stops none of the runs that share its flush, and goes on from what is stored", async () => {
    const t = await setup();
    const worker = t.worker();
    const ids = ["a", "b", "c"];
    const runs = await Promise.all(ids.map((id) => t.create(plan([node(id, "hold")]))));
    const calls = await Promise.all(ids.map((id) => t.calls.heldNode(id)));
    // Stands for a bug: somebody ended it behind its owner's back.
    await t.pool.query("update runtime.node_run set status = 5, ended_at = now(), error_code = 'SIBLING_FAILED' where path = 'b'");
    const flushed: string[] = [];
    worker.signals.on("flushed", (runIds) => flushed.push(...runIds));
    for (const call of calls) call.end();
    const views = await Promise.all(runs.map((runId) => t.finished(runId)));
    expect(views.map(({ nodes }) => nodes)).toEqual([{ a: "COMPLETED" }, { b: "CANCELLED" }, { c: "COMPLETED" }]);
    await eventually(
      () => flushed,
      (all) => [runs[0], runs[2]].every((runId) => all.includes(runId!)),
    );
  });

  it("fails with INTERNAL, alone, when it does so again", async () => {
    const t = await setup();
    await query(
      t.adminUrl,
      `create trigger refuse_b before update on runtime.node_run for each row when (new.path = 'b' and new.status <> 5)
      execute function runtime.refuse_terminal()`,
    );
    t.worker();
    const ids = ["a", "b", "c"];
    const runs = await Promise.all(ids.map((id) => t.create(plan([node(id, "hold")]))));
    const calls = await Promise.all(ids.map((id) => t.calls.heldNode(id)));
    for (const call of calls) call.end();
    const views = await Promise.all(runs.map((runId) => t.finished(runId)));
    expect(views.map(({ status, errorCode }) => [status, errorCode])).toEqual([
      ["COMPLETED", null],
      ["FAILED", "INTERNAL"],
      ["COMPLETED", null],
    ]);
    const later = await t.create(plan([node("d", "pure")]));
    expect((await t.finished(later)).status).toBe("COMPLETED");
  });
});
