/** A long run with iterations is loaded by what of it goes on: not what of its items has ended. */
import type { Json, JsonObject } from "#shared/json.ts";
import { newId } from "#shared/ids.ts";
import { compilePlan, type PlanDocument, type PlanNode } from "../../../subgraphs/runtime/engine/plan.ts";
import { itemsLoad, nestedLoad } from "../../../subgraphs/runtime/owner/nested-load.ts";
import { replayLoaded } from "../../../subgraphs/runtime/owner/run-rebuild.ts";
import { outputsLoad, runsLoad } from "../../../subgraphs/runtime/queue/load.sql.ts";
import { EngineFixture, type SentStatement } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";
import { standing } from "../engine/nested-run.ts";

/** An iteration over `items`, whose body is the graph. */
function each(items: Json, body: PlanDocument, config: JsonObject = {}, id = "each"): PlanNode {
  return node(id, "iteration", { items, body: body as unknown as JsonObject, ...config });
}

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

/** `asks` waits for a person at items from config.from on. */
const withAsks = (t: EngineFixture) => (type: string) => {
  if (type !== "asks") return t.executors(type);
  const person = t.executors("person")!;
  const pure = t.executors("pure")!;
  return {
    effect: "pure" as const,
    run: (context: Parameters<typeof pure.run>[0]) =>
      Number(context.scope.index) >= Number(context.config["from"]) ? person.run(context) : pure.run(context),
  };
};

describe("a long run with iterations", () => {
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
  ])("stands the same with %s", async (_, documentOf) => {
    const t = await EngineFixture.open();
    t.worker({ executors: withAsks(t) });
    const document = documentOf();
    const runId = await t.create(document, { input: { rows: counted(40).map((index) => `${index} ${"é".repeat(30_000)}`) } });
    await t.until(runId, ({ status }) => status === "WAITING" || status === "FAILED");
    const { whole, part, rows } = await bothWays(t, runId, document);
    expect(part).toBe(whole);
    expect(rows[1]).toBeLessThanOrEqual(rows[0]!);
  });

  it("goes on after each of its owners, gives what all its items gave, and no load brings what has ended", async () => {
    const t = await EngineFixture.open();
    const loads: SentStatement[] = [];
    const worker = () => t.worker({ executors: withAsks(t), sends: (sent) => void loads.push(sent) });
    const first = worker();
    const output = `{% if index == 7 %}{{ input.long }}{% else %}{{ index }}{% endif %}`;
    const nested = each(counted(180), waiting(178), { on_item_error: "continue", output: "{{ index }}" });
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
    expect([status, outputJson]).toEqual(["COMPLETED", counted(180).map((index) => ([1, 4].includes(index) ? null : index))]);
    expect(loads.filter(({ name }) => name === "load_ended").length).toBeGreaterThan(0);
    expect(loads.filter(({ name }) => name === "load")).toEqual([]);
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
