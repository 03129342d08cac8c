import type pg from "pg";

/** How sure the commit of a batch is: `synced` outlives a lost machine; `written` any process that is killed, and costs no wait for the disk. */
export type CommitMode = "synced" | "written";

/** Rows, each as JSON, as one array. */
export const jsonOf = (rows: readonly string[]) => `[${rows.join(",")}]`;

/**
 * Stores a batch, an array of AuditRecords as JSON, in one statement. Rows that are there stay as they are, but for a change's that has no outcome yet: so
 * a batch of unknown outcome may be sent again, and a change's beginning and end may come in any order. An id must be in a batch once only.
 */
export async function storeAudits(pool: pg.Pool, json: string | Buffer, mode: CommitMode): Promise<void> {
  // In the order of ids, for two batches may hold the same rows; the mode is read, else the planner might leave it out.
  // What is stored by this statement waits for its chain; a row that somebody puts in beside it does not.
  const text = `
    with stored_rows as (
    insert into access.request_audit as stored (id, tenant_id, request_id, api_key_id, operation_name, operation_type, operation_hash, root_fields,
      variables, status_code, error_codes, duration_ms, client_ip, user_agent, event, details, created_at)
    select id, "tenantId", "requestId", "apiKeyId", "operationName", "operationType", "operationHash", "rootFields",
      variables, "statusCode", "errorCodes", "durationMs", "clientIp", "userAgent", event, details, "createdAt"
    from jsonb_to_recordset($1::text::jsonb) as row (id text, "tenantId" text, "requestId" text, "apiKeyId" text, "operationName" text,
      "operationType" text, "operationHash" text, "rootFields" text[], variables jsonb, "statusCode" integer, "errorCodes" text[],
      "durationMs" double precision, "clientIp" text, "userAgent" text, event text, details jsonb, "createdAt" timestamptz),
      (select set_config('synchronous_commit', $2, true) as level) as mode
    where mode.level is not null
    order by id
    on conflict (id) do update set status_code = excluded.status_code, error_codes = excluded.error_codes, duration_ms = excluded.duration_ms,
      event = excluded.event, details = excluded.details
    where stored.status_code = 0 and excluded.status_code <> 0
    returning id, tenant_id)
    insert into access.audit_unchained (audit_id, tenant_id) select id, tenant_id from stored_rows
    on conflict (audit_id) do update set tenant_id = excluded.tenant_id`;
  await pool.query({ name: "audits-store", text, values: [json, mode === "synced" ? "on" : "off"] });
}

/** Whether it is rows that PostgreSQL will never take. */
export function isRefusedForGood(cause: unknown): boolean {
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
  return typeof code === "string" && /^2[23]/.test(code) && code.length === 5;
}

/**
 * Removes audits that were made before a time, the oldest first, and their links of chains. Ids are made in the order of time (uuidv7), a little before or after the request that the row
 * is of, so the primary key finds them. @returns how many.
 */
export async function auditsRemove(
  client: Pick<pg.PoolClient, "query">,
  { before, limit }: { before: Date; limit: number },
): Promise<number> {
  const hex = before.getTime().toString(16).padStart(12, "0");
  const text = `
    with old as materialized (select id from access.request_audit where id < $1 and created_at < $2 order by id limit $3),
      links as (delete from access.audit_link where audit_id = any(array(select id from old))),
      unchained as (delete from access.audit_unchained where audit_id = any(array(select id from old)))
    delete from access.request_audit where id = any(array(select id from old))`;
  const { rowCount } = await client.query({ name: "audits-remove", text, values: [`${hex.slice(0, 8)}-${hex.slice(8)}`, before, limit] });
  return rowCount ?? 0;
}

/** Removes the ends of chains of days before one, of which nothing is left. */
export async function auditHeadsRemove(client: Pick<pg.PoolClient, "query">, before: Date): Promise<void> {
  const text = `
    delete from access.audit_head head where head.day < ($1::timestamptz at time zone 'utc')::date
      and not exists (select from access.audit_link link where link.tenant_id = head.tenant_id and link.day = head.day)`;
  await client.query({ name: "audit-heads-remove", text, values: [before] });
}
