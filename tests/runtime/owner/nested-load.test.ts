/** A long run with composites is loaded by what of it goes on: not what of its items, or rounds, has ended. */
import type { Json, JsonObject } from "#shared/json.ts";
import { newId } from "#shared/ids.ts";
import { compilePlan, type PlanDocument, type PlanNode } from "../../../subgraphs/runtime/engine/plan.ts";
import { itemsLoad, nestedLoad } from "../../../subgraphs/runtime/owner/takeover/nested-load.ts";
import { replayLoaded } from "../../../subgraphs/runtime/owner/takeover/run-rebuild.ts";
import { agentNode } from "../../../subgraphs/runtime/nodes/agent/agent.node.ts";
import type { NodeExecutor } from "../../../subgraphs/runtime/nodes/executor.ts";
import { outputsLoad, runsLoad } from "../../../subgraphs/runtime/queue/load.sql.ts";
import { EngineFixture, type SentStatement } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";
import { standing } from "../engine/nested-run.ts";

/** An iteration over `items`, whose body is the graph. */
function each(items: Json, body: PlanDocument, config: JsonObject = {}, id = "each"): PlanNode {
  return node(id, "iteration", { items, body: body as unknown as JsonObject, ...config });
}

/** A loop of `rounds` rounds, which adds one to its variable `n` in each and then walks the graph. */
function loop(rounds: number, body: PlanDocument, config: JsonObject = {}, id = "loop"): PlanNode {
  const count = node("count", "assigner", { assignments: { "loop.n": "{{ loop.n | plus: 1 }}" } });
  const nodes = [count, ...body.nodes];
  const edges = [...body.edges, ...body.nodes.map(({ id: target }) => ({ source: "count", target }))];
  return node(id, "loop", { max_rounds: rounds, variables: { n: 0 }, body: { ...body, nodes, edges } as unknown as JsonObject, ...config });
}

/** A node that runs the workflow `v1` of the plan. */
function sub(input: Json = {}): PlanNode {
  return node("sub", "sub-workflow", { workflow_version_id: "v1", input });
}

/** An agent that calls two tools, then one that waits for a person, and then answers. */
const working = (): PlanNode => node("agent", "agent", { agent: { limits: { max_steps: 5 } }, input: "Do it." });

const set = (key: string, value: Json): PlanNode => node(`set-${key}`, "assigner", { assignments: { [key]: value } });

const counted = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const long = "long ".repeat(500);

/** Waits at item `at`: those before it have ended, and in some the node that was to be called failed. */
const waiting = (at: number): PlanDocument =>
  plan([node("bad", "poison", { items: [1, 4] }), node("ask", "asks", { from: at })], ["bad>ask"]);

/** How a run stands when it is loaded whole, and by what goes on of it. */
async function bothWays(t: EngineFixture, runId: string, document: PlanDocument) {
  const compiled = compilePlan(document);
  const [whole] = await runsLoad(t.pool, [runId]);
  await outputsLoad(t.pool, [whole!]);
  const part = (await nestedLoad(t.pool, runId, compiled))!;
  await outputsLoad(t.pool, [part]);
  await itemsLoad(t.pool, part);
  const graphs = [whole!, part].map((loaded) => replayLoaded(compiled, loaded, 0).graph);
  return { whole: standing(graphs[0]!, true), part: standing(graphs[1]!, true), rows: [whole!.nodes.length, part.nodes.length] };
}

/** `asks` waits for a person at items, or rounds, from config.from on, and at config.at. `broken` fails at config.at, in the first run that gets there. */
const withAsks =
  (t: EngineFixture, broken = new Set<number>()) =>
  (type: string) => {
    if (type === "broken") return breaking(broken);
    if (type.startsWith("agent")) return agentTypes(t)[type];
    if (type !== "asks") return t.executors(type);
    const person = t.executors("person")!;
    const pure = t.executors("pure")!;
    return {
      effect: "pure" as const,
      run: (context: Parameters<typeof pure.run>[0]) =>
        Number(context.scope.index) >= Number(context.config["from"]) || context.scope.index === context.config["at"]
          ? person.run(context)
          : pure.run(context),
    };
  };

