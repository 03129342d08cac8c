import pg from "pg";
import { createTestDatabase } from "../testkit/database.ts";
import { runCli } from "./cli-process.ts";

describe("migrate", () => {
  it("says what is pending, does it, and has nothing to do after that", async () => {
    const { url, adminUrl, drop } = await createTestDatabase();
    const admin = new pg.Client({ connectionString: adminUrl });
    await admin.connect();
    await admin.query("drop schema access cascade");
    await admin.query("drop schema tool cascade; create schema tool authorization agent_platform");
    await admin.end();
    const migrate = async (...options: string[]) => {
      const environment = { AGENT_PLATFORM_DATABASE_URL: url, AGENT_PLATFORM_ENCRYPTION_KEY: "0".repeat(64) };
      const { code, output } = await runCli("real", ["migrate", "--json", ...options], environment).ended;
      return { code, said: JSON.parse(output) as unknown };
    };
    try {
      const lacking = [
        { subgraph: "tool", migrations: ["0001-tools", "0002-json-as-written"] },
        { subgraph: "access", migrations: ["0001-request-audits", "0002-engine-role", "0003-audited-changes", "0004-api-keys"] },
      ];
      expect(await migrate("--status")).toEqual({ code: 1, said: { pending: lacking } });
      expect(await migrate()).toEqual({ code: 0, said: { migrated: lacking } });
      expect(await migrate("--status")).toEqual({ code: 0, said: { pending: [] } });
      expect(await migrate()).toEqual({ code: 0, said: { migrated: [] } });
    } finally {
      await drop();
    }
  });
});
