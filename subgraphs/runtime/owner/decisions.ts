import { applyReopened } from "../engine/apply.ts";
import { workerCrashed } from "./execution.ts";
import type { OwnerOutcome } from "./inbox-message.ts";
import type { RunLedger } from "./run-ledger.ts";

/**
 * Outcomes that nobody reported and the owner decides itself: a timer that ran out, a node that killed its owners. They count only once they
 * are stored, by a flush that holds if no message says otherwise.
 */
export class Decisions {
  readonly #ledger: RunLedger;
  readonly #outcomes = new Map<number, OwnerOutcome>();

  constructor(ledger: RunLedger) {
    this.#ledger = ledger;
  }

  get size(): number {
    return this.#outcomes.size;
  }

  /** By node, in the order in which they were decided. */
  get outcomes(): ReadonlyMap<number, OwnerOutcome> {
    return this.#outcomes;
  }

  /** The node is what its owners died of. */
  crashed(index: number): void {
    this.#outcomes.set(index, workerCrashed);
  }

  /** Ends the timers that are due, and opens again the nodes whose pause is over. */
  dueFire(): void {
    const { due, open, graph, clock } = this.#ledger;
    if (due.size === 0) return;
    const nowMs = clock.nowMs();
    for (const [index, dueMs] of due) {
      if (dueMs > nowMs) continue;
      due.delete(index);
      if (open.get(index)?.waitReason === "RETRY") applyReopened(graph, index);
      else this.#outcomes.set(index, { kind: "completed" });
    }
  }

  /** It is stored: the graph goes on from it. */
  stored(index: number, outcome: OwnerOutcome): void {
    this.#outcomes.delete(index);
    this.#ledger.finished(index, outcome);
  }

  /** Its flush was refused: a time-out is decided again, after the mail. */
  refused(index: number): void {
    this.#outcomes.delete(index);
    const node = this.#ledger.open.get(index);
    if (node?.dueMs !== undefined) this.#ledger.due.set(index, node.dueMs);
    else if (node?.alone === true) this.crashed(index);
  }
}
