/**
 * The calls of one run's nodes. Pure ones end in line. For one that touches the outside a started mark is stored first, and the call begins
 * when the flush with the mark was answered; beyond the process's slots a node is offered to other workers instead.
 */
import { applyOpened } from "../engine/apply.ts";
import type { CompiledNode } from "../engine/plan.ts";
import { nodeAt } from "../engine/run-state.ts";
import { nodeEffect, type NodeExecutor, type NodeOutcome } from "../nodes/executor.ts";
import { defaultTimeoutMs, execute, executorFailed, type Execution, type StopCause } from "./execution.ts";
import { NodeRunContext, type RunEnvironment, type SpanRecord } from "./node-context.ts";
import type { RunHost } from "./run-host.ts";
import type { RunLedger } from "./run-ledger.ts";

/** What calls need of the run that makes them. */
export interface CallingRun {
  readonly host: Pick<RunHost, "executors" | "slots" | "offersNodes" | "log">;
  readonly ledger: RunLedger;
  readonly environment: RunEnvironment;
  /** How often the run's owner has changed by a crash. */
  readonly epoch: number;
  /** Number of the run's last stored event. */
  storedSeq(): number;
  /** Whether a node whose started mark is stored is to be called all the same. */
  isWanted(index: number): boolean;
  /** False while the lease was not confirmed for too long. */
  mayCallOutside(): boolean;
  /** An attempt ended here. */
  executed(index: number, outcome: NodeOutcome, spans: readonly SpanRecord[]): void;
  /** Does the work once outcomes can be taken. */
  whenOpen(work: () => void): void;
  /** A call is over, with or without an outcome. */
  advance(): void;
  broken(cause: unknown): void;
}

/** Nobody knows whether the lease holds: it is looked at again after this long. */
const confirmationWaitMs = 1_000;

export class NodeCalls {
  /** One node at a time is called, each marked before, pure ones too: owners have died with this run. */
  isCareful: boolean;
  readonly #run: CallingRun;
  readonly #tenantId: string;
  readonly #executions = new Map<number, Execution>();
  /** Nodes that have a slot and whose call has not begun: their started mark is not stored, or the lease is in doubt. */
  readonly #starting = new Set<number>();

  constructor(run: CallingRun, isCareful: boolean) {
    this.#run = run;
    this.#tenantId = run.environment.tenantId;
    this.isCareful = isCareful;
  }

  /** Calls that run or are about to. */
  get size(): number {
    return this.#executions.size + this.#starting.size;
  }

  /** Starts a node that is ready: runs it, marks it as started, or offers it. */
  start(index: number): void {
    const node = nodeAt(this.#run.ledger.plan, index);
    const executor = this.#run.host.executors(node.type);
    if (executor === undefined) {
      const message = `No executor for nodes of type ${node.type}.`;
      this.#run.executed(index, { kind: "failed", code: "NODE_TYPE_UNKNOWN", message, retryable: false }, []);
    } else if (nodeEffect(executor, node.config) === "pure" && !this.isCareful) this.#pureRun(index, node, executor);
    else this.#outsideStart(index);
  }

  /** Calls the outside: the started mark is stored. */
  begin(index: number): void {
    if (!this.#starting.has(index)) return;
    const { host, ledger } = this.#run;
    if (!this.#run.isWanted(index)) return this.#startForget(index);
    if (!this.#run.mayCallOutside()) {
      setTimeout(() => this.begin(index), confirmationWaitMs).unref();
      return;
    }
    this.#starting.delete(index);
    const node = nodeAt(ledger.plan, index);
    const executor = host.executors(node.type);
    if (executor === undefined) return;
    const context = this.#contextOf(index, node, ledger.open.get(index)?.attempt ?? 1);
    this.#follow(index, execute(executor, context, node.timeoutMs ?? defaultTimeoutMs, host.log), true);
  }

  /** Stops what runs; each ends within a second, and most of what was stopped has no outcome. */
  stop(cause: StopCause): void {
    for (const execution of this.#executions.values()) execution.stop(cause);
  }

  /** Stops the call of one node; its outcome does not count any more. */
  forget(index: number, cause: StopCause): void {
    this.#startForget(index);
    this.#executions.get(index)?.stop(cause);
    this.#executions.delete(index);
  }

  /** Stops everything; no outcome counts any more. */
  forgetAll(cause: StopCause): void {
    for (const index of [...this.#starting]) this.#startForget(index);
    this.stop(cause);
    this.#executions.clear();
  }

  #pureRun(index: number, node: CompiledNode, executor: NodeExecutor): void {
    const { ledger, host } = this.#run;
    const record = ledger.node(index);
    record.startedMs = ledger.clock.nowMs();
    ledger.open.set(index, record);
    const context = this.#contextOf(index, node, record.attempt);
    let outcome: NodeOutcome | Promise<NodeOutcome>;
    try {
      outcome = executor.run(context);
    } catch (cause) {
      outcome = executorFailed(context, cause, host.log);
    }
    if (!(outcome instanceof Promise)) return this.#run.executed(index, outcome, context.spans);
    const promised = outcome;
    applyOpened(ledger.graph, index, "RUNNING");
    this.#follow(index, execute({ effect: "pure", run: () => promised }, context, defaultTimeoutMs, host.log), false);
  }

  #outsideStart(index: number): void {
    const { slots, offersNodes } = this.#run.host;
    if (slots.take(this.#tenantId)) return this.#startMark(index);
    if (offersNodes && !this.isCareful) return this.#run.ledger.offered(index);
    slots.takeAnyway(this.#tenantId);
    this.#startMark(index);
  }

  #startMark(index: number): void {
    const { ledger, environment } = this.#run;
    const node = ledger.node(index);
    node.startedMs = ledger.clock.nowMs();
    node.workerKey = undefined;
    node.alone = this.isCareful;
    node.waitReason = undefined;
    node.effectKey = environment.effectKeys?.[node.path];
    ledger.opened(index, node, "RUNNING");
    this.#starting.add(index);
    ledger.pending.starts.push(index);
  }

  #startForget(index: number): void {
    if (this.#starting.delete(index)) this.#run.host.slots.release(this.#tenantId);
  }

  #contextOf(index: number, node: CompiledNode, attempt: number): NodeRunContext {
    const { ledger, environment, epoch, storedSeq } = this.#run;
    const { state, outputs } = ledger.graph;
    return new NodeRunContext(environment, { node, path: ledger.pathOf(index), attempt, epoch, storedSeq, state, outputs });
  }

  #follow(index: number, execution: Execution, hasSlot: boolean): void {
    this.#executions.set(index, execution);
    const ended = (outcome: NodeOutcome): void => {
      if (hasSlot) this.#run.host.slots.release(this.#tenantId);
      this.#run.whenOpen(() => this.#ended(index, execution, outcome));
    };
    execution.outcome.then(ended).catch((cause: unknown) => this.#run.broken(cause));
  }

  #ended(index: number, execution: Execution, outcome: NodeOutcome): void {
    if (this.#executions.get(index) !== execution) return;
    this.#executions.delete(index);
    // What was stopped has no outcome, but for what it completed all the same: that is true and cannot be taken back.
    const isWanted = execution.stopped === undefined || (outcome.kind === "completed" && execution.stopped !== "cancelled");
    if (isWanted) this.#run.executed(index, outcome, execution.context.spans);
    this.#run.advance();
  }
}
