/**
 * A subscription as GraphiQL shows it, which by itself shows the last event only: the text of all deltas in one piece, and the events with the newest
 * above. Bounded: an editor shows it, anew with each event.
 */

/** An answer of the graph. */
interface Result {
  data?: Record<string, unknown> | null;
  errors?: unknown;
}

/** What the result pane shows. */
export interface EventLogView {
  /** What a model has said so far, by node; under `text` where no node is told. */
  text?: Record<string, string>;
  /** The newest first: an event's data, or the whole answer where it has errors. */
  events: unknown[];
  /** Events that are not shown any more. */
  older?: number;
}

const mostEvents = 50;
const mostCharacters = 128 * 1_024;

/** Collects what a subscription tells. */
export class EventLog {
  readonly #events: { shown: unknown; characters: number }[] = [];
  readonly #text = new Map<string, string>();
  #characters = 0;
  #older = 0;

  /** Takes an answer; gives what is to be shown now. */
  add(result: Result): EventLogView {
    // Deltas alone are no line of the list: they stand in the text.
    if (!this.#takeDeltas(result)) this.#list(result.errors === undefined ? result.data : result);
    return {
      ...(this.#text.size > 0 && { text: Object.fromEntries(this.#text) }),
      events: this.#events.map(({ shown }) => shown),
      ...(this.#older > 0 && { older: this.#older }),
    };
  }

  /** @returns whether the answer is of deltas only. */
  #takeDeltas({ data, errors }: Result): boolean {
    const roots = Object.values(data ?? {}).flat();
    const spoken = roots.filter(isSpoken);
    for (const { nodeId, delta } of spoken) {
      const speaker = typeof nodeId === "string" ? nodeId : "text";
      this.#text.set(speaker, ((this.#text.get(speaker) ?? "") + delta).slice(-mostCharacters));
    }
    return errors === undefined && spoken.length > 0 && spoken.length === roots.length;
  }

  #list(shown: unknown): void {
    const characters = JSON.stringify(shown)?.length ?? 0;
    this.#events.unshift({ shown, characters });
    this.#characters += characters;
    while (this.#events.length > mostEvents || (this.#events.length > 1 && this.#characters > mostCharacters)) {
      this.#characters -= this.#events.pop()!.characters;
      this.#older++;
    }
  }
}

/** A subscription's answers, each as the whole log up to it. */
export function loggedEvents(answers: AsyncIterable<Result>): AsyncIterableIterator<EventLogView> {
  const source = answers[Symbol.asyncIterator]();
  const log = new EventLog();
  // No generator: its return() would wait for the next event.
  return {
    async next() {
      const { done, value } = await source.next();
      return done === true ? { done, value: undefined } : { done: false, value: log.add(value) };
    },
    async return() {
      await source.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function isSpoken(root: unknown): root is { delta: string; nodeId?: unknown } {
  return typeof root === "object" && root !== null && "delta" in root && typeof root.delta === "string";
}
