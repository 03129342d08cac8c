import type pg from "pg";

/** How sure the commit of a batch is: `synced` outlives a lost machine; `written` any process that is killed, and costs no wait for the disk. */
export type CommitMode = "synced" | "written";

/**
 * Stores a batch, each row as JSON of an AuditRecord, in one statement. Rows that are there stay as they are, but for a change's that has no outcome yet: so
 * a batch of unknown outcome may be sent again, and a change's beginning and end may come in any order. An id must be in a batch once only.
 */
export async function storeAudits(pool: pg.Pool, rows: readonly string[], mode: CommitMode): Promise<void> {
  // In the order of ids, for two batches may hold the same rows; the mode is read, else the planner might leave it out.
  const text = `
    insert into access.request_audit as stored (id, tenant_id, request_id, api_key_id, operation_name, operation_type, operation_hash, root_fields,
      variables, status_code, error_codes, duration_ms, client_ip, user_agent, event, details, created_at)
    select id, "tenantId", "requestId", "apiKeyId", "operationName", "operationType", "operationHash", "rootFields",
      variables, "statusCode", "errorCodes", "durationMs", "clientIp", "userAgent", event, details, "createdAt"
    from jsonb_to_recordset($1::jsonb) as row (id text, "tenantId" text, "requestId" text, "apiKeyId" text, "operationName" text,
      "operationType" text, "operationHash" text, "rootFields" text[], variables jsonb, "statusCode" integer, "errorCodes" text[],
      "durationMs" double precision, "clientIp" text, "userAgent" text, event text, details jsonb, "createdAt" timestamptz),
      (select set_config('synchronous_commit', $2, true) as level) as mode
    where mode.level is not null
    order by id
    on conflict (id) do update set status_code = excluded.status_code, error_codes = excluded.error_codes, duration_ms = excluded.duration_ms,
      event = excluded.event, details = excluded.details
    where stored.status_code = 0 and excluded.status_code <> 0`;
  await pool.query({ name: "audits-store", text, values: [`[${rows.join(",")}]`, mode === "synced" ? "on" : "off"] });
}

/** Whether it is rows that PostgreSQL will never take. */
export function isRefusedForGood(cause: unknown): boolean {
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
  return typeof code === "string" && /^2[23]/.test(code) && code.length === 5;
}

/**
 * Removes audits that were made before a time, the oldest first. Ids are made in the order of time (uuidv7), a little before or after the request that the row
 * is of, so the primary key finds them. @returns how many.
 */
export async function auditsRemove(
  client: Pick<pg.PoolClient, "query">,
  { before, limit }: { before: Date; limit: number },
): Promise<number> {
  const hex = before.getTime().toString(16).padStart(12, "0");
  const text = `
    delete from access.request_audit where id = any(array(
      select id from access.request_audit where id < $1 and created_at < $2 order by id limit $3))`;
  const { rowCount } = await client.query({ name: "audits-remove", text, values: [`${hex.slice(0, 8)}-${hex.slice(8)}`, before, limit] });
  return rowCount ?? 0;
}
