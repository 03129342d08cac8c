/** One run's outputs must not become another's wait: what a statement carries, and what a run may have unstored, are bounded. */
import type { NodeExecutor } from "../../../subgraphs/runtime/nodes/executor.ts";
import { EngineFixture, type SentStatement } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

async function setup(): Promise<EngineFixture> {
  return EngineFixture.open();
}

const mebi = 1024 * 1024;
const isFlush = ({ name }: SentStatement): boolean => name.startsWith("flush_");
const timedOut = (): Error => new Error("Query read timeout");

/** Node types of the fixture, and "big", which computes a text of config.characters. */
function withBig(t: EngineFixture, effect: "pure" | "outside" = "pure"): (type: string) => NodeExecutor | undefined {
  const big: NodeExecutor = {
    effect,
    run: ({ config }) => ({ kind: "completed", outputText: "x".repeat(Number(config["characters"])) }),
  };
  return (type) => (type === "big" ? big : t.executors(type));
}

describe("runs with large outputs", () => {
  it("store them in statements of some 4 MiB, whatever their number, and another tenant's run goes its way beside them", async () => {
    const t = await setup();
    const sent: number[] = [];
    t.worker({ executors: withBig(t), sends: (one) => isFlush(one) && sent.push(one.characters) });
    const characters = 900_000;
    const ids = Array.from({ length: 10 }, (_, k) => `n${k}`);
    const chain = plan(
      ids.map((id) => node(id, "big", { characters })),
      ids.slice(1).map((id, k) => `${ids[k]}>${id}`),
    );
    const large = await Promise.all(Array.from({ length: 6 }, () => t.create(chain)));
    const small = await t.create(plan([node("a", "pure")]), { tenantId: "other" });
    expect((await t.finished(small)).status).toBe("COMPLETED");
    for (const runId of large) expect(await t.finished(runId)).toMatchObject({ status: "COMPLETED", outputText: "x".repeat(characters) });
    // A run that has nearly 4 MiB may add one output more, and its own at its end.
    expect(Math.max(...sent)).toBeLessThan(4 * mebi + 2 * characters + 100_000);
    expect(sent.reduce((sum, one) => sum + one, 0)).toBeGreaterThan(large.length * ids.length * characters);
  });

  it("store the ends of many calls one after the other, however many come at once, and keep their slots meanwhile", async () => {
    const t = await setup();
    const sent: number[] = [];
    t.worker({ sends: (one) => isFlush(one) && sent.push(one.characters) });
    const ids = Array.from({ length: 20 }, (_, k) => `h${k}`);
    const nodes = [...ids.map((id) => node(id, "hold")), node("last", "pure")];
    const runId = await t.create(
      plan(
        nodes,
        ids.map((id) => `${id}>last`),
      ),
    );
    const calls = await Promise.all(ids.map((id) => t.calls.heldNode(id)));
    const outputText = "y".repeat(3 * mebi);
    for (const call of calls) call.end({ kind: "completed", outputText });
    const view = await t.finished(runId);
    expect(view.status).toBe("COMPLETED");
    expect(Object.values(view.nodes)).toEqual(nodes.map(() => "COMPLETED"));
    expect(Math.max(...sent)).toBeLessThan(4 * mebi + 3 * mebi + 100_000);
    expect(t.calls.log).toHaveLength(nodes.length);
  });

  it("come back as they were, whatever characters they are of and wherever they are cut to be escaped", async () => {
    const t = await setup();
    const units = ["x", '"', "\\", "\n", "\u0001", "\u{1f600}", ",{}"];
    // Of three units, so that each falls on each place of a piece; a line end in one piece of several.
    const texts = [units.join("").repeat(300_000), `\u{1f600}x`.repeat(800_000), `${'"\\'.repeat(900_000)}\n${'"'.repeat(900_000)}`];
    const ids = texts.map((_, index) => `n${index}`);
    t.worker({
      executors: (type) =>
        type === "spells"
          ? {
              effect: "outside",
              run: ({ config }) => ({
                kind: "completed",
                outputText: texts[Number(config["at"])]!,
                outputJson: { [texts[Number(config["at"])]!.slice(0, 9)]: texts[Number(config["at"])]! },
              }),
            }
          : t.executors(type),
    });
    const runId = await t.create(
      plan(
        [...ids.map((id, at) => node(id, "spells", { at })), node("last", "pure")],
        ids.map((id) => `${id}>last`),
      ),
    );
    expect((await t.finished(runId)).status).toBe("COMPLETED");
    const { rows } = await t.pool.query<{ path: string; content_text: string | null; content_json: unknown }>(
      "select path, content_text, content_json from runtime.artifact where run_id = $1 order by path, content_text is null",
      [runId],
    );
    const kept = rows.map(({ path, content_text: text, content_json: json }) => {
      const whole = texts[ids.indexOf(path)]!;
      return [
        path,
        text === null || text === whole,
        json === null || JSON.stringify(json) === JSON.stringify({ [whole.slice(0, 9)]: whole }),
      ];
    });
    expect(rows.some(({ content_text: text }) => text !== null) && rows.some(({ content_json: json }) => json !== null)).toBe(true);
    expect(kept).toEqual(kept.map(([path]) => [path, true, true]));
    expect(new Set(kept.map(([path]) => path))).toEqual(new Set(ids));
  });

  it("go on under a caller that wants so many steps", async () => {
    const t = await setup();
    const executors = withBig(t);
    const control = t.newControl({ executors });
    const characters = 3 * mebi;
    const ids = ["a", "b", "c", "d", "e", "f"];
    t.worker({ executors, start: false });
    const runId = await t.create(
      plan(
        ids.map((id) => node(id, "big", { characters })),
        ids.slice(1).map((id, k) => `${ids[k]}>${id}`),
      ),
      { execution: "MANUAL" },
    );
    expect(await control.ownRun({ tenantId: "acme", runId, workerKey: "me", mode: { kind: "steps", max: 16 } })).toMatchObject({
      stopReason: "FINISHED",
    });
    expect((await t.finished(runId)).status).toBe("COMPLETED");
  });
});

