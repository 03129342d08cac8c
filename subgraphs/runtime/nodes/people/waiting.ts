/** Outcomes of nodes that wait: what they ask is stored in their row, so it is bounded and can be kept. */
import { NotStorable, storableJson } from "#shared/json/storable.ts";
import type { NodeOutcome, Question } from "../executor.ts";
import { failed } from "../outcome.ts";

type Waiting = Extract<NodeOutcome, { kind: "waiting" }>;

/** What a question may be at most, as JSON: there is one in the row of each node that waits. */
export const questionBytes = 64 * 1024;

/** That of a call that is to be approved of: it has the request as it is shown, and as it is sent. */
export const approvalBytes = 4 * questionBytes;

/** A waiting outcome, or a failure where its question cannot be kept. */
export function waiting(outcome: Omit<Waiting, "kind">, maxBytes = questionBytes): NodeOutcome {
  if (outcome.question === undefined) return { kind: "waiting", ...outcome };
  try {
    const { value } = storableJson(outcome.question, "question", { maxBytes, replaced: { count: 0 } });
    return { kind: "waiting", ...outcome, question: value as Question };
  } catch (cause) {
    if (!(cause instanceof NotStorable)) throw cause;
    const problem = cause.kind === "large" ? `it takes more than ${maxBytes} bytes; ask for less, or show less` : cause.problem;
    return failed({ code: "QUESTION_NOT_STORABLE", message: `What the node asks cannot be kept: ${problem}.` });
  }
}

/** How long it waits, where it waits for a time. */
export function waitOf(seconds: number | undefined): { delayMs?: number } {
  return seconds === undefined ? {} : { delayMs: seconds * 1_000 };
}
