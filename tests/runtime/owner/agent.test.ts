import type { Json, JsonObject } from "#shared/json.ts";
import { agentNode } from "../../../subgraphs/runtime/nodes/agent/agent.node.ts";
import type { NodeContext, NodeExecutor, NodeOutcome } from "../../../subgraphs/runtime/nodes/executor.ts";
import { routeOfTurn, type TurnEnd } from "../../../subgraphs/runtime/engine/drivers/agent.driver.ts";
import { inputsOf } from "../../../subgraphs/runtime/nodes/agent/agent-turn.ts";
import { pino } from "pino";
import { Gates } from "../../../subgraphs/runtime/owner/gates.ts";
import { query } from "../../testkit/admin-query.ts";
import { eventually } from "../../testkit/eventually.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { LocalHints } from "../../testkit/engine/local-hints.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

/** What each model call of a test ends with, and the inputs that each has seen. */
function script(...ends: TurnEnd[]): { executors: (type: string) => NodeExecutor | undefined; seen: string[][] } {
  const seen: string[][] = [];
  const model: NodeExecutor = {
    effect: "outside",
    run({ scope }: NodeContext): NodeOutcome {
      const inputs = inputsOf(scope);
      const end = ends[seen.length] ?? "answer";
      seen.push(inputs);
      return { kind: "completed", outputText: `turn ${seen.length}`, route: routeOfTurn(end, inputs.length) };
    },
  };
  const tool: NodeExecutor = { effect: "outside", run: () => ({ kind: "completed", outputText: "done" }) };
  const types: Record<string, NodeExecutor> = { agent: agentNode, "agent-model": model, "agent-tool": tool };
  return { executors: (type) => types[type], seen };
}

const agent = (config: JsonObject = {}) =>
  plan([node("agent", "agent", { agent: { limits: { max_steps: 5 } }, input: "Do it.", ...config })]);
const say = (t: EngineFixture, runId: string, text: string, inputId = text) =>
  t.control.agentInput({ tenantId: "acme", runId, path: "agent", text, inputId });
const isEndOf = (values: readonly unknown[]): boolean =>
  values.some((value) => typeof value === "string" && /[{,]"?agent"?[,}]/.test(value)) &&
  values.some((value) => typeof value === "string" && value.includes("turn 1"));

