/** What callers of the API say of a node, in the owner's terms. */
import type { Json } from "#shared/json.ts";
import type { OutcomeBody } from "../owner/mail/inbox-message.ts";

/** What someone outside says of a node. */
export type AnswerOutcome =
  | { kind: "completed"; outputText?: string; outputJson?: Json; route?: string }
  | { kind: "failed"; code: string; message: string }
  | { kind: "skipped" };

/** A node run that an outside executor reports on. */
export interface NodeUpdate {
  tenantId: string;
  runId: string;
  path: string;
  status: "RUNNING" | "COMPLETED" | "FAILED" | "SKIPPED";
  workerKey?: string;
  outputText?: string;
  outputJson?: Json;
  errorCode?: string;
  errorMessage?: string;
  /** The route of an answer that was checked, where it has one. */
  route?: string;
  /** Whose report it is. */
  by?: string | null;
}

/** The message that tells a node's owner of its end. A failure that was reported from outside is final. */
export function outcomeMessage(outcome: AnswerOutcome, workerKey: string | undefined): Json {
  const body: OutcomeBody = {
    outcome: outcome.kind === "failed" ? { ...outcome, retryable: false } : outcome,
    ...(workerKey !== undefined && { workerKey }),
  };
  return body as unknown as Json;
}

/** The end that an update reports. */
export function updateOutcome(update: NodeUpdate): AnswerOutcome {
  const { status, outputText, outputJson, errorCode, errorMessage, route } = update;
  if (status === "SKIPPED") return { kind: "skipped" };
  if (status === "FAILED") return { kind: "failed", code: errorCode ?? "FAILED_OUTSIDE", message: errorMessage ?? "" };
  return {
    kind: "completed",
    ...(outputText !== undefined && { outputText }),
    ...(outputJson !== undefined && { outputJson }),
    ...(route !== undefined && { route }),
  };
}
