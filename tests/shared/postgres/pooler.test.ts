import { databaseError } from "#shared/db/errors.ts";
import { openDatabase } from "#shared/graphql/subgraph.ts";
import { preparePlatformDatabase, preparePooled } from "#shared/postgres/prepare.ts";
import { allSubgraphs } from "../../../cli/compose/subgraphs.ts";
import { query } from "../../testkit/admin-query.ts";
import { createTestDatabase } from "../../testkit/database.ts";
import { eventually } from "../../testkit/eventually.ts";
import { makeWorkflow, runEnd, startRun } from "../../testkit/graph.ts";
import { startTestPlatform } from "../../testkit/platform.ts";
import { startTransactionPooler, type OptionsRule } from "../../testkit/transaction-pooler.ts";

async function setup(rule: OptionsRule) {
  const database = await createTestDatabase();
  const folder = new URLSearchParams(database.url.split("?")[1]).get("host") ?? "";
  const pooler = await startTransactionPooler(folder, rule);
  return {
    ...database,
    pooler,
    async [Symbol.asyncDispose]() {
      await pooler[Symbol.asyncDispose]();
      await database.drop();
    },
  };
}

describe("a pooler that lends sessions by transaction", () => {
  it.each([
    ["refused", "it refuses the options that a session starts with"],
    ["dropped", "it drops the options that a session starts with"],
  ] as const)("is refused when options are %s", async (rule, problem) => {
    await using t = await setup(rule);
    for (const url of [t.url, t.adminUrl]) {
      const refused = preparePlatformDatabase(t.pooler.through(url));
      await expect(refused).rejects.toMatchObject({ code: "FORBIDDEN", reason: "DATABASE_POOLED" });
      await expect(refused).rejects.toThrow(problem);
      await expect(refused).rejects.toThrow(
        "connect to PostgreSQL directly, or name the way past the pooler, too, in AGENT_PLATFORM_DATABASE_DIRECT_URL",
      );
    }
  });

  it("is refused when the engine alone is behind it: two of its sessions are one", async () => {
    await using t = await setup("dropped");
    const engineUrl = t.pooler.through(t.url.replace("agent_platform@", "agent_platform_engine@"));
    await expect(preparePlatformDatabase(t.url, { engineUrl })).rejects.toThrow("two sessions of the engine share one of PostgreSQL's");
  });

  it("stands before the tenants' reads and writes where what belongs to sessions goes past it", async () => {
    await using t = await setup("dropped");
    const direct = await preparePlatformDatabase(t.url);
    const pooled = await preparePooled(t.pooler.through(t.url), direct);
    const definition = await allSubgraphs()["session"]!();
    const database = await openDatabase(definition, pooled);
    // Of both tenants at once, over sessions that are lent: each statement finds its tenant, and none is prepared.
    const of = (tenantId: string) =>
      database.forTenant(tenantId).query<{ tenant: string; limit: string }>({
        name: "who_asks",
        text: "select app.current_tenant() as tenant, current_setting('statement_timeout') as limit where $1::int > 0",
        values: [1],
      });
    const seen = await Promise.all(Array.from({ length: 20 }, (_, index) => of(`t${index % 2}`)));
    expect(seen.flat()).toEqual(Array.from({ length: 20 }, (_, index) => ({ tenant: `t${index % 2}`, limit: "20s" })));
    await database.close();
  });

  it("that has lost PostgreSQL is a database that does not answer, whoever asks, and one that works when it has it again", async () => {
    await using t = await setup("refused");
    const direct = await preparePlatformDatabase(t.url);
    const database = await openDatabase(await allSubgraphs()["session"]!(), await preparePooled(t.pooler.through(t.url), direct));
    const ask = () => database.forTenant("t1").query<{ one: number }>({ name: "one", text: "select 1 as one", values: [] });
    const slow = database.forTenant("t1").query({ name: "sleeps", text: "select pg_sleep(60)", values: [] });
    const sleeping = "select 1 from pg_stat_activity where query = 'select pg_sleep(60)' and state = 'active'";
    await eventually(
      () => query(t.adminUrl, sleeping),
      (rows) => rows.length === 1,
    );
    t.pooler.loseServer();
    for (const asked of [slow, ask(), ask()]) {
      const cause = await asked.then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(databaseError(cause)).toMatchObject({ code: "DOWNSTREAM_UNAVAILABLE", reason: "DATABASE_UNAVAILABLE" });
    }
    t.pooler.findServer();
    expect(await ask()).toEqual([{ one: 1 }]);
    await database.close();
  });

  it("stands before all subgraphs of a platform that works", async () => {
    await using t = await setup("refused");
    const direct = await preparePlatformDatabase(t.url);
    const url = await preparePooled(t.pooler.through(t.url), direct);
    await using platform = await startTestPlatform({
      on: { database: { ...t, url }, encryptionKey: "ab".repeat(32) },
      env: { databaseDirectUrl: direct },
    });
    const remember = `mutation { createMemory(input: { scopeType: TENANT, scopeId: "t1", contentText: "chairs" }) { id } }`;
    expect((await platform.post(remember)).errors).toBeUndefined();
    const { workflowId } = await makeWorkflow(platform, { nodes: [{ id: "say", type: "answer", config: { answer: "yes" } }], edges: [] });
    expect(await runEnd(platform, await startRun(platform, workflowId))).toBe("COMPLETED");
  });

  it("is refused where it lends a session for a statement: no tenant could be set", async () => {
    await using t = await setup("statement");
    const refused = preparePooled(t.pooler.through(t.url), await preparePlatformDatabase(t.url));
    await expect(refused).rejects.toMatchObject({ reason: "DATABASE_POOLED", message: expect.stringContaining("pool_mode = transaction") });
  });

  it("is refused where it leads to another role than the URL past it", async () => {
    await using t = await setup("dropped");
    const refused = preparePooled(t.pooler.through(t.adminUrl), await preparePlatformDatabase(t.url));
    await expect(refused).rejects.toMatchObject({ reason: "DATABASE_ROLE_UNFIT" });
  });
});
