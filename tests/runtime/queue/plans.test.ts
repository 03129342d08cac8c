/**
 * An engine session plans a statement once and keeps the plan, so the one that it makes of an empty database serves the runs of a full one until
 * PostgreSQL has counted them: it must reach every row by an index.
 */
import "reflect-metadata";
import { readdir } from "node:fs/promises";
import type pg from "pg";
import { openPool } from "#shared/db/pool.ts";
import { linePlaces } from "../../../subgraphs/runtime/graph/run-line.sql.ts";
import { gatesLook, gatesOpen } from "../../../subgraphs/runtime/queue/gate.sql.ts";
import { definedStatements, type Statement } from "../../../subgraphs/runtime/queue/statement.ts";
import { query } from "../../testkit/admin-query.ts";
import { createTestDatabase, type TestDatabase } from "../../testkit/database.ts";

/** Scans that read an index from its beginning, or a table, and joins that compare each row with each, and why they may. */
const wholeIndexes: Record<string, string> = {
  "claim_runs: Index Only Scan of work_runs": "the first step of the walk from tenant to tenant; it takes one row",
  "schedules_take: Index Only Scan of schedule_due": "the first step of the walk from tenant to tenant; it takes one row",
  "claim_nodes: Index Only Scan of work_nodes": "the first step of the walk from tenant to tenant; it takes one row",
  "outbox_take: Index Only Scan of outbox_lanes": "the first step of the walk from tenant to tenant; it takes one row",
  "marked: Index Only Scan of work_runs": "the first step of the walk from tenant to tenant; it takes one row",
  "marked: Index Only Scan of work_nodes": "the first step of the walk from tenant to tenant; it takes one row",
  "gauges_queue: Seq Scan": "counts 200,000 rows at most, once in 10 s, for all processes",
  "gauges_mail: Seq Scan": "counts 200,000 rows at most, once in 10 s, for all processes",
  "gauges_mail: Index Only Scan of outbox_lanes": "counts 200,000 rows at most, once in 10 s, for all processes",
  "gauges_mail: Bitmap Index Scan of outbox_lanes": "counts 200,000 rows at most, once in 10 s, for all processes",
  "gauges_lines: Bitmap Index Scan of gate_waiting": "counts 200,000 rows at most, once in 10 s, for all processes",
  "gauges_lines: Index Scan of gate_waiting": "counts 200,000 rows at most, once in 10 s, for all processes",
  "gauges_lines: Bitmap Index Scan of gate_held": "counts 200,000 rows at most, once in 10 s, for all processes",
  "gauges_lines: Index Only Scan of gate_held": "counts 200,000 rows at most, once in 10 s, for all processes",
  "quota_any: Index Only Scan of tenant_quota_pkey": "asks whether there is any row",
  "usage_count: Seq Scan": "reads the one row that there is",
  "removal_artifacts: Seq Scan": "reads the one row that there is",
  "removal_artifacts: Bitmap Index Scan of node_run_chunks":
    "has an entry for each composite with many items, and none for other node runs",
  "removal_next: Index Scan of removal_deleted": "takes the first few, in the index's order",
  "mail_unread: Index Scan of inbox_pkey": "asks for all that is unread, once in the life of a process",
  "load_some: (k.path = n.path)": "of items that a node's texts name, which are few",
  "load_ended: (f.path = c.path)": "one side has a row for each composite that goes on: 1,000 at most",
  ...ofOutbox("outbox_take", "due"),
  ...ofOutbox("outbox_remove", "b"),
  ...ofOutbox("outbox_put_back", "b"),
  ...ofOutbox("outbox_hasten", "due"),
};

/** Messages are taken a hundred at a time. */
function ofOutbox(name: string, taken: string): Record<string, string> {
  const columns = ["run_id", "kind", "target_run_id", "target_path"].map((column) => `(${taken}.${column} = o.${column})`);
  return { [`${name}: (${columns.join(" AND ")})`]: "a batch with itself: a hundred" };
}

