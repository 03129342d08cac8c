import { AppError } from "#shared/errors.ts";
import { storableText } from "#shared/json/storable.ts";
import type { ModelCallerInput } from "../chat.inputs.ts";
import { modelErrors } from "../errors.ts";
import { usageSum } from "./model-call.sql.ts";
import type { ModelContext } from "../model.context.ts";
import { priceOf, type ModelPrices } from "./model-prices.ts";
import { ModelUsageGroup, type ModelUsage } from "./usage.types.ts";

/** What a call is counted under. */
export interface CountedCall {
  providerCode: string | null;
  model: string;
  operation: "CHAT" | "EMBEDDINGS";
  /** As its caller knows it. */
  caller?: ModelCallerInput | null | undefined;
  /** Of its provider's models. */
  prices: ModelPrices;
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
  await services.calls.settled(db.tenantId);
  return db.read((tx) => usageSum(tx, { from, to, runId, groupBy: range.groupBy ?? ModelUsageGroup.MODEL }));
}

/** A completion as it is measured: how long it took, and its price where that is known. */
export interface Measured {
  durationMs: number;
  price: number | null;
}

type Outcome = "COMPLETED" | "FAILED" | "CANCELLED";

/** Measures calls, one after the other; each is told once how it ended. Its promises settle when the ledger has it. Of what was not begun nothing is written. */
export class CallMeter {
  readonly #context: ModelContext;
  #call: CountedCall | undefined;
  #startedMs = 0;

  constructor(context: ModelContext) {
    this.#context = context;
  }

  /** A provider is asked. */
  begin(call: CountedCall): void {
    this.#call = call;
    this.#startedMs = performance.now();
  }

  completed(used: UsedTokens): Promise<Measured> {
    return this.#record("COMPLETED", null, used);
  }

  async failed(error: unknown): Promise<void> {
    const reason = error instanceof AppError ? error.reason : "INTERNAL";
    await this.#record(reason === "MODEL_CALL_CANCELLED" ? "CANCELLED" : "FAILED", reason);
  }

  async cancelled(): Promise<void> {
    await this.#record("CANCELLED", "MODEL_CALL_CANCELLED");
  }

  async #record(outcome: Outcome, errorReason: string | null, used: UsedTokens = { promptTokens: 0 }): Promise<Measured> {
    const durationMs = performance.now() - this.#startedMs;
    const call = this.#call;
    if (call === undefined) return { durationMs, price: null };
    this.#call = undefined;
    const { providerCode, model, operation, caller, prices } = call;
    const { promptTokens, completionTokens = 0 } = used;
    const [cachedTokens, reasoningTokens] = [used.cachedTokens ?? 0, used.reasoningTokens ?? 0];
    const price = outcome === "COMPLETED" ? priceOf(prices, model, { promptTokens, cachedTokens, completionTokens }) : null;
    const { db, services } = this.#context;
    await services.calls.record(db.tenantId, {
      providerCode,
      // Whatever it was called by: a provider was asked, and the call counts.
      model: storableText(model),
      operation,
      outcome,
      errorReason,
      callId: caller?.callId ?? null,
      runId: caller?.runId ?? null,
      nodeRunId: caller?.nodeRunId ?? null,
      promptTokens,
      cachedTokens,
      completionTokens,
      reasoningTokens,
      price,
      durationMs,
    });
    return { durationMs, price };
  }
}
