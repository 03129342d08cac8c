/** What runs hold in the memory of their owner: bounded for a run, for a tenant, for a process; and nothing that nobody reads any more. */
import type { NodeExecutor } from "../../../subgraphs/runtime/nodes/executor.ts";
import { EngineFixture, type SentStatement } from "../../testkit/engine/fixture.ts";
import { LocalHints } from "../../testkit/engine/local-hints.ts";
import { node, plan } from "../../testkit/engine/plan.ts";
import { eventually } from "../../testkit/eventually.ts";

const mebi = 1024 * 1024;

/** Real types, whose texts say what they read, that put out config.characters of text, or of JSON. */
const big: NodeExecutor = {
  effect: "pure",
  run: ({ config, scope }) => {
    const { characters = 10, json = false, reads } = config as { characters?: number; json?: boolean; reads?: string };
    const seen = reads === undefined ? undefined : (scope.nodes[reads]?.text?.length ?? 0);
    const text = "x".repeat(characters);
    return { kind: "completed", ...(json ? { outputJson: [text] } : { outputText: seen === undefined ? text : `${seen}` }) };
  },
};
const withBig = (t: EngineFixture) => (type: string) => (["answer", "template-transform", "big"].includes(type) ? big : t.executors(type));

interface Step {
  type?: string;
  characters?: number;
  json?: boolean;
  template?: string;
  reads?: string;
}

/** One after the other, the last by name `end`. */
function chain(steps: readonly Step[]) {
  const nodes = steps.map(({ type = "template-transform", template = "x", ...more }, k) =>
    node(k === steps.length - 1 ? "end" : `n${k}`, type, { template, ...more }),
  );
  return plan(
    nodes,
    nodes.slice(1).map(({ id }, k) => `${nodes[k]!.id}>${id}`),
  );
}

const of = (count: number, step: Step): Step[] => Array.from({ length: count }, () => step);
const size = 45 * mebi;

describe("what one run holds of outputs", () => {
  it.each([
    [
      "that are read at the end",
      [...of(3, { characters: size }), { template: "{{ nodes.n0.text }} {{ nodes.n1.text }} {{ nodes.n2.text }}" }],
      "FAILED",
    ],
    [
      "of JSON",
      [...of(3, { characters: size, json: true }), { template: "{{ nodes.n0.output }} {{ nodes.n1.output }} {{ nodes.n2.output }}" }],
      "FAILED",
    ],
    ["of which nobody knows who reads them", [...of(3, { characters: size }), { template: "{{ nodes[input.id].text }}" }], "FAILED"],
    ["of types that are unknown here", [...of(3, { type: "big", characters: size }), { type: "pure" }], "FAILED"],
    [
      "that the next node reads alone",
      [{ characters: size }, ...[1, 2, 3].map((k) => ({ characters: size, template: `{{ nodes.n${k - 1}.text }}` })), {}],
      "COMPLETED",
    ],
    ["that nobody reads", [...of(4, { characters: size }), {}], "COMPLETED"],
  ] as const)(
    "is bounded: four of 45 MiB %s",
    async (_, steps, status) => {
      const t = await EngineFixture.open();
      t.worker({ executors: withBig(t) });
      const runId = await t.create(chain(steps));
      const view = await t.finished(runId);
      expect(view.status).toBe(status);
      if (status === "COMPLETED") return;
      expect(view).toMatchObject({ errorCode: "RUN_OUTPUTS_TOO_LARGE", nodes: { n0: "COMPLETED", n1: "COMPLETED", n2: "FAILED" } });
      const { rows } = await t.pool.query<{ error_message: string }>("select error_message from runtime.node_run where path = 'n2'");
      expect(rows[0]!.error_message).toContain("bytes of outputs, more than 134217728");
      const held = Number(/hold (\d+) bytes/.exec(rows[0]!.error_message)?.[1]);
      expect(held).toBeGreaterThanOrEqual(3 * size);
      expect(held).toBeLessThan(3 * size + 1_000);
    },
    300_000,
  );

  it("is what may be read: the run gives back its answers and its last nodes, whatever is forgotten", async () => {
    const t = await EngineFixture.open();
    t.worker({ executors: withBig(t) });
    const steps: Step[] = [
      { type: "answer", characters: 3 },
      ...of(6, { characters: 2 * mebi }),
      { reads: "n3", template: "{{ nodes.n3.text }}" },
      ...of(4, { characters: 2 * mebi }),
      { type: "answer", characters: 4 },
    ];
    expect(await t.finished(await t.create(chain(steps)))).toMatchObject({ status: "COMPLETED", outputText: "xxx\n\nxxxx" });
    const { rows } = await t.pool.query("select output_text from runtime.node_run where path = 'n7'");
    expect(rows).toEqual([{ output_text: String(2 * mebi) }]);
  });

  it("is not loaded either where nobody reads it any more", async () => {
    const t = await EngineFixture.open();
    const executors = withBig(t);
    const document = chain([...of(6, { characters: mebi }), { type: "tool" }, { reads: "n4", template: "{{ nodes.n4.text }}" }]);
    const asTool = (type: string) => (type === "tool" ? t.executors("hold") : executors(type));
    const owner = t.worker({ executors: asTool });
    const runId = await t.create(document);
    await t.calls.heldNode("n6");
    await t.until(runId, ({ nodes }) => nodes["n6"] === "RUNNING");
    await owner.kill();
    t.calls.held.clear();
    await t.leasesEnd(runId);
    const loaded: number[] = [];
    t.worker({ executors: asTool, sends: ({ name, values }) => name === "load_outputs" && loaded.push((values[0] as string[]).length) });
    (await t.calls.heldNode("n6")).end();
    expect((await t.finished(runId)).status).toBe("COMPLETED");
    expect(loaded).toEqual([1]);
    const { rows } = await t.pool.query("select output_text from runtime.node_run where path = 'end'");
    expect(rows).toEqual([{ output_text: String(mebi) }]);
  });
});

