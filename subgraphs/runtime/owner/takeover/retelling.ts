/**
 * The story of a run whose flush PostgreSQL refused, told again to the run as it is stored, one outcome in each flush: so the one that cannot be
 * stored stands alone, and fails its node with OUTPUT_NOT_STORABLE.
 */
import { isStopped } from "../../engine/frame.ts";
import { nodeOfPath } from "../../engine/plan.ts";
import { nodeAtPath } from "../../engine/run-state.ts";
import type { TakenEnd } from "../calls/attempt-end.ts";
import type { HeldNode } from "../held/held-node.ts";
import type { RunLedger } from "../run-ledger.ts";

/** The ends of a run that are still to be told. */
export class Retelling {
  readonly #ends: TakenEnd[];
  /** Another outcome stands in the place of one. */
  #isChanged = false;

  constructor(ends: readonly TakenEnd[]) {
    this.#ends = [...ends];
  }

  /** Those that were not told yet. */
  get left(): readonly TakenEnd[] {
    return this.#ends;
  }

  /** Tells the next one that still counts; `undone` gets the paths of those that do not. @returns false when there is none. */
  tell(ledger: RunLedger, undone: (path: string) => void): boolean {
    for (let end = this.#ends.shift(); end !== undefined; end = this.#ends.shift()) {
      this.#isChanged ||= end.isSubstitute === true;
      const held = this.#stillCounting(ledger, end);
      if (held === undefined) {
        undone(end.path);
        continue;
      }
      // Whoever it was offered to need not do it again.
      if (held.state.phase === "QUEUED") ledger.pending.withdraw(end.path);
      held.startedMs = end.startedMs;
      held.workerKey = end.workerKey;
      ledger.held.add(held);
      ledger.attemptEnded(held, end, true);
      return true;
    }
    return false;
  }

  /** The node run whose attempt ended so; undefined where it follows from an outcome that was refused, so that it has not happened. */
  #stillCounting(ledger: RunLedger, end: TakenEnd): HeldNode | undefined {
    const { graph } = ledger;
    const state = nodeAtPath(graph, end.path);
    if (state === undefined) {
      if (nodeOfPath(graph.root.plan, end.path) === undefined) throw new Error(`the node run ${end.path} is none of its plan`);
      return undefined;
    }
    // What has no row was computed here, maybe of what is another now: it is computed again. A call began behind a stored mark, so it followed from nothing of this.
    const isComputed = this.#isChanged && end.isSubstitute !== true;
    const mayEnd = graph.open.has(state) || (state.phase === "READY" && !isStopped(state) && !isComputed);
    const held = ledger.hold(state);
    return mayEnd && held.attempt === end.attempt ? held : undefined;
  }
}
