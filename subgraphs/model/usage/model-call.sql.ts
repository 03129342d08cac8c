import type { Db, Tx } from "#shared/db/database.ts";
import { ModelUsageGroup, type ModelUsage } from "./usage.types.ts";

/** A call of a model: figures, no texts. */
export interface ModelCallRow {
  id: string;
  /** null: the configured provider. */
  providerCode: string | null;
  model: string;
  operation: "CHAT" | "EMBEDDINGS";
  outcome: "COMPLETED" | "FAILED" | "CANCELLED";
  errorReason: string | null;
  /** Its caller's; null: none was given. */
  callId: string | null;
  runId: string | null;
  nodeRunId: string | null;
  promptTokens: number;
  cachedTokens: number;
  completionTokens: number;
  reasoningTokens: number;
  /** null: its model has none, or it was not answered. */
  price: number | null;
  durationMs: number;
  createdAt: Date;
}

/** Calls that are old enough go with those that are written: more of them than come, so that there are never many. */
const removedAtOnce = 20;

/**
 * Writes calls of the tenant; one with the id of a call that is there adds nothing. With them go some of its calls that are older than `keepDays`. Index:
 * model_call_usage.
 */
export function callsInsert(db: Db, calls: readonly ModelCallRow[], keepDays: number | undefined): Promise<void> {
  const values = [db.tenantId, JSON.stringify(calls)];
  if (keepDays === undefined) return db.write({ name: "model_calls_insert", text: insertText, values });
  const text = `${removeText} ${insertText}`;
  return db.write({ name: "model_calls_insert_remove", text, values: [...values, keepDays, removedAtOnce + calls.length] });
}

const removeText = `with old as (delete from model.model_call where tenant_id = $1 and id = any(array(select id from model.model_call
       where tenant_id = $1 and created_at < now() - $3::int * interval '1 day' order by created_at limit $4 for update skip locked)))`;

const insertText = `insert into model.model_call (id, tenant_id, call_id, run_id, node_run_id, provider_code, model, operation, outcome, error_reason, prompt_tokens, cached_tokens,
       completion_tokens, reasoning_tokens, price, duration_ms, created_at)
     select c.id, $1, c."callId", c."runId", c."nodeRunId", c."providerCode", c.model, c.operation, c.outcome, c."errorReason", c."promptTokens", c."cachedTokens",
       c."completionTokens", c."reasoningTokens", c.price, c."durationMs", c."createdAt"
     from jsonb_to_recordset($2::jsonb) as c(id text, "callId" text, "runId" text, "nodeRunId" text, "providerCode" text, model text, operation text, outcome text,
       "errorReason" text, "promptTokens" bigint, "cachedTokens" bigint, "completionTokens" bigint, "reasoningTokens" bigint, price double precision, "durationMs" double precision,
       "createdAt" timestamptz)
     on conflict do nothing`;

/** The groups that one answer has at most. */
const groupLimit = 1_000;

const keys: Record<ModelUsageGroup, string> = {
  [ModelUsageGroup.MODEL]: "model",
  [ModelUsageGroup.PROVIDER]: "coalesce(provider_code, 'configured')",
  [ModelUsageGroup.DAY]: "to_char(created_at at time zone 'UTC', 'YYYY-MM-DD')",
};

/** Sums the calls of `[from, to)`. Index: model_call_usage, with a run model_call_run. */
export async function usageSum(
  tx: Tx,
  range: { from: Date | null; to: Date | null; runId: string | null; groupBy: ModelUsageGroup },
): Promise<ModelUsage[]> {
  const rows = await tx.sql<Record<keyof ModelUsage, unknown>>(
    `select ${keys[range.groupBy]} as key, count(*)::float8 as calls, sum(prompt_tokens)::float8 as "promptTokens",
       sum(completion_tokens)::float8 as "completionTokens", sum(cached_tokens)::float8 as "cachedTokens", sum(reasoning_tokens)::float8 as "reasoningTokens", count(*) filter (where outcome = 'FAILED')::float8 as errors,
       coalesce(sum(price), 0)::float8 as price, count(price)::float8 as "pricedCalls"
     from model.model_call
     where tenant_id = $1 and created_at >= coalesce($2::timestamptz, '-infinity') and created_at < coalesce($3::timestamptz, 'infinity')
       and ($4::text is null or run_id = $4)
     group by 1
     order by 1
     limit ${groupLimit}`,
    [tx.tenantId, range.from?.toISOString() ?? null, range.to?.toISOString() ?? null, range.runId],
  );
  return rows.map(({ key, calls, promptTokens, cachedTokens, completionTokens, reasoningTokens, errors, price, pricedCalls }) => ({
    key: String(key),
    calls: Number(calls),
    promptTokens: Number(promptTokens),
    cachedTokens: Number(cachedTokens),
    completionTokens: Number(completionTokens),
    reasoningTokens: Number(reasoningTokens),
    errors: Number(errors),
    price: Number(price),
    pricedCalls: Number(pricedCalls),
  }));
}
