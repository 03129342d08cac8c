import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { newId } from "#shared/ids.ts";
import { eventually } from "../../testkit/eventually.ts";
import { openTestSubgraph } from "../../testkit/subgraph.ts";
import { memoryLog } from "../../testkit/fixture-router.ts";
import { AuditWriter, type AuditWriterOptions } from "../../../router/access/audits/audit-writer.ts";
import { accessSubgraph } from "../../../router/access/subgraph.ts";
import type { AuditRecord } from "../../../router/audit/audit.ts";
import type { ServiceHealth } from "../../../router/edge/health.ts";

function record(overrides: Partial<AuditRecord> = {}): AuditRecord {
  return {
    id: newId(),
    variables: null,
    event: null,
    details: null,
    tenantId: "t1",
    requestId: "r-1",
    apiKeyId: null,
    operationName: "MakeRun",
    operationType: "mutation",
    operationHash: "a".repeat(64),
    rootFields: ["createRun"],
    statusCode: 200,
    errorCodes: [],
    durationMs: 12.5,
    clientIp: "127.0.0.1",
    userAgent: "test",
    createdAt: new Date("2026-11-01T10:00:00Z"),
    ...overrides,
  };
}

async function setup(options: Partial<AuditWriterOptions> = {}) {
  const services: ServiceHealth[] = [];
  const test = await openTestSubgraph(accessSubgraph(() => Promise.resolve(services)));
  const logged: Record<string, unknown>[] = [];
  const spillFolder = await mkdtemp(join(tmpdir(), "agent-platform-audits-"));
  const writer = new AuditWriter({
    databaseUrl: test.databaseUrl,
    log: memoryLog(logged),
    spillFolder,
    flushMs: 5,
    retryMs: 20,
    ...options,
  });
  return {
    ...test,
    services,
    writer,
    logged,
    list: async (filter: object = {}, tenantId = "t1") => {
      const query = "query ($filter: RequestAuditFilter) { requestAudits(filter: $filter) { edges { node { requestId } } } }";
      const { requestAudits } = await test.ask<{ requestAudits: { edges: { node: { requestId: string } }[] } }>(
        query,
        { filter },
        { tenantId },
      );
      return requestAudits.edges.map(({ node }) => node.requestId);
    },
    async [Symbol.asyncDispose]() {
      await writer.stop();
      await test.close();
      await rm(spillFolder, { recursive: true, force: true });
    },
  };
}

