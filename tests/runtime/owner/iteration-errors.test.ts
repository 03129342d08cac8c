import { newId } from "#shared/ids.ts";
import type { Json, JsonObject } from "#shared/json.ts";
import type { PlanDocument, PlanNode } from "../../../subgraphs/runtime/engine/plan.ts";
import { runStatusNumber } from "../../../subgraphs/runtime/queue/statuses.ts";
import type { WorkerOptions } from "../../../subgraphs/runtime/worker/worker.ts";
import { query } from "../../testkit/admin-query.ts";
import { EngineFixture, type RunView } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

async function setup(): Promise<EngineFixture> {
  return EngineFixture.open();
}

const branch = { on_error: "branch" } as const;
const instead: Partial<PlanNode> = { on_error: { default: { output_json: ["instead"] } } };

/** An iteration `each` over `items`, whose body is the graph. */
function each(items: Json, body: PlanDocument, config: JsonObject = {}, more: Partial<PlanNode> = {}): PlanNode {
  return node("each", "iteration", { items, body: body as unknown as JsonObject, ...config }, more);
}

/** Fails for item 1 of three. */
const poison = (more: Partial<PlanNode> = {}): PlanNode => node("bad", "poison", { items: [1] }, more);
const three = [0, 1, 2];

describe("a failure in an item", () => {
  it.each<[string, PlanDocument, Partial<RunView>]>([
    [
      "puts null in its place",
      plan([each(three, plan([poison()]), { on_item_error: "continue" })]),
      { handledErrors: 1, outputJson: [0, null, 2], nodes: { each: "COMPLETED", "each#1": "FAILED" } },
    ],
    [
      "leaves it out",
      plan([each([1, 1, 2], plan([poison()]), { on_item_error: "remove", parallel: 3 })]),
      { handledErrors: 2, outputJson: [2], nodes: { each: "COMPLETED", "each#0": "FAILED", "each#1": "FAILED" } },
    ],
    [
      "takes the branch of its iteration",
      plan([each(three, plan([poison()]), {}, branch), node("ok", "pure"), node("see", "echo")], ["each>ok", "each>see?error"]),
      {
        handledErrors: 1,
        nodes: { each: "FAILED", "each#1": "FAILED", ok: "SKIPPED", see: "COMPLETED" },
        outputJson: {
          state: {},
          input: {},
          nodes: { each: { output: null, text: null, error: { code: "POISON", message: "Item 1: The node bad failed: item 1" } } },
        },
      },
    ],
    [
      "gives the default of its iteration",
      plan([each(three, plan([poison()]), { parallel: 3 }, instead)]),
      { handledErrors: 1, nodes: { each: "FAILED", "each#1": "FAILED" }, outputJson: ["instead"] },
    ],
    [
      "takes the branch of its node",
      plan([each(three, plan([poison(branch), node("ok", "pure"), node("saved", "pure")], ["bad>ok", "bad>saved?error"]))]),
      {
        handledErrors: 1,
        nodes: { each: "COMPLETED", "each#1/bad": "FAILED", "each#1/saved": "COMPLETED" },
        outputJson: ["ok", "saved", "ok"],
      },
    ],
    [
      "gives the default of its node",
      plan([each(three, plan([poison(instead)]))]),
      { handledErrors: 1, nodes: { each: "COMPLETED", "each#1/bad": "FAILED", "each#1": "COMPLETED" }, outputJson: [0, ["instead"], 2] },
    ],
  ])("%s, and is counted", async (_, document, view) => {
    const t = await setup();
    t.worker();
    expect(await t.finished(await t.create(document))).toMatchObject({ status: "COMPLETED", errorCode: null, ...view });
  });

  it("fails the run where nothing handles it, and what was handled before stays counted", async () => {
    const t = await setup();
    t.worker();
    const body = plan([node("bad", "poison", { items: [0] }, instead), node("worse", "poison", { items: [2] })], ["bad>worse"]);
    const view = await t.finished(await t.create(plan([each(three, body)])));
    expect(view).toMatchObject({
      status: "FAILED",
      errorCode: "POISON",
      handledErrors: 1,
      nodes: { "each#0": "COMPLETED", "each#2": "FAILED" },
    });
  });

  it("fails the iteration where that cannot have its items, which its branch handles", async () => {
    const t = await setup();
    t.worker();
    const nodes = [each("{{ input.text }}", plan([node("never", "pure")]), {}, branch), node("saved", "pure")];
    const view = await t.finished(await t.create(plan(nodes, ["each>saved?error"]), { input: { text: "no list" } }));
    expect(view).toMatchObject({ status: "COMPLETED", handledErrors: 1, nodes: { each: "FAILED", saved: "COMPLETED" } });
    const many = Array.from({ length: 10_001 }, () => 0);
    const large = await t.finished(
      await t.create(plan([{ ...nodes[0]!, config: { ...nodes[0]!.config, items: many } }, nodes[1]!], ["each>saved?error"])),
    );
    expect(large).toMatchObject({ status: "COMPLETED", handledErrors: 1, nodes: { each: "FAILED", saved: "COMPLETED" } });
  });

  it("is counted once, and not asked of anew, by the next owner", async () => {
    const t = await setup();
    const first = t.worker();
    const body = plan([poison(branch), node("saved", "hold")], ["bad>saved?error"]);
    const nodes = [node("out", "fail", {}, branch), each(three, body), node("see", "echo")];
    const runId = await t.create(plan(nodes, ["out>each?error", "each>see"]));
    await t.calls.heldNode("saved");
    await first.kill();
    t.calls.held.clear();
    await t.leasesEnd(runId);
    t.worker();
    (await t.calls.heldNode("saved")).end();
    const view = await t.finished(runId);
    expect(view).toMatchObject({ status: "COMPLETED", handledErrors: 2 });
    expect(view.outputJson).toMatchObject({ nodes: { out: { error: { code: "BROKEN" } } } });
    expect(t.calls.log.filter((id) => id === "bad")).toHaveLength(3);
  });

  it("lets an answer through that was accepted before the node run was stopped which it is for", async () => {
    const t = await setup();
    t.worker();
    const body = plan([node("ask", "person"), node("bad", "hold")]);
    const runId = await t.create(plan([each([0], body)]));
    await t.until(runId, ({ nodes }) => nodes["each#0/ask"] === "WAITING");
    const call = await t.calls.heldNode("bad");
    // The owner hears of nothing: it finds the answer when it stores what it has decided.
    t.hints.isSilent = true;
    const outcome = { kind: "completed", outputText: "mine" } as const;
    const accepted = await t.newControl({ applyWaitMs: 1 }).answerNode({ tenantId: "acme", runId, path: "each#0/ask", outcome });
    call.end({ kind: "failed", code: "BROKEN", message: "", retryable: false });
    expect(["accepted", "applied"]).toContain(accepted);
    expect(await t.finished(runId)).toMatchObject({ status: "FAILED", nodes: { "each#0/ask": "COMPLETED", "each#0/bad": "FAILED" } });
  });

  it("takes back what of the item was offered to other workers", async () => {
    const t = await setup();
    t.worker({ slots: 1 });
    await t.create(plan([node("all-day", "hold")]));
    await t.calls.heldNode("all-day");
    const body = plan([node("call", "hold"), poison()]);
    const runId = await t.create(plan([each([0, 1], body, { on_item_error: "continue", parallel: 2 })]));
    const { nodes } = await t.until(runId, (view) => view.nodes["each#1"] === "FAILED");
    expect(nodes).toMatchObject({ "each#0/call": "QUEUED", "each#1/call": "CANCELLED" });
    const { rows } = await t.pool.query("select path from runtime.work where run_id = $1 and path is not null", [runId]);
    expect(rows).toEqual([{ path: "each#0/call" }]);
  });

  it("is tried again by a new run where it has ended its workers, and kept where it has not", async () => {
    const t = await setup();
    t.worker();
    const body = plan([node("bad", "poison", { items: [0, 1] }), node("last", "hold")], ["bad>last"]);
    const old = await t.create(plan([each([0, 1, 2], body, { on_item_error: "remove", parallel: 3 })]));
    await t.until(old, ({ nodes }) => nodes["each#0"] === "FAILED" && nodes["each#1"] === "FAILED");
    await t.calls.heldNode("last");
    await t.control.cancel({ tenantId: "acme", runId: old });
    t.calls.held.clear();
    // As if the first had ended them: rows of what has ended do not change otherwise.
    await query(t.adminUrl, "alter table runtime.node_run disable trigger user");
    const crashed =
      "update runtime.node_run set fault = 2, error_code = 'WORKER_CRASHED' where run_id = $1 and path in ('each#0', 'each#0/bad')";
    await t.pool.query(crashed, [old]);
    await query(t.adminUrl, "alter table runtime.node_run enable trigger user");
    const newRunId = newId();
    const of = { tenantId: "acme", runId: old, newRunId, statuses: [runStatusNumber("CANCELLED")], dropped: [] };
    expect(await t.control.forkRun(of)).toBe("created");
    (await t.calls.heldNode("last")).end();
    expect(await t.finished(newRunId)).toMatchObject({ status: "COMPLETED", outputJson: ["last"], nodes: { "each#1": "FAILED" } });
    // Items 0 to 2, and the first once more.
    expect(t.calls.log.filter((id) => id === "bad")).toHaveLength(4);
  });

  it("is seen with its error by whoever is offered what comes after it in the item, and what is around has its own", async () => {
    const t = await setup();
    t.worker({ slots: 1, workerKey: "owner" });
    await t.create(plan([node("all-day", "hold")]));
    await t.calls.heldNode("all-day");
    const body = plan([node("bad", "fail", {}, branch), node("see", "see")], ["bad>see?error"]);
    const nodes = [node("out", "fail", {}, { on_error: { default: { output_text: "x" } } }), each([7], body)];
    const runId = await t.create(plan(nodes, ["out>each"]));
    await t.until(runId, (view) => view.nodes["each#0/see"] === "QUEUED");
    t.worker({ workerKey: "other" });
    const error = { code: "BROKEN", message: "as told" };
    expect(await t.finished(runId)).toMatchObject({
      status: "COMPLETED",
      handledErrors: 2,
      outputJson: [{ bad: { output: null, text: null, error }, out: { output: null, text: "x", error } }],
    });
  });

  it("is taken over by a new run, where it was handled", async () => {
    const t = await setup();
    t.worker();
    const body = plan([poison(instead), node("once", "flaky", { failures: 1, byPath: true })], ["bad>once"]);
    const first = each(three, plan([poison()]), { on_item_error: "continue" });
    const runId = await t.create(plan([{ ...first, id: "first" }, each(three, body)], ["first>each"]));
    expect(await t.finished(runId)).toMatchObject({ status: "FAILED", errorCode: "FLAKY", handledErrors: 1 });
    let last = runId;
    for (let forks = 0; forks < 3; forks++) {
      const newRunId = newId();
      expect(await t.control.retryRun({ tenantId: "acme", runId: last, newRunId })).toBe("created");
      await t.finished((last = newRunId));
    }
    expect(await t.finished(last)).toMatchObject({
      status: "COMPLETED",
      handledErrors: 2,
      nodes: { "first#1": "FAILED", "each#1/bad": "FAILED" },
    });
    expect(t.calls.log.filter((id) => id === "bad")).toHaveLength(6);
  });
});

