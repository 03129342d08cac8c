import { preparePlatformDatabase } from "#shared/postgres/prepare.ts";
import { createTestDatabase } from "../../testkit/database.ts";
import { startTransactionPooler } from "../../testkit/transaction-pooler.ts";

async function setup(rule: "refused" | "dropped") {
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
      await expect(refused).rejects.toThrow("connect to PostgreSQL directly");
    }
  });

  it("is refused when the engine alone is behind it: two of its sessions are one", async () => {
    await using t = await setup("dropped");
    const engineUrl = t.pooler.through(t.url.replace("agent_platform@", "agent_platform_engine@"));
    await expect(preparePlatformDatabase(t.url, { engineUrl })).rejects.toThrow("two sessions of the engine share one of PostgreSQL's");
  });
});
