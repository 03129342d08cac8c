import type { Tx } from "#shared/db/database.ts";
import type { PayloadSource } from "#shared/graphql/payload-loader.ts";
import type { Json } from "#shared/json.ts";
import { NodeRun } from "./node-run.entity.ts";
import { nodeRunId, parseNodeRunId, type NodeRunKey } from "../../queue/node-run-id.ts";
import { isIndexedPart } from "../../queue/parts.sql.ts";
import { epochMs } from "../../queue/statement.ts";
import { nodeRunStatusWord } from "../../queue/statuses.ts";
import { ofStoredRun, type RunList } from "../run-pages.sql.ts";

interface NodeRunRow {
  run_id: string;
  path: string;
  parent_path: string | null;
  seq: number;
  node_id: string;
  node_type: string;
  status: number;
  attempt: number;
  worker_key: string | null;
  wait_reason: string | null;
  child_run_id: string | null;
  answered_by: string | null;
  answered_ms: number | null;
  error_code: string | null;
  error_message: string | null;
  model_calls: number | null;
  prompt_tokens: number | null;
  completion_tokens: number | null;
  created_ms: number;
  started_ms: number | null;
  ended_ms: number | null;
}

const columns = `c.run_id, c.path, c.parent_path, c.seq, c.node_id, c.node_type, c.status, c.attempt, c.worker_key, c.wait_reason, c.child_run_id, c.answered_by, ${epochMs("c.answered_at")} as answered_ms, c.error_code,
  c.error_message, c.model_calls, c.prompt_tokens, c.completion_tokens, ${epochMs("c.created_at")} as created_ms,
  ${epochMs("c.started_at")} as started_ms, ${epochMs("c.ended_at")} as ended_ms`;

/**
 * Node runs that have rows, in the order of creation; the filter is a list of status numbers. Served by node_run_parts: what is in the frame of an item or a round is
 * not beneath a path, but at the paths that the plan tells.
 */
export const nodeRunList: RunList<NodeRunRow, NodeRun> = {
  item: "NodeRun",
  select: columns,
  table: "runtime.node_run",
  key: "c.seq",
  keyType: "integer",
  ofPath: `c.parent_path = p.path and ${isIndexedPart("c")}`,
  condition: "($7::smallint[] is null or c.status = any($7))",
  decode,
};

/** Node runs by id, in the order of `ids`; null for those without a row. Served by the primary key. */
export async function nodeRunsById(tx: Tx, ids: readonly string[]): Promise<(NodeRun | null)[]> {
  const keys = keysOf(ids);
  const rows = await tx.sql<NodeRunRow>(
    `select ${columns} from runtime.node_run c join unnest($1::text[], $2::text[]) as k(run_id, path) using (run_id, path)
     where c.tenant_id = $3 and ${ofStoredRun("c")}`,
    [keys.map((key) => key.runId), keys.map((key) => key.path), tx.tenantId],
  );
  return inOrder(ids, rows.map(decode));
}

/** What a node run gave. */
export interface NodeRunOutput {
  id: string;
  outputText: string | null;
  outputJson: Json;
}

/** Outputs by node run id, those that lie in artifacts included. Served by the primary keys. */
export const nodeRunOutputs: PayloadSource<NodeRunOutput> = {
  rows: `select n.run_id || ':' || n.path as id, coalesce(n.output_text, o.content_text) as "outputText",
       coalesce(n.output_json, o.content_json) as "outputJson"
     from runtime.node_run n join unnest($1::text[], $2::text[]) as k(run_id, path) using (run_id, path)
     left join runtime.artifact o on o.tenant_id = $3 and o.id = n.output_artifact_id
     where n.tenant_id = $3`,
  columns: ["outputText", "outputJson"],
  valuesOf(ids, tenantId) {
    const keys = keysOf(ids);
    return [keys.map((key) => key.runId), keys.map((key) => key.path), tenantId];
  },
};

function keysOf(ids: readonly string[]): NodeRunKey[] {
  return ids.map(parseNodeRunId).filter((key) => key !== null);
}

function inOrder<T extends { id: string }>(ids: readonly string[], rows: readonly T[]): (T | null)[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => byId.get(id) ?? null);
}

function decode(row: NodeRunRow): NodeRun {
  return Object.assign(new NodeRun(), {
    id: nodeRunId(row.run_id, row.path),
    runId: row.run_id,
    path: row.path,
    parentPath: row.parent_path,
    seq: row.seq,
    nodeId: row.node_id,
    nodeType: row.node_type,
    status: nodeRunStatusWord(row.status),
    attempt: row.attempt,
    workerKey: row.worker_key,
    // A node that somebody outside took is RUNNING with one, which is the engine's own note.
    waitReason: nodeRunStatusWord(row.status) === "WAITING" ? row.wait_reason : null,
    childRunId: row.child_run_id,
    answeredBy: row.answered_by,
    answeredAt: dateOf(row.answered_ms),
    errorCode: row.error_code,
    errorMessage: row.error_message,
    usage: { modelCalls: row.model_calls ?? 0, promptTokens: row.prompt_tokens ?? 0, completionTokens: row.completion_tokens ?? 0 },
    createdAt: new Date(row.created_ms),
    startedAt: dateOf(row.started_ms),
    endedAt: dateOf(row.ended_ms),
  });
}

function dateOf(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}
