/** Audits that were changed, removed or put in by whoever may write to the database, found by their chains. */
import { createSecretKey, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { openPool } from "#shared/db/pool.ts";
import { newId } from "#shared/ids.ts";
import { memoryLog } from "../../testkit/fixture-router.ts";
import { openTestSubgraph } from "../../testkit/subgraph.ts";
import { chainBatch } from "../../../router/access/audits/audit-chain.ts";
import { unchainedTake } from "../../../router/access/audits/audit-chain.sql.ts";
import { AuditSealer } from "../../../router/access/audits/audit-sealer.ts";
import { auditHeadsRemove, auditsRemove } from "../../../router/access/audits/audit.sql.ts";
import { verifyAudits, type BrokenPlace, type VerifiedChain } from "../../../router/access/audits/audit-verify.ts";
import { AuditWriter } from "../../../router/access/audits/audit-writer.ts";
import { accessSubgraph } from "../../../router/access/subgraph.ts";
import { unfinished, type AuditRecord } from "../../../router/audit/audit.ts";

const record = (given: Partial<AuditRecord> = {}): AuditRecord => ({
  id: newId(),
  tenantId: "t1",
  requestId: "r-1",
  apiKeyId: null,
  operationName: "Ask",
  operationType: "query",
  operationHash: "a".repeat(64),
  rootFields: ["runs"],
  variables: { b: 1.5, a: ["ü", null] },
  statusCode: 200,
  errorCodes: [],
  durationMs: 1.25,
  clientIp: "127.0.0.1",
  userAgent: null,
  event: null,
  details: null,
  createdAt: new Date(),
  ...given,
});

async function setup() {
  const test = await openTestSubgraph(accessSubgraph(() => Promise.resolve([])));
  const folder = await mkdtemp(join(tmpdir(), "agent-platform-chain-"));
  const writer = new AuditWriter({ databaseUrl: test.databaseUrl, log: memoryLog([]), spillFolder: folder, flushMs: 5 });
  const pool = openPool({ url: test.databaseUrl, max: 2, scope: "engine" });
  const admin = new pg.Client({ connectionString: test.adminUrl });
  await admin.connect();
  const key = createSecretKey(randomBytes(32));
  const verified = async (tenantId?: string, keptFrom?: Date) => {
    const [broken, chains]: [BrokenPlace[], VerifiedChain[]] = [[], []];
    await verifyAudits(pool, key, {
      tenantId,
      keptFrom,
      tell: { chain: (chain) => void chains.push(chain), broken: (place) => void broken.push(place) },
    });
    return { broken, chains };
  };
  const stored = async (on: pg.Pool, ...records: AuditRecord[]): Promise<string[]> => {
    for (const one of records) writer.record(one);
    await writer.flush();
    while ((await chainBatch(on, key)) > 0);
    return records.map(({ id }) => id);
  };
  const beside = openPool({ url: test.databaseUrl, max: 1, scope: "engine" });
  return {
    test,
    writer,
    pool,
    key,
    verified,
    faults: async () => (await verified()).broken.map(({ fault, seq, auditId }) => [fault, seq, auditId]),
    /** As a superuser who knows the tables: no trigger and no policy is in the way. */
    sql: (text: string, values: unknown[] = []) =>
      admin.query("set session_replication_role = replica").then(() => admin.query<Record<string, unknown>>(text, values)),
    /** Stores them, and chains them. */
    stored: (...records: AuditRecord[]) => stored(pool, ...records),
    /** As another router does. */
    grown: () => stored(beside, record()),
    async [Symbol.asyncDispose]() {
      await admin.end();
      await Promise.all([pool.end(), beside.end()]);
      await writer.stop();
      await test.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Rows of each table that a plan has read, those that it then left out too. */
function rowsRead(plan: unknown, read: Record<string, number> = {}): Record<string, number> {
  if (typeof plan !== "object" || plan === null) return read;
  const node = plan as Record<string, unknown>;
  const of = (name: string) => Number(node[name] ?? 0);
  const table = node["Node Type"] === "ModifyTable" ? undefined : node["Relation Name"];
  if (typeof table === "string") read[table] = (read[table] ?? 0) + (of("Actual Rows") + of("Rows Removed by Filter")) * of("Actual Loops");
  for (const inner of Object.values(plan)) rowsRead(inner, read);
  return read;
}

const three = () => [record({ requestId: "r-1" }), record({ requestId: "r-2" }), record({ requestId: "r-3" })];

describe("the chain of audits", () => {
  it("is one for each tenant and day, and as it was written nothing is wrong with it", async () => {
    await using t = await setup();
    const [day, before] = [new Date("2026-11-28T00:00:00Z"), new Date("2026-11-27T23:59:59.999Z")];
    await t.stored(
      record({ createdAt: day }),
      record({ createdAt: day }),
      record({ createdAt: before }),
      record({ createdAt: day, tenantId: "t2" }),
    );
    await t.stored(record({ createdAt: day }));
    const { broken, chains } = await t.verified();
    expect(broken).toEqual([]);
    expect(chains.map(({ tenantId, day, links }) => [tenantId, day, links])).toEqual([
      ["t1", "2026-11-27", 1],
      ["t1", "2026-11-28", 3],
      ["t2", "2026-11-28", 1],
    ]);
    expect((await t.verified("t2")).chains.map(({ tenantId }) => tenantId)).toEqual(["t2"]);
  });

  it.each([
    ["status_code = 403"],
    ["api_key_id = 'other'"],
    ["variables = '{}'"],
    ["variables = null"],
    ["root_fields = '{deleteApp}'"],
    ["duration_ms = 2"],
    ["created_at = created_at + interval '1 microsecond'"],
    ["request_id = 'r-9'"],
    ["client_ip = null"],
    ['details = \'{"reason": "x"}\''],
  ])("tells of a row that was changed: %s", async (change) => {
    await using t = await setup();
    const [, second] = await t.stored(...three());
    await t.sql(`update access.request_audit set ${change} where id = $1`, [second]);
    expect(await t.faults()).toEqual([["CHANGED", 2, second]]);
  });

  it("tells of a row that is gone, of one that was put in, and of both at once", async () => {
    await using t = await setup();
    const [first, second] = await t.stored(...three());
    await t.sql("delete from access.request_audit where id = $1", [second]);
    expect(await t.faults()).toEqual([["REMOVED", 2, second]]);
    const copy = newId();
    const columns = `tenant_id, request_id, operation_type, operation_hash, root_fields, status_code, error_codes, duration_ms, created_at`;
    await t.sql(`insert into access.request_audit (id, ${columns}) select $1, ${columns} from access.request_audit where id = $2`, [
      copy,
      first,
    ]);
    expect(await t.faults()).toEqual([
      ["REMOVED", 2, second],
      ["INSERTED", null, copy],
    ]);
    // Whoever gives it another's id has taken that one's place.
    await t.sql("update access.request_audit set id = $1 where id = $2", [second, copy]);
    expect(await t.faults()).toEqual([["CHANGED", 2, second]]);
  });

  it.each([
    [
      "a link that was changed",
      "update access.audit_link set row_hash = hash where seq = 2",
      [
        ["LINK_CHANGED", 2],
        ["CHANGED", 2],
      ],
    ],
    ["a link that is gone, with its row", "delete from access.audit_link where seq = 2", [["LINK_REMOVED", 2]]],
    ["an end that is gone, with its row", "delete from access.audit_link where seq = 3", [["CUT", 2]]],
    ["an end that is gone, and a head that was written anew", "update access.audit_head set seq = 2", [["CUT", 3]]],
    ["a head that is gone", "delete from access.audit_head", [["CUT", 3]]],
    [
      "links that changed places",
      "update access.audit_link set seq = case seq when 1 then -2 else -1 end where seq < 3",
      [
        ["LINK_REMOVED", 1],
        ["LINK_CHANGED", 3],
      ],
    ],
  ])("tells of %s", async (_, statement, expected) => {
    await using t = await setup();
    await t.stored(...three());
    await t.sql(statement);
    if (statement.startsWith("delete from access.audit_link"))
      await t.sql("delete from access.request_audit a where not exists (select from access.audit_link l where l.audit_id = a.id)");
    await t.sql("update access.audit_link set seq = -seq where seq < 0");
    const found = (await t.faults()).map(([fault, seq]) => [fault, seq]);
    expect(found).toEqual(
      statement.includes("case seq")
        ? expect.arrayContaining([
            ["LINK_CHANGED", 1],
            ["LINK_CHANGED", 2],
          ])
        : expected,
    );
  });

  it("knows a change's outcome that came later, and nothing else that did", async () => {
    await using t = await setup();
    const begun = record({ operationType: "mutation", statusCode: unfinished, durationMs: 0, createdAt: new Date(Date.now() - 3_600_000) });
    await t.writer.begin(begun);
    while ((await chainBatch(t.pool, t.key)) > 0);
    const [lone] = await t.stored(record());
    expect(await t.faults()).toEqual([]);
    await t.writer.complete({ ...begun, statusCode: 200, durationMs: 5 });
    // Before the pass that chains it, and behind it.
    expect(await t.faults()).toEqual([]);
    while ((await chainBatch(t.pool, t.key)) > 0);
    expect(await t.faults()).toEqual([]);
    // A row that is chained anew by somebody who changed it.
    await t.sql("update access.request_audit set status_code = 500 where id = $1", [lone]);
    await t.sql("insert into access.audit_unchained values ($1, 't1')", [lone]);
    while ((await chainBatch(t.pool, t.key)) > 0);
    expect((await t.faults()).every(([fault, , id]) => fault === "CHANGED" && id === lone)).toBe(true);
    expect(await t.faults()).not.toEqual([]);
  });

  it("goes, whole days of it, with the audits that are old enough, and of what is on its way out nothing is told", async () => {
    await using t = await setup();
    const old = (hour: string) => {
      const createdAt = new Date(`2026-01-05T${hour}:00:00Z`);
      const hex = createdAt.getTime().toString(16).padStart(12, "0");
      return record({ id: `${hex.slice(0, 8)}-${hex.slice(8)}${newId().slice(13)}`, createdAt });
    };
    await t.stored(old("00"), old("23"), old("23"), record({}));
    const keptFrom = new Date("2026-01-06T00:00:00Z");
    await auditsRemove(t.pool, { before: keptFrom, limit: 1 });
    expect((await t.verified()).broken).not.toEqual([]);
    expect((await t.verified(undefined, keptFrom)).broken).toEqual([]);
    while ((await auditsRemove(t.pool, { before: keptFrom, limit: 100 })) > 0);
    await auditHeadsRemove(t.pool, keptFrom);
    const { broken, chains } = await t.verified();
    expect(broken).toEqual([]);
    expect(chains).toHaveLength(1);
    expect((await t.sql("select from access.audit_link")).rowCount).toBe(1);
  });

  it("may grow while it is looked through: that is no fault", async () => {
    await using t = await setup();
    await t.stored(record());
    const reading = t.pool.query.bind(t.pool) as (query: unknown) => Promise<unknown>;
    let grown = 0;
    // Behind each of the first statements of the look.
    t.pool.query = (async (query: unknown) => {
      const answer = await reading(query);
      if (grown++ < 4) await t.grown();
      return answer;
    }) as never;
    const { broken, chains } = await t.verified();
    expect(broken).toEqual([]);
    expect(chains[0]?.links).toBeGreaterThan(1);
  });

  it("does not chain a change that is under way", async () => {
    await using t = await setup();
    const begun = record({ operationType: "mutation", statusCode: unfinished, durationMs: 0 });
    await t.writer.begin(begun);
    expect(await chainBatch(t.pool, t.key)).toBe(0);
    expect(await t.faults()).toEqual([]);
    await t.writer.complete({ ...begun, statusCode: 200 });
    expect(await chainBatch(t.pool, t.key)).toBe(1);
    expect(await t.faults()).toEqual([]);
  });

  it("is gone on with by several routers, each row once; one that is killed in a pass leaves nothing half done", async () => {
    await using t = await setup();
    await using sealers = new AsyncDisposableStack();
    for (let index = 0; index < 3; index++) {
      const sealer = new AuditSealer({ pool: t.pool, log: memoryLog([]), key: t.key, soonMs: 1 });
      sealers.defer(() => sealer.stop());
      for (let row = 0; row < 400; row++) t.writer.record(record());
      await Promise.all([t.writer.flush(), sealer.pass()]);
      // As a kill does: what holds the lock is gone in the middle of it.
      if (index === 1)
        await t.sql(
          "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'agent-platform audit chain' and datname = current_database()",
        );
    }
    await t.stored();
    const { broken, chains } = await t.verified();
    expect(broken).toEqual([]);
    expect(chains.map(({ links }) => links).reduce((sum, links) => sum + links, 0)).toBe(1_200);
  });

  it("is gone on with by what waits, however many audits are chained already", async () => {
    await using t = await setup();
    await t.sql(`insert into access.request_audit
        (id, tenant_id, request_id, operation_type, operation_hash, root_fields, status_code, error_codes, duration_ms, created_at)
      select lpad(n::text, 8, '0'), 't1', 'r', 'query', 'h', '{}', 200, '{}', 1, now() from generate_series(1, 20000) n`);
    await t.sql("insert into access.audit_unchained select id, tenant_id from access.request_audit");
    // What the planner knows is of when all of them waited.
    for (const table of ["request_audit", "audit_unchained"]) await t.sql(`analyze access.${table}`);
    await t.sql("delete from access.audit_unchained where audit_id <= '00010000'");
    const { rows } = await t.pool.query<{ "QUERY PLAN": unknown }>({
      text: `explain (analyze, format json) ${unchainedTake.replace("$1", "100")}`,
    });
    expect(rowsRead(rows[0]!["QUERY PLAN"])).toEqual({ request_audit: 100, audit_unchained: 200 });
  });

  it("cannot be made anew without its key", async () => {
    await using t = await setup();
    await t.stored(...three());
    const { rows } = await t.sql("select sum(seq)::int as links from access.audit_link");
    expect(rows).toEqual([{ links: 6 }]);
    await t.sql("truncate access.audit_link, access.audit_head");
    await t.sql("insert into access.audit_unchained select id, tenant_id from access.request_audit");
    const another = createSecretKey(randomBytes(32));
    while ((await chainBatch(t.pool, another)) > 0);
    expect((await t.faults()).filter(([fault]) => fault === "LINK_CHANGED").length).toBe(3);
  });
});