describe("the access subgraph", () => {
  it("gives the audits of the tenant, newest first, every field (S-105)", async () => {
    await using t = await setup();
    t.writer.record(record());
    t.writer.record(record({ requestId: "r-2", operationName: null, errorCodes: ["CONFLICT", "TIMEOUT"], clientIp: null }));
    t.writer.record(record({ requestId: "other", tenantId: "t2" }));
    await t.writer.flush();
    const { requestAudits } = await t.ask<{ requestAudits: unknown }>(`{ requestAudits { edges { node {
      requestId apiKeyId operationName operationType operationHash rootFields variables event details statusCode errorCodes durationMs clientIp userAgent createdAt } } } }`);
    const { id: _id, tenantId: _tenant, createdAt: _at, ...fields } = record();
    const node = { ...fields, operationType: "MUTATION", createdAt: "2026-11-01T10:00:00.000Z" };
    expect(requestAudits).toMatchObject({
      edges: [{ node: { ...node, requestId: "r-2", operationName: null, errorCodes: ["CONFLICT", "TIMEOUT"], clientIp: null } }, { node }],
    });
    expect(await t.list({}, "t2")).toEqual(["other"]);
  });

  it("filters audits by request, name, root field, error code and time", async () => {
    await using t = await setup();
    t.writer.record(record({ requestId: "a", createdAt: new Date("2026-11-01T10:00:00Z") }));
    t.writer.record(record({ requestId: "b", operationName: "Other", createdAt: new Date("2026-11-02T10:00:00Z") }));
    t.writer.record(
      record({ requestId: "c", rootFields: ["runs", "apps"], errorCodes: ["TIMEOUT"], createdAt: new Date("2026-11-03T10:00:00Z") }),
    );
    await t.writer.flush();
    expect(await t.list({ requestId: "a" })).toEqual(["a"]);
    expect(await t.list({ operationName: "Other" })).toEqual(["b"]);
    expect(await t.list({ rootField: "apps" })).toEqual(["c"]);
    expect(await t.list({ errorCode: "TIMEOUT" })).toEqual(["c"]);
    expect(await t.list({ createdAfter: "2026-11-02T10:00:00Z", createdBefore: "2026-11-03T10:00:00Z" })).toEqual(["b"]);
    expect(await t.list({ operationName: "MakeRun", rootField: "createRun", errorCode: "TIMEOUT" })).toEqual([]);
  });

  it.each([
    [
      "as a literal",
      'query ($when: DateTime) { requestAudits(filter: { createdAfter: "soon", createdBefore: $when }) { edges { cursor } } }',
      {},
    ],
    ["in a variable", "query ($when: DateTime) { requestAudits(filter: { createdAfter: $when }) { edges { cursor } } }", { when: "soon" }],
  ])("refuses a time that is none, %s", async (_how, query, variables) => {
    await using t = await setup();
    expect(await t.refusal(query, variables)).toMatchObject({ code: "BAD_USER_INPUT", message: expect.stringMatching(/soon|DateTime/) });
  });

  it("resolves references, another tenant's to null", async () => {
    await using t = await setup();
    t.writer.record(record());
    await t.writer.flush();
    const { requestAudits } = await t.ask<{ requestAudits: { edges: { node: { id: string } }[] } }>(
      "{ requestAudits { edges { node { id } } } }",
    );
    const representations = [{ __typename: "RequestAudit", id: requestAudits.edges[0]?.node.id }];
    const query =
      "query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on RequestAudit { requestId } } }";
    expect(await t.ask(query, { representations })).toEqual({ _entities: [{ requestId: "r-1" }] });
    expect(await t.ask(query, { representations }, { tenantId: "t2" })).toEqual({ _entities: [null] });
  });

  it("gives the state of all services (S-101)", async () => {
    await using t = await setup();
    t.services.push({ name: "access", status: "UP", latencyMs: 1.5, message: null });
    t.services.push({ name: "tool", status: "DOWN", latencyMs: null, message: "No answer within 2000 ms." });
    expect(await t.ask("{ services { name status latencyMs message } }")).toEqual({ services: t.services });
  });
});

describe("the audit writer", () => {
  it("stores without being asked to, soon", async () => {
    await using t = await setup();
    t.writer.record(record());
    expect(await eventually(t.list, (rows) => rows.length > 0)).toEqual(["r-1"]);
  });

  it("stores many rows in few statements", async () => {
    await using t = await setup({ batchRows: 100 });
    for (let i = 0; i < 250; i++) t.writer.record(record({ requestId: `r-${i}` }));
    await t.writer.flush();
    const client = new pg.Client({ connectionString: t.adminUrl });
    await client.connect();
    const { rows } = await client.query(
      "select count(*)::int as rows, count(distinct xmin::text)::int as transactions from access.request_audit",
    );
    await client.end();
    expect(rows).toEqual([{ rows: 250, transactions: 3 }]);
  });

  it("can add, not change: the table is append-only for the platform itself", async () => {
    await using t = await setup();
    t.writer.record(record());
    await t.writer.flush();
    const client = new pg.Client({ connectionString: t.databaseUrl });
    await client.connect();
    await client.query("set app.scope = 'engine'");
    const { rowCount } = await client.query("update access.request_audit set request_id = 'forged'");
    await client.end();
    expect(rowCount).toBe(0);
  });
});
