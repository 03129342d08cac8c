/**
 * The books of one run's owner: its open node runs, the numbers of its events, and the rows that changed since the last flush. Each row is
 * written together with the change of the graph that it stands for, so what is stored replays to what is in memory.
 */
import { newId } from "#shared/ids.ts";
import { applyCancelled, applyCompleted, applyDriven, applyFailed, applyOpened, applySkipped } from "../engine/apply.ts";
import { isDetached } from "../engine/child-run.ts";
import { handlingOf } from "../engine/handling.ts";
import type { CompiledPlan } from "../engine/plan.ts";
import { ownFaultDelayMs, retryDelayMs } from "../engine/retry.ts";
import { openScopesBeneath, pathsBeneath } from "../engine/drive.ts";
import { isLeaf, isStopped, outputForget, type Frame, type NodeState, type OpenPhase } from "../engine/frame.ts";
import { roundRoutes } from "../engine/drivers/loop.driver.ts";
import { framePath } from "../engine/path.ts";
import type { RunState } from "../engine/run-state.ts";
import type { Approval, NodeInterruption, NodeOutcome } from "../nodes/executor.ts";
import { rejectedCode } from "../nodes/evaluation/retry-when.ts";
import { tooLargeFailure } from "../nodes/storable.ts";
import type { LoadedRun } from "../queue/load.sql.ts";
import { effectKeyOf } from "../queue/node-run-id.ts";
import type { NodeRunRow } from "../queue/rows.ts";
import { nodeRunStatusNumber, runStatusNumber, runStatusWord, type RunStatus } from "../queue/statuses.ts";
import { approvedReason } from "./calls/approvals.ts";
import type { AttemptEnd } from "./calls/attempt-end.ts";
import { childAsked, childReason, type MakingRun } from "./composites/child-runs.ts";
import type { DatabaseClock } from "./clock.ts";
import { jsonFactor } from "./held/held-bytes.ts";
import { HeldValues, jsonBytes } from "./held/held-values.ts";
import { HeldNodes, newHeldNode, type HeldNode } from "./held/held-node.ts";
import type { AttemptOutcome, OpenedOutcome } from "./mail/inbox-message.ts";
import type { SpanRecord } from "./calls/node-context.ts";
import { eventRow, nodeRow, noOutput, offerRow, spanRow, storableSpan, type OutputColumns } from "./flush/node-rows.ts";
import { storedItems, type StoredItems } from "./composites/opened-items.ts";
import { isProgressDue, progressOf } from "./composites/iteration-progress.ts";
import { OutputBytes } from "./flush/output-bytes.ts";
import {
  failedAttemptSpan,
  failedEnd,
  finishedRow,
  instead,
  notedSpans,
  storedOutcome,
  usageOf,
  type Decision,
  type NodeEnd,
  type StoredOutcome,
} from "./flush/outcome-rows.ts";
import { Pending } from "./pending.ts";
import { heldStandingOf, readOutputs } from "./calls/read-outputs.ts";
import { replayLoaded } from "./takeover/run-rebuild.ts";

/** A run that has more unstored goes on when it is less: a statement that carries more than a few MiB does not end in its time. */
const maxUnstoredCharacters = 4 * 1024 * 1024;
const maxUnstoredRows = 2_000;

/**
 * The pause before an attempt that was interrupted is made again grows with the age of its node run, which each owner knows, however often the run is let go meanwhile: the
 * platform's own parts are back within seconds, as a rule.
 */
const firstPauseMs = 200;
const longestPauseMs = 5_000;

/** What may be the node's own doing after all, and the age of its node run from which on it is a failure as any other. */
const longestInterruptedMs: Readonly<Record<string, number>> = { SANDBOX_LOST: 3_600_000 };

/** Each node run has one event at least. A run with more than these would be a burden for whoever reads it. */
const maxRunEvents = 300_000;
const runTooLarge = {
  code: "RUN_TOO_LARGE",
  message: `The run would have more than ${maxRunEvents} events with these items, or one round more; split the work into several runs.`,
} as const;