describe("an agent that comes to its end", () => {
  it("sees what it was told in the very moment, and only then ends", async () => {
    const t = await EngineFixture.open({ applyWaitMs: 100 });
    const { executors, seen } = script();
    let runId = "";
    let told: Promise<string> | undefined;
    let isTold = false;
    // The flush of its end is not answered until the message is in; then it is sent again, as it was.
    const sends = ({ name, values }: { name: string; values: readonly unknown[] }): void => {
      if (!name.startsWith("flush") || isTold || !isEndOf(values)) return;
      told ??= say(t, runId, "And this.").finally(() => (isTold = true));
      throw new Error("no answer");
    };
    runId = await t.create(agent());
    t.worker({ executors, sends });
    const view = await t.finished(runId);
    expect(await told).not.toBe("conflict");
    expect(view).toMatchObject({ status: "COMPLETED", outputText: "turn 2" });
    expect(seen).toEqual([[], ["And this."]]);
    expect(view.nodes).toEqual({
      agent: "COMPLETED",
      "agent/model#1": "COMPLETED",
      "agent/input#1": "COMPLETED",
      "agent/model#2": "COMPLETED",
    });
  });

  it("is told nothing any more when it has ended, and nothing before it has begun", async () => {
    const t = await EngineFixture.open({ applyWaitMs: 100 });
    const { executors } = script();
    const runId = await t.create(agent());
    expect(await say(t, runId, "Too early.")).toBe("conflict");
    t.worker({ executors });
    await t.finished(runId);
    expect(await say(t, runId, "Too late.")).toBe("conflict");
    expect(await t.control.agentInput({ tenantId: "other", runId, path: "agent", text: "No.", inputId: "x" })).toBe("unknown");
  });

  it("is told nothing by who had to wait for the flush of its end", async () => {
    const t = await EngineFixture.open({ applyWaitMs: 100 });
    const begun = Promise.withResolvers<void>();
    const never: NodeExecutor = {
      effect: "outside",
      run({ signal }) {
        begun.resolve();
        return new Promise((resolve) => {
          signal.addEventListener("abort", () => resolve({ kind: "failed", code: "ABORTED", message: "aborted", retryable: false }));
        });
      },
    };
    const worker = t.worker({ executors: (type) => (type === "agent-model" ? never : script().executors(type)) });
    const runId = await t.create(agent());
    await begun.promise;
    await t.until(runId, ({ nodes }) => nodes["agent"] === "RUNNING");
    await worker.kill();
    const flush = await t.pool.connect();
    try {
      await flush.query("begin");
      await flush.query("update runtime.run set event_seq = event_seq where id = $1", [runId]);
      await flush.query("update runtime.node_run set status = 3 where run_id = $1 and path = 'agent'", [runId]);
      const told = say(t, runId, "Just too late.");
      const waiting = () =>
        t.pool.query("select from pg_locks join pg_stat_activity using (pid) where datname = current_database() and not granted");
      await eventually(waiting, ({ rows }) => rows.length > 0);
      await flush.query("commit");
      expect(await told).toBe("conflict");
    } finally {
      flush.release(true);
    }
    const { rows } = await t.pool.query("select kind from runtime.inbox where run_id = $1", [runId]);
    expect(rows).toEqual([]);
    // The end was made up, without its event: it is taken back, past the trigger that keeps ends, as the invariants are asserted of what is left.
    await query(t.adminUrl, "set session_replication_role = replica; update runtime.node_run set status = 1 where path = 'agent'");
  });

  it("is asked the same when a model call is made again, and what was said meanwhile is for the next", async () => {
    const t = await EngineFixture.open({ applyWaitMs: 100 });
    const { executors, seen } = script();
    const told = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    let attempts = 0;
    const busy: NodeExecutor = {
      effect: "outside",
      async run(context) {
        if (++attempts > 1) return executors("agent-model")!.run(context);
        begun.resolve();
        await told.promise;
        return { kind: "failed", code: "MODEL_PROVIDER_FAILED", message: "busy", retryable: true, retryAfterMs: 1 };
      },
    };
    const limits = { max_steps: 5, model_attempts: 2, model_backoff_seconds: 0.01 };
    const runId = await t.create(agent({ agent: { limits } }));
    t.worker({ executors: (type) => (type === "agent-model" ? busy : executors(type)) });
    await begun.promise;
    expect(await say(t, runId, "Meanwhile.")).not.toBe("conflict");
    told.resolve();
    const view = await t.finished(runId);
    expect(view).toMatchObject({ status: "COMPLETED" });
    expect(seen).toEqual([[], ["Meanwhile."]]);
  });

  it("was told once what is said twice with one key, and knows it again after a takeover", async () => {
    const t = await EngineFixture.open({ applyWaitMs: 100 });
    const { executors, seen } = script("answer");
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const held: NodeExecutor = {
      effect: "outside",
      async run(context) {
        begun.resolve();
        await gate.promise;
        return executors("agent-model")!.run(context);
      },
    };
    const runId = await t.create(agent());
    const first = t.worker({ executors: (type) => (type === "agent-model" ? held : executors(type)) });
    await begun.promise;
    await say(t, runId, "Once.", "key");
    await say(t, runId, "Once.", "key");
    await first.kill();
    gate.resolve();
    await t.leasesEnd(runId);
    await say(t, runId, "Once.", "key");
    t.worker({ executors });
    const view = await t.finished(runId);
    expect(view).toMatchObject({ status: "COMPLETED" });
    expect(Object.keys(view.nodes).filter((path) => path.startsWith("agent/input#"))).toEqual(["agent/input#1"]);
    // It came when the first model call had begun: that one is asked again as it was.
    expect(seen).toEqual([[], [], ["Once."]]);
  });
});

