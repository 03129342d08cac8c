/** The engine's role on a server that asks for passwords, as a database of one's own does. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type pg from "pg";
import { asEngineLogin, engineUrlOf } from "#shared/db/engine-login.ts";
import { openPool, withOptions } from "#shared/db/pool.ts";
import { preparePlatformDatabase } from "#shared/postgres/prepare.ts";
import { startPostgres, type PostgresServer } from "#shared/postgres/server.ts";
import { migrateAll } from "../../../cli/compose/migrate.ts";
import { Story0026 } from "../../../subgraphs/runtime/migrations/0026-story.ts";
import { query } from "../../testkit/admin-query.ts";

let root: string;
let server: PostgresServer;
let number = 0;
beforeAll(async () => {
  root = mkdtempSync("/tmp/agent-platform-pg-");
  chmodSync(root, 0o755);
  const rules = join(root, "hba.conf");
  writeFileSync(rules, "local all postgres peer map=agent_platform\nlocal all all scram-sha-256\n");
  chmodSync(rules, 0o644);
  server = await startPostgres({ folder: join(root, "postgres"), settings: { fsync: "off", shared_buffers: "16MB", hba_file: rules } });
}, 300_000);
afterAll(async () => {
  await server.stop();
  rmSync(root, { recursive: true, force: true });
});

/** A role with a password and what else is said, and its database. */
async function setup(attributes = "") {
  const role = `owner_${++number}`;
  const admin = server.url("postgres", "postgres");
  await query(admin, `create role ${role} login password 'secret' ${attributes}`);
  await query(admin, `create database db_${number} owner ${role}`);
  const urlOf = (user: string, password: string) => server.url(`${user}:${password}`, `db_${number}`);
  return { role, database: `db_${number}`, url: urlOf(role, "secret"), urlOf, admin: server.url("postgres", `db_${number}`) };
}

async function ask(url: string, text: string, scope?: "engine"): Promise<object[]> {
  const pool: pg.Pool = openPool({ url, max: 1, ...(scope && { scope }) });
  try {
    return (await pool.query<object>(text)).rows;
  } finally {
    await pool.end();
  }
}

const whoami = "select current_user::text as role, session_user::text as login, app.is_engine_role() as engine";