/** What a run may hold of outputs that its nodes may read, together. The node that puts out more fails. */
export const maxRunOutputBytes = 128 * 1024 * 1024;
/** When it has grown by so much it is looked at what of it nobody reads any more. */
const lookAgainBytes = 4 * 1024 * 1024;

type FailedOutcome = Extract<NodeOutcome, { kind: "failed" }>;

export class RunLedger {
  readonly runId: string;
  readonly graph: RunState;
  readonly clock: DatabaseClock;
  readonly held = new HeldNodes();
  #pending = new Pending();
  /** Sent, and not answered. */
  #inFlight: Pending | undefined;
  #storedSeq: number;
  #seq: number;
  /** The time of the last event that has a number, or of the last row that was made of one. */
  #lastMs: number;
  #status: RunStatus;
  #startedMs: number | undefined;
  readonly #inputBytes: number;
  /** What of the run goes on in those that it makes. */
  readonly #making: MakingRun;
  /** What the runs were given that it has made, stored or not. */
  #childBytes: number;
  readonly #outputs = new OutputBytes();
  readonly #values: HeldValues;
  #lookAtBytes = lookAgainBytes;

  constructor(loaded: LoadedRun, plan: CompiledPlan, clock: DatabaseClock) {
    this.runId = loaded.id;
    const { id, depth, priority, execution, dryRun, requestId, traceId } = loaded;
    this.#making = { id, depth, priority, execution, dryRun, requestId, traceId };
    this.#childBytes = loaded.childBytes;
    this.clock = clock;
    this.#storedSeq = loaded.eventSeq;
    this.#seq = loaded.eventSeq;
    this.#lastMs = loaded.lastEventMs;
    this.#status = runStatusWord(loaded.status);
    this.#startedMs = loaded.startedMs ?? undefined;
    const { graph, open, frames, unstoredSkips } = replayLoaded(plan, loaded, clock.nowMs());
    this.graph = graph;
    this.#values = new HeldValues(graph, this.#outputs);
    this.#inputBytes = jsonBytes(loaded.input) + jsonBytes(loaded.history ?? []);
    for (const node of loaded.nodes) this.#outputs.loaded(node);
    for (const held of [...open, ...frames]) {
      this.held.add(held);
      if (held.dueMs !== undefined) this.held.due.add(held);
    }
    this.#skip(unstoredSkips);
  }

  /** What has not been sent. */
  get pending(): Pending {
    return this.#pending;
  }
  /** Number of the run's last event, stored or not. */
  get seq(): number {
    return this.#seq;
  }
  /** Number of the run's last stored event. */
  get storedSeq(): number {
    return this.#storedSeq;
  }
  get status(): RunStatus {
    return this.#status;
  }
  get startedMs(): number | undefined {
    return this.#startedMs;
  }

  /** Whether as much is unstored, sent or not, as a run may have: then nothing starts, and ends of calls wait. */
  get isFull(): boolean {
    return this.#unstored >= maxUnstoredCharacters || this.#pending.nodes.size + (this.#inFlight?.nodes.size ?? 0) >= maxUnstoredRows;
  }

