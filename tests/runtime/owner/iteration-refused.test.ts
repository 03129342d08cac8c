/** What PostgreSQL refuses of an iteration is that iteration's matter: nothing that shares its flush waits for it (A1). */
import type { JsonObject } from "#shared/json.ts";
import { query } from "../../testkit/admin-query.ts";
import { EngineFixture } from "../../testkit/engine/fixture.ts";
import { node, plan } from "../../testkit/engine/plan.ts";

/** Refuses what is written to a node run at `path`, when `condition` holds of the new row. */
async function refuse(t: EngineFixture, path: string, condition: string, code = "23514"): Promise<void> {
  await query(
    t.adminUrl,
    `create function refuse_it() returns trigger language plpgsql as $$ begin raise exception 'no' using errcode = '${code}'; end $$`,
  );
  await query(
    t.adminUrl,
    `create trigger refuse_it before insert or update on runtime.node_run for each row when (new.path = '${path}' and ${condition}) execute function refuse_it()`,
  );
}

const iteration = (config: JsonObject) =>
  plan([
    node("each", "iteration", { items: [0, 1, 2], body: plan([node("call", "hold")]) as unknown as JsonObject, parallel: 3, ...config }),
  ]);

/** An iteration whose three calls end in one turn with two other runs' calls, so that they share a flush. */
async function shared(t: EngineFixture, config: JsonObject) {
  t.worker();
  const others = await Promise.all(["a", "b"].map((id) => t.create(plan([node(id, "hold")]), { tenantId: "other" })));
  const runId = await t.create(iteration(config));
  await t.until(runId, ({ nodes }) => [0, 1, 2].every((item) => nodes[`each#${item}/call`] === "RUNNING"));
  await Promise.all(["a", "b"].map((id) => t.calls.heldNode(id)));
  for (const call of [...t.calls.held.values()]) call.end({ kind: "completed", outputJson: call.context.nodeRunId.split(":")[1]! });
  const views = await Promise.all(others.map((id) => t.finished(id)));
  expect(views.map(({ status }) => status)).toEqual(["COMPLETED", "COMPLETED"]);
  return t.finished(runId);
}

describe("an iteration of which PostgreSQL refuses", () => {
  it.each<[string, string, string, JsonObject, object]>([
    [
      "a node's output",
      "each#1/call",
      "new.status = 3",
      { on_item_error: "continue" },
      { status: "COMPLETED", outputJson: ["each#0/call", null, "each#2/call"] },
    ],
    [
      "what an item gives",
      "each#1",
      "new.status = 3",
      { on_item_error: "remove" },
      { status: "COMPLETED", outputJson: ["each#0/call", "each#2/call"] },
    ],
    [
      "what an item gives, where one item fails all",
      "each#1",
      "new.status = 3",
      {},
      { status: "FAILED", errorCode: "OUTPUT_NOT_STORABLE" },
    ],
    ["what it gives itself", "each", "new.status = 3", {}, { status: "FAILED", errorCode: "OUTPUT_NOT_STORABLE" }],
    ["whatever is said of an item", "each#1", "true", { on_item_error: "continue" }, { status: "FAILED", errorCode: "INTERNAL" }],
  ])("%s fails for that alone, and says so", async (_what, path, condition, config, end) => {
    const t = await EngineFixture.open();
    await refuse(t, path, condition);
    expect(await shared(t, config)).toMatchObject(end);
    expect(t.calls.log.filter((id) => id === "call")).toHaveLength(3);
  });

  it("a second end of an item fails with INTERNAL, alone", async () => {
    const t = await EngineFixture.open();
    await refuse(t, "each#2", "new.status = 3", "AP002");
    await refuseFailures(t);
    expect(await shared(t, {})).toMatchObject({ status: "FAILED", errorCode: "INTERNAL", nodes: { "each#0": "COMPLETED" } });
  });
});

/** Nor can it be stored that it cannot be stored. */
async function refuseFailures(t: EngineFixture): Promise<void> {
  await query(
    t.adminUrl,
    "create trigger refuse_failed before insert or update on runtime.node_run for each row when (new.error_code = 'OUTPUT_NOT_STORABLE') execute function refuse_it()",
  );
}
