import { isPoisonous } from "../engine/handling.ts";
import { runStatus } from "../engine/status.ts";
import { workerCrashed } from "./calls/execution.ts";
import type { RunLedger } from "./run-ledger.ts";
import { overdueEnd, type Ending } from "./run-rest.ts";

const poisonous: Ending = {
  status: "FAILED",
  code: workerCrashed.code,
  message: "Three of its node runs ended the workers that executed them, so no more of it is tried.",
};

/** How one run ends, where not by what its nodes come to: by a message, by its time, or by what it does to its owners. */
export class RunEnding {
  readonly #ledger: RunLedger;
  readonly #timeoutMs: number | undefined;
  #ending: Ending | undefined;
  /** The ending is that its time is over. */
  #isOverdue = false;

  /** @param timeoutMs  how long it may take, where its document says so. */
  constructor(ledger: RunLedger, timeoutMs: number | undefined) {
    this.#ledger = ledger;
    this.#timeoutMs = timeoutMs;
  }

  /** undefined: its nodes decide. */
  get ending(): Ending | undefined {
    return this.#ending;
  }

  /** When its time is over, from the stored time of its first node, so that every owner comes to the same. */
  get deadlineMs(): number | undefined {
    const { startedMs } = this.#ledger;
    return this.#timeoutMs === undefined || startedMs === undefined ? undefined : startedMs + this.#timeoutMs;
  }

  /** A message ends it. The first ending stays, but for a time-out, which is not stored yet: a cancel that was accepted wins. */
  told(ending: Ending): void {
    if (this.#ending === undefined || this.#isOverdue) this.#ending = ending;
    this.#isOverdue = false;
  }

  /** Whether it has killed too many owners, or its time is over. */
  decide(): void {
    const { graph } = this.#ledger;
    if (isPoisonous(graph) && graph.root.failure === undefined) this.#ending ??= poisonous;
    this.#overdueDecide();
  }

  /** Its time is over: it ends as by a message, unless its nodes have ended it already. */
  #overdueDecide(): void {
    const { graph, clock } = this.#ledger;
    const { deadlineMs } = this;
    if (this.#ending !== undefined || deadlineMs === undefined || clock.nowMs() < deadlineMs) return;
    if (graph.root.failure !== undefined || runStatus(graph) === "COMPLETED") return;
    this.#isOverdue = true;
    this.#ending = overdueEnd(this.#timeoutMs ?? 0);
  }
}
