import type { JsonObject } from "#shared/json.ts";
import type { PlanOnError } from "../../../subgraphs/runtime/engine/on-error.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

async function setup(): Promise<EngineFixture> {
  return EngineFixture.open();
}

const branch = { on_error: "branch" } as const;
const fallback = (output: { output_text?: string; output_json?: JsonObject }): { on_error: PlanOnError } => ({
  on_error: { default: output },
});
/** `bad` fails; `ok` follows where it did not, `saved` where it did. */
const saved = (type: string, config: JsonObject = {}, more: object = {}) =>
  plan([node("bad", type, config, { ...branch, ...more }), node("ok", "pure"), node("saved", "echo")], ["bad>ok", "bad>saved?error"]);

const errorOf = async (t: EngineFixture, path: string): Promise<unknown> => {
  const { rows } = await t.pool.query(
    "select status, error_code, attempt, output_text, output_json from runtime.node_run where path = $1",
    [path],
  );
  return rows[0];
};

describe("a failure that its node handles", () => {
  it("takes its branch: the run is COMPLETED and says how many, the node run stays FAILED with its error", async () => {
    const t = await setup();
    t.worker();
    const view = await t.finished(await t.create(saved("fail")));
    expect(view).toMatchObject({
      status: "COMPLETED",
      errorCode: null,
      handledErrors: 1,
      nodes: { bad: "FAILED", ok: "SKIPPED", saved: "COMPLETED" },
    });
    expect(view.outputJson).toMatchObject({ nodes: { bad: { output: null, text: null, error: { code: "BROKEN", message: "as told" } } } });
    expect(await errorOf(t, "bad")).toMatchObject({ error_code: "BROKEN", output_text: null });
  });

  it("goes on with its default, which is the node run's output", async () => {
    const t = await setup();
    t.worker();
    const nodes = [node("bad", "fail", {}, fallback({ output_text: "Sorry.", output_json: { ok: false } })), node("see", "echo")];
    const view = await t.finished(await t.create(plan(nodes, ["bad>see"])));
    expect(view).toMatchObject({ status: "COMPLETED", handledErrors: 1, nodes: { bad: "FAILED", see: "COMPLETED" } });
    const error = { code: "BROKEN", message: "as told" };
    expect(view.outputJson).toMatchObject({ nodes: { bad: { output: { ok: false }, text: "Sorry.", error } } });
    expect(await errorOf(t, "bad")).toMatchObject({ error_code: "BROKEN", output_text: "Sorry.", output_json: { ok: false } });
  });

  it("gives the default of its last node as the run's output", async () => {
    const t = await setup();
    t.worker();
    const long = "Sorry. ".repeat(1_000);
    const view = await t.finished(await t.create(plan([node("bad", "fail", {}, fallback({ output_text: long }))])));
    expect(view).toMatchObject({ status: "COMPLETED", handledErrors: 1, outputText: long });
  });

  it("comes after all attempts of its retry, and only then", async () => {
    const t = await setup();
    t.worker();
    const retry = { max_attempts: 3, backoff_seconds: 0.01 };
    const view = await t.finished(await t.create(saved("flaky", { failures: 9 }, { retry })));
    expect(view).toMatchObject({ status: "COMPLETED", handledErrors: 1, nodes: { bad: "FAILED", saved: "COMPLETED" } });
    expect(await errorOf(t, "bad")).toMatchObject({ attempt: 3, error_code: "FLAKY" });
    const other = await t.finished(await t.create(saved("flaky", { failures: 2 }, { retry })));
    expect(other).toMatchObject({ status: "COMPLETED", handledErrors: 0, nodes: { bad: "COMPLETED", ok: "COMPLETED", saved: "SKIPPED" } });
  });

  it("counts each of several, and what is not handled fails the run all the same", async () => {
    const t = await setup();
    t.worker();
    const nodes = ["a", "b", "c"].map((id) => node(id, "fail", {}, fallback({})));
    expect(await t.finished(await t.create(plan(nodes)))).toMatchObject({ status: "COMPLETED", handledErrors: 3 });
    const failing = await t.finished(await t.create(plan([...nodes, node("d", "fail")], ["a>d"])));
    expect(failing).toMatchObject({ status: "FAILED", errorCode: "BROKEN", handledErrors: 3 });
  });

  it("is seen with its error by a worker that was offered what comes after it", async () => {
    const t = await setup();
    t.worker({ slots: 1, workerKey: "owner" });
    const nodes = [node("bad", "fail", {}, branch), node("told", "fail", {}, fallback({ output_text: "x" })), node("see", "see")];
    const runId = await t.create(plan([node("busy", "hold"), ...nodes], ["busy>told", "bad>see?error", "told>see"]));
    const busy = await t.calls.heldNode("busy");
    await t.create(plan([node("all-day", "hold")]));
    // The owner has no slot left when the node behind both failures is ready.
    busy.end();
    await t.calls.heldNode("all-day");
    t.worker({ workerKey: "other" });
    const view = await t.finished(runId);
    expect(view).toMatchObject({ status: "COMPLETED", handledErrors: 2 });
    const error = { code: "BROKEN", message: "as told" };
    expect(view.outputJson).toMatchObject({ bad: { output: null, text: null, error }, told: { output: null, text: "x", error } });
  });

  it("is none while a person has to say what became of the call; what the person says is", async () => {
    const t = await setup();
    t.worker();
    const runId = await t.create(saved("hold", {}, { at_most_once: true, retry: { max_attempts: 3, backoff_seconds: 0 } }));
    const unknown = { kind: "failed", code: "NODE_TIMEOUT", message: "too late", retryable: true, effectUnknown: true } as const;
    (await t.calls.heldNode("bad")).end(unknown);
    await t.until(runId, ({ nodes }) => nodes["bad"] === "WAITING");
    const outcome = { kind: "failed", code: "REFUSED", message: "by hand", retryable: false } as const;
    await t.control.answerNode({ tenantId: "acme", runId, path: "bad", outcome });
    expect(await t.finished(runId)).toMatchObject({ status: "COMPLETED", handledErrors: 1, nodes: { bad: "FAILED", saved: "COMPLETED" } });
  });

  it("goes on behind a takeover, is counted once, and is called no more", async () => {
    const t = await setup();
    const first = t.worker();
    const nodes = [node("bad", "fail", {}, branch), node("ok", "pure"), node("saved", "hold"), node("end", "echo")];
    const runId = await t.create(plan(nodes, ["bad>ok", "bad>saved?error", "saved>end"]));
    await t.calls.heldNode("saved");
    await first.kill();
    t.calls.held.clear();
    await t.leasesEnd(runId);
    t.worker();
    (await t.calls.heldNode("saved")).end();
    const view = await t.finished(runId);
    expect(view).toMatchObject({ status: "COMPLETED", handledErrors: 1 });
    expect(view.outputJson).toMatchObject({ nodes: { bad: { error: { code: "BROKEN" } }, saved: { text: "saved" } } });
    expect(t.calls.log).toEqual(["bad", "saved", "saved", "end"]);
  });

  it("is the death of its owners too, twice in a run; the third ends it", async () => {
    const t = await setup();
    const ids = ["p1", "p2", "p3"];
    const nodes = ids.map((id) => node(id, "hold", {}, fallback({ output_text: "dead" })));
    const runId = await t.create(plan([...nodes, node("end", "pure")], ["p1>p2", "p2>p3", "p3>end"]));
    for (const id of ids) {
      for (let crash = 0; crash < 3; crash++) {
        const worker = t.worker({ suspects: crash === 2 });
        await t.calls.heldNode(id);
        await worker.kill();
        t.calls.held.clear();
        await t.leasesEnd(runId);
      }
      const last = t.worker({ suspects: true });
      await t.until(runId, (view) => view.nodes[id] === "FAILED");
      await last.kill();
      t.calls.held.clear();
      await t.pool.query("update runtime.work set visible_at = now(), crashes = 0 where run_id = $1", [runId]);
    }
    t.worker();
    const view = await t.finished(runId);
    expect(view).toMatchObject({
      status: "FAILED",
      errorCode: "WORKER_CRASHED",
      handledErrors: 2,
      nodes: { p1: "FAILED", p2: "FAILED", p3: "FAILED" },
    });
  });

  it("loses to a cancel that was accepted", async () => {
    const t = await setup();
    t.worker();
    const nodes = [node("bad", "fail", {}, branch), node("saved", "person")];
    const runId = await t.create(plan(nodes, ["bad>saved?error"]));
    await t.until(runId, ({ status }) => status === "WAITING");
    await t.control.cancel({ tenantId: "acme", runId, reason: "enough" });
    expect(await t.finished(runId)).toMatchObject({ status: "CANCELLED", handledErrors: 1, nodes: { bad: "FAILED", saved: "CANCELLED" } });
  });
});
