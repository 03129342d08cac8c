import { withinDeadline } from "#shared/deadline.ts";
import type { RouterContext } from "../request-context.ts";

/** What a socket's operations are doing: those that are executed, and subscriptions that begin. */
export class UnderWay {
  readonly #answers = new Map<RouterContext, Promise<unknown>>();

  /** Counts an operation until it has a result. */
  async run<T>(context: RouterContext, work: () => Promise<T>): Promise<T> {
    const answer = work();
    this.#answers.set(context, answer);
    try {
      return await answer;
    } finally {
      this.#answers.delete(context);
    }
  }

  /** Whether one of them has made the change of its own key that has this number, and is to be answered yet. */
  isHeld(epoch: string): boolean {
    return [...this.#answers.keys()].some(({ keyHold }) => keyHold?.isFor(epoch) === true);
  }

  /** Resolves when those that there are have been answered, and no later than after `withinMs`. */
  async answered(withinMs: number): Promise<void> {
    if (this.#answers.size === 0) return;
    await withinDeadline(withinMs, () => Promise.allSettled(this.#answers.values())).catch(() => {});
    // Results become messages in the same turn of the loop.
    await new Promise((resolve) => setImmediate(resolve));
  }
}
