/** How a process that others started says what it has counted: it is asked over the IPC channel, and answers once. */
import type { ChildProcess } from "node:child_process";
import { metricsText } from "#shared/metrics/exposition.ts";
import { hearSupervisor, tellSupervisor, type PartMessage, type SupervisorMessage } from "./part-messages.ts";

/** A scrape waits no longer for one part: one whose main loop is busy is left out. */
const answerDeadlineMs = 2_000;

/** In the child: answers whoever asks. */
export function answerMetrics(): void {
  hearSupervisor((message) => {
    if (message.kind !== "metricsWanted") return;
    const { id, part } = message;
    void metricsText(part)
      .catch(() => "")
      .then((text) => tellSupervisor({ kind: "metrics", id, text }));
  });
}

/** In the parent: what one child was asked and has not answered. */
export class MetricsQuestions {
  readonly #child: ChildProcess;
  readonly #asked = new Map<number, (text: string) => void>();
  #lastId = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.once("exit", () => this.#asked.forEach((answer) => answer("")));
  }

  /** @returns nothing where it does not answer within {@link answerDeadlineMs}. */
  async ask(part: string): Promise<string> {
    if (!this.#child.connected) return "";
    const id = ++this.#lastId;
    const answer = Promise.withResolvers<string>();
    this.#asked.set(id, answer.resolve);
    const late = setTimeout(() => answer.resolve(""), answerDeadlineMs);
    this.#child.send({ kind: "metricsWanted", id, part } satisfies SupervisorMessage, (error) => error && answer.resolve(""));
    try {
      return await answer.promise;
    } finally {
      clearTimeout(late);
      this.#asked.delete(id);
    }
  }

  answered({ id, text }: Extract<PartMessage, { kind: "metrics" }>): void {
    this.#asked.get(id)?.(text);
  }
}
