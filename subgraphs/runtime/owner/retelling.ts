/**
 * What happened to a run whose flush PostgreSQL refused, told again to the run as it is stored, one outcome in each flush: so the one that cannot be
 * stored stands alone, and fails its node with OUTPUT_NOT_STORABLE.
 */
import { nodeAt } from "../engine/run-state.ts";
import { nodeRunId } from "../queue/node-run-id.ts";
import type { OwnerOutcome } from "./inbox-message.ts";
import type { SpanRecord } from "./node-context.ts";
import type { RunLedger } from "./run-ledger.ts";

/** How an attempt ended. */
export interface AttemptEnd {
  outcome: OwnerOutcome;
  spans: readonly SpanRecord[];
  /** The outcome stands for one that was refused; when it is refused too, nothing can be stored of the run. */
  isSubstitute?: boolean;
}

/** The end of an attempt, as its run's owner took it. */
export interface TakenEnd extends AttemptEnd {
  index: number;
  attempt: number;
  startedMs: number | undefined;
  workerKey: string | undefined;
}

/**
 * What is to be told after a refused flush.
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

/** The ends of a run that are still to be told. */
export class Retelling {
  readonly #ends: TakenEnd[];

  constructor(ends: readonly TakenEnd[]) {
    this.#ends = [...ends];
  }

  /** Those that were not told yet. */
  get left(): readonly TakenEnd[] {
    return this.#ends;
  }

  /** Tells the next one that still counts; `undone` gets the nodes of those that do not. @returns false when there is none. */
  tell(ledger: RunLedger, undone: (index: number) => void): boolean {
    for (let end = this.#ends.shift(); end !== undefined; end = this.#ends.shift()) {
      if (!counts(ledger, end)) {
        undone(end.index);
        continue;
      }
      const { index, startedMs, workerKey } = end;
      // Whoever it was offered to need not do it again.
      if (ledger.graph.phases[index] === "QUEUED") ledger.pending.withdrawn.push(nodeRunId(ledger.runId, nodeAt(ledger.plan, index).id));
      const node = ledger.node(index);
      node.startedMs = startedMs;
      node.workerKey = workerKey;
      ledger.open.set(index, node);
      ledger.attemptEnded(index, end, true);
      return true;
    }
    return false;
  }
}

/** What followed from an outcome that was refused has not happened. */
function counts(ledger: RunLedger, { index, attempt }: TakenEnd): boolean {
  if (ledger.node(index).attempt !== attempt) return false;
  const { graph } = ledger;
  return graph.open.has(index) || (graph.phases[index] === "READY" && graph.failure === undefined);
}
