import type { NodeState } from "../engine/frame.ts";

/**
 * Forgives a run's crashes when everything that could go on at the takeover has finished. Not at the first progress: a loop beside the node
 * that kills its owners would be forgiven for ever.
 */
export class CrashForgiveness {
  readonly #frontier: Set<NodeState>;
  #isDue: boolean;

  /** @param ready  nodes that can go on. */
  constructor(crashes: number, ready: Iterable<NodeState>) {
    this.#frontier = new Set(crashes > 0 ? ready : []);
    this.#isDue = crashes > 0 && this.#frontier.size === 0;
  }

  /** The next flush says so. */
  get isDue(): boolean {
    return this.#isDue;
  }

  /** An attempt of the node is over. */
  ended(state: NodeState): void {
    if (this.#frontier.delete(state) && this.#frontier.size === 0) this.#isDue = true;
  }

  stored(): void {
    this.#isDue = false;
  }
}