  /** Characters that are not stored, sent or not. */
  get #unstored(): number {
    return this.#pending.characters + (this.#inFlight?.characters ?? 0);
  }

  /** About what all of it takes in memory. What is unstored is there as rows, and again while a statement carries it. */
  get heldBytes(): number {
    return jsonFactor * (this.#inputBytes + this.#values.stateBytes) + this.#outputs.held + 2 * this.#unstored;
  }

  /** Bytes of the JSON that a node run put out, where it is held. */
  outputJsonBytesOf(path: string): number {
    return this.#outputs.jsonBytesOf(path);
  }

  /** Hands over all that has not been sent. */
  take(): Pending {
    const taken = this.#pending;
    this.#inFlight = taken;
    this.#pending = new Pending();
    return taken;
  }

  /** All that was taken is stored, up to the event with that number. */
  stored(seq: number): void {
    this.#inFlight = undefined;
    this.#storedSeq = seq;
  }

  /** Nothing of what was taken has been stored: it goes with the next flush. */
  takeBack(taken: Pending): void {
    this.#inFlight = undefined;
    taken.append(this.#pending);
    this.#pending = taken;
  }

  /** Forgets the numbers behind `seq`: they were given to rows that were refused and are not sent again. */
  numbersForget(seq: number): void {
    this.#seq = seq;
  }

  nextSeq(): number {
    return ++this.#seq;
  }

  /** The time of what is told now. Never before the run's last event, also where the database's clock was set back between two owners. */
  eventMs(): number {
    this.#lastMs = Math.max(this.#lastMs, this.clock.nowMs());
    return this.#lastMs;
  }

  /** The handle of a node run: the one that is held, or a new one that is not held yet. */
  hold(state: NodeState): HeldNode {
    return this.held.get(state.path) ?? newHeldNode(state, this.clock.nowMs());
  }

  /** Sets the run's status, or says it again. */
  statusSet(status: RunStatus): void {
    this.#status = status;
    const atMs = this.eventMs();
    if (status === "RUNNING") this.#startedMs ??= atMs;
    this.#pending.events.push(eventRow({ seq: ++this.#seq, type: 0, atMs, status: runStatusNumber(status) }));
  }

  /** A node run is offered, called, or waits. */
  opened(held: HeldNode, phase: OpenPhase, error: { errorCode?: string; errorMessage?: string } = {}): void {
    if (this.#status !== "RUNNING" && phase !== "WAITING") this.statusSet("RUNNING");
    const seq = ++this.#seq;
    held.seq ||= seq;
    const status = nodeRunStatusNumber(phase);
    this.held.add(held);
    applyOpened(this.graph, held.state, phase);
    const { path, attempt, alone, dueMs, waitReason } = held;
    const fields = {
      status,
      ...error,
      ...(alone && { alone }),
      ...(phase === "WAITING" && dueMs !== undefined && { dueMs }),
      ...(waitReason !== undefined && { waitReason }),
    };
    this.#pending.nodeSet(nodeRow(held, fields));
    this.#pending.events.push(eventRow({ seq, type: 1, atMs: this.eventMs(), status, attempt, path }));
    this.#progressStore(held.state);
  }

  /** Iterations around a node run say how far they have come. Not when an item ends: those of pure nodes alone are stored in a shorter way, and are done at once. */
  #progressStore({ frame: { owner } }: NodeState): void {
    if (owner === undefined) return;
    const held = this.held.get(owner.path);
    if (held !== undefined && owner.drive !== undefined && isProgressDue(held)) {
      held.progressEnds = owner.drive.ended;
      const progress = progressOf(owner.drive);
      if (progress !== undefined) {
        held.progress = JSON.stringify(progress);
        this.#pending.nodeSet(nodeRow(held, { status: nodeRunStatusNumber("RUNNING") }));
      }
    }
    this.#progressStore(owner);
  }

  /** Another worker may execute the node. */
  offered(state: NodeState): void {
    const held = this.hold(state);
    this.opened(held, "QUEUED");
    this.#pending.offers.push(offerRow({ ...held, nodeType: offeredType(state) }));
  }

  /** The end of an attempt. `mayRetry`: false when the run ends whatever comes of it. */
  attemptEnded(held: HeldNode, end: AttemptEnd, mayRetry: boolean): void {
    const { outcome: given, spans, isSubstitute = false } = end;
    const { path, state, attempt, startedMs, workerKey } = held;
    this.#pending.ends.push({ path, attempt, startedMs, workerKey, outcome: given, spans, isSubstitute });
    if (given.kind === "opened") return this.#drive(held, given);
    const outcome = given.kind === "child" ? this.#childMade(held, given) : given;
    if (outcome === undefined) return;
    const storable = this.#storable(state, outcome);
    const told = notedSpans(this.runId, held, { spans, outcome: storable.outcome }, this.eventMs());
    if (told.length > 0) this.#spansStore(path, told);
    this.#pending.artifactsAdd(storable.artifacts);
    this.held.due.delete(held);
    const taken = this.#settled(held, storable.outcome);
    if (taken.kind === "allowed" || taken.kind === "child") throw new Error(`the node run ${path} has come to no end`);
    if (taken.kind === "waiting") return this.#wait(held, taken);
    if (taken.kind === "failed" || taken.kind === "interrupted") {
      const mayGoOn = mayRetry && !isStopped(state);
      if (mayGoOn && state.node.atMostOnce && taken.effectUnknown === true) return this.#askPerson(held, taken);
      if (mayGoOn && taken.kind === "interrupted") return this.#callAgain(held, taken);
      if (mayGoOn && taken.kind === "failed") {
        const delayMs = nextAttemptMs(held, taken);
        if (delayMs !== undefined) return this.#retryLater(held, taken, delayMs);
      }
    }
    // In a run that ends anyway nobody waits for the part that was not there.
    const last = this.handled(state, taken.kind === "interrupted" ? { ...taken, kind: "failed", retryable: false, fault: "own" } : taken);
    this.#scopesCancel(state);
    this.#outputsForget(state);
    this.#pending.nodeSet(this.finishedRow(held, last, storable.columns));
    if (last.kind === "completed" || last.kind === "failed") this.#outputs.add(path, storable);
    this.finished(held, last);
    if (this.#outputs.bytes >= this.#lookAtBytes) this.#forgetUnread();
  }

  /** What is stored of the end of an agent, before it is decided. Artifacts that are not needed in the end do no harm. */
  endStorable(held: HeldNode, outcome: Extract<NodeOutcome, { kind: "completed" }>): { outcome: NodeEnd; columns: OutputColumns } {
    const storable = this.#storable(held.state, outcome);
    this.#pending.artifactsAdd(storable.artifacts);
    const { outcome: taken, columns } = storable;
    if (taken.kind === "completed") return { outcome: taken, columns };
    const { code, message } = taken as FailedOutcome;
    return { outcome: this.handled(held.state, { kind: "failed", code, message, retryable: false }), columns };
  }

  /** What was decided of a node run is stored. */
  decided(held: HeldNode, outcome: NodeEnd): void {
    const { state } = held;
    this.#outputsForget(state);
    if (outcome.kind === "completed") this.#outputs.add(held.path, sizesOf(outcome));
    this.finished(held, outcome);
  }

  /** A composite node has what it opens with, or fails for what that is. */
  #drive(held: HeldNode, opened: OpenedOutcome): void {
    const stored = this.#itemsStorable(held.state, opened);
    if ("code" in stored) {
      const failure = this.handled(held.state, { kind: "failed", ...stored, retryable: false });
      this.#pending.nodeSet(this.finishedRow(held, failure));
      return this.finished(held, failure);
    }
    if (this.#status !== "RUNNING") this.statusSet("RUNNING");
    const seq = ++this.#seq;
    held.seq ||= seq;
    held.opened = stored.opened;
    this.held.add(held);
    this.#pending.artifactsAdd(stored.artifacts);
    this.#outputs.itemsAdd(held.path, stored.bytes);
    const status = nodeRunStatusNumber("RUNNING");
    this.#pending.nodeSet(nodeRow(held, { status }));
    this.#pending.events.push(eventRow({ seq, type: 1, atMs: this.eventMs(), status, attempt: held.attempt, path: held.path }));
    applyDriven(this.graph, held.state, { count: stored.items.length, items: stored.items });
    this.#framesHold();
  }

  #itemsStorable({ path, node }: NodeState, opened: OpenedOutcome): StoredItems | Pick<FailedOutcome, "code" | "message"> {
    if (this.#seq + 2 * opened.items.length > maxRunEvents) return runTooLarge;
    const stored = storedItems({ path, kind: node.composite?.kind ?? "iteration" }, opened);
    if ("code" in stored) return stored;
    if (this.#outputs.bytes + stored.bytes > maxRunOutputBytes) this.#forgetUnread();
    const bytes = this.#outputs.bytes + stored.bytes;
    return bytes > maxRunOutputBytes ? outputsTooLarge("items", bytes, undefined) : stored;
  }

  /** What is still open of a frame or composite that ends ends before it, deepest first. Nothing in it is executed any more. */
  #scopesCancel(state: NodeState): void {
    if (state.ends === undefined && state.drive === undefined) return;
    const message = `What it was part of failed: ${state.path}.`;
    for (const scope of openScopesBeneath(state)) {
      const held = this.hold(scope);
      this.#pending.nodeSet(this.finishedRow(held, { kind: "cancelled", code: "SIBLING_FAILED", message }));
      this.held.remove(held);
      this.#outputsForget(scope);
      applyCancelled(this.graph, scope);
    }
  }

  /** Frames that have opened are in hand from now on, until they end. */
  #framesHold(): void {
    for (const end of this.graph.opened.splice(0)) {
      const held = this.hold(end);
      held.startedMs = held.createdMs;
      this.held.add(held);
    }
  }

  /** The end of a node, with what its `on_error` makes of a failure. */
  handled(state: NodeState, end: NodeEnd): NodeEnd {
    return end.kind === "failed" ? { ...end, handling: handlingOf(this.graph, state, end.fault, end.usage) } : end;
  }

  /** Numbers the node's last event, which follows from its row. */
  finishedRow(held: HeldNode, end: NodeEnd, output: OutputColumns = noOutput): NodeRunRow {
    const doneSeq = ++this.#seq;
    held.seq ||= doneSeq;
    const usage = usageOf(end);
    if (usage !== undefined) this.#pending.usageAdd(usage);
    return finishedRow(held, end, output, { doneSeq, endedMs: this.eventMs() });
  }

  /** The graph goes on from a node whose row is made. */
  finished(held: HeldNode, outcome: NodeEnd): void {
    const { state } = held;
    this.held.remove(held);
    if (outcome.kind === "failed") this.#skip(applyFailed(this.graph, state, failedEnd(outcome)));
    else if (outcome.kind === "skipped") this.#skip(applySkipped(this.graph, state).slice(1));
    else if (outcome.kind === "completed") {
      const { outputText = null, outputJson = null, stateUpdates, variables, route } = outcome;
      if (stateUpdates !== undefined && state.frame.own === undefined) this.#pending.hasState = true;
      this.#skip(applyCompleted(this.graph, state, { outputText, outputJson, stateUpdates, variables, route }));
      this.#roundForget(state);
    } else applyCancelled(this.graph, state);
    if (this.graph.opened.length > 0) this.#framesHold();
  }

  /** A loop gives the result of its last round: that of the round before is held no longer. */
  #roundForget({ ends }: NodeState): void {
    const loop = ends?.owner;
    if (ends !== undefined && loop?.node.composite?.kind === "loop") this.#outputs.forget(framePath(loop.path, ends.ordinal - 1));
  }

  #skip(skipped: readonly NodeState[]): void {
    for (const state of skipped) {
      const held = this.hold(state);
      this.#pending.nodeSet(this.finishedRow(held, { kind: "skipped" }));
      this.held.remove(held);
    }
  }

  /** A frame, or a composite, ends: what is beneath it is held no longer. */
  #outputsForget(state: NodeState): void {
    for (const path of pathsBeneath(state)) this.#outputs.forget(path);
    if (state.drive === undefined) return;
    this.#outputs.itemsForget(state.path);
    this.#outputs.valuesForget(state.path);
  }

  /** Outputs that nobody reads any more are held no longer: they are stored, or about to be. */
  #forgetUnread(): void {
    const { root, frames } = this.graph;
    const read = frames.size > 1 ? "any" : readOutputs(root.nodes.map(heldStandingOf));
    if (read !== "any") {
      for (const id of this.#outputs.nodes) {
        if (read.has(id)) continue;
        outputForget(root, id);
        this.#outputs.forget(id);
      }
    }
    this.#lookAtBytes = this.#outputs.bytes + lookAgainBytes;
  }

  /** What is stored of an outcome; of one that makes the state or the run's outputs too large, a failure. */
  #storable(state: NodeState, given: AttemptOutcome): StoredOutcome {
    const stored = storedOutcome(state.path, given);
    if (stored.outcome.kind === "completed") {
      // Of a frame or a composite that ends nothing else is held any more.
      const own = stored.textBytes + stored.jsonBytes - this.#outputs.bytesOf(pathsBeneath(state));
      if (this.#outputs.bytes + own > maxRunOutputBytes) this.#forgetUnread();
      const bytes = this.#outputs.bytes + own;
      if (bytes > maxRunOutputBytes) return instead(outputsTooLarge("output", bytes, stored.outcome.usage));
      if (this.#seq > maxRunEvents && stored.outcome.route === roundRoutes.again && isRoundsEnd(state))
        return instead({ kind: "failed", ...runTooLarge, retryable: false });
    }
    return this.#values.storable(state.frame, stored);
  }

  /** Nobody knows what the failed attempt has done outside, and it must not be made again: somebody has to say. */
  #askPerson(held: HeldNode, failed: FailedOutcome | NodeInterruption): void {
    const usage = usageOf(failed);
    if (usage !== undefined) this.#pending.usageAdd(usage);
    held.waitReason = "OUTCOME_UNKNOWN";
    this.#pending.asks = true;
    held.waitsMs = this.clock.nowMs();
    held.dueMs = undefined;
    this.opened(held, "WAITING", { errorCode: failed.code, errorMessage: failed.message });
  }

  /** The failed attempt is over and has its span; the node waits for the next. */
  #retryLater(held: HeldNode, failed: FailedOutcome, delayMs: number): void {
    if (failed.usage !== undefined) this.#pending.usageAdd(failed.usage);
    this.#spansStore(held.path, [failedAttemptSpan(this.runId, held, failed, this.eventMs())]);
    held.attempt++;
    // The other side would answer the same key with the same answer, which was rejected, or is not what was asked for.
    const isAnswered = failed.code === rejectedCode || (failed.usage?.modelCalls ?? 0) > 0;
    if (isAnswered) held.effectKey = `${effectKeyOf({ runId: this.runId, path: held.path })}:${held.attempt}`;
    held.dueMs = this.clock.nowMs() + delayMs;
    held.waitReason = "RETRY";
    this.held.due.add(held);
    this.opened(held, "WAITING", { errorCode: failed.code, errorMessage: failed.message });
  }

  /** The attempt does not count: it is made again when the platform's part may be back. */
  #callAgain(held: HeldNode, interruption: NodeInterruption): void {
    const pauseMs = Math.min(longestPauseMs, Math.max(firstPauseMs, this.#ageMs(held)));
    held.dueMs = this.clock.nowMs() + pauseMs * (1 + Math.random() / 4);
    held.waitReason = "RETRY";
    this.held.due.add(held);
    this.opened(held, "WAITING", { errorCode: interruption.code, errorMessage: interruption.message });
  }

  #settled(held: HeldNode, outcome: AttemptOutcome): AttemptOutcome {
    if (outcome.kind !== "interrupted" || this.#ageMs(held) < (longestInterruptedMs[outcome.code] ?? Infinity)) return outcome;
    return { ...outcome, kind: "failed", retryable: true, fault: "own" };
  }

  #ageMs({ createdMs }: HeldNode): number {
    return this.clock.nowMs() - createdMs;
  }

  /** A person has approved of its call, and it is ready. */
  approved(held: HeldNode, approval: Approval): void {
    held.approval = approval;
    held.waitReason = approvedReason;
    held.dueMs = undefined;
    this.held.due.delete(held);
    this.opened(held, "WAITING");
  }

  /** A run is asked for, which the node waits for. @returns how it ends now, where it waits for none. */
  #childMade(held: HeldNode, { input, gate }: Extract<NodeOutcome, { kind: "child" }>): NodeOutcome | undefined {
    const childRunId = newId();
    const asked = childAsked(this.#making, held, { childRunId, input, gate, givenBytes: this.#childBytes });
    if ("code" in asked) return { kind: "failed", ...asked, retryable: false };
    this.#childBytes += Buffer.byteLength(asked.input ?? "");
    this.#pending.outboxAdd(asked);
    held.childRunId = childRunId;
    const { config, timeoutMs } = held.state.node;
    if (isDetached(config)) return { kind: "completed", outputJson: { runId: childRunId } };
    held.waitReason = childReason;
    held.waitsMs = this.clock.nowMs();
    held.dueMs = timeoutMs === undefined ? undefined : held.waitsMs + timeoutMs;
    if (held.dueMs !== undefined) this.held.due.add(held);
    this.opened(held, "WAITING");
    return undefined;
  }

  /** Another attempt of what waited for a run is to be made, as {@link #retryLater}: its row is that of a flush that holds, and stands there if it was `stored`. */
  triedAgain(held: HeldNode, { code, message, delayMs }: Extract<Decision, { kind: "again" }>): void {
    this.#spansStore(held.path, [failedAttemptSpan(this.runId, held, { code, message }, this.eventMs())]);
    held.attempt++;
    held.dueMs = this.clock.nowMs() + delayMs;
    held.waitReason = "RETRY";
    this.held.due.add(held);
  }

  #wait(held: HeldNode, waiting: { reason: string; delayMs?: number; untilMs?: number; question?: object }): void {
    const { reason, delayMs, untilMs, question } = waiting;
    const nowMs = this.clock.nowMs();
    held.waitReason = reason;
    this.#pending.asks ||= reason !== "TIMER";
    held.waitsMs = nowMs;
    if (question !== undefined) held.question = JSON.stringify(question);
    held.dueMs = untilMs ?? (delayMs === undefined ? undefined : nowMs + delayMs);
    if (held.dueMs !== undefined) this.held.due.add(held);
    this.opened(held, "WAITING");
  }

  #spansStore(path: string, spans: readonly SpanRecord[]): void {
    // Told now. It may have ended long before: while its node ran, in another process, in a call whose end waited here.
    const atMs = this.eventMs();
    for (const span of spans.map(storableSpan)) {
      this.#pending.events.push(eventRow({ seq: ++this.#seq, type: 2, atMs, path, spanId: span.spanId }));
      this.#pending.spanAdd(spanRow(path, span));
    }
  }
}

