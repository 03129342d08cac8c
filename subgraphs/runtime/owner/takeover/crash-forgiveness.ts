import { isStopped, type NodeState } from "../../engine/frame.ts";
import { rootPath } from "../../engine/path.ts";

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
    if (this.#frontier.size === 0) return;
    this.#frontier.delete(state);
    for (const left of this.#frontier) if (left.frame.path !== rootPath && isStopped(left)) this.#frontier.delete(left);
    if (this.#frontier.size === 0) this.#isDue = true;
  }

  /** A composite node has opened: what it begins with takes its place. */
  opened(state: NodeState, first: Iterable<NodeState>): void {
    if (!this.#frontier.has(state)) return;
    for (const node of first) this.#frontier.add(node);
    this.ended(state);
  }

  stored(): void {
    this.#isDue = false;
  }
}
