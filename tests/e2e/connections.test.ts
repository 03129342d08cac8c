import { query } from "../testkit/admin-query.ts";
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
});
