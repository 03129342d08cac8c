/**
 * Executes node runs that the owners of their runs offered. They see what was completed before them; what comes of them goes to the inbox of
 * their run, many results in one statement, two statements at a time.
 */
import { setTimeout } from "node:timers/promises";
import { jsonPieces, smallJson } from "#shared/json-writer.ts";
import { isJsonObject, type Json, type JsonObject } from "#shared/json.ts";
import { joinInTurns } from "#shared/pieces.ts";
import { varsSeen, type NodeOutput } from "../../engine/frame.ts";
import { framePathOf, lastSegment, nodeIdOfPath } from "../../engine/path.ts";
import { agentPartOf, memberOf, nodeOfPath, pathsBefore, type CompiledNode, type CompiledPlan } from "../../engine/plan.ts";
import { nodeAtPath } from "../../engine/run-state.ts";
import { itemsOf, sightAt, type StoredSight } from "../../engine/sight.ts";
import { nodesRead } from "../../nodes/nodes-read.ts";
import { executorOf } from "./node-executor.ts";
import { storableOutcome } from "../../nodes/storable.ts";
import type { ClaimedNode } from "../../queue/claim.sql.ts";
import { offersWithdrawn } from "../../queue/drain.sql.ts";
import { isTimeOut } from "../../queue/failure.ts";
import { runLoadSome, runPlanId, outputsLoad, type PartlyLoadedNode, type PartlyLoadedRun, type Wanted } from "../../queue/load.sql.ts";
import { offersRelease } from "../../queue/release.sql.ts";
import type { HeldLease, Lease } from "../../queue/renew.sql.ts";
import { resultsPost, type OfferedResult } from "../../queue/result.sql.ts";
import { nodeRunStatusNumber } from "../../queue/statuses.ts";
import { statementDeadlineMs, type Queryable } from "../../queue/statement.ts";
import { DatabaseClock, monotonicMs } from "../clock.ts";
import { defaultTimeoutMs, execute, workerCrashed, type Execution } from "./execution.ts";
import { jsonFactor, type Holder } from "../held/held-bytes.ts";
import { IdleSignal } from "../idle-signal.ts";
import { approvalOf, type OutcomeBody } from "../mail/inbox-message.ts";
import { NodeRunContext, runEnvironment, type Attempt } from "./node-context.ts";
import { storableSpan } from "../flush/node-rows.ts";
import type { RunOwner } from "../run-owner.ts";

type AttemptBase = Pick<Attempt, "node" | "path" | "attempt" | "epoch">;

interface Held extends Holder {
  claim: ClaimedNode;
  /** By the monotonic clock. */
  confirmedAtMs: number;
  execution: Execution | undefined;
  isDropped: boolean;
}

/** Without a word from the hints, what was withdrawn is looked for this often; one statement for all that is held. */
const withdrawnEveryMs = 500;
const sendAgainMs = 20;
/** Others may have room; here there is when something has ended. */
const noRoomPauseMs = 2_000;
/** As much as a flush carries; one result may be larger and goes alone. After a time-out half as many go together. */
const resultsPerPost = 200;
const charactersPerPost = 4 * 1024 * 1024;
/** A renewal that is not answered reaches the database within it. */
const answerMs = statementDeadlineMs;
/** Leases that are remembered past their end here, the latest. One is of a whole claim. */
const mostLate = 10_000;
/** Behind all events. */
const never = 2 ** 31 - 1;
const completed = nodeRunStatusNumber("COMPLETED");
const failed = nodeRunStatusNumber("FAILED");

export class OfferedNodes {
  readonly #owner: RunOwner;
  readonly #db: Queryable;
  readonly #workerKey: string;
  readonly #onFinished: () => void;
  readonly #held = new Map<string, Held>();
  /** Leases under which something was executed here that has left, and until when a renewal that was not answered may make them last in the database. */
  readonly #late = new Map<string, number>();
  readonly #planIds = new Map<string, string>();
  readonly #results: OfferedResult[] = [];
  /** Who waits for the answer to a result, by key. */
  readonly #waiting = new Map<string, () => void>();
  readonly #poll: NodeJS.Timeout;
  readonly #unsubscribe: () => void;
  readonly #idle = new IdleSignal(() => this.#held.size === 0);
  #isLooking = false;
  #mustLookAgain = false;
  #flights = 0;
  #isLargeInFlight = false;
  #mostTogether = resultsPerPost;
  #isClosed = false;

