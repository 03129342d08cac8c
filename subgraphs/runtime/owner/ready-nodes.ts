import type { NodeState } from "../engine/frame.ts";
import { nodeAtPath } from "../engine/run-state.ts";
import { monotonicMs } from "./clock.ts";
import type { NodeCalls } from "./node-calls.ts";
import { nodesAllowed, type Policy } from "./policy.ts";
import type { RunLedger } from "./run-ledger.ts";

/** Pure nodes go on for this long before other runs get a turn. */
const turnMs = 10;

/** The memory of the process, as one run sees it. */
export interface Room {
  /** Whether the run may hold more than it does. */
  mayGrow(): boolean;
  /** Tells, once, when it may. */
  once(told: () => void): void;
}

/** Starts the nodes of one run that are ready, as far as its owner's policy goes, and in turns with the other runs of the process. */
export class ReadyNodes {
  readonly #policy: Policy;
  readonly #ledger: RunLedger;
  readonly #calls: NodeCalls;
  readonly #advance: () => void;
  readonly #room: Room;
  #budget: number;
  #isTurnDue = false;
  #isHeldBack = false;
  #waitsForSlot = false;
  /** It is told when there is a slot, and has not been yet. */
  #hasAsked = false;
  #waitsForMemory = false;

  constructor(options: { policy: Policy; ledger: RunLedger; calls: NodeCalls; room: Room; advance: () => void }) {
    this.#policy = options.policy;
    this.#ledger = options.ledger;
    this.#calls = options.calls;
    this.#room = options.room;
    this.#advance = options.advance;
    this.#budget = nodesAllowed(options.policy);
  }

  /**
   * More was ready than could start. Its turn was over, or there was no slot or no memory for it, and `advance` is called when there is; or too much is
   * unstored, and the next flush calls it.
   */
  get isInterrupted(): boolean {
    return this.#isTurnDue || this.#waitsForSlot || this.#waitsForMemory || (this.#isHeldBack && this.#ledger.isFull);
  }

  /** Nothing is to start, as things stand. */
  rest(): void {
    this.#waitsForSlot = false;
    this.#waitsForMemory = false;
  }

  start(): void {
    const { graph } = this.#ledger;
    this.#isHeldBack = false;
    this.rest();
    if (this.#policy.kind === "node") return this.#startOnly(this.#policy.path);
    const until = monotonicMs() + turnMs;
    let started = 0;
    for (const state of graph.ready) {
      if (this.#budget <= 0 || graph.root.failure !== undefined) return;
      if (this.#calls.isCareful && this.#calls.size > 0) return;
      if (this.#ledger.isFull) {
        this.#isHeldBack = true;
        return;
      }
      if (!this.#room.mayGrow()) return this.#waitForMemory();
      if (this.#calls.isBehind(state)) continue;
      if (++started % 32 === 0 && monotonicMs() > until) return this.#turnEnd();
      this.#start(state);
    }
  }

  #startOnly(path: string): void {
    const state = nodeAtPath(this.#ledger.graph, path);
    if (this.#budget > 0 && state?.phase === "READY") this.#start(state);
  }

  #start(state: NodeState): void {
    if (!this.#calls.mayStart(state)) return this.#waitForSlot();
    if (this.#ledger.status !== "RUNNING") this.#ledger.statusSet("RUNNING");
    this.#budget--;
    this.#calls.start(state);
  }

  #waitForSlot(): void {
    this.#waitsForSlot = true;
    if (this.#hasAsked) return;
    this.#hasAsked = true;
    this.#calls.onceRoom(() => {
      this.#hasAsked = false;
      this.#advance();
    });
  }

  #waitForMemory(): void {
    this.#waitsForMemory = true;
    this.#room.once(() => this.#advance());
  }

  #turnEnd(): void {
    this.#isTurnDue = true;
    setImmediate(() => {
      this.#isTurnDue = false;
      this.#advance();
    });
  }
}
