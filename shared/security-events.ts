/** What concerns security, as a closed list, whoever meets it: the router in an operation, a worker in a run. */

/** What each is, the graph's enum AuditEvent says. */
export type SecurityEvent =
  "AUTH_FAILED" | "TENANT_MISMATCH" | "KEY_CHANGED" | "SECRET_CHANGED" | "EGRESS_BLOCKED" | "SANDBOX_LIMIT" | "AUDITS_DROPPED";

/** Events by the reason, or else the code, of an error. */
const byError: Readonly<Record<string, SecurityEvent>> = {
  UNAUTHENTICATED: "AUTH_FAILED",
  FAILED_KEYS_LIMIT: "AUTH_FAILED",
  WEBHOOK_SIGNATURE_MISSING: "AUTH_FAILED",
  WEBHOOK_SIGNATURE_WRONG: "AUTH_FAILED",
  WEBHOOK_SIGNATURE_LATE: "AUTH_FAILED",
  TENANT_MISMATCH: "TENANT_MISMATCH",
  EGRESS_DENIED: "EGRESS_BLOCKED",
  CODE_MEMORY: "SANDBOX_LIMIT",
  CODE_TIMEOUT: "SANDBOX_LIMIT",
  CODE_OUTPUT_TOO_LARGE: "SANDBOX_LIMIT",
};

/** The event that an error is, by its reason or its code; undefined: none. */
export function securityEventOfError(word: string): SecurityEvent | undefined {
  return Object.hasOwn(byError, word) ? byError[word] : undefined;
}

/** Something that concerns security, met while a node of a run was executed. Neither its input nor its output: they may be secrets. */
export interface RunSecurityEvent {
  event: SecurityEvent;
  tenantId: string;
  /** Of the request that made the run: by it the run's events are found beside who asked for it. */
  requestId: string;
  runId: string;
  nodeId: string;
  attempt: number;
  /** The error's code, a word of a closed list. */
  reason: string;
}

/** Keeps them. */
export interface RunSecurityEvents {
  /** Takes one; never blocks, never throws. */
  record(event: RunSecurityEvent): void;
}
