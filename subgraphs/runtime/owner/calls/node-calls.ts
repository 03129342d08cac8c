/**
 * The calls of one run's nodes. Pure ones end in line. For one that touches the outside a started mark is stored first, and the call begins
 * when the flush with the mark was answered; beyond the process's slots a node is offered to other workers instead, or waits for a slot.
 */
import { applyOpened, applyReopened } from "../../engine/apply.ts";
import { isLeaf, sightOf, varsSeen, type NodeState } from "../../engine/frame.ts";
import type { CompiledNode } from "../../engine/plan.ts";
import { nodeEffect, type NodeContext, type NodeExecutor, type NodeInterruption, type NodeOutcome } from "../../nodes/executor.ts";
import { isLong } from "../../nodes/storable.ts";
import type { ClaimedRun } from "../../queue/claim.sql.ts";
import { defaultTimeoutMs, execute, executorFailed, type Execution, type StopCause } from "./execution.ts";
import { hasUnread } from "../composites/frame-results.ts";
import type { HeldNode } from "../held/held-node.ts";
import { frameExecutor, scopeOutcome } from "../composites/scope-outcome.ts";
import { executorOf } from "./node-executor.ts";
import { NodeRunContext, type RunEnvironment, type SpanRecord } from "./node-context.ts";
import type { OwnerProcess } from "../run-host.ts";
import type { RunLedger } from "../run-ledger.ts";

/** The run that makes the calls, as they need it. */
export interface CallingRun {
  /** Whether a node whose started mark is stored is called now, not at all, or later: nobody knows whether the lease holds. */
  verdict(state: NodeState): "call" | "forget" | "later";
  /** An attempt ended here. */
  executed(held: HeldNode, outcome: NodeOutcome, spans: readonly SpanRecord[]): void;
  /** Does the work once outcomes can be taken. */
  whenOpen(work: () => void): void;
  /** A call is over, with or without an outcome. */
  advance(): void;
  /** A node that was asked whether it may be executed may, and is ready to be. */
  allowed(): void;
  /** Nobody here executes nodes of its type. */
  strange(held: HeldNode, interruption: NodeInterruption): void;
  broken(cause: unknown): void;
}

/** Pure nodes of a run that threads compute side by side. A tenant has one thread; what comes of more would wait in memory until it is stored. */
const mostInThreads = 4;

/** Nobody knows whether the lease holds: it is looked at again after this long. */
const confirmationWaitMs = 1_000;

export class NodeCalls {
  /** One node at a time is called, each marked before, pure ones too: owners have died with this run. */
  isCareful: boolean;
  /** No other suspect is executed beside it: whatever kills the process now is what the run does. */
  readonly #isAlone: boolean;
  readonly #process: Pick<OwnerProcess, "executors" | "slots" | "offersNodes" | "results" | "log">;
  readonly #ledger: RunLedger;
  readonly #environment: RunEnvironment;
  readonly #run: CallingRun;
  readonly #storedSeq: () => number;
  #inThreads = 0;

  /** @param options.claimed  from its second crash on the run is careful. */
  constructor(options: {
    process: Pick<OwnerProcess, "executors" | "slots" | "offersNodes" | "results" | "log">;
    ledger: RunLedger;
    environment: RunEnvironment;
    run: CallingRun;
    claimed: Pick<ClaimedRun, "crashes" | "company">;
  }) {
    this.#process = options.process;
    this.#ledger = options.ledger;
    this.#environment = options.environment;
    this.#run = options.run;
    this.isCareful = options.claimed.crashes >= 2;
    this.#isAlone = options.claimed.company <= 1;
    this.#storedSeq = () => options.ledger.storedSeq;
  }