describe("what is said to an agent with a key", () => {
  it.each([
    ["short", "Once."],
    ["so long that it lies in an artifact", "y".repeat(100_000)],
  ])("is known again while it is unread, when it is part of the agent, and after its end: %s", async (_, text) => {
    const t = await EngineFixture.open({ applyWaitMs: 100 });
    const gate = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const { executors } = script();
    const held: NodeExecutor = {
      effect: "outside",
      async run(context) {
        begun.resolve();
        await gate.promise;
        return executors("agent-model")!.run(context);
      },
    };
    const runId = await t.create(agent());
    const isFirst = (said: string, inputId = "key", tenantId = "acme") =>
      t.control.isFirstInput({ tenantId, runId, path: "agent", text: said, inputId });
    const expectKnown = async () => {
      expect(await isFirst(text)).toBe(true);
      expect(await isFirst("Another.")).toBe(false);
      expect(await isFirst(text, "another key")).toBeUndefined();
      expect(await isFirst(text, "key", "other")).toBeUndefined();
    };
    const first = t.worker({ executors: (type) => (type === "agent-model" ? held : executors(type)) });
    await begun.promise;
    await t.until(runId, ({ nodes }) => nodes["agent"] === "RUNNING");
    await first.kill();
    gate.resolve();
    expect(await say(t, runId, text, "key")).not.toBe("conflict");
    await say(t, runId, "Another.", "key");
    await expectKnown();
    await t.leasesEnd(runId);
    t.worker({ executors });
    expect(await t.finished(runId)).toMatchObject({ status: "COMPLETED", nodes: { "agent/input#1": "COMPLETED" } });
    await expectKnown();
  });
});

