/** What an HTTP answer says about trying again. */
import { readRetryAfter } from "#shared/fetch/retry-after.ts";
import type { JsonObject } from "#shared/json.ts";

// The request may be repeated, later, with hope.
const retryableStatuses = new Set([408, 425, 429, 500, 502, 503, 504]);
// A gateway answered for a server that may have done the work.
const gatewayStatuses = new Set([502, 504]);

/** The facts of a failed outcome that follow from a response. `headers`: by lower-case name. `nowMs`: for Retry-After as a date. */
export function httpRetry({ status, headers }: { status: number; headers: JsonObject }, nowMs: number) {
  const retryAfterMs = readRetryAfter(headers, nowMs);
  return {
    retryable: retryableStatuses.has(status),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(gatewayStatuses.has(status) ? { effectUnknown: true } : {}),
  };
}
