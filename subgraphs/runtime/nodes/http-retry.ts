/** What an HTTP status says about trying again. */

// The request may be repeated, later, with hope.
const retryableStatuses = new Set([408, 425, 429, 500, 502, 503, 504]);
// A gateway answered for a server that may have done the work.
const gatewayStatuses = new Set([502, 504]);

/** Longest wait that a server's Retry-After is believed. */
const maxRetryAfterMs = 24 * 60 * 60 * 1000;

/** The facts of a failed outcome that follow from a response. `nowMs`: for Retry-After as a date. */
export function httpRetry(response: { status: number; retryAfter?: string | undefined }, nowMs: number) {
  const retryAfterMs = retryAfter(response.retryAfter, nowMs);
  return {
    retryable: retryableStatuses.has(response.status),
    ...(retryAfterMs === null ? {} : { retryAfterMs }),
    ...(gatewayStatuses.has(response.status) ? { effectUnknown: true } : {}),
  };
}

function retryAfter(header: string | undefined, nowMs: number): number | null {
  if (header === undefined) return null;
  const waitMs = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return Number.isNaN(waitMs) ? null : Math.min(Math.max(waitMs, 0), maxRetryAfterMs);
}