  /** Whether a node that is ready can start or be offered. Where nodes are not offered, one that touches the outside needs a slot. */
  mayStart(state: NodeState): boolean {
    const { node } = state;
    if (!isLeaf(state)) return true;
    const { executors, offersNodes, slots } = this.#process;
    if (offersNodes && !this.isCareful) return true;
    const executor = executorOf(executors, node);
    const isInLine = executor === undefined || (nodeEffect(executor, node.config) === "pure" && !this.isCareful);
    return isInLine || slots.hasRoom(this.#environment.tenantId);
  }

  /** Whether a node is to wait until threads have computed what they have of the run; `advance` is called then. */
  isBehind({ node }: NodeState): boolean {
    if (this.#inThreads < mostInThreads || this.isCareful) return false;
    const executor = this.#executorOf(node);
    return executor !== undefined && nodeEffect(executor, node.config) === "pure";
  }

  /** Tells, once, when there is room for a node that touches the outside. */
  onceRoom(told: () => void): void {
    this.#process.slots.onceRoom(this.#environment.tenantId, told);
  }

  /** Calls that run or are about to. */
  get size(): number {
    return this.#ledger.held.calling.size;
  }

  /** Starts a node that is ready: runs it, marks it as started, or offers it. */
  start(state: NodeState): void {
    const { node } = state;
    if (hasUnread(state)) return this.#resultsRead(state);
    const ended = scopeOutcome(state);
    if (ended !== undefined) return this.#scopeEnd(state, ended);
    const executor = this.#executorOf(node);
    if (executor === undefined) {
      this.#run.strange(this.#ledger.hold(state), typeUnknown(node.type));
    } else if (executor.ask?.isNeeded(node.config) === true && !this.#isDecided(state))
      this.#pureRun(state, { effect: "pure", run: executor.ask.run });
    else if (!isLeaf(state)) this.#pureRun(state, frameExecutor(state, executor));
    else if (nodeEffect(executor, node.config) === "pure" && !this.isCareful) this.#pureRun(state, executor);
    else this.#outsideStart(state);
  }

  /** Whether it is known that the node may be executed. In a dry run nothing is, so nobody is asked. */
  #isDecided(state: NodeState): boolean {
    const { isAllowed, approval } = this.#ledger.hold(state);
    return isAllowed || approval !== undefined || this.#environment.dryRun;
  }

  /** Calls the outside: the started mark is stored. */
  begin(held: HeldNode): void {
    if (!held.isStarting) return;
    const verdict = this.#run.verdict(held.state);
    if (verdict === "forget") return this.#startForget(held);
    if (verdict === "later") {
      setTimeout(() => this.begin(held), confirmationWaitMs).unref();
      return;
    }
    const { node } = held.state;
    const executor = this.#executorOf(node);
    if (executor === undefined) return this.#startForget(held);
    held.isStarting = false;
    const timeoutMs = node.timeoutMs ?? defaultTimeoutMs;
    this.#follow(held, execute(executor, this.#contextOf(held), timeoutMs, this.#process.log), true);
  }

  /** Stops what runs; each ends within a second, and most of what was stopped has no outcome. */
  stop(cause: StopCause): void {
    for (const { execution } of this.#ledger.held.calling) execution?.stop(cause);
  }

  /** Stops the call of one node; its outcome does not count any more. */
  forget(held: HeldNode, cause: StopCause): void {
    this.#startForget(held);
    held.execution?.stop(cause);
    held.execution = undefined;
    this.#ledger.held.calling.delete(held);
  }

  /** Stops everything; no outcome counts any more. */
  forgetAll(cause: StopCause): void {
    for (const held of [...this.#ledger.held.calling]) this.forget(held, cause);
  }

  /** A thread has found that nobody is to be asked. */
  #allowed(held: HeldNode): void {
    held.isAllowed = true;
    applyReopened(this.#ledger.graph, held.state);
    this.#run.allowed();
  }

  /** An iteration ends of which an owner before this one saw items end. */
  #resultsRead(state: NodeState): void {
    const { results } = this.#process;
    const run = async ({ signal }: NodeContext): Promise<NodeOutcome> =>
      (await results.read(this.#ledger.runId, state, signal)) ?? scopeOutcome(state) ?? typeUnknown(state.node.type);
    this.#pureRun(state, { effect: "pure", run });
  }

  /** A frame or a composite ends. What is long of its outcome is written in turns before. */
  #scopeEnd(state: NodeState, outcome: NodeOutcome): void {
    if (isLong(outcome)) this.#pureRun(state, { effect: "pure", run: async () => outcome });
    else this.#run.executed(this.#ledger.hold(state), outcome, []);
  }

  #pureRun(state: NodeState, executor: NodeExecutor): void {
    const { clock, held: nodes, graph } = this.#ledger;
    const { log } = this.#process;
    const held = this.#ledger.hold(state);
    // A frame began with its first node, a composite with its items.
    if (state.ends === undefined && state.drive === undefined) held.startedMs = clock.nowMs();
    const context = this.#contextOf(held);
    let outcome: NodeOutcome | Promise<NodeOutcome>;
    try {
      outcome = executor.run(context);
    } catch (cause) {
      outcome = executorFailed(executor, context, cause, log);
    }
    if (!(outcome instanceof Promise)) {
      if (outcome.kind !== "allowed") return this.#run.executed(held, outcome, context.spans);
      held.isAllowed = true;
      nodes.add(held);
      return this.#outsideStart(state);
    }
    // One that ends here and now is in nobody's hands meanwhile.
    nodes.add(held);
    const promised = outcome;
    applyOpened(graph, state, "RUNNING");
    this.#follow(held, execute({ effect: "pure", run: () => promised }, context, defaultTimeoutMs, log), false);
  }

  #outsideStart(state: NodeState): void {
    if (this.#process.slots.take(this.#environment.tenantId)) this.#startMark(state);
    else this.#ledger.offered(state);
  }

  #startMark(state: NodeState): void {
    const { clock, pending } = this.#ledger;
    const held = this.#ledger.hold(state);
    held.startedMs = clock.nowMs();
    held.workerKey = undefined;
    held.alone = this.isCareful && this.#isAlone;
    held.waitReason = undefined;
    held.effectKey ??= this.#environment.effectKeys?.[held.path];
    held.isStarting = true;
    this.#ledger.opened(held, "RUNNING");
    this.#ledger.held.calling.add(held);
    pending.starts.push(held);
  }

  #startForget(held: HeldNode): void {
    if (!held.isStarting) return;
    held.isStarting = false;
    this.#ledger.held.calling.delete(held);
    this.#process.slots.release(this.#environment.tenantId);
  }

  /** What executes a node; undefined: nobody here does. */
  #executorOf(node: CompiledNode): NodeExecutor | undefined {
    return executorOf(this.#process.executors, node);
  }

  #contextOf({ state, path, attempt, effectKey, approval, startedMs = 0 }: HeldNode): NodeRunContext {
    const { graph } = this.#ledger;
    const frame = sightOf(state);
    return new NodeRunContext(this.#environment, {
      node: state.node,
      path,
      attempt,
      effectKey,
      approval,
      epoch: startedMs,
      storedSeq: this.#storedSeq,
      state: graph.state,
      outputs: frame.outputs,
      vars: varsSeen(state),
    });
  }

