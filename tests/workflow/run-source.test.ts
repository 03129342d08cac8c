import { runSources, type RunSourceNames, type RunSourceRow } from "../../subgraphs/workflow/run-source.sql.ts";
import { workflowSubgraph } from "../../subgraphs/workflow/subgraph.ts";
import type { Db } from "#shared/db/database.ts";
import { RunSourceBatcher } from "../../subgraphs/workflow/run-source-batcher.ts";
import { query } from "../testkit/admin-query.ts";
import { openTestSubgraph } from "../testkit/subgraph.ts";

const none: RunSourceNames = { appId: null, appVersionId: null, workflowId: null, workflowVersionId: null, knownVersionIds: [] };

async function runSource(db: Db, names: RunSourceNames): Promise<RunSourceRow | undefined> {
  return (await runSources(db, [names]))[0];
}

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

  it("is found for many at once, each by its own names, in their order, without the documents that each has", async () => {
    const t = await openTestSubgraph(workflowSubgraph);
    const admin = (text: string) => query(t.adminUrl, text);
    await admin(
      `insert into workflow.app select 'a' || i, 't1', 'c' || i, 'n', null, 'ACTIVE', now(), now(), null from generate_series(1, 3) i`,
    );
    await admin(
      `insert into workflow.workflow select 'w' || i, 't1', 'a' || i, 'c', 'n', null, now(), now(), null from generate_series(1, 3) i`,
    );
    await admin(`insert into workflow.workflow_version select 'v' || i, 't1', 'w' || i, 1, 'PUBLISHED', jsonb_build_object('of', i), now(), now()
      from generate_series(1, 3) i`);
    const db = t.subgraph.database.forTenant("t1");
    const asked = [
      { ...none, workflowId: "w2" },
      { ...none, workflowId: "nobody's" },
      { ...none, workflowVersionId: "v1", knownVersionIds: ["v2", "v1"] },
      { ...none, workflowVersionId: "v1", knownVersionIds: ["v2"] },
    ];
    expect(await runSources(db, asked)).toMatchObject([
      { versionId: "v2", workflowId: "w2", dsl: { of: 2 } },
      { versionId: null, workflowId: null, dsl: null },
      { versionId: "v1", workflowId: "w1", dsl: null },
      { versionId: "v1", workflowId: "w1", dsl: { of: 1 } },
    ]);
    expect(await runSources(t.subgraph.database.forTenant("t2"), asked)).toEqual(
      asked.map(() => expect.objectContaining({ versionId: null, workflowId: null, workflowAppId: null })),
    );
  });
});

/** A database that answers when it is told to, each question with its version's id; it refuses "bad". */
function heldDatabase(tenantId: string) {
  const statements: { ids: string[]; answer: () => void }[] = [];
  const listeners: (() => void)[] = [];
  const query = (statement: { values: readonly unknown[] }) =>
    new Promise((resolve, reject) => {
      const ids = statement.values[3] as string[];
      const refusal = Object.assign(new Error("refused"), { code: "22P02" });
      const answer = () => (ids.includes("bad") ? reject(refusal) : resolve(ids.map((versionId) => ({ versionId }))));
      statements.push({ ids, answer });
      listeners.splice(0).forEach((tell) => tell());
    });
  /** Resolves when the statement of this number has come. */
  const asked = async (number: number) => {
    while (statements.length <= number) await new Promise<void>((resolve) => listeners.push(resolve));
  };
  const answer = async (number: number) => {
    await asked(number);
    statements[number]!.answer();
  };
  return { db: { tenantId, query } as unknown as Db, statements, asked, answer };
}

describe("questions of many runs", () => {
  const version = (workflowVersionId: string) => ({ ...none, workflowVersionId });

  it("share a statement with those of their tenant that come while two are under way, and wait for no other tenant's", async () => {
    const batcher = new RunSourceBatcher();
    const ours = heldDatabase("ours");
    const theirs = heldDatabase("theirs");
    const first = batcher.find(ours.db, version("v1"));
    await ours.asked(0);
    const second = batcher.find(ours.db, version("v2"));
    await ours.asked(1);
    const more = ["v3", "v4", "v5"].map((id) => batcher.find(ours.db, version(id)));
    const other = batcher.find(theirs.db, version("x1"));
    await theirs.answer(0);
    expect(await other).toEqual({ versionId: "x1" });
    expect(ours.statements.map(({ ids }) => ids)).toEqual([["v1"], ["v2"]]);
    for (const number of [0, 1, 2]) await ours.answer(number);
    expect(await Promise.all([first, second, ...more])).toEqual(["v1", "v2", "v3", "v4", "v5"].map((versionId) => ({ versionId })));
    expect(ours.statements.map(({ ids }) => ids)).toEqual([["v1"], ["v2"], ["v3", "v4", "v5"]]);
  });

  it("fail alone when one of them is refused", async () => {
    const batcher = new RunSourceBatcher();
    const { db, answer } = heldDatabase("ours");
    const asked = ["v1", "bad", "v2"].map((id) => batcher.find(db, version(id)));
    const ended = Promise.allSettled(asked);
    for (const number of [0, 1, 2, 3]) await answer(number);
    expect((await ended).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  });
});
