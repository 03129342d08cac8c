import type { Tx } from "#shared/db/database.ts";
import { mostAhead, type RunLine } from "./run-line.ts";

/**
 * Of runs that wait in a line; null for any other. The runs of a page mostly wait in one line, which may have as many places as there are runs: so what is true
 * of a key is read once for all of them. Served by the primary key, gate_waiting, gate_line and gate_held.
 */
export async function linePlaces(tx: Tx, runIds: readonly string[]): Promise<(RunLine | null)[]> {
  const rows = await tx.sql<RunLine & { id: string }>(
    `with g as materialized (select w.run_id, w.key, w.seq from runtime.gate w where w.tenant_id = $2 and w.run_id = any($1) and w.state = 0),
     k as materialized (select d.key,
       (select o.places from runtime.gate o where o.tenant_id = $2 and o.key = d.key order by o.seq desc limit 1) as places,
       (select count(*)::int from runtime.gate o where o.tenant_id = $2 and o.key = d.key and o.state = 1) as taken,
       (select o.run_id from runtime.gate o where o.tenant_id = $2 and o.key = d.key and o.state = 1 order by o.seq limit 1) as "holderId"
       from (select distinct key from g) d)
     select g.run_id as id,
       (select count(*)::int from (select from runtime.gate o where o.tenant_id = $2 and o.key = g.key and o.state = 0 and o.seq < g.seq limit ${mostAhead}) x) as ahead,
       k.places, k.taken, k."holderId"
     from g join k on k.key = g.key`,
    [runIds, tx.tenantId],
  );
  const places = new Map(rows.map(({ id, ...place }) => [id, place]));
  return runIds.map((id) => places.get(id) ?? null);
}