describe("an item", () => {
  it("has its attempts rejected by what its retry asks of the item, each with a key of its own", async () => {
    const t = await setup();
    t.worker();
    const retry = { max_attempts: 3, backoff_seconds: 0.01, when: "text != item.text && index < 5" };
    const ask = node("ask", "texts", { texts: ["a", "b"] }, { retry });
    const runId = await t.create(plan([each([{ text: "a" }, { text: "b" }], plan([ask]), { output: "{{ nodes.ask.text }}" })]));
    expect(await t.finished(runId)).toMatchObject({ status: "COMPLETED", outputJson: ["a", "b"], handledErrors: 0 });
    expect(t.calls.keys.slice(0, 2)).toEqual([`${runId}:each#0/ask`, `${runId}:each#1/ask`]);
    expect(t.calls.keys).toHaveLength(3);
    expect(t.calls.keys[2]).not.toBe(t.calls.keys[1]);
  });

  it("that was rejected to the end is handled by its iteration", async () => {
    const t = await setup();
    t.worker();
    const retry = { max_attempts: 2, backoff_seconds: 0.01, when: "text != item" };
    const ask = node("ask", "texts", { texts: ["a", "b"] }, { retry });
    const runId = await t.create(plan([each(["a", "c"], plan([ask]), { on_item_error: "continue", output: "{{ nodes.ask.text }}" })]));
    expect(await t.finished(runId)).toMatchObject({ status: "COMPLETED", outputJson: ["a", null], handledErrors: 1 });
    const { rows } = await t.pool.query("select error_code from runtime.node_run where run_id = $1 and path = 'each#1'", [runId]);
    expect(rows).toEqual([{ error_code: "OUTPUT_REJECTED" }]);
  });

  it("ends with its run's time, with all that is open in it", async () => {
    const t = await setup();
    t.worker();
    const document = plan([
      each([0, 1], plan([node("slow", "hold"), node("ask", "person")]), { parallel: 2, on_item_error: "continue" }, instead),
    ]);
    const runId = await t.create({ ...document, timeout_seconds: 1 });
    const view = await t.finished(runId);
    expect(view).toMatchObject({ status: "FAILED", errorCode: "RUN_TIMEOUT", handledErrors: 0 });
    expect(new Set(Object.values(view.nodes))).toEqual(new Set(["CANCELLED"]));
    expect(Object.keys(view.nodes)).toHaveLength(7);
  });

  it("ends its owners, as do two others that have ended since: the third ends the run, whatever handles it", async () => {
    const t = await setup();
    const body = plan([node("kill", "hold", {}, instead)]);
    const runId = await t.create(plan([each([0, 1, 2, 3], body)]));
    // Each by a name of its own: one that is there again has not died.
    let suspects = 0;
    const ofSuspects = () => ({ suspects: true, workerKey: `suspects ${++suspects}` });
    const dies = async (options: Partial<WorkerOptions> = ofSuspects()): Promise<void> => {
      const worker = t.worker(options);
      await t.calls.heldNode("kill");
      await worker.kill();
      t.calls.held.clear();
      await t.leasesEnd(runId);
    };
    await dies({});
    await dies({});
    t.worker({ workerKey: "ordinary" });
    await dies();
    await dies();
    await dies();
    t.worker(ofSuspects());
    expect(await t.finished(runId)).toMatchObject({
      status: "FAILED",
      errorCode: "WORKER_CRASHED",
      handledErrors: 2,
      nodes: { "each#0": "COMPLETED", "each#1": "COMPLETED", "each#2/kill": "FAILED" },
    });
  });
});
