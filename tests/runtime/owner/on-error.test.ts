import type { JsonObject } from "#shared/json.ts";
import type { PlanOnError } from "../../../subgraphs/runtime/engine/on-error.ts";
import type { WorkerOptions } from "../../../subgraphs/runtime/worker/worker.ts";
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
    await t.create(plan([node("all-day", "hold")]));
    await t.calls.heldNode("all-day");
    // The owner has no slot left for the node behind both failures.
    const nodes = [node("bad", "fail", {}, branch), node("told", "fail", {}, fallback({ output_text: "x" })), node("see", "see")];
    const runId = await t.create(plan(nodes, ["bad>see?error", "told>see"]));
    await t.until(runId, (view) => view.nodes["see"] === "QUEUED");
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

  it("is the death of its owners too, twice in a run; the third ends it, and only the first kills workers with others' runs", async () => {
    const t = await setup();
    const nodes = ["p1", "p2", "p3"].map((id) => node(id, "hold", {}, fallback({ output_text: "dead" })));
    const runId = await t.create(plan([...nodes, node("end", "pure")], ["p1>p2", "p2>p3", "p3>end"]));
    // Each by a name of its own: one that is there again has not died.
    let suspects = 0;
    const ofSuspects = () => ({ suspects: true, workerKey: `suspects ${++suspects}` });
    const dies = async (id: string, options: Partial<WorkerOptions> = ofSuspects()): Promise<void> => {
      const worker = t.worker(options);
      await t.calls.heldNode(id);
      await worker.kill();
      t.calls.held.clear();
      await t.leasesEnd(runId);
    };
    await dies("p1", {});
    await dies("p1", {});
    t.worker({ workerKey: "ordinary" });
    await dies("p1");
    await dies("p2");
    await dies("p3");
    t.worker(ofSuspects());
    const view = await t.finished(runId);
    expect(view).toMatchObject({
      status: "FAILED",
      errorCode: "WORKER_CRASHED",
      handledErrors: 2,
      nodes: { p1: "FAILED", p2: "FAILED", p3: "FAILED" },
    });
    const { rows } = await t.pool.query("select path, worker_key from runtime.node_run where run_id = $1 and path <> 'p1' order by path", [
      runId,
    ]);
    expect(rows.map(({ worker_key: key }) => key)).toEqual(["suspects 3", "suspects 4"]);
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