describe("an agent within other work", () => {
  it("works for each item, and fails alone", async () => {
    const t = await EngineFixture.open({ applyWaitMs: 100 });
    const failing: NodeExecutor = {
      effect: "outside",
      run: ({ scope }) =>
        (scope.item as JsonObject)["input"] === "b"
          ? { kind: "failed", code: "MODEL_REQUEST_REFUSED", message: "no", retryable: false }
          : { kind: "completed", outputText: `did ${String((scope.item as JsonObject)["input"])}`, route: "answer" },
    };
    const { executors } = script();
    const body = agent({ input: "{{ item }}" }) as unknown as Json;
    const each = node("each", "iteration", {
      items: ["a", "b", "c"],
      body,
      on_item_error: "continue",
      parallel: 2,
      output: "{{ nodes.agent.text }}",
    });
    t.worker({ executors: (type) => (type === "agent-model" ? failing : (executors(type) ?? t.executors(type))) });
    const view = await t.finished(await t.create(plan([each])));
    expect(view).toMatchObject({ status: "COMPLETED", outputJson: ["did a", null, "did c"] });
    expect(view.nodes).toMatchObject({ "each#1/agent/model#1": "FAILED", "each#1/agent": "FAILED", "each#2/agent": "COMPLETED" });
  });

  it("is stopped, with what is open of it, when what is beside it fails", async () => {
    const t = await EngineFixture.open({ applyWaitMs: 100 });
    const { executors } = script();
    const begun = Promise.withResolvers<void>();
    const never: NodeExecutor = {
      effect: "outside",
      run({ signal }) {
        begun.resolve();
        return new Promise((resolve) => {
          signal.addEventListener("abort", () => resolve({ kind: "failed", code: "ABORTED", message: "aborted", retryable: false }));
        });
      },
    };
    const beside = node("beside", "fail-later");
    const later: NodeExecutor = {
      effect: "outside",
      async run() {
        await begun.promise;
        return { kind: "failed", code: "BROKEN", message: "as told", retryable: false };
      },
    };
    const types: Record<string, NodeExecutor> = { "agent-model": never, "fail-later": later };
    t.worker({ executors: (type) => types[type] ?? executors(type) });
    const view = await t.finished(await t.create(plan([...agent().nodes, beside])));
    expect(view).toMatchObject({ status: "FAILED", errorCode: "BROKEN" });
    expect(view.nodes).toMatchObject({ agent: "CANCELLED", "agent/model#1": "CANCELLED" });
  });

  it("goes on from its finished turns when its run is retried, a tool that failed in them among what is kept", async () => {
    const t = await EngineFixture.open({ applyWaitMs: 100 });
    let calls = 0;
    const tools: string[] = [];
    const model: NodeExecutor = {
      effect: "outside",
      run: () =>
        ++calls === 3
          ? { kind: "failed", code: "MODEL_REQUEST_REFUSED", message: "no", retryable: false }
          : { kind: "completed", outputText: `call ${calls}`, route: calls === 1 ? "calls:2" : calls === 2 ? "calls:1" : "answer" },
    };
    const tool: NodeExecutor = {
      effect: "outside",
      run({ nodeRunId }) {
        const path = nodeRunId.slice(nodeRunId.indexOf(":") + 1);
        tools.push(path);
        if (path === "agent/tool#1.1") return { kind: "failed", code: "BROKEN", message: "as told", retryable: false };
        return { kind: "completed", outputText: "done" };
      },
    };
    const { executors } = script();
    t.worker({ executors: (type) => ({ "agent-model": model, "agent-tool": tool })[type] ?? executors(type) });
    const runId = await t.create(agent());
    expect((await t.finished(runId)).status).toBe("FAILED");
    const newRunId = `${runId}-again`;
    await t.control.retryRun({ tenantId: "acme", runId, newRunId });
    const view = await t.finished(newRunId);
    expect(view).toMatchObject({ status: "COMPLETED", outputText: "call 4", nodes: { "agent/tool#1.1": "FAILED" } });
    expect(calls).toBe(4);
    expect(tools.toSorted()).toEqual(["agent/tool#1.0", "agent/tool#1.1", "agent/tool#2.0"]);
    expect(Object.keys(view.nodes).toSorted()).toEqual(
      ["agent", "agent/model#1", "agent/tool#1.0", "agent/tool#1.1", "agent/model#2", "agent/tool#2.0", "agent/model#3"].toSorted(),
    );
  });

  it("is not told anything while it stands in a line, which would take it out", async () => {
    const t = await EngineFixture.open({ applyWaitMs: 100 });
    const model: NodeExecutor = {
      effect: "outside",
      run: () => ({ kind: "failed", code: "MODEL_REQUEST_REFUSED", message: "no", retryable: false }),
    };
    const worker = t.worker({ executors: (type) => (type === "agent-model" ? model : script().executors(type)) });
    const gate = { key: "line", places: 1 };
    const runId = await t.create(agent(), { gate });
    await t.finished(runId);
    await worker.stop();
    const before = await t.create(agent(), { gate });
    const placed = () => t.pool.query<{ run_id: string }>("select run_id from runtime.gate where state = 1");
    await eventually(placed, ({ rows }) => rows[0]?.run_id === before);
    const newRunId = `${runId}-again`;
    await t.control.retryRun({ tenantId: "acme", runId, newRunId });
    expect(await say(t, newRunId, "Now.")).toBe("conflict");
    const { rows } = await t.pool.query(
      "select status, visible_at = 'infinity' as waits from runtime.run r join runtime.work w on w.key = r.id where r.id = $1",
      [newRunId],
    );
    expect(rows).toEqual([{ status: 0, waits: true }]);
    // In its turn it hears.
    await t.control.cancel({ tenantId: "acme", runId: before });
    await new Gates({ db: t.pool, hints: new LocalHints(), log: pino({ level: "silent" }) }).look();
    expect(await say(t, newRunId, "Now.")).not.toBe("conflict");
  });
});
