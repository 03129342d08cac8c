import type { Tx } from "#shared/db/database.ts";
import type { JsonObject } from "#shared/json.ts";
import { epochMs } from "../../queue/statement.ts";
import { spanStatuses } from "../../queue/statuses.ts";
import type { RunList } from "../run-pages.sql.ts";
import { TraceSpan } from "./span.entity.ts";

interface SpanRow {
  id: string;
  run_id: string;
  path: string | null;
  trace_id: string;
  span_id: string;
  parent_span_id: string | null;
  span_type: string;
  name: string;
  status: number;
  started_ms: number;
  ended_ms: number | null;
  attributes: JsonObject;
  error_code: string | null;
  error_message: string | null;
}

const columns = `c.id, c.run_id, c.path, c.trace_id, c.span_id, c.parent_span_id, c.span_type, c.name, c.status, ${epochMs("c.started_at")} as started_ms,
  ${epochMs("c.ended_at")} as ended_ms, c.attributes, c.error_code, c.error_message`;

/** Spans by their beginning: the run's own, those of its node runs, and those that nodes recorded. */
export const spanList: RunList<SpanRow, TraceSpan> = {
  item: "TraceSpan",
  select: columns,
  table: "runtime.span",
  // The beginning to the microsecond, and the span's id where two began together: all of the same length, so the text sorts as they do.
  key: `(to_char(c.started_at at time zone 'UTC', 'YYYYMMDDHH24MISSUS') || c.span_id) collate "C"`,
  keyType: "text",
  ofPath: "c.path = p.path",
  decode,
};

/** Spans by id (`<run id>/<span id>`), in the order of `ids`. */
export async function spansById(tx: Tx, ids: readonly string[]): Promise<(TraceSpan | null)[]> {
  const runIds = ids.map((id) => id.slice(0, id.indexOf("/")));
  const rows = await tx.sql<SpanRow>(
    `select ${columns} from runtime.span c where c.tenant_id = $3 and c.run_id = any($1) and c.id = any($2)`,
    [[...new Set(runIds)], ids, tx.tenantId],
  );
  const byId = new Map(rows.map((row) => [row.id, decode(row)]));
  return ids.map((id) => byId.get(id) ?? null);
}

function decode(row: SpanRow): TraceSpan {
  return Object.assign(new TraceSpan(), {
    id: row.id,
    runId: row.run_id,
    path: row.path,
    traceId: row.trace_id,
    spanId: row.span_id,
    parentSpanId: row.parent_span_id,
    spanType: row.span_type,
    name: row.name,
    status: spanStatuses[row.status] ?? "UNSET",
    startedAt: new Date(row.started_ms),
    endedAt: row.ended_ms === null ? null : new Date(row.ended_ms),
    // Never below nothing: a clock that was set back between the two ends is not news.
    durationMs: row.ended_ms === null ? null : Math.max(0, row.ended_ms - row.started_ms),
    attributes: row.attributes,
    errorCode: row.error_code,
    errorMessage: row.error_message,
  });
}
