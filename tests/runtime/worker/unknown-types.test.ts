/** Workers are replaced one by one: an older one meets runs that name what it does not know, and leaves them to the others. */
import { once } from "node:events";
import type { JsonObject } from "#shared/json.ts";
import type { PlanDocument } from "../../../subgraphs/runtime/engine/plan.ts";
import type { Worker } from "../../../subgraphs/runtime/worker/worker.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

const often = { pollMs: 20 };

/** A worker of a version that had no nodes of a type yet; and what it claims. */
function olderWorker(t: EngineFixture, unknown: string): { worker: Worker; claimed: string[] } {
  const worker = t.worker({ executors: (type) => (type === unknown ? undefined : t.executors(type)), start: false, ...often });
  const claimed: string[] = [];
  worker.signals.on("claimed", (keys) => claimed.push(...keys));
  worker.start();
  return { worker, claimed };
}

/** Waits until a row of the queue is due, and then for some claims that bring nothing. */
async function emptyClaims(t: EngineFixture, worker: Worker, key: string): Promise<void> {
  const isDue = async (): Promise<boolean> =>
    (await t.pool.query("select from runtime.work where key = $1 and lease is null and visible_at <= now()", [key])).rowCount === 1;
  while (!(await isDue())) await once(worker.signals, "idle");
  for (let count = 0; count < 5; count++) await once(worker.signals, "idle");
}

const each = (body: PlanDocument): PlanDocument =>
  plan([node("each", "iteration", { items: [1, 2], body: body as unknown as JsonObject })]);
const twice = (body: PlanDocument): PlanDocument => plan([node("twice", "loop", { max_rounds: 2, body: body as unknown as JsonObject })]);

describe("a worker that does not know a node's type", () => {
  it.each<[string, string, string, PlanDocument]>([
    ["computed", "pure", "b", plan([node("a", "branch", { route: "x" }), node("b", "pure")], ["a>b?x"])],
    ["called", "see", "b", plan([node("a", "pure"), node("b", "see", {}, { retry: { max_attempts: 1 } })], ["a>b"])],
    ["part of an item", "see", "each#0/b", each(plan([node("b", "see")]))],
    ["part of a round", "pure", "twice#0/b", twice(plan([node("b", "pure")]))],
    ["prepared for by on_error", "see", "b", plan([node("b", "see", {}, { on_error: { default: { output_text: "d" } } })])],
    ["a composite", "iteration", "each", each(plan([node("b", "pure")]))],
  ])("leaves the run to others, and claims it not again and again: %s", async (_, unknown, path, document) => {
    const t = await EngineFixture.open();
    const { worker, claimed } = olderWorker(t, unknown);
    const runId = await t.create(document);
    const waits = await t.until(runId, ({ status }) => status === "WAITING");
    expect(waits).toMatchObject({ errorCode: null, nodes: { [path]: "WAITING" } });
    const told = await t.pool.query("select error_code, error_message, wait_reason from runtime.node_run where run_id = $1 and path = $2", [
      runId,
      path,
    ]);
    expect(told.rows).toEqual([
      { error_code: "NODE_TYPE_UNKNOWN", error_message: expect.stringContaining(`type ${unknown},`), wait_reason: "RETRY" },
    ]);
    await emptyClaims(t, worker, runId);
    expect(claimed).toEqual([runId]);
    t.worker(often);
    expect(await t.finished(runId)).toMatchObject({ status: "COMPLETED", handledErrors: 0 });
    const { rows } = await t.pool.query("select max(attempt)::int as attempt from runtime.node_run where run_id = $1", [runId]);
    expect(rows).toEqual([{ attempt: 1 }]);
  });

  it("leaves what was offered to others, though it must not be called twice", async () => {
    const t = await EngineFixture.open();
    t.worker({ slots: 1, ...often });
    const must = { at_most_once: true };
    const runId = await t.create(plan([node("a", "hold", {}, must), node("b", "hold", {}, must)]));
    const first = await t.calls.heldNode("a");
    await t.until(runId, ({ nodes }) => nodes["b"] === "QUEUED");
    const { worker, claimed } = olderWorker(t, "hold");
    while (claimed.length === 0) await once(worker.signals, "claimed");
    await emptyClaims(t, worker, `${runId}:b`);
    expect(claimed).toEqual([`${runId}:b`]);
    t.worker(often);
    (await t.calls.heldNode("b")).end();
    first.end();
    expect(await t.finished(runId)).toMatchObject({ status: "COMPLETED" });
  });
});

it("a worker leaves a run to others in which a newer driver has opened a composite", async () => {
  const t = await EngineFixture.open();
  const first = t.worker(often);
  const runId = await t.create(each(plan([node("a", "hold")])));
  await t.calls.heldNode("a");
  await first.kill();
  const opened = (v: number) =>
    t.pool.query(
      "update runtime.node_run set opened = (opened::jsonb || jsonb_build_object('v', $2::int))::json where run_id = $1 and path = 'each'",
      [runId, v],
    );
  expect((await t.pool.query("select opened -> 'v' as v from runtime.node_run where run_id = $1 and path = 'each'", [runId])).rows).toEqual(
    [{ v: 1 }],
  );
  await opened(2);
  const { worker, claimed } = olderWorker(t, "none");
  await t.leasesEnd(runId);
  while (claimed.length === 0) await once(worker.signals, "claimed");
  await emptyClaims(t, worker, runId);
  expect(claimed).toEqual([runId]);
  expect(await t.view(runId)).toMatchObject({ status: "RUNNING", nodes: { each: "RUNNING", "each#0/a": "RUNNING" } });
  await opened(1);
  t.calls.held.clear();
  t.worker(often);
  for (const item of [0, 1]) (await t.calls.heldNode("a")).end({ kind: "completed", outputJson: item });
  expect(await t.finished(runId)).toMatchObject({ status: "COMPLETED" });
});