describe("what a run gives back", () => {
  const last = (count: number, characters: number) => plan(Array.from({ length: count }, (_, k) => node(`n${k}`, "big", { characters })));

  it.each([
    [3, 20 * mebi, "FAILED", "OUTPUT_TOO_LARGE"],
    [2, 10 * mebi, "COMPLETED", null],
  ] as const)("is bounded: %s last nodes of %s characters make it %s", async (count, characters, status, errorCode) => {
    const t = await setup();
    t.worker({ executors: withBig(t) });
    const runId = await t.create(last(count, characters));
    const view = await t.finished(runId);
    expect(view).toMatchObject({ status, errorCode });
    expect(new Set(Object.values(view.nodes))).toEqual(new Set(["COMPLETED"]));
  });
});

describe("results of offered nodes", () => {
  it("go out in statements of a few MiB, however large they are together", async () => {
    const t = await setup();
    const sent: number[] = [];
    // The owner has no slot, so another executes all of it.
    const executors = withBig(t, "outside");
    t.worker({ slots: 0, executors });
    t.worker({
      only: ["big"],
      executors,
      sends: ({ name, characters }) => name === "result" && sent.push(characters),
    });
    const runs = await Promise.all(
      [1, 2].map(() => t.create(plan(Array.from({ length: 6 }, (_, k) => node(`n${k}`, "big", { characters: 1.5 * mebi }))))),
    );
    for (const runId of runs) expect((await t.finished(runId)).status).toBe("COMPLETED");
    expect(Math.max(...sent)).toBeLessThan(4 * mebi + 100_000);
  });
});

describe("a flush that is not answered", () => {
  it("in its time is sent in halves, and every run is stored once", async () => {
    const t = await setup();
    let isSlow = true;
    const asked: number[] = [];
    const worker = t.worker({
      sends(one) {
        if (!isFlush(one) || !isSlow) return;
        const runs = String(one.values[0]).split(",").length;
        if (runs < 2) return;
        asked.push(runs);
        if (runs > 2) throw timedOut();
      },
    });
    const ids = Array.from({ length: 8 }, (_, k) => `h${k}`);
    isSlow = false;
    const runs = await Promise.all(ids.map((id) => t.create(plan([node(id, "hold")]))));
    const calls = await Promise.all(ids.map((id) => t.calls.heldNode(id)));
    isSlow = true;
    const sizes: number[] = [];
    worker.signals.on("flushed", (stored) => sizes.push(stored.length));
    for (const call of calls) call.end();
    for (const runId of runs) expect((await t.finished(runId)).status).toBe("COMPLETED");
    expect(asked.slice(0, 3)).toEqual([8, 4, 2]);
    expect(Math.max(...sizes)).toBe(2);
    expect(t.calls.log).toHaveLength(8);
  });

  it("for as long as a lease gives its run back, as stored and with no crash counted, though the leases are renewed", async () => {
    const t = await setup();
    let mayStore = true;
    const first = t.worker({
      leaseMs: 1_500,
      sends(one) {
        if (isFlush(one) && !mayStore) throw timedOut();
      },
    });
    const runId = await t.create(plan([node("h", "hold"), node("z", "pure")], ["h>z"]));
    const call = await t.calls.heldNode("h");
    mayStore = false;
    const released = new Promise((resolve) => first.signals.once("released", (_id, release) => resolve(release)));
    call.end();
    expect(await released).toEqual({ kind: "lost" });
    await first.kill();
    t.worker();
    const again = await t.calls.heldNode("h");
    const { rows } = await t.pool.query("select crashes from runtime.work where key = $1", [runId]);
    expect(rows).toEqual([{ crashes: 0 }]);
    again.end();
    expect((await t.finished(runId)).status).toBe("COMPLETED");
  });
});
