/** The services' own filter by tenant, which is to hold without row-level security behind it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Entity, PrimaryKey } from "@mikro-orm/decorators/legacy";
import pg from "pg";
import ts from "typescript";
import { Database } from "#shared/db/database.ts";
import { newId } from "#shared/ids.ts";
import { Agent, AgentStatus } from "../../../subgraphs/agent/agent.entity.ts";
import { createTestDatabase, type TestDatabase } from "../../testkit/database.ts";

describe("the ORM", () => {
  @Entity({ tableName: "agent_version" })
  class Ownerless {
    @PrimaryKey({ type: "text" })
    id!: string;
  }

  let test: TestDatabase;
  let database: Database;
  beforeEach(async () => {
    test = await createTestDatabase({ rowSecurity: false });
    database = await Database.open({ url: test.url, schema: "agent", entities: [Agent, Ownerless], migrations: [] });
  });
  afterEach(async () => {
    await database.close();
    await test.drop();
  });

  it("reads, counts, updates and deletes nothing of another tenant's, whatever the condition", async () => {
    const [theirs, own] = [await makeAgent(database, "t1"), await makeAgent(database, "t2")];
    const db = database.forTenant("t2");
    for (const condition of [{}, { id: { $in: [theirs, own] } }, { $or: [{ id: theirs }, { name: "n" }] }, { tenantId: { $ne: "t3" } }]) {
      const found = await db.read(async ({ em }) => [await em.find(Agent, condition), await em.count(Agent, condition)]);
      expect([condition, found]).toMatchObject([condition, [[{ id: own, tenantId: "t2" }], 1]]);
      expect([condition, await db.transaction(({ em }) => em.nativeUpdate(Agent, condition, { name: "n" }))]).toEqual([condition, 1]);
    }
    for (const condition of [{ id: theirs }, { tenantId: "t1" }]) {
      await db.transaction(async ({ em }) => {
        expect(await em.findOne(Agent, condition)).toBeNull();
        await expect(em.findOneOrFail(Agent, condition)).rejects.toThrow(/not found/);
        expect(await em.nativeDelete(Agent, condition)).toBe(0);
      });
    }
    expect(await database.forTenant("t1").read(({ em }) => em.findOneOrFail(Agent, { id: theirs }))).toMatchObject({ name: "made" });
  });

  it("asks for no entity that has no tenant", async () => {
    await expect(database.forTenant("t1").read(({ em }) => em.find(Ownerless, {}))).rejects.toThrow(/tenantId/);
  });
});

describe("every statement of a tenant's transaction", () => {
  it("says of each table whose rows it means", async () => {
    const tables = await tenantTables();
    const statements = sources().flatMap((file) =>
      literals(readFileSync(join(root, file), "utf8")).map((text) => ({ file, text, tables: tablesOf(text, tables) })),
    );
    // A walk that finds none would prove nothing.
    expect(new Set(statements.filter((statement) => statement.tables.length > 0).map(({ file }) => file)).size).toBeGreaterThan(10);
    expect(statements.flatMap(({ file, text, tables }) => unfiltered(text, tables).map(({ name }) => ({ file, name, text })))).toEqual([]);
  });

  it.each([
    ["select * from agent.agent where id = $1", ["agent.agent"]],
    ["select * from agent.agent a where tenant_id = $1", ["agent.agent"]],
    ["select * from agent.agent where tenant_id = $1 and id = $2", []],
    ["select * from agent.agent a join agent.agent_version v on v.agent_id = a.id where a.tenant_id = $1", ["agent.agent_version"]],
    ["select * from agent.agent as a join agent.agent_version v on v.tenant_id = a.tenant_id where a.tenant_id = $1", []],
    ["select tenant_id from agent.agent", ["agent.agent"]],
    ["update agent.agent set name = $1 where id = $2", ["agent.agent"]],
    ["delete from agent.agent a using agent.agent_version v where a.tenant_id = $1 and v.id = a.id", ["agent.agent_version"]],
    ["insert into agent.agent (id, tenant_id) values ($1, $2)", []],
    ["select * from ${table} where id = $1", ["${table}"]],
    ["select * from ${list.table} c where c.tenant_id = $1", []],
    ["moved from ${table} to another", []],
    ["select from agent.migration where name = $1", []],
  ])("is looked for in %j, and missed of %j", async (text, names) => {
    const found = unfiltered(text, tablesOf(text, await tenantTables()));
    expect(found.map(({ name }) => name)).toEqual(names);
  });
});

const root = fileURLToPath(new URL("../../../", import.meta.url));

/**
 * Statements of the engine's connections, which work for all tenants; those among them that serve a tenant take it as a parameter. A key is looked for
 * before anybody knows whose it is. tenants.ts asks whose rows there are, embedding/embedding-tenants.sql.ts whose memories wait.
 */
