/** The audit's rows where they are to be stored: the database, the file beside the data, or neither. */
import { mkdtemp, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newId } from "#shared/ids.ts";
import { query } from "../../testkit/admin-query.ts";
import { memoryLog } from "../../testkit/fixture-router.ts";
import { openTestSubgraph } from "../../testkit/subgraph.ts";
import { AuditWriter, type AuditWriterOptions } from "../../../router/access/audits/audit-writer.ts";
import { accessSubgraph } from "../../../router/access/subgraph.ts";
import { unfinished, type AuditRecord } from "../../../router/audit/audit.ts";

const record = (given: Partial<AuditRecord> = {}): AuditRecord => ({
  id: newId(),
  tenantId: "t1",
  requestId: "r-1",
  apiKeyId: null,
  operationName: "Make",
  operationType: "mutation",
  operationHash: "a".repeat(64),
  rootFields: ["createRun"],
  variables: { input: { name: "n" } },
  statusCode: 200,
  errorCodes: [],
  durationMs: 1,
  clientIp: null,
  userAgent: null,
  event: null,
  details: null,
  createdAt: new Date(),
  ...given,
});
const beginning = (given: Partial<AuditRecord> = {}) => record({ statusCode: unfinished, durationMs: 0, ...given });

async function setup(options: Partial<AuditWriterOptions> = {}) {
  const test = await openTestSubgraph(accessSubgraph(() => Promise.resolve([])));
  const folder = await mkdtemp(join(tmpdir(), "agent-platform-audits-"));
  const logged: Record<string, unknown>[] = [];
  const writers: AuditWriter[] = [];
  const open = (given: Partial<AuditWriterOptions> = {}) => {
    const all = {
      databaseUrl: test.databaseUrl,
      log: memoryLog(logged),
      spillFolder: folder,
      flushMs: 5,
      retryMs: 20,
      ...options,
      ...given,
    };
    writers.push(new AuditWriter(all));
    return writers.at(-1)!;
  };
  const admin = (text: string) => query(test.adminUrl, text);
  return {
    writer: open(),
    open,
    admin,
    folder,
    logged,
    spill: () => readFile(join(folder, "audits.jsonl"), "utf8").catch(() => ""),
    away: () => admin("alter table access.request_audit rename to away"),
    back: () => admin("alter table access.away rename to request_audit"),
    rows: () =>
      admin("select request_id, status_code, error_codes, tenant_id, event, details from access.request_audit order by id") as Promise<
        { request_id: string; status_code: number; error_codes: string[]; tenant_id: string; event: string | null; details: unknown }[]
      >,
    async [Symbol.asyncDispose]() {
      for (const writer of writers) await writer.stop();
      await test.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

describe("a change's row", () => {
  it("is committed when its beginning is, and has its outcome when that is", async () => {
    await using t = await setup();
    const begun = beginning();
    await t.writer.begin(begun);
    expect(await t.rows()).toMatchObject([{ request_id: "r-1", status_code: 0, error_codes: [] }]);
    await t.writer.complete({ ...begun, statusCode: 200, errorCodes: ["CONFLICT"] });
    expect(await t.rows()).toMatchObject([{ status_code: 200, error_codes: ["CONFLICT"] }]);
  });

  it("is one row whichever comes first, and however often", async () => {
    await using t = await setup();
    const begun = beginning();
    await t.writer.complete({ ...begun, statusCode: 400 });
    await t.writer.begin(begun);
    await t.writer.complete({ ...begun, statusCode: 500 });
    expect(await t.rows()).toMatchObject([{ status_code: 400 }]);
  });

  it("waits for no company: rows that come together share a commit, each alone has its own", async () => {
    await using t = await setup({ flushMs: 3_600_000 });
    await t.writer.begin(beginning({ requestId: "alone" }));
    await Promise.all(Array.from({ length: 100 }, () => t.writer.begin(beginning())));
    const [{ commits }] = (await t.admin("select count(distinct xmin::text)::int as commits from access.request_audit")) as [
      { commits: number },
    ];
    expect(commits).toBe(2);
    const order = (await t.admin("select id from access.request_audit order by created_at, id")) as { id: string }[];
    expect(order.map(({ id }) => id)).toEqual(order.map(({ id }) => id).sort());
  });

  it("can be changed in nothing but its outcome, and that once", async () => {
    await using t = await setup();
    await t.writer.begin(beginning());
    await t.admin("update access.request_audit set request_id = 'forged', tenant_id = 't2', status_code = 200");
    expect(await t.rows()).toMatchObject([{ request_id: "r-1", tenant_id: "t1", status_code: 200 }]);
    await t.admin("update access.request_audit set status_code = 500");
    expect(await t.rows()).toMatchObject([{ status_code: 200 }]);
  });
});

describe("while the database takes no rows", () => {
  it("changes' rows are in the file beside the data before anybody is told, and in the database once it is back, each once", async () => {
    await using t = await setup();
    await t.away();
    const begun = beginning({ requestId: "spilled" });
    await t.writer.begin(begun);
    expect(await t.spill()).toContain('"spilled"');
    expect(t.writer.isTroubled).toBe(true);
    await t.writer.complete({ ...begun, statusCode: 200 });
    // A database that is away for an hour would be told 3,600 times.
    for (let tries = 0; tries < 3; tries++) await t.writer.readSpilled();
    await t.back();
    await t.writer.readSpilled();
    const told = t.logged.filter(({ msg }) => /^audits (are )?(not )?stored/.test(String(msg)));
    expect(told).toMatchObject([
      { msg: "audits not stored in the database, trying again" },
      { msg: "audits are stored in the database again" },
    ]);
    expect(told[1]!["failedTries"]).toBeGreaterThanOrEqual(3);
    expect(await t.rows()).toMatchObject([{ request_id: "spilled", status_code: 200 }]);
    expect(t.writer.isTroubled).toBe(false);
    expect(await readdir(t.folder)).toEqual([]);
  });

  it("what a process left that was killed is read in at the next start, also what was read in half, torn or damaged", async () => {
    await using t = await setup();
    const [whole, twice] = [record({ requestId: "whole" }), record({ requestId: "twice" })];
    await t.writer.complete(twice);
    const lines = [
      JSON.stringify(whole),
      JSON.stringify(twice),
      '{"id":"torn","tenan',
      "",
      "null",
      JSON.stringify({ ...record(), tenantId: null }),
    ];
    await writeFile(join(t.folder, "audits.jsonl"), `\n${lines.join("\n")}`);
    await writeFile(join(t.folder, "0.reading.jsonl"), `${JSON.stringify(record({ requestId: "half" }))}\n`);
    await t.open().readSpilled();
    expect((await t.rows()).map((row) => row.request_id).sort()).toEqual(["half", "twice", "whole"]);
    expect(t.logged).toContainEqual(expect.objectContaining({ msg: "a spilled audit cannot be stored" }));
    expect(await readdir(t.folder)).toEqual([]);
  });

  it("many processes spill into a folder while others read it, and no row is lost", async () => {
    await using t = await setup({ retryMs: 1 });
    await t.away();
    const writers = [t.writer, t.open(), t.open()];
    const begin = (from: number) =>
      Promise.all(
        writers.flatMap((writer, w) => Array.from({ length: 30 }, (_, i) => writer.begin(beginning({ requestId: `${from}-${w}-${i}` })))),
      );
    await begin(0);
    const spilling = begin(1);
    await t.back();
    await Promise.all([spilling, ...writers.map((writer) => writer.readSpilled())]);
    for (const writer of writers) await writer.readSpilled();
    expect(new Set((await t.rows()).map((row) => row.request_id)).size).toBe(180);
    expect(await t.rows()).toHaveLength(180);
  });

  it("which hangs, a row waits no longer than its deadline", async () => {
    await using t = await setup({ deadlineMs: 50 });
    await t.admin("create function access.hang() returns trigger language plpgsql as $$ begin perform pg_sleep(3); return new; end $$");
    await t.admin("create trigger hang before insert on access.request_audit for each row execute function access.hang()");
    await t.writer.begin(beginning({ requestId: "hung" }));
    expect(await t.spill()).toContain('"hung"');
  });

  it.each<[string, (folder: string) => Promise<unknown>, Partial<AuditWriterOptions>]>([
    ["the disk is full", (folder) => symlink("/dev/full", join(folder, "audits.jsonl")), {}],
    ["it has its bytes", () => Promise.resolve(), { maxSpillBytes: 100 }],
    ["it cannot be made", () => Promise.resolve(), { spillFolder: "/dev/null/audits" }],
  ])("and the file takes none for %s, changes are refused", async (_why, prepare, options) => {
    await using t = await setup(options);
    // It looks once when it begins, and would take what is prepared for something to read.
    await t.writer.readSpilled();
    await prepare(t.folder);
    await t.away();
    await expect(t.writer.begin(beginning())).rejects.toMatchObject({ code: "DOWNSTREAM_UNAVAILABLE", reason: "DATABASE_UNAVAILABLE" });
    await t.writer.complete(record());
    await t.back();
    await t.writer.readSpilled();
    await t.writer.begin(beginning({ requestId: "after" }));
    expect(await t.rows()).toMatchObject([{ request_id: "after" }]);
  });

  it("rows of queries wait up to their bytes, those beyond are counted, and the counts are rows of their tenants", async () => {
    await using t = await setup({ maxWaitingBytes: 2_000 });
    await t.away();
    for (let i = 0; i < 20; i++) t.writer.record(record({ requestId: `q-${i}`, operationType: "query", tenantId: i % 2 ? "t1" : "t2" }));
    await t.writer.flush();
    await t.back();
    await t.writer.flush();
    await t.writer.flush();
    const rows = await t.rows();
    const kept = rows.filter(({ event }) => event === null);
    expect(kept.length).toBeGreaterThan(0);
    const dropped = rows.filter(({ event }) => event === "AUDITS_DROPPED");
    expect(dropped.map((row) => row.tenant_id).sort()).toEqual(["t1", "t2"]);
    const count = dropped.reduce((sum, { details }) => sum + (details as { count: number }).count, 0);
    expect(kept.length + count).toBe(20);
  });

  it("until the end, rows of queries are in the file", async () => {
    await using t = await setup();
    await t.away();
    t.writer.record(record({ requestId: "last", operationType: "query" }));
    await t.writer.stop();
    expect(await t.spill()).toContain('"last"');
    await t.back();
    await t.open().readSpilled();
    expect(await t.rows()).toMatchObject([{ request_id: "last" }]);
  });
});

describe("rows of what changed nothing", () => {
  it("go at once where they fill a batch; the rest waits for company, so that no flood of them is dropped", async () => {
    await using t = await setup({ flushMs: 3_600_000 });
    const stored = Promise.withResolvers<void>();
    let batches = 0;
    const writer = t.open({ batchRows: 3, onStored: () => ++batches === 4 && stored.resolve() });
    const rows = Array.from({ length: 14 }, (_, index) => record({ requestId: `q-${index}`, operationType: "query" }));
    for (const row of rows) writer.record(row);
    await stored.promise;
    expect((await t.rows()).map((row) => row.request_id)).toEqual(rows.slice(0, 12).map(({ requestId }) => requestId));
    await writer.flush();
    expect(await t.rows()).toHaveLength(14);
  });

  it("are stored as they were, however many bytes they have", async () => {
    await using t = await setup();
    const names = ["", "ü", "\ud83d\ude00", "a".repeat(40_000), "€".repeat(30_000), '"\\,[]'];
    for (const name of names) t.writer.record(record({ operationName: name, createdAt: new Date("2026-11-28T23:59:59.999Z") }));
    await t.writer.flush();
    const stored = await t.admin("select operation_name, created_at from access.request_audit order by id");
    expect(stored).toEqual(names.map((name) => ({ operation_name: name, created_at: new Date("2026-11-28T23:59:59.999Z") })));
  });
});