describe("the engine's role", () => {
  it.each([
    ["a role that may create roles", "createrole", (role: string) => role],
    ["a superuser", "superuser", () => "agent_platform"],
  ])("is made by %s, with a password of its own, and again by nobody", async (_who, attributes, platformOf) => {
    const t = await setup(attributes);
    const urls = await Promise.all([preparePlatformDatabase(t.url), preparePlatformDatabase(t.url)]);
    expect(urls[0]).toBe(urls[1]);
    const engine = `${platformOf(t.role)}_engine`;
    expect(await ask(urls[0], whoami, "engine")).toEqual([{ role: engine, login: engine, engine: true }]);
    expect(await ask(urls[0], whoami)).toMatchObject([{ role: platformOf(t.role), engine: false }]);
    expect(engineUrlOf(urls[0])).not.toContain("secret");
    const facts =
      "select rolsuper or rolbypassrls or rolcreaterole or rolcreatedb as mighty, rolconfig from pg_roles where rolname = current_user";
    expect(await ask(urls[0], facts, "engine")).toEqual([{ mighty: false, rolconfig: ['search_path=""'] }]);
  });

  it("follows the platform's password, when that is changed", async () => {
    const t = await setup("createrole");
    await preparePlatformDatabase(t.url);
    await query(t.admin, `alter role ${t.role} password 'other'`);
    const url = await preparePlatformDatabase(t.urlOf(t.role, "other"));
    expect(await ask(url, whoami, "engine")).toMatchObject([{ engine: true }]);
    await expect(ask(t.url, whoami, "engine")).rejects.toThrow("password authentication failed");
  });

  it("is asked for where the platform may not make it: four statements, after which it works", async () => {
    const t = await setup();
    const refused = preparePlatformDatabase(t.url);
    await expect(refused).rejects.toMatchObject({ reason: "ENGINE_ROLE_MISSING", facts: { role: `${t.role}_engine` } });
    const { statements } = ((await refused.catch((error: unknown) => error)) as { facts: { statements: string } }).facts;
    expect(statements.split(";\n")).toHaveLength(4);
    await expect(refused).rejects.toThrow("AGENT_PLATFORM_ENGINE_DATABASE_URL");
    await expect(refused).rejects.not.toThrow("secret");
    await query(t.admin, statements.replace("choose one", "chosen"));
    const engineUrl = t.urlOf(`${t.role}_engine`, "chosen");
    const url = await preparePlatformDatabase(t.url, { engineUrl });
    expect(url).toBe(t.url);
    expect(await ask(asEngineLogin(engineUrl), whoami, "engine")).toMatchObject([{ role: `${t.role}_engine`, engine: true }]);
  });

  it.each([
    ["has another password", "login password 'chosen'", "wrong", /it cannot log in/],
    ["bypasses row-level security", "login password 'chosen' bypassrls", "chosen", /bypasses row-level security/],
  ])("is refused when the one that is named %s", async (_what, attributes, password, problem) => {
    const t = await setup();
    await query(t.admin, `create role named_${number} ${attributes}`);
    const refused = preparePlatformDatabase(t.url, { engineUrl: t.urlOf(`named_${number}`, password) });
    await expect(refused).rejects.toMatchObject({ reason: "ENGINE_ROLE_UNFIT", facts: { role: `named_${number}`, isGiven: true } });
    await expect(refused).rejects.toThrow(problem);
    await expect(refused).rejects.not.toThrow(/secret|chosen|wrong/);
  });

  it("is refused when it is the platform's own, and when its database is another", async () => {
    const t = await setup();
    await expect(preparePlatformDatabase(t.url, { engineUrl: t.url })).rejects.toThrow("it is the platform's own");
    const other = await setup();
    await query(t.admin, `create role elsewhere_${number} login password 'chosen'`);
    await expect(preparePlatformDatabase(t.url, { engineUrl: other.urlOf(`elsewhere_${number}`, "chosen") })).rejects.toThrow(
      `its database is ${other.database}`,
    );
  });
});

