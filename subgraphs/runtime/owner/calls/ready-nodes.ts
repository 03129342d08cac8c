import { isLeaf, isStopped, type NodeState } from "../../engine/frame.ts";
import { monotonicMs } from "../clock.ts";
import type { NodeCalls } from "./node-calls.ts";
import { nodesAllowed, type Policy } from "../policy.ts";
import type { RunLedger } from "../run-ledger.ts";

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
  readonly #isManual: boolean;
  #budget: number;
  #isTurnDue = false;
  #isHeldBack = false;
  #waitsForSlot = false;
  /** It is told when there is a slot, and has not been yet. */
  #hasAsked = false;
  #waitsForMemory = false;

  constructor(options: { policy: Policy; isManual: boolean; ledger: RunLedger; calls: NodeCalls; room: Room; advance: () => void }) {
    this.#policy = options.policy;
    this.#isManual = options.isManual;
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

  /** A node was asked whether it may be executed, and may: that was no step. */
  refund(): void {
    this.#budget++;
  }

  start(): void {
    const { graph } = this.#ledger;
    this.#isHeldBack = false;
    this.rest();
    if (this.#policy.kind === "inbox" && !this.#isManual) return;
    const until = monotonicMs() + turnMs;
    let started = 0;
    let hasRoom = true;
    for (const state of graph.ready) {
      if (graph.root.failure !== undefined) return;
      if (!this.#isWanted(state)) continue;
      if (this.#calls.isCareful && this.#calls.size > 0) return;
      if (this.#ledger.isFull) {
        this.#isHeldBack = true;
        return;
      }
      hasRoom &&= isScopesEnd(state) || this.#room.mayGrow();
      if ((!hasRoom && !isScopesEnd(state)) || this.#calls.isBehind(state)) continue;
      if (++started % 32 === 0 && monotonicMs() > until) return this.#turnEnd();
      this.#start(state);
    }
    if (!hasRoom) this.#waitForMemory();
  }

  /** Whether the policy goes so far. What ends a frame or a composite follows from what was executed, and costs no step; nor does it to open one. */
  #isWanted(state: NodeState): boolean {
    if (isStopped(state)) return false;
    if (isScopesEnd(state)) return true;
    if (this.#budget <= 0) return false;
    const { path } = state;
    if (this.#policy.kind !== "node" || path === this.#policy.path) return true;
    const wanted = this.#policy.path;
    return isBeneath(path, wanted) || (!isLeaf(state) && isBeneath(wanted, path));
  }

  #start(state: NodeState): void {
    if (!this.#calls.mayStart(state)) return this.#waitForSlot();
    if (this.#ledger.status !== "RUNNING") this.#ledger.statusSet("RUNNING");
    if (isLeaf(state)) this.#budget--;
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

/** Whether a node run is part of the work of the composite, or the frame, at a path. */
function isBeneath(path: string, around: string): boolean {
  return path.startsWith(`${around}#`) || path.startsWith(`${around}/`);
}

/** Whether it is a frame, or a composite, that ends with it: it is held less then. */
function isScopesEnd({ ends, drive }: NodeState): boolean {
  return ends !== undefined || drive !== undefined;
}