/** What a model puts out is what it has seen of its agent's work. */
const agentTypes = (t: EngineFixture): Record<string, NodeExecutor> => ({
  agent: agentNode,
  "agent-model": {
    effect: "outside",
    run({ scope }) {
      const seen = Object.keys(scope.nodes).toSorted();
      const turn = seen.filter((name) => name.startsWith("model#")).length;
      return { kind: "completed", outputText: seen.join(" "), route: ["calls:2", "calls:1"][turn] ?? "answer" };
    },
  },
  "agent-tool": {
    effect: "pure",
    run: (context) =>
      context.nodeRunId.endsWith("tool#2.0") ? t.executors("person")!.run(context) : { kind: "completed", outputText: long },
  },
});

const breaking = (broken: Set<number>): NodeExecutor => ({
  effect: "pure",
  run({ scope: { index }, config }) {
    if (index !== config["at"] || broken.has(index as number)) return { kind: "completed" };
    broken.add(index as number);
    return { kind: "failed", code: "BROKEN", message: "the first time", retryable: false };
  },
});

const asking = (from: number, at?: number): PlanDocument => plan([node("ask", "asks", { from, ...(at !== undefined && { at }) })]);

/** Each item calls the outside before it may wait: with its mark is stored how far its iteration has come. */
const calling = (from: number, at?: number): PlanDocument => {
  const { nodes } = asking(from, at);
  return plan([node("call", "call"), ...nodes, node("bad", "poison", { items: [1, 4, 300] })], ["call>ask", "ask>bad"]);
};