describe("the tables of a database that the engine works on", () => {
  it("are its own to work on, of all tenants; others' and the record of migrations are not", async () => {
    const t = await setup("createrole");
    const url = await preparePlatformDatabase(t.url);
    await migrateAll({ databaseUrl: url, databaseUrls: {} }, ["runtime", "access", "tool"]);
    const plans = "insert into runtime.plan (id, tenant_id, document) values ('a', 't1', '{}'), ('b', 't2', '{}') returning id";
    expect(await ask(url, plans, "engine")).toEqual([{ id: "a" }, { id: "b" }]);
    expect(await ask(url, "select id from runtime.plan order by id", "engine")).toEqual([{ id: "a" }, { id: "b" }]);
    await expect(ask(url, "select id from runtime.plan")).rejects.toThrow("no tenant");
    for (const text of [
      "select * from tool.tool",
      "select * from runtime.migration",
      "alter table runtime.plan disable row level security",
    ])
      await expect(ask(url, text, "engine")).rejects.toThrow(/permission denied|must be owner/);
    await expect(ask(url, "create schema mine", "engine")).rejects.toThrow("permission denied");
  });

  it("are still worked on by processes of the version before, and by those of this one after such a one has started", async () => {
    const t = await setup("createrole");
    const url = await preparePlatformDatabase(t.url);
    await migrateAll({ databaseUrl: url, databaseUrls: {} }, ["runtime", "access"]);
    await ask(url, "insert into runtime.plan (id, tenant_id, document) values ('a', 't1', '{}')", "engine");
    // As it prepares the database, and as it then connects.
    await ask(
      url,
      "create or replace function app.is_engine() returns boolean language sql stable parallel safe return coalesce(current_setting('app.scope', true), '') = 'engine'",
    );
    expect(await ask(withOptions(url, ["app.scope=engine"]), "select id from runtime.plan")).toEqual([{ id: "a" }]);
    expect(await ask(url, "select id from runtime.plan", "engine")).toEqual([{ id: "a" }]);
  });

  it("of the version before are brought to this one, with what they hold", async () => {
    const t = await setup("createrole");
    const url = await preparePlatformDatabase(t.url);
    await migrateAll({ databaseUrl: url, databaseUrls: {} }, ["runtime", "access"]);
    await ask(url, "insert into runtime.plan (id, tenant_id, document) values ('a', 't1', '{}')", "engine");
    // Migration 0008 is of tables, of which a later one has made a view.
    const story = new Story0026(undefined as never, undefined as never);
    story.down();
    for (const statement of story.getQueries()) await ask(url, String(statement));
    // What this version has added goes: the role with all its rights, the functions, the migrations.
    await query(t.admin, "drop function app.is_engine_role() cascade; drop function app.engine_role() cascade");
    await query(
      t.admin,
      `do $$ declare t regclass; begin
         for t in select c.oid from pg_class c where c.relnamespace = 'runtime'::regnamespace and c.relkind = 'r' and c.relrowsecurity
             and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id') loop
           execute format('drop policy if exists tenant on %s', t);
           execute format('create policy tenant on %s using ((select app.is_engine()) or tenant_id = (select app.current_tenant()))', t);
         end loop;
       end $$;
       drop policy if exists reads on access.request_audit; drop policy if exists writes on access.request_audit;
       create policy reads on access.request_audit for select using ((select app.is_engine()) or tenant_id = (select app.current_tenant()));
       create policy writes on access.request_audit for insert with check ((select app.is_engine()));
       delete from runtime.migration where name like '0008%' or name like '0026%'; delete from access.migration where name like '0002%';
       drop owned by ${t.role}_engine; drop role ${t.role}_engine`,
    );
    await expect(ask(url, "select id from runtime.plan", "engine")).rejects.toThrow("password authentication failed");
    const again = await preparePlatformDatabase(t.url);
    const migrated = await migrateAll({ databaseUrl: again, databaseUrls: {} }, ["runtime", "access"]);
    expect(migrated.flatMap(({ migrations }) => migrations).sort()).toEqual(["0002-engine-role", "0008-engine-role", "0026-story"]);
    expect(await ask(again, "select id from runtime.plan", "engine")).toEqual([{ id: "a" }]);
  });
});

describe("the engine's URL", () => {
  it.each([
    ["postgres://p@/db?host=%2Frun", "postgres://p_engine@/db?host=%2Frun&login=engine"],
    ["postgresql://p@db.example:5433/all", "postgresql://p_engine@db.example:5433/all?login=engine"],
    ["postgres://p@h/db?options=-c%20role%3Dagent_platform", "postgres://agent_platform_engine@h/db?login=engine"],
    [
      "postgres://p@h/db?sslmode=require&options=-c%20role%3Dr%20-c%20a.b%3D1",
      "postgres://r_engine@h/db?sslmode=require&options=-c%20a.b%3D1&login=engine",
    ],
    ["postgres://engine@h/db?login=engine", "postgres://engine@h/db?login=engine"],
  ])("follows from %s", (url, engine) => {
    expect(engineUrlOf(url)).toBe(engine);
    expect(engineUrlOf(engine)).toBe(engine);
  });

  it("has a password that follows from the platform's, and does not tell it", () => {
    const [one, same, other] = ["a%40b", "a%40b", "c"].map((password) => engineUrlOf(`postgres://p:${password}@h/db`));
    expect(one).toMatch(/^postgres:\/\/p_engine:[\w-]{43}@h\/db\?login=engine$/);
    expect([one === same, one === other]).toEqual([true, false]);
  });
});
