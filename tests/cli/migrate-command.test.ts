import { randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { createTestDatabase } from "../testkit/database.ts";
import { startTransactionPooler } from "../testkit/transaction-pooler.ts";
import { runCli } from "./cli-process.ts";

/** The names of migrations, in their order. */
const migrationsIn = (folder: string) =>
  readdirSync(join(folder, "migrations"), "utf8")
    .map((name) => name.replace(/\.ts$/, ""))
    .sort();

/** A role that may make no others, with a database of its own, on the tests' server. */
async function ownRole() {
  const { url, adminUrl, drop } = await createTestDatabase();
  const role = `plain_${randomUUID().replaceAll("-", "")}`;
  const asAdmin = async (database: string, ...statements: string[]) => {
    const admin = new pg.Client({ connectionString: adminUrl.replace(/\/[^/?]+\?/, `/${database}?`) });
    await admin.connect();
    for (const statement of statements) await admin.query(statement);
    await admin.end();
  };
  await asAdmin("postgres", `create role ${role} login`, `create database ${role} owner ${role}`);
  return {
    role,
    url: url.replace(/\/\/[^@]+@/, `//${role}@`).replace(/\/[^/?]+\?/, `/${role}?`),
    async [Symbol.asyncDispose]() {
      await asAdmin("postgres", `drop database ${role} with (force)`, `drop role if exists ${role}_engine`, `drop role ${role}`);
      await drop();
    },
  };
}

describe("migrate", () => {
  it("prints the four statements that make the engine's role where it may not make it, and ends with 1", async () => {
    await using t = await ownRole();
    const environment = { AGENT_PLATFORM_DATABASE_URL: t.url, AGENT_PLATFORM_ENCRYPTION_KEY: "0".repeat(64) };
    const { code, output } = await runCli("real", ["migrate"], environment).ended;
    expect(code).toBe(1);
    const statements = output.split("\n").filter((line) => line.endsWith(";"));
    expect(statements).toEqual([
      expect.stringMatching(new RegExp(`^create role "${t.role}_engine" login password`)),
      `alter role "${t.role}_engine" set search_path = '';`,
      `grant connect on database "${t.role}" to "${t.role}_engine";`,
      `grant usage on schema app to "${t.role}_engine";`,
    ]);
    expect(output).toContain("AGENT_PLATFORM_ENGINE_DATABASE_URL");
    expect(output).not.toMatch(/\n +at /);
  });

  it.each(["migrate", "start"])("is refused behind a pooler that drops a session's options, and so is start: %s", async (command) => {
    const { url, drop } = await createTestDatabase();
    const folder = new URLSearchParams(url.split("?")[1]).get("host") ?? "";
    const pooler = await startTransactionPooler(folder, "dropped");
    const dataDir = mkdtempSync(join(tmpdir(), "agent-platform-pooled-"));
    const environment = {
      AGENT_PLATFORM_DATABASE_URL: pooler.through(url),
      AGENT_PLATFORM_ENCRYPTION_KEY: "0".repeat(64),
      AGENT_PLATFORM_INTERNAL_KEY: "5e".repeat(32),
      AGENT_PLATFORM_DATA_DIR: dataDir,
      AGENT_PLATFORM_PORT: "0",
    };
    const { code, output } = await runCli("real", [command], environment).ended;
    expect([code, output]).toEqual([1, expect.stringMatching(/drops the options[^]*connect to PostgreSQL directly/)]);
    await pooler[Symbol.asyncDispose]();
    await drop();
    rmSync(dataDir, { recursive: true });
  });

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
        { subgraph: "tool", migrations: migrationsIn("subgraphs/tool") },
        { subgraph: "access", migrations: migrationsIn("router/access") },
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