  #follow(held: HeldNode, execution: Execution, hasSlot: boolean): void {
    held.execution = execution;
    this.#ledger.held.calling.add(held);
    if (!hasSlot) this.#inThreads++;
    const ended = (outcome: NodeOutcome): void => {
      if (!hasSlot) this.#inThreads--;
      // The slot is held until the outcome is taken: what waits to be stored is in memory too.
      if (hasSlot) this.#process.slots.release(this.#environment.tenantId);
      this.#ended(held, execution, outcome);
    };
    execution.outcome.then((outcome) => this.#run.whenOpen(() => ended(outcome))).catch((cause: unknown) => this.#run.broken(cause));
  }

  #ended(held: HeldNode, execution: Execution, outcome: NodeOutcome): void {
    const { context } = execution;
    if (held.execution !== execution) return context.settled();
    held.execution = undefined;
    this.#ledger.held.calling.delete(held);
    // A call that was stopped has no outcome, but for what it completed all the same: that is true and cannot be taken back.
    const isWanted = execution.stopped === undefined || (outcome.kind === "completed" && execution.stopped !== "cancelled");
    if (outcome.kind === "allowed") {
      if (execution.stopped === undefined) this.#allowed(held);
    } else if (isWanted) this.#run.executed(held, outcome, context.spans);
    // Until the flush is settled that stores it.
    if (isWanted && outcome.kind !== "allowed" && context.hasRoom) this.#ledger.pending.rooms.push(context);
    else context.settled();
    this.#run.advance();
  }
}

/** No failure of the node: its run was created by a newer version, as while workers are replaced one by one. */
function typeUnknown(type: string): NodeInterruption {
  const message = `The worker that had the run knows no nodes of type ${type}, so it has left it to others. Start workers of the version that the run was created with, or cancel the run.`;
  return { kind: "interrupted", code: "NODE_TYPE_UNKNOWN", message };
}
