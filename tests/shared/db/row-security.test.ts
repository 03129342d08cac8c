import pg from "pg";
import { createTestDatabase, type TestDatabase } from "../../testkit/database.ts";

/** Tables that hold what no tenant owns: which migrations have run, how often keys have changed, what they are stored under, and up to where artifacts are counted, which the engine alone sees. */
const ofNobody = /^(\w+\.migration|access\.key_(epoch|pepper)|runtime\.usage_mark)$/;

interface Table {
  name: string;
  isEnabled: boolean;
  isForced: boolean;
  hasTenant: boolean;
  /** Whom its policies ask; of a policy that asks nobody: what it says. */
  policies: string[];
}

let database: TestDatabase;
let client: pg.Client;
beforeEach(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterEach(async () => {
  await client.end();
  await database.drop();
});

describe("row-level security", () => {
  it("is forced on every table of every subgraph, by policies that ask whose the row is (S-7)", async () => {
    expect(await unprotected()).toEqual([]);
    const { rows } = await client.query<{ schemas: number }>(
      "select count(distinct schemaname)::int as schemas from pg_tables where schemaname !~ '^(pg_|information_schema)'",
    );
    // Nine subgraphs and access: an empty database would prove nothing.
    expect(rows).toEqual([{ schemas: 10 }]);
  });

  it.each([
    ["without row-level security", ""],
    ["not forced upon its owner", "alter table workflow.added enable row level security"],
    ["without a policy", "alter table workflow.added enable row level security; alter table workflow.added force row level security"],
    [
      "with a policy for everybody",
      `alter table workflow.added enable row level security; alter table workflow.added force row level security;
       create policy open on workflow.added using (true)`,
    ],
    [
      "whose rows may be written for others",
      `alter table workflow.added enable row level security; alter table workflow.added force row level security;
       create policy tenant on workflow.added using (tenant_id = app.current_tenant()) with check (true)`,
    ],
  ])("is missed in a new table %s", async (_what, statements) => {
    await client.query(`create table workflow.added (id text primary key, tenant_id text not null); ${statements}`);
    expect((await unprotected()).map(({ name }) => name)).toEqual(["workflow.added"]);
  });

  it("holds in views, and no function goes past it", async () => {
    const { rows: views } = await client.query<{ name: string; options: string[] | null }>(
      `select c.oid::regclass::text as name, c.reloptions as options from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('v', 'm') and n.nspname !~ '^(pg_|information_schema)'`,
    );
    expect(views.length).toBeGreaterThan(0);
    expect(views.filter(({ options }) => options?.includes("security_invoker=true") !== true)).toEqual([]);
    const { rows: functions } = await client.query(
      `select p.oid::regprocedure::text as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
       where p.prosecdef and n.nspname !~ '^(pg_|information_schema)'`,
    );
    expect(functions).toEqual([]);
  });

  it("binds the role that the platform works as", async () => {
    const { rows } = await client.query(
      `select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication,
         (select count(*)::int from pg_roles r where (r.rolsuper or r.rolbypassrls) and pg_has_role(current_user, r.oid, 'member')) as mighty
       from pg_roles where rolname = current_user`,
    );
    expect(rows).toEqual([
      { rolsuper: false, rolbypassrls: false, rolcreaterole: false, rolcreatedb: false, rolreplication: false, mighty: 0 },
    ]);
  });
});

/** The tables that show or take rows of others. */
async function unprotected(): Promise<Table[]> {
  const { rows } = await client.query<Table>(
    `select c.oid::regclass::text as name, c.relrowsecurity as "isEnabled", c.relforcerowsecurity as "isForced",
       exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id' and a.attnotnull) as "hasTenant",
       array(
         select expression
         from pg_policies p, lateral (values (p.qual), (p.with_check)) as v (expression)
         where p.schemaname = n.nspname and p.tablename = c.relname and expression is not null
       ) as policies
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p') and n.nspname !~ '^(pg_|information_schema)'
     order by 1`,
  );
  const asks = (expression: string) => /app\.(current_tenant|is_engine(_role)?)\(\)/.test(expression);
  return rows.filter(
    ({ name, isEnabled, isForced, hasTenant, policies }) =>
      !ofNobody.test(name) && !(isEnabled && isForced && hasTenant && policies.length > 0 && policies.every(asks)),
  );
}
