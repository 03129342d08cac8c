import { runSource } from "../../subgraphs/workflow/run-source.sql.ts";
import { workflowSubgraph } from "../../subgraphs/workflow/subgraph.ts";
import { query } from "../testkit/admin-query.ts";
import { openTestSubgraph } from "../testkit/subgraph.ts";

const none = { appId: null, appVersionId: null, workflowId: null, workflowVersionId: null, knownVersionIds: [] };

describe("what a run may run", () => {
  it("is found by its ids, however many versions the tenant has", async () => {
    const t = await openTestSubgraph(workflowSubgraph);
    const admin = (text: string) => query(t.adminUrl, text);
    await admin(
      `insert into workflow.app select 'a' || i, 't1', 'c' || i, 'n', null, 'ACTIVE', now(), now(), null from generate_series(1, 500) i`,
    );
    await admin(
      `insert into workflow.workflow select 'w' || i, 't1', 'a' || i, 'c', 'n', null, now(), now(), null from generate_series(1, 500) i`,
    );
    await admin(`insert into workflow.workflow_version select 'v' || i || '.' || n, 't1', 'w' || i, n, 'PUBLISHED', '{}', now(), now() + n * interval '1 s'
      from generate_series(1, 500) i, generate_series(1, 10) n`);
    await admin(
      `insert into workflow.app_version select 'av' || i, 't1', 'a' || i, 'v' || i || '.1', 1, 'PUBLISHED', '{}', now(), now() from generate_series(1, 500) i`,
    );
    await admin("analyze workflow.app, workflow.workflow, workflow.workflow_version, workflow.app_version");
    const db = t.subgraph.database.forTenant("t1");
    const rowsRead = async () => {
      // Connections tell what they read when they please, or now: the one that read is the one that the pool lends next.
      await db.query({ name: "flush-statistics", text: "select pg_stat_force_next_flush()", values: [] });
      const [row] = await admin(
        "select (sum(seq_tup_read) + sum(idx_tup_fetch))::int as rows from pg_stat_user_tables where schemaname = 'workflow'",
      );
      return (row as { rows: number }).rows;
    };
    const before = await rowsRead();
    // More often than it takes PostgreSQL to settle on one plan for all.
    for (let round = 0; round < 10; round++) {
      expect(await runSource(db, { ...none, appId: "a7", appVersionId: "av7", workflowId: "w7" })).toMatchObject({
        ...{ versionId: "v7.10", workflowId: "w7", workflowAppId: "a7", appId: "a7", appVersionId: "av7" },
      });
      expect(await runSource(db, { ...none, workflowVersionId: "v8.3" })).toMatchObject({ versionId: "v8.3", workflowId: "w8" });
    }
    expect((await rowsRead()) - before).toBeLessThan(20 * 25);
  });

  it("is null where there is none", async () => {
    const t = await openTestSubgraph(workflowSubgraph);
    const nothing = {
      versionId: null,
      versionStatus: null,
      dsl: null,
      workflowId: null,
      workflowDeleted: null,
      appId: null,
      appVersionId: null,
    };
    expect(await runSource(t.subgraph.database.forTenant("t1"), { ...none, workflowId: "x" })).toMatchObject(nothing);
  });
});
