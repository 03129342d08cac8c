/** Many tenants over one pool of connections, whatever happens to the connections: each sees its own rows, and all of them. */
import fc from "fast-check";
import pg from "pg";
import type { Db } from "#shared/db/database.ts";
import { newId } from "#shared/ids.ts";
import { App, AppStatus } from "../../../subgraphs/workflow/app.entity.ts";
import { workflowSubgraph } from "../../../subgraphs/workflow/subgraph.ts";
import { openTestSubgraph, type TestSubgraph } from "../../testkit/subgraph.ts";

const tenants = ["t-0", "t-1", "t-2", "engine", "public"];

/** What is done for a tenant; the last five end badly. */
const kinds = ["add", "list", "query", "refuse", "fail", "cancel", "kill", "kill before commit"] as const;
type Kind = (typeof kinds)[number];

let t: TestSubgraph;
let admin: pg.Pool;
beforeEach(async () => {
  t = await openTestSubgraph(workflowSubgraph);
  admin = new pg.Pool({ connectionString: t.adminUrl, max: 4 });
  // Dropping the database ends those that are still on their way out.
  admin.on("error", () => {});
  t.atClose(() => admin.end());
});
afterEach(() => t.close());

const dbOf = (tenantId: string): Db => t.subgraph.database.forTenant(tenantId);

describe("tenants that share a pool", () => {
  it("never see each other's rows, over errors, cancelled statements and lost connections too (S-7)", async () => {
    const step = fc.record({ tenantId: fc.constantFrom(...tenants), kind: fc.constantFrom(...kinds) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 150, maxLength: 150 }), async (steps) => {
        const seen: string[][] = [];
        // Many more at a time than the pool has connections. Not all at once: whoever waits 10 s for one is told that the database is busy, and on a
        // machine that stalls each that is made anew takes a while.
        for (let first = 0; first < steps.length; first += 20) {
          const some = steps.slice(first, first + 20);
          seen.push(...(await Promise.all(some.map(({ tenantId, kind }) => act(dbOf(tenantId), kind)))));
        }
        expect(steps.filter(({ tenantId }, index) => seen[index]!.some((owner) => owner !== tenantId))).toEqual([]);
      }),
      { numRuns: 4, seed: 20_261_101, endOnFailure: true },
    );
    for (const tenantId of tenants) {
      const { rows } = await admin.query("select 1 from workflow.app where tenant_id = $1", [tenantId]);
      expect(rows.length).toBeGreaterThan(0);
      expect(await act(dbOf(tenantId), "list")).toHaveLength(rows.length);
    }
  });

  it("write for nobody else", async () => {
    await expect(dbOf("t-0").transaction(async ({ em }) => void em.create(App, { ...newApp("t-0"), tenantId: "t-1" }))).rejects.toThrow(
      /row-level security/,
    );
    await act(dbOf("t-1"), "add");
    expect(await dbOf("t-0").transaction((tx) => tx.sql("update workflow.app set name = 'mine' returning id"))).toEqual([]);
    expect(await dbOf("t-0").transaction((tx) => tx.sql("delete from workflow.app returning id"))).toEqual([]);
  });

  it.each(["", "a'b", "x', false); select set_config('app.scope', 'engine", "a b", ".a", "x".repeat(64), "ü", "a\u0000"])(
    "are no %j, which reaches no connection",
    async (tenantId) => {
      const statements: string[] = [];
      t.subgraph.database.onStatement = (sql) => statements.push(sql);
      for (const kind of ["list", "query", "add"] as const)
        await expect(act(dbOf(tenantId), kind)).rejects.toMatchObject({ code: "BAD_USER_INPUT", reason: "TENANT_ID_INVALID" });
      expect(statements).toEqual([]);
      expect(await act(dbOf("t-0"), "list")).toEqual([]);
    },
  );

  it("lose no connection of the pool to transactions that could not begin", async () => {
    // More often than the pool has connections.
    for (let round = 0; round < 30; round++) await expect(act(dbOf("a b"), "list")).rejects.toMatchObject({ reason: "TENANT_ID_INVALID" });
    expect(await act(dbOf("t-0"), "list")).toEqual([]);
  });

  it("have no way to the engine's scope: a tenant called engine is one like any other", async () => {
    await act(dbOf("t-0"), "add");
    const scope = await dbOf("engine").read((tx) => tx.sql("select app.is_engine() as engine, app.current_tenant() as tenant"));
    expect(scope).toEqual([{ engine: false, tenant: "engine" }]);
    expect(await act(dbOf("engine"), "list")).toEqual([]);
  });
});

/** Does it, and gives the owners of the rows that were seen. What was made to fail must fail. */
async function act(db: Db, kind: Kind): Promise<string[]> {
  switch (kind) {
    case "add":
      await db.transaction(async ({ em }) => void em.create(App, newApp(db.tenantId)));
      return act(db, "list");
    case "list":
      return ownersOf(await db.read(({ em }) => em.find(App, {})));
    case "query":
      return ownersOf(
        await db.query<Owned>({ name: "tenants-test", text: 'select tenant_id as "tenantId" from workflow.app', values: [] }),
      );
    case "refuse":
      await expect(db.transaction(() => Promise.reject(new Error("refused by the service")))).rejects.toThrow();
      return act(db, "query");
    case "fail":
      await expect(
        db.query({ name: "tenants-test-bad", text: "select 1 / (select count(*) - count(*) from workflow.app)", values: [] }),
      ).rejects.toThrow();
      return act(db, "list");
    case "cancel":
    case "kill":
    case "kill before commit":
      await expect(db.transaction((tx) => interrupted(tx.sql.bind(tx), kind))).rejects.toThrow();
      return act(db, "query");
  }
}

/** A statement that somebody ends while it runs: the statement only, or its connection. */
async function interrupted(
  sql: <Row extends object>(text: string) => Promise<Row[]>,
  how: "cancel" | "kill" | "kill before commit",
): Promise<void> {
  const [own] = await sql<{ pid: number }>("select pg_backend_pid() as pid");
  if (how === "kill before commit") return void (await admin.query("select pg_terminate_backend($1, 60000)", [own!.pid]));
  const sleeping = sql("select pg_sleep(30)");
  sleeping.catch(() => {});
  const end = how === "cancel" ? "pg_cancel_backend" : "pg_terminate_backend";
  // Until it sleeps there is nothing to end.
  for (let asleep = false; !asleep;) {
    const { rowCount } = await admin.query(`select ${end}(pid) from pg_stat_activity where pid = $1 and wait_event = 'PgSleep'`, [
      own!.pid,
    ]);
    asleep = rowCount === 1;
  }
  await sleeping;
}

interface Owned {
  tenantId: string;
}

const ownersOf = (rows: readonly Owned[]): string[] => rows.map(({ tenantId }) => tenantId);

function newApp(tenantId: string) {
  const [id, now] = [newId(), new Date()];
  return {
    id,
    tenantId,
    code: id,
    name: "n",
    description: null,
    status: AppStatus.ACTIVE,
    createdAt: now,
    updatedAt: now,
    deletedAt: null,
  };
}