describe("what the runs of a worker hold", () => {
  it("is bounded, half of it for a tenant: what is more is given back, counts no crash, and goes on when there is room", async () => {
    const t = await EngineFixture.open();
    const heldBytes = 16 * mebi;
    const most = { held: 0 };
    const worker = t.worker({ executors: withBig(t), heldBytes });
    worker.signals.on("flushed", () => (most.held = Math.max(most.held, worker.heldBytes)));
    const document = chain([...of(8, { type: "big", characters: 700_000 }), { type: "pure" }]);
    const large = await Promise.all(Array.from({ length: 8 }, () => t.create(document)));
    const small = await Promise.all(Array.from({ length: 5 }, () => t.create(plan([node("a", "pure")]), { tenantId: "other" })));
    for (const id of [...small, ...large]) expect((await t.finished(id)).status).toBe("COMPLETED");
    // All of them would hold 45 MB, and what is unstored. One that goes on has its outputs, and twice what it may have unstored.
    expect(most.held).toBeGreaterThan(heldBytes / 4);
    expect(most.held).toBeLessThan(heldBytes + 8 * 700_000 + 2 * 5 * mebi);
    const { rows } = await t.pool.query("select count(*)::int as count from runtime.node_run where attempt > 1 or status <> 3");
    expect(rows).toEqual([{ count: 0 }]);
    // The last run's end is stored before the worker hears of it.
    await eventually(
      () => worker.heldBytes,
      (bytes) => bytes === 0,
    );
  });

  it("is left to those who hold little: a tenant whose runs hold as much as they may gets no more, and another one does", async () => {
    const t = await EngineFixture.open();
    const heldBytes = 8 * mebi;
    const executors = withBig(t);
    t.worker({ executors, heldBytes });
    const stuck = plan([node("b", "big", { characters: 5 * mebi }), node("h", "hold"), node("z", "pure")], ["b>h", "h>z"]);
    const first = await t.create(stuck);
    const call = await t.calls.heldNode("h");
    const more = await t.create(plan([node("a", "pure")]));
    const other = await t.create(plan([node("a", "pure")]), { tenantId: "other" });
    expect((await t.finished(other)).status).toBe("COMPLETED");
    expect((await t.view(more)).status).toBe("QUEUED");
    call.end();
    for (const id of [first, more]) expect((await t.finished(id)).status).toBe("COMPLETED");
  });
});

describe("a run that a call is to execute", () => {
  it("is refused while there is no room for it, given back as it was, and executed when there is", async () => {
    const t = await EngineFixture.open();
    const executors = withBig(t);
    const document = plan([node("b", "big", { characters: 5 * mebi }), node("h", "hold"), node("z", "pure")], ["b>h", "h>z"]);
    const [first, second] = await Promise.all([1, 2].map(() => t.create(document, { execution: "MANUAL" })));
    const begin = t.newControl({ executors });
    const call = { tenantId: "acme", workerKey: "me" };
    for (const runId of [first!, second!]) await begin.ownRun({ ...call, runId, mode: { kind: "steps", max: 1 } });
    const control = t.newControl({ executors, heldBytes: 8 * mebi });
    const executed = control.ownRun({ ...call, runId: first!, mode: { kind: "steps", max: 2 } });
    const held = await t.calls.heldNode("h");
    expect(await control.ownRun({ ...call, runId: second!, mode: { kind: "steps", max: 2 } })).toEqual({ kind: "busy" });
    held.end();
    t.calls.held.clear();
    expect(await executed).toMatchObject({ kind: "done", stopReason: "FINISHED" });
    const again = control.ownRun({ ...call, runId: second!, mode: { kind: "steps", max: 2 } });
    (await t.calls.heldNode("h")).end();
    expect(await again).toMatchObject({ kind: "done", stopReason: "FINISHED" });
    expect((await t.view(second!)).nodes).toEqual({ b: "COMPLETED", h: "COMPLETED", z: "COMPLETED" });
  });
});

