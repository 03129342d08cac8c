import { AppError } from "#shared/errors.ts";
import type { ModelCallerInput } from "./chat.inputs.ts";
import { modelErrors } from "./errors.ts";
import { usageSum } from "./model-call.sql.ts";
import type { ModelContext } from "./model.context.ts";
import { ModelUsageGroup, type ModelUsage } from "./usage.types.ts";

/** What a call is counted under. */
export interface CountedCall {
  providerCode: string | null;
  model: string;
  operation: "CHAT" | "EMBEDDINGS";
  /** As its caller knows it. */
  caller?: ModelCallerInput | null | undefined;
}

/** What a call has used. */
export interface UsedTokens {
  promptTokens: number;
  cachedTokens?: number | null;
  completionTokens?: number;
  reasoningTokens?: number | null;
}

/** What was used of models. Waits until the calls that this process has answered are written, so that they are counted. @throws AppError USAGE_RANGE_INVALID */
export async function modelUsage(
  { db, services }: ModelContext,
  range: { from: Date | null; to: Date | null; runId: string | null; groupBy: ModelUsageGroup | null },
): Promise<ModelUsage[]> {
  const { from, to, runId } = range;
  if (from !== null && to !== null && from >= to) {
    throw modelErrors.USAGE_RANGE_INVALID({ field: "from", from: from.toISOString(), to: to.toISOString() });
  }
  await services.calls.settled();
  return db.read((tx) => usageSum(tx, { from, to, runId, groupBy: range.groupBy ?? ModelUsageGroup.MODEL }));
}

/** Starts to measure a call; the result is told how it ended, once. Its promises settle when the ledger has it. */
export function startCall({ db, services }: ModelContext, { caller, ...call }: CountedCall) {
  const started = performance.now();
  const whose = { callId: caller?.callId ?? null, runId: caller?.runId ?? null, nodeRunId: caller?.nodeRunId ?? null };
  const record = async (
    outcome: "COMPLETED" | "FAILED" | "CANCELLED",
    errorReason: string | null,
    { promptTokens, cachedTokens, completionTokens = 0, reasoningTokens }: UsedTokens = { promptTokens: 0 },
  ): Promise<number> => {
    const durationMs = performance.now() - started;
    const used = { promptTokens, cachedTokens: cachedTokens ?? 0, completionTokens, reasoningTokens: reasoningTokens ?? 0 };
    await services.calls.record({ ...call, ...whose, ...used, tenantId: db.tenantId, outcome, errorReason, durationMs });
    return durationMs;
  };
  return {
    /** Gives the duration in ms. */
    completed: (used: UsedTokens): Promise<number> => record("COMPLETED", null, used),
    async failed(error: unknown): Promise<void> {
      const reason = error instanceof AppError ? error.reason : "INTERNAL";
      await record(reason === "MODEL_CALL_CANCELLED" ? "CANCELLED" : "FAILED", reason);
    },
    async cancelled(): Promise<void> {
      await record("CANCELLED", "MODEL_CALL_CANCELLED");
    },
  };
}
