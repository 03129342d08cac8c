/** Security events of runs on their way into the audit: together, bounded, and never waited for. */
import type { RunSecurityEvent } from "#shared/security-events.ts";
import { query } from "../../testkit/admin-query.ts";
import { eventually } from "../../testkit/eventually.ts";
import { memoryLog } from "../../testkit/fixture-router.ts";
import { openTestSubgraph } from "../../testkit/subgraph.ts";
import { RunEventAudits, type RunEventAuditsOptions } from "../../../router/access/audits/run-event-audits.ts";
import { accessSubgraph } from "../../../router/access/subgraph.ts";

const event = (given: Partial<RunSecurityEvent> = {}): RunSecurityEvent => ({
  event: "EGRESS_BLOCKED",
  tenantId: "t1",
  requestId: "r-1",
  runId: "run-1",
  nodeId: "node",
  attempt: 1,
  reason: "EGRESS_DENIED",
  ...given,
});

/** Nothing is stored by itself; `stop` stores. */
const never = 600_000;

async function setup(options: Partial<RunEventAuditsOptions> = {}) {
  const test = await openTestSubgraph(accessSubgraph(() => Promise.resolve([])));
  const logged: Record<string, unknown>[] = [];
  const audits = new RunEventAudits({ databaseUrl: test.databaseUrl, log: memoryLog(logged), flushMs: never, ...options });
  const admin = (text: string) => query(test.adminUrl, text);
  return {
    audits,
    logged,
    admin,
    rows: () =>
      admin("select tenant_id, request_id, event, details from access.request_audit order by created_at, id") as Promise<
        { tenant_id: string; request_id: string; event: string; details: Record<string, unknown> }[]
      >,
    connections: async () =>
      (
        (await admin(
          "select count(*)::int from pg_stat_activity where datname = current_database() and application_name = 'agent-platform run events'",
        )) as [{ count: number }]
      )[0].count,
    async [Symbol.asyncDispose]() {
      await audits.stop();
      await test.close();
    },
  };
}

describe("security events of runs", () => {
  it("are a row each, of their tenant; those of one node with one reason are one, with their count", async () => {
    await using t = await setup();
    for (let attempt = 1; attempt <= 3; attempt++) t.audits.record(event({ attempt }));
    t.audits.record(event({ nodeId: "other" }));
    t.audits.record(event({ event: "SANDBOX_LIMIT", reason: "CODE_MEMORY" }));
    t.audits.record(event({ tenantId: "t2", runId: "run-2" }));
    await t.audits.stop();
    const of = { runId: "run-1", attempt: 1, reason: "EGRESS_DENIED" };
    expect((await t.rows()).map(({ tenant_id, details }) => [tenant_id, details])).toEqual([
      ["t1", { ...of, nodeId: "node", count: 3 }],
      ["t1", { ...of, nodeId: "other" }],
      ["t1", { ...of, nodeId: "node", reason: "CODE_MEMORY" }],
      ["t2", { ...of, runId: "run-2", nodeId: "node" }],
    ]);
  });

  it("are stored soon without being asked to, over a connection that is not there before and not long after", async () => {
    await using t = await setup({ flushMs: 5, idleMs: 50 });
    expect(await t.connections()).toBe(0);
    t.audits.record(event());
    await eventually(t.rows, (rows) => rows.length === 1);
    await eventually(t.connections, (count) => count === 0);
    t.audits.record(event({ nodeId: "later" }));
    await eventually(t.rows, (rows) => rows.length === 2);
  });

  it("have room for so many of one tenant; of the others their count is kept, and no other tenant's is touched", async () => {
    await using t = await setup({ tenantRows: 3, rows: 100 });
    for (let index = 0; index < 1_000; index++) t.audits.record(event({ nodeId: `n${index}` }));
    t.audits.record(event({ tenantId: "t2" }));
    await t.audits.stop();
    const rows = await t.rows();
    expect(rows.map(({ tenant_id }) => tenant_id).sort()).toEqual(["t1", "t1", "t1", "t1", "t2"]);
    expect(rows.filter(({ details }) => details["runId"] === undefined).map(({ details }) => details)).toEqual([
      { reason: "EGRESS_DENIED", count: 997 },
    ]);
  });

  it("of more tenants than there is room for are counted in the log", async () => {
    await using t = await setup({ rows: 2 });
    for (let index = 0; index < 10; index++) t.audits.record(event({ tenantId: `tenant-${index}` }));
    await t.audits.stop();
    expect(await t.rows()).toHaveLength(4);
    expect(t.logged.map(({ dropped }) => dropped)).toContain(6);
  });

  it("wait while the database does not take them, beside those that come, and are stored once", async () => {
    await using t = await setup({ flushMs: 5 });
    await t.admin("alter table access.request_audit rename to away");
    t.audits.record(event());
    await eventually(
      () => t.logged.length,
      (count) => count > 0,
    );
    t.audits.record(event());
    t.audits.record(event({ nodeId: "other" }));
    await t.admin("alter table access.away rename to request_audit");
    const rows = await eventually(t.rows, (found) => found.length === 2);
    expect(rows.map(({ details }) => [details["nodeId"], details["count"]])).toEqual([
      ["node", 2],
      ["other", undefined],
    ]);
  });

  it("that the database never takes are told of at the end, which is not held up", async () => {
    await using t = await setup();
    await t.admin("alter table access.request_audit rename to away");
    for (let index = 0; index < 5; index++) t.audits.record(event());
    await t.audits.stop();
    expect(t.logged.at(-1)).toMatchObject({ dropped: 5 });
  });
});