describe("a long run with composites", () => {
  it.each<[string, () => PlanDocument]>([
    ["items that ended before", () => plan([each(counted(40), waiting(20), { parallel: 3, on_item_error: "continue" })])],
    ["none that ended", () => plan([each(counted(40), waiting(0), { parallel: 3, on_item_error: "remove" })])],
    ["items in artifacts", () => plan([each("{{ input.rows }}", waiting(20), { parallel: 2, on_item_error: "remove" })])],
    [
      "an iteration within",
      () =>
        plan(
          [
            node("first", "pure"),
            each(
              counted(5),
              plan([node("a", "pure"), each(counted(9), waiting(5), { on_item_error: "continue", parallel: 2 }, "inner")], ["a>inner"]),
              {
                parallel: 3,
              },
            ),
            node("last", "pure"),
          ],
          ["first>each", "each>last"],
        ),
    ],
    [
      "an item that fails beside others",
      () =>
        plan([
          each(
            counted(12),
            plan(
              [node("ask", "asks", { from: 6 }), node("gate", "asks", { from: 12 }), node("bad", "poison", { items: [7] })],
              ["gate>bad"],
            ),
            { parallel: 4 },
          ),
          node("person", "person"),
        ]),
    ],
    ["many items, and one that waits among those that ended", () => plan([each(counted(640), asking(600, 2), { parallel: 3 })])],
    [
      "many items that call, and end behind what is stored of how far they are",
      () => plan([each(counted(640), calling(600, 7), { parallel: 24, on_item_error: "continue" })]),
    ],
    ["many items, the last of which wait", () => plan([each(counted(301), asking(298), { parallel: 64 })])],
    [
      "many items in each of two",
      () =>
        plan([each([0, 1], plan([each(counted(320), calling(300), { parallel: 8, on_item_error: "remove" }, "inner")]), { parallel: 2 })]),
    ],
    [
      "one of many items that fails beside others",
      () =>
        plan([
          each(
            counted(620),
            plan(
              [node("ask", "asks", { from: 600 }), node("gate", "asks", { from: 620 }), node("bad", "poison", { items: [605] })],
              ["gate>bad"],
            ),
            { parallel: 8 },
          ),
          node("person", "person"),
        ]),
    ],
    ["a loop's rounds that ended", () => plan([loop(40, asking(20), { variables: { n: 0, long } })])],
    ["a loop in its first round", () => plan([loop(40, asking(0))])],
    ["rounds that put out what lies in artifacts", () => plan([loop(9, asking(5), { output: "{{ index }} {{ input.rows }}" })])],
    ["a loop in each item", () => plan([each(counted(6), plan([loop(9, asking(3))]), { parallel: 3 })])],
    [
      "iterations in a loop's rounds",
      () => plan([loop(9, plan([node("ask", "asks", { from: 4 }), each([0, 1, 4, 5], asking(3), { parallel: 2 })]))]),
    ],
    ["the turns of agents", () => plan([each(counted(6), plan([working()]), { parallel: 2 }), working()])],
    [
      "a sub-workflow, whose state and input are its own",
      () => ({
        ...plan([set("own", "outer"), sub({ rows: "{{ input.rows }}" })], ["set-own>sub"]),
        workflows: { v1: plan([set("own", "inner"), node("ask", "person"), loop(9, asking(4))], ["set-own>ask"]) },
      }),
    ],
    [
      "sub-workflows in rounds, and iterations in them",
      () => ({
        ...plan([loop(5, plan([node("ask", "asks", { from: 2 }), sub({ n: "{{ loop.n }}" })]))]),
        workflows: { v1: plan([each(counted(30), asking(20), { parallel: 2 }), set("own", "{{ input.n }}")]) },
      }),
    ],
    [
      "a round that fails beside others",
      () => plan([loop(12, plan([node("ask", "asks", { from: 6 }), node("broken", "broken", { at: 6 })])), node("person", "person")]),
    ],
  ])("stands the same with %s", async (_, documentOf) => {
    const t = await EngineFixture.open();
    t.worker({ executors: withAsks(t) });
    const document = documentOf();
    const runId = await t.create(document, { input: { rows: counted(40).map((index) => `${index} ${"é".repeat(10_000)}`) } });
    await t.until(runId, ({ status, errorCode }) => status === "WAITING" || ["POISON", "BROKEN"].includes(errorCode ?? ""));
    const { whole, part, rows } = await bothWays(t, runId, document);
    expect(part).toBe(whole);
    expect(rows[1]).toBeLessThanOrEqual(rows[0]!);
  });

  it.each([
    ["left out", "remove", (index: number) => ![1, 4].includes(index)],
    ["null", "continue", () => true],
  ] as const)(
    "goes on after each of its owners, gives what all its items gave, failed ones %s, and no load brings what has ended",
    async (_, on_item_error, isGiven) => {
      const t = await EngineFixture.open();
      const loads: SentStatement[] = [];
      const worker = () => t.worker({ executors: withAsks(t), sends: (sent) => void loads.push(sent) });
      const first = worker();
      const output = `{% if index == 7 %}{{ input.long }}{% else %}{{ index }}{% endif %}`;
      // An item that failed puts out null, as one may that did not: only its row says which it was.
      const nested = each(counted(180), waiting(178), { on_item_error, output: "{{ index }}" });
      const large = each(counted(3), plan([node("one", "pure", { output })]), { output: "{{ input.long }}" }, "large");
      const document = plan([large, nested], ["large>each"]);
      const runId = await t.create(document, { input: { long } });
      await t.until(runId, ({ nodes }) => nodes["each#178/ask"] === "WAITING");
      const part = (await nestedLoad(t.pool, runId, compilePlan(document)))!;
      expect(part.nodes.map(({ path }) => path).toSorted()).toEqual(["each", "each#178/ask", "each#178/bad", "large"]);
      await first.kill();
      await t.leasesEnd(runId);
      worker();
      for (const item of [178, 179]) {
        await t.until(runId, ({ nodes }) => nodes[`each#${item}/ask`] === "WAITING");
        await t.control.answerNode({ tenantId: "acme", runId, path: `each#${item}/ask`, outcome: { kind: "completed" } });
      }
      const { status, outputJson } = await t.finished(runId);
      const given = counted(180).map((index) => ([1, 4].includes(index) ? null : index));
      expect([status, outputJson]).toEqual(["COMPLETED", given.filter((_value, index) => isGiven(index))]);
      expect(loads.filter(({ name }) => name === "load_ended").length).toBeGreaterThan(0);
      expect(loads.filter(({ name }) => name === "load")).toEqual([]);
    },
  );

  it("is woken by what has ended since its row said how far it was, and not by all that has ended", async () => {
    const t = await EngineFixture.open();
    const loads: SentStatement[] = [];
    const worker = () => t.worker({ executors: withAsks(t), sends: (sent) => void loads.push(sent) });
    const first = worker();
    const document = plan([each(counted(603), asking(600, 2), { parallel: 3, output: "{{ index }}" })]);
    const runId = await t.create(document);
    await t.until(runId, ({ nodes }) => nodes["each#601/ask"] === "WAITING");
    const part = (await nestedLoad(t.pool, runId, compilePlan(document)))!;
    const { progress } = part.nodes.find(({ path }) => path === "each")!;
    expect(progress!.next).toBeGreaterThan(500);
    expect(progress!.open).toContain(2);
    expect(part.nodes.map(({ path }) => path).toSorted()).toEqual(["each", "each#2/ask", "each#600/ask", "each#601/ask"]);
    await first.kill();
    await t.leasesEnd(runId);
    worker();
    for (const item of [601, 602, 2, 600]) {
      await t.until(runId, ({ nodes }) => nodes[`each#${item}/ask`] === "WAITING");
      await t.control.answerNode({ tenantId: "acme", runId, path: `each#${item}/ask`, outcome: { kind: "completed" } });
    }
    expect(await t.finished(runId)).toMatchObject({ status: "COMPLETED", outputJson: counted(603) });
    expect(loads.filter(({ name }) => name === "load_frames").length).toBeGreaterThan(0);
    expect(loads.filter(({ name }) => name === "load" || name === "load_ended")).toEqual([]);
  });

  it("says nothing of how far it was to a new run, in which items go on that had ended", async () => {
    const t = await EngineFixture.open();
    const executors = withAsks(t);
    const worker = t.worker({ executors });
    const body = plan([node("ask", "asks", { from: 301, at: 300 }), node("broken", "broken", { at: 301 })]);
    const document = plan([each(counted(302), body, { parallel: 2, output: "{{ index }}" })]);
    const runId = await t.create(document);
    expect(await t.finished(runId)).toMatchObject({ status: "FAILED", nodes: { "each#299": "COMPLETED", "each#301": "FAILED" } });
    const { rows } = await t.pool.query("select from runtime.node_run where run_id = $1 and progress is not null", [runId]);
    expect(rows).toHaveLength(1);
    await worker.stop();
    const newRunId = newId();
    await t.control.retryRun({ tenantId: "acme", runId, newRunId });
    const [each0] = (await nestedLoad(t.pool, newRunId, compilePlan(document)))!.nodes;
    expect(each0).toMatchObject({ path: "each", opened: { count: 302 }, progress: null });
    t.worker({ executors });
    for (const item of [300, 301]) {
      await t.until(newRunId, ({ nodes }) => nodes[`each#${item}/ask`] === "WAITING");
      await t.control.answerNode({ tenantId: "acme", runId: newRunId, path: `each#${item}/ask`, outcome: { kind: "completed" } });
    }
    expect(await t.finished(newRunId)).toMatchObject({ status: "COMPLETED", outputJson: counted(302) });
  });

  it("goes round on after its owner, with the variables and the rounds that there were", async () => {
    const t = await EngineFixture.open();
    const loads: SentStatement[] = [];
    const worker = () => t.worker({ executors: withAsks(t), sends: (sent) => void loads.push(sent) });
    const first = worker();
    const output = "{{ index }} {{ input.long }}";
    const document = plan([loop(180, asking(178), { until: "loop.n == 180", variables: { n: 0, kept: long }, output })]);
    const runId = await t.create(document, { input: { long } });
    await t.until(runId, ({ nodes }) => nodes["loop#178/ask"] === "WAITING");
    const part = (await nestedLoad(t.pool, runId, compilePlan(document)))!;
    expect(part.eventSeq).toBeGreaterThan(500);
    expect(part.nodes.map(({ path }) => path).toSorted()).toEqual(["loop", "loop#177", "loop#178/ask", "loop#178/count"]);
    await first.kill();
    await t.leasesEnd(runId);
    worker();
    for (const round of [178, 179]) {
      await t.until(runId, ({ nodes }) => nodes[`loop#${round}/ask`] === "WAITING");
      await t.control.answerNode({ tenantId: "acme", runId, path: `loop#${round}/ask`, outcome: { kind: "completed" } });
    }
    const { status, outputJson } = await t.finished(runId);
    expect(status).toBe("COMPLETED");
    expect(outputJson).toEqual({ result: `179 ${long}`, rounds: 180, stopped: "until", variables: { n: 180, kept: long } });
    expect(loads.filter(({ name }) => name === "load_ended").length).toBeGreaterThan(0);
    expect(loads.filter(({ name }) => name === "load" || name === "weigh_ended")).toEqual([]);
  });

  it("goes on in a sub-workflow after its owner, with its input and its state", async () => {
    const t = await EngineFixture.open();
    const loads: SentStatement[] = [];
    const worker = () => t.worker({ executors: withAsks(t), sends: (sent) => void loads.push(sent) });
    const first = worker();
    const nested = each(counted(260), asking(260));
    const inner = plan([set("own", "inner"), nested, node("ask", "person"), node("see", "echo")], ["set-own>each", "each>ask", "ask>see"]);
    const outer = plan([set("own", "outer"), sub({ city: "Bern", long }), node("last", "echo")], ["set-own>sub", "sub>last"]);
    const document = { ...outer, workflows: { v1: inner } };
    const runId = await t.create(document, { input: { long } });
    await t.until(runId, ({ nodes }) => nodes["sub/ask"] === "WAITING");
    const part = (await nestedLoad(t.pool, runId, compilePlan(document)))!;
    expect(part.eventSeq).toBeGreaterThan(500);
    expect(part.nodes.map(({ path }) => path).toSorted()).toEqual(["set-own", "sub", "sub/ask", "sub/each", "sub/set-own"]);
    await first.kill();
    await t.leasesEnd(runId);
    worker();
    await t.control.answerNode({ tenantId: "acme", runId, path: "sub/ask", outcome: { kind: "completed" } });
    const inside = { state: { own: "inner" }, input: { city: "Bern", long } };
    const outside = { state: { own: "outer" }, nodes: { sub: { output: { state: { own: "inner" }, result: inside } } } };
    expect(await t.finished(runId)).toMatchObject({ status: "COMPLETED", outputJson: outside });
    expect(loads.filter(({ name }) => name === "load_beneath").length).toBeGreaterThan(0);
    expect(loads.filter(({ name }) => name === "load")).toEqual([]);
  });

  it("goes on with an agent after its owner, with all that this has done", async () => {
    const t = await EngineFixture.open();
    const loads: SentStatement[] = [];
    const worker = () => t.worker({ executors: withAsks(t), sends: (sent) => void loads.push(sent) });
    const first = worker();
    const document = plan([each(counted(260), asking(260)), working()], ["each>agent"]);
    const runId = await t.create(document);
    await t.until(runId, ({ nodes }) => nodes["agent/tool#2.0"] === "WAITING");
    const part = (await nestedLoad(t.pool, runId, compilePlan(document)))!;
    expect(part.eventSeq).toBeGreaterThan(500);
    const done = ["agent/model#1", "agent/model#2", "agent/tool#1.0", "agent/tool#1.1", "agent/tool#2.0"];
    expect(part.nodes.map(({ path }) => path).toSorted()).toEqual(["agent", ...done, "each"]);
    await first.kill();
    await t.leasesEnd(runId);
    worker();
    await t.control.answerNode({ tenantId: "acme", runId, path: "agent/tool#2.0", outcome: { kind: "completed" } });
    const outputText = "model#1 model#2 tool#1.0 tool#1.1 tool#2.0";
    expect(await t.finished(runId)).toMatchObject({ status: "COMPLETED", outputText });
    expect(loads.filter(({ name }) => name === "load_beneath").length).toBeGreaterThan(0);
    expect(loads.filter(({ name }) => name === "load")).toEqual([]);
  });

  it("is taken over by a new run in the round that failed, with the rounds before", async () => {
    const t = await EngineFixture.open();
    const loads: SentStatement[] = [];
    t.worker({ executors: withAsks(t), sends: (sent) => void loads.push(sent) });
    const body = plan([node("broken", "broken", { at: 200 }), node("call", "call")], ["broken>call"]);
    const runId = await t.create(plan([loop(202, body, { output: "{{ index }} {{ loop.n }}" })]));
    expect(await t.finished(runId)).toMatchObject({ status: "FAILED", nodes: { "loop#199": "COMPLETED", "loop#200": "FAILED" } });
    const newRunId = newId();
    await t.control.retryRun({ tenantId: "acme", runId, newRunId });
    const view = await t.finished(newRunId);
    expect(view).toMatchObject({ status: "COMPLETED", outputJson: { result: "201 202", rounds: 202, variables: { n: 202 } } });
    expect(t.calls.log.filter((id) => id === "call")).toHaveLength(202);
    expect(loads.filter(({ name }) => name === "load_ended").length).toBeGreaterThan(0);
  });

  it("is taken over by a new run, with the items that ended", async () => {
    const t = await EngineFixture.open();
    t.worker({ executors: withAsks(t) });
    const body = plan([node("once", "flaky", { failures: 1, byPath: true })]);
    const document = plan(
      [each(counted(180), waiting(180), { on_item_error: "remove", output: "{{ index }}{{ input.long }}" }, "many"), each([0, 1], body)],
      ["many>each"],
    );
    let runId = await t.create(document, { input: { long } });
    for (let forks = 0; (await t.finished(runId)).status === "FAILED"; forks++) {
      expect(forks).toBeLessThan(5);
      const newRunId = newId();
      await t.control.retryRun({ tenantId: "acme", runId, newRunId });
      runId = newRunId;
    }
    expect((await t.view(runId)).status).toBe("COMPLETED");
  });
});