interface PlanNode {
  "Node Type": string;
  "Index Name"?: string;
  "Index Cond"?: string;
  "Join Filter"?: string;
  Plans?: PlanNode[];
}

/** Of every module that has some: one that is added later is among them, as there is no other way to make one. */
async function allStatements(): Promise<readonly Statement[]> {
  const folder = new URL("../../../subgraphs/runtime/queue/", import.meta.url);
  for (const file of await readdir(folder)) if (file.endsWith(".sql.ts")) await import(new URL(file, folder).href);
  return definedStatements();
}

async function setup(): Promise<TestDatabase & { pool: pg.Pool } & AsyncDisposable> {
  const database = await createTestDatabase();
  const pool = openPool({ url: database.url, scope: "engine", max: 1 });
  return { ...database, pool, [Symbol.asyncDispose]: () => pool.end().then(database.drop) };
}

/** The plan that the session keeps for a statement. */
async function planOf(pool: pg.Pool, { name, text }: Statement): Promise<PlanNode> {
  await pool.query(`prepare "${name}" as ${text}`);
  const parameters = Math.max(0, ...[...text.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)));
  const values = parameters === 0 ? "" : `(${Array.from({ length: parameters }, () => "null").join(", ")})`;
  const { rows } = await pool.query<{ "QUERY PLAN": [{ Plan: PlanNode }] }>(`explain (format json) execute "${name}"${values}`);
  return rows[0]!["QUERY PLAN"][0].Plan;
}

/** What of a plan reads more than it was asked for. */
function greedyParts(
  name: string,
  { "Node Type": type, "Index Name": index, "Index Cond": condition, Plans = [], ...plan }: PlanNode,
): string[] {
  const isGreedy = /Hash Join|Merge Join|Seq Scan/.test(type) || (index !== undefined && condition === undefined);
  const own = isGreedy ? [`${name}: ${index === undefined ? type : `${type} of ${index}`}`] : [];
  // Rows of a run, each of which is compared with each: 10,000 items are 20,000 rows.
  if (/path = /.test(plan["Join Filter"] ?? "")) own.push(`${name}: ${plan["Join Filter"]}`);
  return [...own, ...Plans.flatMap((part) => greedyParts(name, part))];
}

/** Statements that look for what is part of a composite, which may have thousands of parts, in a run that has a hundred thousand. */
const byParent = ["agent_input_first", "fork", "load", "load_at", "load_beneath", "load_ended", "load_some", "load_weights", "weigh_ended"];

/** Whether a plan looks for node runs by their run and what they are part of. */
function looksByParent({ "Index Name": index, "Index Cond": condition = "", Plans = [] }: PlanNode): boolean {
  return (index === "node_run_parts" && /run_id = .*parent_path = /.test(condition)) || Plans.some(looksByParent);
}

/** Statement by statement, in the order of their names. */
async function greedyPlans(pool: pg.Pool): Promise<string[]> {
  const statements = await allStatements();
  expect(statements.length).toBeGreaterThan(4);
  const found: string[] = [];
  for (const statement of statements) found.push(...greedyParts(statement.name, await planOf(pool, statement)));
  return found.filter((part) => wholeIndexes[part] === undefined);
}

/** What a statement reads of the lines and of their runs: rows of `gate`, and look-ups of runs. */
async function readsOf(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<unknown>): Promise<number> {
  const client = await pool.connect();
  try {
    await client.query("begin");
    await work(client);
    const { rows } = await client.query<{ reads: number }>(
      "select sum(case relname when 'gate' then seq_tup_read + idx_tup_fetch else seq_tup_read + idx_scan end)::int as reads from pg_stat_xact_user_tables where schemaname = 'runtime' and relname in ('gate', 'run')",
    );
    await client.query("rollback");
    return rows[0]!.reads;
  } finally {
    client.release();
  }
}

const some = 2_000;
/** Makes places in lines, of runs that are over. */
const places = (what: string): string =>
  `insert into runtime.gate (run_id, tenant_id, key, places, state) select ${what} from generate_series(1, ${some}) as n`;

