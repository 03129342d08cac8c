import { pino } from "pino";
import { newId } from "#shared/ids.ts";
import { query } from "../../testkit/admin-query.ts";
import { eventually } from "../../testkit/eventually.ts";
import { withClockSet } from "../../testkit/set-clock.ts";
import { openTestSubgraph } from "../../testkit/subgraph.ts";
import { startAuditRemoval } from "../../../router/access/audits/audit-removal.ts";
import { accessSubgraph } from "../../../router/access/subgraph.ts";

const dayMs = 86_400_000;

/** An id as one that was made so many days ago. */
function idOf(daysAgo: number): string {
  const hex = (Date.now() - daysAgo * dayMs).toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}${newId().slice(13)}`;
}

describe("audits that are older than they are kept", () => {
  it("are removed, of every tenant, and no others", async () => {
    const t = await openTestSubgraph(accessSubgraph(() => Promise.resolve([])));
    const make = async (daysAgo: number, tenantId: string, count = 1) => {
      const ids = Array.from({ length: count }, () => idOf(daysAgo));
      await query(
        t.adminUrl,
        `insert into access.request_audit (id, tenant_id, request_id, operation_type, operation_hash, root_fields, status_code, error_codes, duration_ms, created_at)
         select id, $2, 'r', 'query', 'h', '{}', 200, '{}', 1, $3 from unnest($1::text[]) id`,
        [ids, tenantId, new Date(Date.now() - daysAgo * dayMs)],
      );
      return ids;
    };
    await make(40, "acme", 2_500);
    await make(31, "beta");
    const kept = [...(await make(29, "acme")), ...(await make(0, "beta"))].sort();
    const stored = async () =>
      (await query(t.adminUrl, "select id from access.request_audit order by id")).map((row) => (row as { id: string }).id);
    // By the database's clock: one that goes ahead here removes none that is to be kept.
    await withClockSet(400 * dayMs, async () => {
      const removal = startAuditRemoval({ databaseUrl: t.databaseUrl, log: pino({ level: "silent" }), keepDays: 30 });
      await eventually(stored, (ids) => ids.length <= kept.length);
      await removal.close();
    });
    expect(await stored()).toEqual(kept);
  });

  it("are removed by nobody else: not by the platform's own role, for any tenant", async () => {
    const t = await openTestSubgraph(accessSubgraph(() => Promise.resolve([])));
    await query(
      t.adminUrl,
      `insert into access.request_audit (id, tenant_id, request_id, operation_type, operation_hash, root_fields, status_code, error_codes, duration_ms, created_at)
       values ('a', 't1', 'r', 'query', 'h', '{}', 200, '{}', 1, now())`,
    );
    await query(t.databaseUrl, "select set_config('app.tenant_id', 't1', false); delete from access.request_audit");
    expect(await query(t.adminUrl, "select count(*)::int as n from access.request_audit")).toEqual([{ n: 1 }]);
  });
});
