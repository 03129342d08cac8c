import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { preparePlatformDatabase, preparePooled } from "#shared/postgres/prepare.ts";
import { startPostgres } from "#shared/postgres/server.ts";
import { createTestDatabase, type TestDatabase } from "../../testkit/database.ts";

const made: TestDatabase[] = [];
afterEach(async () => {
  for (const database of made.splice(0)) await database.drop();
});

async function setup() {
  const database = await createTestDatabase();
  made.push(database);
  return database;
}

describe("preparePlatformDatabase", () => {
  it("works as a role that row-level security binds when it is given a superuser", async () => {
    const { adminUrl } = await setup();
    const url = await preparePlatformDatabase(adminUrl);
    const [row] = await query(url, "select current_user::text as role, rolsuper, rolbypassrls from pg_roles where rolname = current_user");
    expect(row).toEqual({ role: "agent_platform", rolsuper: false, rolbypassrls: false });
    await query(url, "create schema made_by_the_platform");
  });

  it("leaves the URL of an ordinary role as it is", async () => {
    const { url } = await setup();
    expect(await preparePlatformDatabase(url)).toBe(url);
  });

  it("may be repeated, on what it returned too, by several at once", async () => {
    const { adminUrl } = await setup();
    await query(adminUrl, "drop schema app cascade");
    const urls = await Promise.all(Array.from({ length: 4 }, () => preparePlatformDatabase(adminUrl)));
    expect(new Set(urls).size).toBe(1);
    expect(await preparePlatformDatabase(urls[0] ?? "")).toBe(urls[0]);
  });

  it("takes no role of its name that bypasses row-level security, and no other server for the one past a pooler", async () => {
    const { url } = await setup();
    const root = mkdtempSync("/tmp/agent-platform-pg-");
    chmodSync(root, 0o755);
    const server = await startPostgres({ folder: join(root, "postgres"), settings: { fsync: "off", shared_buffers: "16MB" } });
    try {
      const admin = server.url("postgres", "postgres");
      for (const attribute of ["bypassrls", "superuser"]) {
        await query(admin, `drop role if exists agent_platform; create role agent_platform login ${attribute}`);
        await expect(preparePlatformDatabase(admin)).rejects.toMatchObject({
          reason: "DATABASE_ROLE_UNFIT",
          facts: { role: "agent_platform" },
        });
        await query(admin, "revoke all on database postgres from agent_platform");
      }
      const database = new URL(url.replace("@/", "@host/")).pathname.slice(1);
      await query(admin, "alter role agent_platform nosuperuser nobypassrls");
      await query(admin, `create database ${database} owner agent_platform`);
      await expect(preparePooled(server.url("agent_platform", database), url)).rejects.toMatchObject({
        reason: "DATABASE_ROLE_UNFIT",
        message: expect.stringContaining("the same server"),
      });
    } finally {
      await server.stop();
      rmSync(root, { recursive: true, force: true });
    }
  });

  it("says what is missing when the role may not create schemas", async () => {
    const { adminUrl, url } = await setup();
    await query(adminUrl, "drop role if exists poor; create role poor login");
    const poor = url.replace("agent_platform@", "poor@");
    await expect(preparePlatformDatabase(poor)).rejects.toMatchObject({ reason: "DATABASE_ROLE_UNFIT", facts: { role: "poor" } });
    await query(adminUrl, "drop role poor");
  });

  it("says whose what is there is, when the platform worked as another role", async () => {
    const { adminUrl, url } = await setup();
    const database = new URL(url.replace("@/", "@host/")).pathname.slice(1);
    const role = `other_than_${database}`;
    await query(adminUrl, `create role ${role} login; grant create on database ${database} to ${role}`);
    try {
      const refused = preparePlatformDatabase(url.replace("agent_platform@", `${role}@`), {
        variable: "AGENT_PLATFORM_DATABASE_DIRECT_URL",
      });
      await expect(refused).rejects.toMatchObject({
        reason: "DATABASE_ROLE_UNFIT",
        message: expect.stringMatching(/of AGENT_PLATFORM_DATABASE_DIRECT_URL .* belongs to agent_platform/),
      });
    } finally {
      await query(adminUrl, `revoke create on database ${database} from ${role}; drop role ${role}`);
    }
  });

  it("says what to raise where the server takes no more connections", async () => {
    const { adminUrl, url } = await setup();
    await query(adminUrl, "do $$ begin execute format('alter database %I connection limit 0', current_database()); end $$");
    await expect(preparePlatformDatabase(url)).rejects.toMatchObject({
      reason: "DATABASE_FULL",
      message: expect.stringMatching(
        /AGENT_PLATFORM_DATABASE_URL names, has no connection left: .*too many connections.* Raise max_connections/,
      ),
    });
  });

  it("names the server, never the password, when it cannot be reached", async () => {
    const failure = preparePlatformDatabase("postgres://someone:secret@127.0.0.1:1/nowhere");
    await expect(failure).rejects.toMatchObject({
      reason: "DATABASE_UNREACHABLE",
      facts: { address: "postgres://127.0.0.1:1/nowhere", variable: "AGENT_PLATFORM_DATABASE_URL" },
    });
    await expect(failure).rejects.not.toThrow(/secret/);
  });
});

describe("schema app", () => {
  it("raises when no tenant is set, and when it is set to nothing", async () => {
    const { url } = await setup();
    await expect(query(url, "select app.current_tenant()")).rejects.toMatchObject({ code: "AP001" });
    await expect(query(url, "select set_config('app.tenant_id', '', false); select app.current_tenant()")).rejects.toMatchObject({
      code: "AP001",
    });
  });

  it("raises in a connection that had a tenant in an earlier transaction", async () => {
    const { url } = await setup();
    const transactions = "begin; select set_config('app.tenant_id', 'acme', true); commit; select app.current_tenant()";
    await expect(query(url, transactions)).rejects.toMatchObject({ code: "AP001" });
  });

  it("gives the transaction's tenant", async () => {
    const { url } = await setup();
    const [row] = await query(url, "select app.current_tenant() as tenant from set_config('app.tenant_id', 'acme', false)");
    expect(row).toEqual({ tenant: "acme" });
  });

  it("takes only the scope engine for the engine", async () => {
    const { url } = await setup();
    const scopes = await query(
      url,
      "select app.is_engine() as unset, (select app.is_engine() from set_config('app.scope', 'Engine', false)) as other",
    );
    expect(scopes).toEqual([{ unset: false, other: false }]);
    const options = `${url}&options=${encodeURIComponent("-c app.scope=engine")}`;
    expect(await query(options, "select app.is_engine() as engine")).toEqual([{ engine: true }]);
  });
});

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<object>(text)).rows;
  } finally {
    await client.end();
  }
}
