/** Calls to the outside, each within a span of its own. */
import type { JsonObject } from "#shared/json.ts";
import { AppError } from "#shared/errors.ts";
import type { NodeContext, SpanHandle } from "./executor.ts";
import type { PortCall } from "./ports/model.port.ts";

/** What is traced: the span's kind, its name, and what is known before the call. */
export interface TracedCall {
  spanType: "MODEL" | "TOOL" | "HTTP" | "CODE";
  name: string;
  attributes?: JsonObject;
}

/** How a span ends; `errorCode` marks it as failed. */
export type SpanEnd = NonNullable<Parameters<SpanHandle["end"]>[0]>;

/**
 * Opens a span, makes the call within it, and ends the span: as `describe` says, or with the error that was thrown. The span ends
 * exactly once in every case.
 */
export async function traced<T>(
  context: NodeContext,
  call: TracedCall,
  make: (span: SpanHandle) => Promise<T>,
  describe: (result: T) => SpanEnd,
): Promise<T> {
  const span = context.span(call.spanType, call.name, call.attributes);
  let result: T;
  try {
    result = await make(span);
  } catch (error) {
    span.end(endOfError(context, error));
    throw error;
  }
  span.end(describe(result));
  return result;
}

/** Who calls, as the ports want it. */
export function portCall(context: NodeContext, span: SpanHandle): PortCall {
  const { tenantId, requestId, effectKey, signal } = context;
  return {
    tenantId,
    requestId,
    traceparent: span.traceparent,
    idempotencyKey: effectKey,
    signal,
    arrives: (bytes) => context.arrives(bytes),
  };
}

function endOfError(context: NodeContext, error: unknown): SpanEnd {
  if (context.signal.aborted) return { errorCode: "CANCELLED", errorMessage: "The call was stopped." };
  // What is no AppError is a bug: its text is for the log, not for a span that users read.
  if (!(error instanceof AppError)) return { errorCode: "INTERNAL", errorMessage: "The call failed unexpectedly." };
  return { errorCode: error.reason, errorMessage: error.message };
}
