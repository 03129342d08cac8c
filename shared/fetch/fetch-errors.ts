import { defineErrors } from "#shared/errors.ts";

/**
 * How an outgoing request ends when it brings no response that can be used. `effectUnknown`: it had been sent and no answer came, so the
 * other side may have acted on it. `answered`: an answer had begun, so what was asked for has been done; it is asked again only where
 * that repeats nothing. `cut`: the connection broke before the answer's end. Messages name the origin only: paths and queries may carry secrets.
 */
export const fetchErrors = defineErrors({
  FETCH_REQUEST_INVALID: {
    code: "BAD_USER_INPUT",
    message: (f: { problem: string; retryable: false; effectUnknown: false }) => `The request cannot be made: ${f.problem}.`,
  },
  EGRESS_DENIED: {
    code: "FORBIDDEN",
    message: (f: { origin: string; retryable: false; effectUnknown: false }) =>
      `Requests to ${f.origin} are not allowed: it is not a public address. An operator can allow its host:port in AGENT_PLATFORM_EGRESS_ALLOW.`,
  },
  FETCH_TIMEOUT: {
    code: "TIMEOUT",
    message: (f: { origin: string; deadlineMs: number; retryable: boolean; effectUnknown: boolean; answered?: true }) =>
      `${f.origin} did not answer completely within ${f.deadlineMs} ms.`,
  },
  FETCH_TOO_LARGE: {
    code: "RESOURCE_EXHAUSTED",
    message: (f: { origin: string; maxBytes: number; retryable: false; effectUnknown: false; answered: true }) =>
      `The response of ${f.origin} is larger than ${f.maxBytes} bytes.`,
  },
  FETCH_FAILED: {
    code: "DOWNSTREAM_UNAVAILABLE",
    message: (f: { origin: string; problem: string; retryable: boolean; effectUnknown: boolean }) =>
      `The request to ${f.origin} failed: ${f.problem}.`,
  },
  FETCH_BODY_UNREADABLE: {
    code: "DOWNSTREAM_UNAVAILABLE",
    message: (f: {
      origin: string;
      status: number | null;
      problem: string;
      retryable: boolean;
      effectUnknown: false;
      answered: true;
      cut: boolean;
    }) => `${f.origin} answered${f.status === null ? "" : ` with status ${f.status}`}, but its answer cannot be read: ${f.problem}.`,
  },
});