const engine =
  /^(subgraphs\/runtime\/queue\/|router\/access\/(audits\/audit|audits\/audit-chain|keys\/key|rates\/rate-count)\.sql\.ts$|shared\/db\/tenants\.ts$|subgraphs\/memory\/embedding\/embedding-tenants\.sql\.ts$)/;
/** What stands for a table in the statement of another file, which filters. */
const parts = /^subgraphs\/runtime\/graph\/run\.entity\.ts$/;

function sources(): string[] {
  return ["shared", "subgraphs", "router"]
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((file) => `${folder}/${file}`))
    .filter((file) => file.endsWith(".ts") && !file.includes("/migrations/") && !engine.test(file) && !parts.test(file));
}

/** The texts in a file, with `${…}` where something is filled in. */
function literals(source: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) found.push(node.text);
    if (ts.isTemplateExpression(node)) found.push(node.getText(file));
    ts.forEachChild(node, visit);
  };
  const file = ts.createSourceFile("source.ts", source, ts.ScriptTarget.Latest);
  visit(file);
  return found;
}

interface TableUse {
  name: string;
  alias: string | undefined;
}

const use =
  /\b(?:from|join|update|using)\s+(\$\{[\w.]+\}(?:\.\w+)?|[a-z_]+\.[a-z_]+)(?:\s+(?:as\s+)?(?!(?:where|set|on|using|join|left|cross|order|limit|for)\b)(\w+))?/g;

/** The tables of tenants that a statement reads or changes. What a placeholder stands for is taken for one where the text is SQL. */
function tablesOf(text: string, tables: ReadonlySet<string>): TableUse[] {
  const isSql = /^[`\s]*(select|with|update|delete|insert)\b/.test(text);
  return [...text.matchAll(use)]
    .map(([, name, alias]) => ({ name: name!, alias }))
    .filter(({ name }) => (name.startsWith("$") ? isSql : tables.has(name)));
}

function unfiltered(text: string, tables: readonly TableUse[]): TableUse[] {
  return tables.filter(({ alias }) => !new RegExp(`(?<![\\w.])${alias === undefined ? "" : `${alias}\\.`}tenant_id = `).test(text));
}

/** Tables and views that have a tenant. */
async function tenantTables(): Promise<ReadonlySet<string>> {
  const database = await createTestDatabase();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const { rows } = await client.query<{ name: string }>(
    "select table_schema || '.' || table_name as name from information_schema.columns where column_name = 'tenant_id'",
  );
  await client.end();
  await database.drop();
  return new Set(rows.map(({ name }) => name));
}

async function makeAgent(database: Database, tenantId: string): Promise<string> {
  const [id, now] = [newId(), new Date()];
  await database.forTenant(tenantId).transaction(async ({ em }) => {
    em.create(Agent, {
      ...{ id, tenantId, code: id, name: "made", agentType: "assistant", description: null, status: AgentStatus.ACTIVE },
      ...{ createdAt: now, updatedAt: now, deletedAt: null },
    });
  });
  return id;
}
