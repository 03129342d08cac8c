import type pg from "pg";
import type { AuditRecord } from "../audit/audit.ts";

/** An audit with its id. */
export interface AuditRow extends AuditRecord {
  id: string;
}

/** Inserts a batch in one statement; rows that are there already stay, so that a batch of unknown outcome may be sent again. */
export async function insertAudits(pool: pg.Pool, rows: readonly AuditRow[]): Promise<void> {
  const text = `
    insert into access.request_audit (id, tenant_id, request_id, api_key_id, operation_name, operation_type, operation_hash, root_fields,
      status_code, error_codes, duration_ms, client_ip, user_agent, created_at)
    select id, "tenantId", "requestId", "apiKeyId", "operationName", "operationType", "operationHash", "rootFields",
      "statusCode", "errorCodes", "durationMs", "clientIp", "userAgent", "createdAt"
    from jsonb_to_recordset($1::jsonb) as row (id text, "tenantId" text, "requestId" text, "apiKeyId" text, "operationName" text,
      "operationType" text, "operationHash" text, "rootFields" text[], "statusCode" integer, "errorCodes" text[],
      "durationMs" double precision, "clientIp" text, "userAgent" text, "createdAt" timestamptz)
    on conflict (id) do nothing`;
  await pool.query({ name: "audits-insert", text, values: [JSON.stringify(rows)] });
}
