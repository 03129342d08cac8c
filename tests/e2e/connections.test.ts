import pg from "pg";
import { query } from "../testkit/admin-query.ts";
import { eventually } from "../testkit/eventually.ts";
import { startTestPlatform } from "../testkit/platform.ts";

describe("the platform's connections to PostgreSQL", () => {
  it("are 20 at most, API and one worker together, while many tenants read and write at once", async () => {
    await using platform = await startTestPlatform();
    const { adminUrl } = platform.database;
    const tenants = Array.from({ length: 16 }, (_, index) => `tenant-${index}`);
    const create = `mutation ($code: String!) { createApp(input: { code: $code, name: "n" }) { id } }`;
    const read =
      "{ apps(first: 5) { edges { node { id workflows(first: 1) { edges { node { id } } } } } } runs(first: 5) { edges { node { id } } } agents(first: 5) { edges { node { id } } } }";
    const each = async (tenant: string) => {
      const headers = { "x-tenant-id": tenant };
      for (let round = 0; round < 4; round++) {
        const answers = await Promise.all([
          platform.post(create, { code: `c${round}` }, headers),
          ...Array.from({ length: 4 }, () => platform.post(read, {}, headers)),
        ]);
        expect(answers.flatMap(({ errors = [] }) => errors)).toEqual([]);
      }
    };
    let isDone = false;
    const load = Promise.all(tenants.map(each)).finally(() => (isDone = true));
    let most = 0;
    while (!isDone) {
      const [row] = await query(
        adminUrl,
        "select count(*)::int as n from pg_stat_activity where datname = current_database() and usename like 'agent_platform%'",
      );
      most = Math.max(most, (row as { n: number }).n);
    }
    await load;
    expect(most).toBeGreaterThan(10);
    expect(most).toBeLessThanOrEqual(20);
  });

  it("that are lost with a change under way are told as such: it may be stored; of a question nothing of the kind is said", async () => {
    await using platform = await startTestPlatform({ workers: 0 });
    const { adminUrl } = platform.database;
    const lock = new pg.Client({ connectionString: adminUrl });
    await lock.connect();
    await lock.query("begin; lock table workflow.app in access exclusive mode");
    const told = [
      platform.post(`mutation { createApp(input: { code: "a", name: "n" }) { id } }`),
      platform.post("{ apps(first: 1) { edges { node { id } } } }"),
    ];
    const waiting = "from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    await eventually(
      () => query(adminUrl, `select count(*)::int as n ${waiting}`),
      ([row]) => (row as { n: number }).n === told.length,
    );
    await lock.query(`select pg_terminate_backend(pid) ${waiting}`);
    const answers = await Promise.all(told);
    await lock.query("rollback");
    await lock.end();
    const facts = answers.map(({ errors }) => errors?.[0]?.extensions);
    expect(facts).toMatchObject([
      { reason: "DATABASE_UNAVAILABLE", retryable: true, effectUnknown: true },
      { reason: "DATABASE_UNAVAILABLE", retryable: true },
    ]);
    expect(facts[1]).not.toHaveProperty("effectUnknown");
  });
});