  constructor(options: { owner: RunOwner; db: Queryable; workerKey: string; finished: () => void }) {
    this.#owner = options.owner;
    this.#db = options.db;
    this.#workerKey = options.workerKey;
    this.#onFinished = options.finished;
    this.#poll = setInterval(() => void this.#withdrawnDrop(), withdrawnEveryMs);
    this.#unsubscribe = options.owner.hints.subscribe("withdrawn", "*", (runId) => {
      if ([...this.#held.values()].some(({ claim }) => claim.runId === runId)) void this.#withdrawnDrop();
    });
  }

  get size(): number {
    return this.#held.size;
  }

  leases(): HeldLease[] {
    return [...this.#held.values()].map(({ claim: { key, lease, leaseMs }, confirmedAtMs }) => ({ key, lease, leaseMs, confirmedAtMs }));
  }

  /** What is held, and the leases of what has left lately, which rows may still have: what is theirs was given up, or handed in without an answer, and may have been called. */
  answered(): Pick<Lease, "lease">[] {
    return [...this.leases(), ...[...this.#late.keys()].map((lease) => ({ lease }))];
  }

  /** Executes what was just claimed, each in a slot of its tenant that was taken for it. Resolves when the outcome of each was handed in, or does not count any more. */
  async adopt(claims: readonly ClaimedNode[]): Promise<void> {
    await Promise.all(claims.map((claim) => this.#adoptOne(claim)));
  }

  leasesConfirmed(leases: readonly Lease[], sentAtMs: number): void {
    for (const { key, lease } of leases) {
      const held = this.#held.get(key);
      if (held?.claim.lease === lease) held.confirmedAtMs = Math.max(held.confirmedAtMs, sentAtMs);
    }
  }

  /** @returns how many of them it held until now. */
  leasesLost(leases: readonly Lease[]): number {
    const lost = leases.flatMap(({ key, lease }) => {
      const held = this.#held.get(key);
      return held?.claim.lease === lease ? [held] : [];
    });
    for (const held of lost) this.#drop(held);
    return lost.length;
  }

  /** Waits for what is executed, and gives back what is not done after `graceMs`: no crash is counted for it, and what must be called once at most is not called again. */
  async stop(graceMs: number): Promise<void> {
    await this.#idle.within(graceMs);
    const left = [...this.#held.values()].map(({ claim: { key, lease }, execution }) => ({
      key,
      lease,
      hasBegun: execution !== undefined,
    }));
    this.close();
    if (left.length === 0) return;
    await offersRelease(this.#db, left).catch((cause: unknown) => this.#owner.log.warn({ err: cause }, "offered nodes not given back"));
  }

  /** Forgets everything without a word. */
  close(): void {
    this.#isClosed = true;
    clearInterval(this.#poll);
    this.#unsubscribe();
    for (const held of [...this.#held.values()]) this.#drop(held);
  }

  async #adoptOne(claim: ClaimedNode): Promise<void> {
    const { tenantId } = claim;
    const held: Held = { claim, tenantId, isLeaving: true, confirmedAtMs: monotonicMs(), execution: undefined, isDropped: false };
    this.#held.set(claim.key, held);
    try {
      const body = await this.#bodyOf(held);
      if (body !== undefined && !held.isDropped) await this.#handIn(held, body);
    } catch (cause) {
      this.#owner.log.warn({ err: cause, key: claim.key }, "offered node run left to its lease");
    } finally {
      this.#owner.slots.release(claim.tenantId);
      held.execution?.context.settled();
      this.#owner.held.remove(held);
      if (this.#held.get(claim.key) === held) this.#held.delete(claim.key);
      this.#hasLeft(claim);
      this.#idle.changed();
      this.#onFinished();
    }
  }

  #hasLeft({ lease, leaseMs }: ClaimedNode): void {
    const nowMs = monotonicMs();
    this.#late.delete(lease);
    this.#late.set(lease, nowMs + leaseMs + answerMs);
    for (const [oldest, untilMs] of this.#late) {
      if (untilMs > nowMs && this.#late.size <= mostLate) break;
      this.#late.delete(oldest);
    }
  }

  async #bodyOf(held: Held): Promise<OutcomeBody | undefined> {
    const { claim } = held;
    const startedMs = claim.dbNowMs;
    if (claim.crashes >= this.#owner.maxCrashes) return { outcome: workerCrashed, startedMs, workerKey: this.#workerKey };
    const plan = await this.#planOf(claim.runId);
    if (plan === undefined) return undefined;
    const node = nodeOfPath(plan, claim.path);
    if (node === undefined) throw new Error(`the offered node run ${claim.path} is none of its plan`);
    // A lease that was not given back, whatever for: the call may have been made.
    if (claim.isOrphan && node.atMostOnce) return { outcome: { kind: "waiting", reason: "OUTCOME_UNKNOWN" }, startedMs };
    const executor = executorOf(this.#owner.executors, node);
    if (executor === undefined) return this.#leave(claim, node.type);
    const context = await this.#contextOf(held, plan, node);
    if (context === undefined || held.isDropped) return undefined;
    held.execution = execute(executor, context, node.timeoutMs ?? defaultTimeoutMs, this.#owner.log);
    const outcome = await held.execution.outcome;
    if (held.execution.stopped !== undefined && outcome.kind !== "completed") return undefined;
    // What the owner could not store must not come to its inbox.
    const spans = context.spans.map(storableSpan);
    return { outcome: storableOutcome(outcome).outcome, startedMs, workerKey: this.#workerKey, spans };
  }

  /** Others may know the type. Its owner did, or has left the run to them too. */
  async #leave(claim: ClaimedNode, nodeType: string): Promise<undefined> {
    this.#owner.log.warn({ key: claim.key, nodeType }, "offered node run left to workers that know its type");
    this.#owner.leftToOthers.add(claim.key);
    await offersRelease(this.#db, [claim]);
    this.#owner.hints.publish("work", "nodes");
  }

  async #planOf(runId: string): Promise<CompiledPlan | undefined> {
    const id = this.#planIds.get(runId) ?? (await runPlanId(this.#db, runId));
    if (id === undefined) return undefined;
    this.#planIds.set(runId, id);
    if (this.#planIds.size > 1_000) this.#planIds.delete(this.#planIds.keys().next().value ?? "");
    return this.#owner.plans.get(id);
  }

  async #contextOf(held: Held, plan: CompiledPlan, node: CompiledNode): Promise<NodeRunContext | undefined> {
    const { claim } = held;
    const base = { node, path: claim.path, attempt: claim.attempt, epoch: claim.dbNowMs };
    const owned = this.#owner.get(claim.runId);
    if (owned !== undefined) {
      const state = nodeAtPath(owned.graph, claim.path);
      // It has ended, or is being taken over: whoever owns it withdraws what was offered, or offers it again.
      if (state === undefined) return undefined;
      return new NodeRunContext(owned.environment, {
        ...base,
        storedSeq: () => owned.eventSeq,
        effectKey: owned.effectKeyOf(claim.path),
        approval: owned.approvalOf(claim.path),
        state: owned.graph.state,
        outputs: state.frame.outputs,
        vars: varsSeen(state),
      });
    }
    if (agentPartOf(plan, claim.path) !== undefined) return this.#agentContext(held, plan, base);
    const items = itemsOf(plan, framePathOf(claim.path));
    const read = await this.#pathsRead(plan, claim, node);
    const run = await this.#load(held, { paths: [claim.path, ...items.map(({ path }) => path), ...read], items });
    if (run === undefined) return undefined;
    const clock = new DatabaseClock(claim.dbNowMs);
    const own = run.nodes.find(({ path }) => path === claim.path);
    return new NodeRunContext(runEnvironment(this.#owner, run, clock), {
      ...base,
      storedSeq: () => run.eventSeq,
      effectKey: own?.effectKey ?? undefined,
      approval: approvalOf(own?.approval ?? null),
      state: run.state,
      ...sightAt(plan, claim.path, storedSight(run)),
    });
  }

  /** What is part of an agent's work sees all that was done of it, and what the agent was given. */
  async #agentContext(held: Held, plan: CompiledPlan, base: AttemptBase): Promise<NodeRunContext | undefined> {
    const { claim } = held;
    const agentPath = framePathOf(claim.path);
    const items = [{ path: agentPath, ordinal: 0 }];
    const run = await this.#load(held, { paths: [claim.path, agentPath], items, parents: [agentPath] });
    if (run === undefined) return undefined;
    const own = run.nodes.find(({ path }) => path === claim.path);
    // What an agent was told since its model call was offered is for the next one.
    const parts = run.nodes.filter(({ path, doneSeq }) => framePathOf(path) === agentPath && (doneSeq ?? 0) < (own?.seq ?? never));
    const outputs = parts.flatMap((part): [string, NodeOutput][] => {
      const output = outputOf(part);
      return output === undefined ? [] : [[lastSegment(part.path), output]];
    });
    const item = run.nodes.find(({ path }) => path === agentPath)?.item;
    return new NodeRunContext(runEnvironment(this.#owner, run, new DatabaseClock(claim.dbNowMs)), {
      ...base,
      node: partOfMember(plan, claim.path, item) ?? base.node,
      storedSeq: () => run.eventSeq,
      effectKey: own?.effectKey ?? undefined,
      approval: approvalOf(own?.approval ?? null),
      state: run.state,
      outputs: Object.fromEntries(outputs),
      vars: item === undefined ? {} : { item },
    });
  }

  /** Only what the node's texts read: with all that was completed before it each offered node would have its run's outputs beside it. */
  async #pathsRead(plan: CompiledPlan, { path, tenantId }: ClaimedNode, node: CompiledNode): Promise<string[]> {
    const before = pathsBefore(plan, path);
    const read = await nodesRead(this.#owner.ports.evaluation, node, tenantId);
    return read === "any" ? before : before.filter((other) => read.has(nodeIdOfPath(other)));
  }

  /** @returns undefined: the run is gone, or there is no room for what the node reads and it was given back. */
  async #load(held: Held, wanted: Wanted): Promise<PartlyLoadedRun | undefined> {
    const { claim } = held;
    const run = await runLoadSome(this.#db, claim.runId, wanted);
    if (run === undefined) return undefined;
    const bytes = jsonFactor * run.nodes.reduce((sum, { outputBytes }) => sum + (outputBytes ?? 0), 0);
    if (this.#owner.held.hasRoom(claim.tenantId, bytes)) {
      this.#owner.held.set(held, bytes);
      await outputsLoad(this.#db, [run]);
      return run;
    }
    this.#owner.log.warn({ key: claim.key, bytes, held: this.#owner.held.total }, "no room for what an offered node reads");
    await offersRelease(this.#db, [claim], noRoomPauseMs);
    return undefined;
  }

  async #handIn(held: Held, body: OutcomeBody): Promise<void> {
    const { key, lease, runId } = held.claim;
    const json = body as unknown as JsonObject;
    const result = { key, lease, runId, body: smallJson(json) ?? (await joinInTurns(jsonPieces(json))) };
    if (held.isDropped) return;
    return new Promise((resolve) => {
      this.#waiting.set(key, resolve);
      this.#results.push(result);
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#flights >= 2 || this.#isClosed) return;
    const results = this.#take();
    if (results.length === 0) return;
    const isLarge = charactersOf(results) > charactersPerPost;
    this.#flights++;
    if (isLarge) this.#isLargeInFlight = true;
    void this.#send(results).finally(() => {
      this.#flights--;
      if (isLarge) this.#isLargeInFlight = false;
      this.#pump();
    });
  }

  /** As many as fit together. One that is too large for any company goes alone, and one at a time, so that the others have a way beside it. */
  #take(): OfferedResult[] {
    const taken = new Set<OfferedResult>();
    let characters = 0;
    for (const result of this.#results) {
      const { length } = result.body;
      if (taken.size > 0 && characters + length > charactersPerPost) continue;
      if (length > charactersPerPost && this.#isLargeInFlight) continue;
      taken.add(result);
      characters += length;
      if (taken.size >= this.#mostTogether || characters >= charactersPerPost) break;
    }
    this.#results.splice(0, this.#results.length, ...this.#results.filter((result) => !taken.has(result)));
    return [...taken];
  }

  async #send(results: OfferedResult[]): Promise<void> {
    try {
      const answers = await resultsPost(this.#db, results);
      this.#mostTogether = resultsPerPost;
      for (const { key, runId, kind } of answers) {
        if (kind === "busy") continue;
        if (kind === "done") this.#owner.hints.publish("inbox", runId);
        this.#handedIn(key);
      }
      const busy = new Set(answers.filter(({ kind }) => kind === "busy").map(({ key }) => key));
      if (busy.size < answers.length) this.#owner.hints.publish("work", "*");
      if (busy.size > 0) await this.#again(results.filter(({ key }) => busy.has(key)));
    } catch (cause) {
      this.#owner.log.warn({ err: cause, results: results.length }, "results not answered, sending them again");
      if (isTimeOut(cause)) this.#mostTogether = Math.max(1, Math.floor(results.length / 2));
      await this.#again(results);
    }
  }

  /** Sent again, as "gone" answers both what was done and what is lost; given up with the lease. */
  async #again(results: readonly OfferedResult[]): Promise<void> {
    await setTimeout(sendAgainMs);
    for (const result of results) {
      const held = this.#held.get(result.key);
      const isOurs = held !== undefined && !held.isDropped && monotonicMs() - held.confirmedAtMs < held.claim.leaseMs;
      if (isOurs) this.#results.push(result);
      else this.#handedIn(result.key);
    }
  }

  #handedIn(key: string): void {
    this.#waiting.get(key)?.();
    this.#waiting.delete(key);
  }

  async #withdrawnDrop(): Promise<void> {
    this.#mustLookAgain = this.#isLooking;
    if (this.#held.size === 0 || this.#isClosed || this.#isLooking) return;
    this.#isLooking = true;
    try {
      const asked = this.leases();
      const gone = new Set(await offersWithdrawn(this.#db, asked));
      // What is being handed in deletes its row itself.
      this.leasesLost(asked.filter(({ key }) => gone.has(key) && !this.#waiting.has(key)));
    } catch (cause) {
      this.#owner.log.warn({ err: cause }, "withdrawn offers not read");
    } finally {
      this.#isLooking = false;
      // Something was withdrawn while the statement was under way.
      if (this.#mustLookAgain) void this.#withdrawnDrop();
    }
  }

  #drop(held: Held): void {
    held.isDropped = true;
    held.execution?.stop("lost");
    this.#held.delete(held.claim.key);
    this.#handedIn(held.claim.key);
  }
}

/** The node of a member of a team: which member works there stands in what it was given. */
function partOfMember(plan: CompiledPlan, path: string, item: Json | undefined): CompiledNode | undefined {
  const key = isJsonObject(item) ? item["member"] : undefined;
  const composite = typeof key === "string" ? memberOf(plan, framePathOf(path), key)?.composite : undefined;
  return composite?.kind === "agent" ? composite.agent.parts.get(nodeIdOfPath(path)) : undefined;
}

function charactersOf(results: readonly OfferedResult[]): number {
  return results.reduce((sum, { body }) => sum + body.length, 0);
}

/** As the frame has it in its owner's hands. */
function storedSight(run: PartlyLoadedRun): StoredSight {
  const byPath = new Map(run.nodes.map((node) => [node.path, node]));
  return {
    outputOf(path) {
      const node = byPath.get(path);
      return node && outputOf(node);
    },
    itemOf: (path) => byPath.get(path)?.item,
    writtenOf: (path) => byPath.get(path)?.written ?? undefined,
  };
}

/** undefined: it has not completed, and its failure was not handled. */
function outputOf({ status, route, outputJson, outputText, errorCode, errorMessage }: PartlyLoadedNode): NodeOutput | undefined {
  const output = { output: outputJson, text: outputText };
  if (status === completed) return output;
  if (status !== failed || route === null) return undefined;
  return { ...output, error: { code: errorCode ?? "INTERNAL", message: errorMessage ?? "" } };
}