describe("an engine session", () => {
  it("reaches every row by an index, in each statement, planned while the tables are new", async () => {
    await using t = await setup();
    expect(await greedyPlans(t.pool)).toEqual([]);
  });

  it("finds the parts of a composite by it", async () => {
    await using t = await setup();
    const found = [];
    for (const statement of await allStatements()) if (looksByParent(await planOf(t.pool, statement))) found.push(statement.name);
    expect(found.toSorted()).toEqual(byParent);
  });

  it("does so, planned while all tables were seen empty, as where all runs were removed, or a new database analyzed", async () => {
    await using t = await setup();
    await query(t.adminUrl, "vacuum analyze");
    expect(await greedyPlans(t.pool)).toEqual([]);
  });

  it("does so, planned while they were seen with a few rows", async () => {
    await using t = await setup();
    const runs =
      "insert into runtime.run (id, tenant_id, plan_id, trace_id, status, event_seq, created_at) select 'r' || n, 't', 'p', 't', 0, 1, now()";
    const nodes =
      "insert into runtime.node_run (run_id, path, tenant_id, node_id, node_type, status, seq, created_at) select 'r' || n, 'a', 't', 'a', 'answer', 1, 2, now()";
    const work = "insert into runtime.work (key, run_id, tenant_id) select 'r' || n, 'r' || n, 't'";
    const offers =
      "insert into runtime.work (key, run_id, tenant_id, path, node_type, attempt) select 'o' || n, 'r' || n, 't', 'a', 'answer', 1";
    for (const rows of [runs, nodes, work, offers]) await query(t.adminUrl, `${rows} from generate_series(1, 5) n`);
    await query(t.adminUrl, "vacuum analyze");
    expect(await greedyPlans(t.pool)).toEqual([]);
  });

  it("opens a line, and looks at it, without reading those of its runs that are executed by hand", async () => {
    await using t = await setup();
    await query(t.adminUrl, places("'m' || n, 't', 'k', 1, 2"));
    await query(t.adminUrl, "insert into runtime.gate (run_id, tenant_id, key, places, state) values ('w', 't', 'k', 1, 0)");
    await query(t.adminUrl, "analyze runtime.gate");
    expect(await readsOf(t.pool, (db) => gatesOpen(db as never, ["w"]))).toBeLessThan(50);
    expect(await readsOf(t.pool, (db) => gatesLook(db as never, { tenantId: "", key: "" }, 500))).toBeLessThan(50);
  });

  it("says where the runs of a page stand, and counts the places of their key once", async () => {
    await using t = await setup();
    const waiting = 50;
    await query(t.adminUrl, places("'m' || n, 't', 'k', 2000, 1"));
    await query(t.adminUrl, places("'w' || n, 't', 'k', 2000, 0"));
    await query(t.adminUrl, "analyze runtime.gate");
    const ids = Array.from({ length: waiting }, (_, index) => `w${index + 1}`);
    const look = async (client: pg.PoolClient): Promise<void> => {
      const sql = (text: string, values: unknown[]) => client.query(text, values).then(({ rows }) => rows);
      const found = await linePlaces({ sql, tenantId: "t" } as never, [...ids, "m1"]);
      expect(found.at(-2)).toEqual({ ahead: waiting - 1, places: 2_000, taken: some, holderId: "m1" });
      expect(found.at(-1)).toBeNull();
    };
    expect(await readsOf(t.pool, look)).toBeLessThan(3 * some + waiting * waiting);
  });

  it("looks at no lines in which nobody waits", async () => {
    await using t = await setup();
    await query(t.adminUrl, places("'r' || n, 't', 'k' || n, 1, 1"));
    await query(t.adminUrl, "analyze runtime.gate");
    const look = async (db: pg.PoolClient) => expect(await gatesLook(db as never, { tenantId: "", key: "" }, 500)).toBeUndefined();
    expect(await readsOf(t.pool, look)).toBeLessThan(50);
  });
});