function isRoundsEnd({ ends }: NodeState): boolean {
  return ends?.owner?.node.composite?.kind === "loop";
}

/** How long to wait for the next attempt; undefined: there is none. What was the platform's own fault is counted beside `retry`, and takes nothing of that. */
function nextAttemptMs(held: HeldNode, failed: FailedOutcome): number | undefined {
  const { state, attempt, ownFaults = 0 } = held;
  if (!isOwnFault(state, failed)) {
    const { retryable, retryAfterMs } = failed;
    return retryDelayMs(state.node.retry, { attempt: attempt - ownFaults, retryable, retryAfterMs }, Math.random());
  }
  held.ownFaults = ownFaults + 1;
  return ownFaultDelayMs(held.ownFaults);
}

/**
 * The platform's own fault is given back before it is anybody's failure, but not of what has one attempt. Where a call may have gone out that must not be made
 * twice a person was asked before.
 */
function isOwnFault(state: NodeState, { fault }: FailedOutcome): boolean {
  return fault === "own" && isLeaf(state);
}

function outputsTooLarge(what: "output" | "items", bytes: number, usage: FailedOutcome["usage"]): FailedOutcome {
  const message = `With the node's ${what} the run would hold ${bytes} bytes of outputs, more than ${maxRunOutputBytes}. Let its nodes put out less, or split the work into several runs.`;
  return tooLargeFailure("RUN_OUTPUTS_TOO_LARGE", message, usage);
}

function sizesOf({ outputText, outputJson }: Extract<NodeEnd, { kind: "completed" }>): { textBytes: number; jsonBytes: number } {
  return {
    textBytes: outputText === undefined ? 0 : Buffer.byteLength(outputText),
    jsonBytes: outputJson === undefined ? 0 : Buffer.byteLength(JSON.stringify(outputJson)),
  };
}

/** Workers that take the calls of agents, or of teams, alone find them by it: the type of the outermost one that they are part of. */
function offeredType({ frame, node }: NodeState): string {
  let type = node.type;
  for (let around: Frame | undefined = frame; around !== undefined; around = around.owner?.frame)
    if (around.agent !== undefined) type = around.owner?.node.type ?? type;
  return type;
}
