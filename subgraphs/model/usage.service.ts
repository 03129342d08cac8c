import { AppError } from "#shared/errors.ts";
import { modelErrors } from "./errors.ts";
import { usageSum } from "./model-call.sql.ts";
import type { ModelContext } from "./model.context.ts";
import { ModelUsageGroup, type ModelUsage } from "./usage.types.ts";

/** What a call is counted under. */
export interface CountedCall {
  providerCode: string | null;
  model: string;
  operation: "CHAT" | "EMBEDDINGS";
}

/** What was used of models. Waits until the calls that this process has answered are written, so that they are counted. @throws AppError USAGE_RANGE_INVALID */
export async function modelUsage(
  { db, services }: ModelContext,
  range: { from: Date | null; to: Date | null; groupBy: ModelUsageGroup | null },
): Promise<ModelUsage[]> {
  const { from, to } = range;
  if (from !== null && to !== null && from >= to) {
    throw modelErrors.USAGE_RANGE_INVALID({ field: "from", from: from.toISOString(), to: to.toISOString() });
  }
  await services.calls.settled();
  return db.read((tx) => usageSum(tx, { from, to, groupBy: range.groupBy ?? ModelUsageGroup.MODEL }));
}

/** Starts to measure a call; the result is told how it ended, once. */
export function startCall({ db, services }: ModelContext, call: CountedCall) {
  const started = performance.now();
  const record = (outcome: "COMPLETED" | "FAILED" | "CANCELLED", errorReason: string | null, promptTokens = 0, completionTokens = 0) => {
    const durationMs = performance.now() - started;
    services.calls.record({ ...call, tenantId: db.tenantId, outcome, errorReason, promptTokens, completionTokens, durationMs });
    return durationMs;
  };
  return {
    /** Gives the duration in ms. */
    completed: (used: { promptTokens: number; completionTokens?: number }) =>
      record("COMPLETED", null, used.promptTokens, used.completionTokens),
    failed(error: unknown): void {
      const reason = error instanceof AppError ? error.reason : "INTERNAL";
      record(reason === "MODEL_CALL_CANCELLED" ? "CANCELLED" : "FAILED", reason);
    },
    cancelled: () => void record("CANCELLED", "MODEL_CALL_CANCELLED"),
  };
}
