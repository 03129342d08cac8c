/**
 * An engine session plans a statement once and keeps the plan, so the one that it makes of an empty database serves the runs of a full one until
 * PostgreSQL has counted them: it must reach every row by an index.
 */
import { readdir } from "node:fs/promises";
import type pg from "pg";
import { openPool } from "#shared/db/pool.ts";
import { definedStatements, type Statement } from "../../../subgraphs/runtime/queue/statement.ts";
import { query } from "../../testkit/admin-query.ts";
import { createTestDatabase, type TestDatabase } from "../../testkit/database.ts";

/** Scans that read an index from its beginning, or a table, and why they may. */
const wholeIndexes: Record<string, string> = {
  "claim_runs: Index Only Scan of work_runs": "the first step of the walk from tenant to tenant; it takes one row",
  "schedules_take: Index Only Scan of schedule_due": "the first step of the walk from tenant to tenant; it takes one row",
  "claim_nodes: Index Only Scan of work_nodes": "the first step of the walk from tenant to tenant; it takes one row",
  "outbox_take: Index Only Scan of outbox_lanes": "the first step of the walk from tenant to tenant; it takes one row",
  "marked: Seq Scan": "asks what a process held that has died, once in its life: an index of it would cost each claim",
  "gauges_queue: Seq Scan": "counts 200,000 rows at most, once in 10 s, for all processes",
  "gauges_mail: Seq Scan": "counts 200,000 rows at most, once in 10 s, for all processes",
  "gauges_mail: Index Only Scan of outbox_lanes": "counts 200,000 rows at most, once in 10 s, for all processes",
  "gauges_mail: Bitmap Index Scan of outbox_lanes": "counts 200,000 rows at most, once in 10 s, for all processes",
  "quota_any: Index Only Scan of tenant_quota_pkey": "asks whether there is any row",
  "usage_count: Seq Scan": "reads the one row that there is",
  "removal_artifacts: Seq Scan": "reads the one row that there is",
  "removal_artifacts: Bitmap Index Scan of node_run_chunks":
    "has an entry for each composite with many items, and none for other node runs",
  "removal_next: Index Scan of removal_deleted": "takes the first few, in the index's order",
  "mail_unread: Index Scan of inbox_pkey": "asks for all that is unread, once in the life of a process",
};

/** Of tables from which nothing is deleted: PostgreSQL has seen them empty only before the first run. */
const staysFull = / of (run|node_run|artifact|plan)_pkey$/;

interface PlanNode {
  "Node Type": string;
  "Index Name"?: string;
  "Index Cond"?: string;
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
function greedyParts(name: string, { "Node Type": type, "Index Name": index, "Index Cond": condition, Plans = [] }: PlanNode): string[] {
  const isGreedy = /Hash Join|Merge Join|Seq Scan/.test(type) || (index !== undefined && condition === undefined);
  const own = isGreedy ? [`${name}: ${index === undefined ? type : `${type} of ${index}`}`] : [];
  return [...own, ...Plans.flatMap((part) => greedyParts(name, part))];
}

/** Statement by statement, in the order of their names. */
async function greedyPlans(pool: pg.Pool): Promise<string[]> {
  const statements = await allStatements();
  expect(statements.length).toBeGreaterThan(4);
  const found: string[] = [];
  for (const statement of statements) found.push(...greedyParts(statement.name, await planOf(pool, statement)));
  return found.filter((part) => wholeIndexes[part] === undefined);
}

describe("an engine session", () => {
  it("reaches every row by an index, in each statement, planned while the tables are new", async () => {
    await using t = await setup();
    expect(await greedyPlans(t.pool)).toEqual([]);
  });

  it("does so, planned while all was done and the tables of what is to be done were cleared away", async () => {
    await using t = await setup();
    await query(t.adminUrl, "vacuum analyze");
    expect((await greedyPlans(t.pool)).filter((part) => !staysFull.test(part))).toEqual([]);
  });
});
