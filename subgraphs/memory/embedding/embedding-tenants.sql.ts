/** Whose memories are to be embedded, asked by the embedder for all tenants; the transaction says '*', which is no tenant's id. */
import type pg from "pg";

/** A tenant that this process looks after for a while. */
export interface ClaimedTenant {
  tenantId: string;
  space: string | null;
  /** Failures in a row, where there is a problem; else looks in a row without anything to do. */
  attempts: number;
  /** What the last look has failed by. */
  problem: string | null;
}

/** How long a tenant is somebody's; a batch takes less. */
const leaseSeconds = 120;

/** Takes the tenant that has been due for longest; undefined: none is. Index: embedding_tenant_due. */
export async function embeddingTenantClaim(pool: pg.Pool): Promise<ClaimedTenant | undefined> {
  const [row] = await forAll<ClaimedTenant>(
    pool,
    `update memory.embedding_tenant t
     set leased_until = now() + interval '${leaseSeconds} seconds', due_at = now() + interval '${leaseSeconds} seconds'
     where t.tenant_id = (
       select d.tenant_id from memory.embedding_tenant d
       where d.due_at <= now() and (d.leased_until is null or d.leased_until <= now())
       order by d.due_at limit 1 for update skip locked
     )
     returning t.tenant_id as "tenantId", t.space, t.attempts, t.problem`,
    [],
  );
  return row;
}

/** Gives a tenant back, to be looked after again in a while; at once where there is no problem and somebody has asked for it meanwhile. */
export async function embeddingTenantRelease(
  pool: pg.Pool,
  tenantId: string,
  { pauseMs, attempts, problem }: { pauseMs: number; attempts: number; problem: string | null },
): Promise<void> {
  await forAll(
    pool,
    `update memory.embedding_tenant t
     set leased_until = null, attempts = $3, problem = $4,
       due_at = case when $4::text is null and t.due_at < t.leased_until then now() else now() + $2 * interval '1 millisecond' end
     where t.tenant_id = $1`,
    [tenantId, pauseMs, attempts, problem],
  );
}

async function forAll<Row extends object>(pool: pg.Pool, text: string, values: unknown[]): Promise<Row[]> {
  const client = await pool.connect();
  let lost: Error | undefined;
  try {
    await client.query("start transaction isolation level read committed; select set_config('app.tenant_id', '*', true), 'embedder'");
    const { rows } = await client.query<Row>(text, values);
    await client.query("commit");
    return rows;
  } catch (cause) {
    lost = cause as Error;
    throw cause;
  } finally {
    client.release(lost);
  }
}