describe("offered nodes", () => {
  it("load what they read of their run, and nothing else", async () => {
    const t = await EngineFixture.open();
    const executors = withBig(t);
    const tool: NodeExecutor = {
      effect: "outside",
      run: ({ scope }) => ({
        kind: "completed",
        outputJson: Object.fromEntries(Object.entries(scope.nodes).map(([id, { text }]) => [id, text?.length ?? 0])),
      }),
    };
    const asTool = (type: string) => (type === "tool" ? tool : executors(type));
    const loads: SentStatement[] = [];
    t.worker({ slots: 0, executors: asTool });
    t.worker({ only: ["tool"], executors: asTool, sends: (sent) => sent.name.startsWith("load") && loads.push(sent) });
    const document = chain([...of(4, { characters: mebi }), { type: "tool", template: "x" }]);
    Object.assign(document.nodes.at(-1)!.config, { arguments: { a: "{{ nodes.n1.text }}" } });
    expect(await t.finished(await t.create(document))).toMatchObject({ status: "COMPLETED", outputJson: { n1: mebi } });
    expect(loads.filter(({ name }) => name === "load_outputs").map(({ values }) => (values[0] as string[]).length)).toEqual([1]);
  });
});

describe("mail", () => {
  it("that is large is read some MiB at a time, all of it, and none keeps others from theirs", async () => {
    const t = await EngineFixture.open();
    const executors = withBig(t);
    const result: NodeExecutor = { effect: "outside", run: () => ({ kind: "completed", outputText: "y".repeat(3 * mebi) }) };
    const asTool = (type: string) => (type === "tool" ? result : executors(type));
    const ids = Array.from({ length: 6 }, (_, k) => `n${k}`);
    const document = plan(
      [...ids.map((id) => node(id, "tool")), node("end", "answer", { answer: "done" })],
      ids.map((id) => `${id}>end`),
    );
    const first = t.worker({ slots: 0, executors: asTool });
    const large = await t.create(document);
    await t.until(large, ({ nodes }) => Object.values(nodes).filter((status) => status === "QUEUED").length === ids.length);
    await first.kill();
    await t.leasesEnd(large);
    // All of it is there before anybody takes the run on.
    const other = t.worker({ only: ["tool"], executors: asTool });
    const unread = async () =>
      (await t.pool.query("select count(*)::int as count from runtime.inbox where run_id = $1", [large])).rows[0]!.count as number;
    await eventually(unread, (count) => count === ids.length);
    await other.kill();
    let drained = 0;
    let isStuck = true;
    const small = await t.create(plan([node("p", "person"), node("z", "pure")], ["p>z"]), { tenantId: "other" });
    t.worker({
      executors: asTool,
      sends: ({ name, values }) => {
        if (name !== "drain" || !(values[0] as string[]).includes(large)) return;
        drained++;
        if (isStuck && (values[0] as string[]).length > 0) throw new Error("Query read timeout");
      },
    });
    await t.until(small, ({ nodes }) => nodes["p"] === "WAITING");
    await t.control.answerNode({ tenantId: "other", runId: small, path: "p", outcome: { kind: "completed" } });
    expect((await t.finished(small)).status).toBe("COMPLETED");
    isStuck = false;
    expect(await t.finished(large)).toMatchObject({ status: "COMPLETED", outputText: "xxxxxxxxxx" });
    expect(drained).toBeGreaterThanOrEqual(2);
  }, 240_000);

  it("that is not read in its time is read in halves: one run keeps none from theirs", async () => {
    const t = await EngineFixture.open();
    let stuck: string | undefined;
    const sizes: number[] = [];
    const sends = ({ name, values }: SentStatement): void => {
      const ids = name === "drain" ? (values[0] as string[]) : [];
      if (stuck === undefined || !ids.includes(stuck)) return;
      sizes.push(ids.length);
      throw new Error("Query read timeout");
    };
    // It hears nothing, and looks for the mail of all its runs in one statement.
    t.worker({ hints: new LocalHints(), sends });
    const ids = await Promise.all(["a", "b", "c", "d"].map((id) => t.create(plan([node(id, "hold")]))));
    for (const runId of ids) await t.until(runId, ({ nodes }) => Object.values(nodes)[0] === "RUNNING");
    const [first, ...others] = ids;
    stuck = first;
    // One that was sent before may read all of it.
    await eventually(
      () => sizes,
      (seen) => seen.length > 0,
    );
    const cancelled = ids.map((runId) => t.control.cancel({ tenantId: "acme", runId }));
    for (const runId of others) expect((await t.finished(runId)).status).toBe("CANCELLED");
    await eventually(
      () => sizes,
      (seen) => seen.includes(1),
    );
    stuck = undefined;
    expect((await t.finished(first!)).status).toBe("CANCELLED");
    await Promise.all(cancelled);
  });
});
