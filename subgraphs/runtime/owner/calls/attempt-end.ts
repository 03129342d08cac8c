/** How attempts ended, as a run's owner took it: kept beside the rows that were made of it, for the case that PostgreSQL refuses them. */
import type { OwnerOutcome } from "../mail/inbox-message.ts";
import type { SpanRecord } from "./node-context.ts";

/** How an attempt ended. */
export interface AttemptEnd {
  outcome: OwnerOutcome;
  spans: readonly SpanRecord[];
  /** The outcome stands for one that was refused; when it is refused too, nothing can be stored of the run. */
  isSubstitute?: boolean;
}

/** The end of an attempt, and which attempt it was. */
export interface TakenEnd extends AttemptEnd {
  path: string;
  attempt: number;
  startedMs: number | undefined;
  workerKey: string | undefined;
}

/**
 * The ends that are to be told again after a refused flush.
 *
 * @param refused  the ends that the flush held; a single one is the culprit.
 * @param later  those that came since.
 * @returns undefined when nothing that a node did is to blame.
 */
export function endsToTell(refused: readonly TakenEnd[], later: readonly TakenEnd[]): TakenEnd[] | undefined {
  const [only] = refused;
  if (only === undefined || only.isSubstitute === true) return undefined;
  return refused.length > 1 ? [...refused, ...later] : [substitute(only), ...later];
}

function substitute(end: TakenEnd): TakenEnd {
  const message = "The database refused to store what the node put out.";
  return { ...end, outcome: { kind: "failed", code: "OUTPUT_NOT_STORABLE", message, retryable: false }, spans: [], isSubstitute: true };
}
