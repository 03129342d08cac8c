/**
 * Everything that the API does to runs. It owns a run for a moment through the same claim as a worker, or leaves a message in its inbox: so
 * cancel works with no worker alive, and the execute… mutations are the worker's own path. Every call names the tenant; another tenant's run
 * is an unknown one.
 *
 * A MANUAL run has no work row while nobody owns it. Owning it makes one, leased from the start, in the statement that sets the run's lease;
 * resting deletes it (even with nodes ready). Only mail leaves a work row behind: a worker that finds it reads the mail and lets go.
 */
import type pg from "pg";
import type { HintChannel } from "#shared/hints.ts";
import type { Json } from "#shared/json.ts";
import type { Log } from "#shared/log.ts";
import { TurnQueue, type NoTurn } from "#shared/turn-queue.ts";
import type { Approval, NodePorts } from "../nodes/executor.ts";
import { nodesClaim, runClaim, tenantRunClaim, type RunClaim } from "../queue/claim.sql.ts";
import { runsExisting } from "../queue/create.sql.ts";
import { gateEnter } from "../queue/gate.sql.ts";
import type { EventPage, EventRead } from "../queue/events.sql.ts";
import { dryRunMark, runsQueued } from "../queue/dry-run.sql.ts";
import { failureKind } from "../queue/failure.ts";
import { runFork, type Fork } from "../queue/fork.sql.ts";
import { runHead, type ReportedHead, type RunHead } from "../queue/head.sql.ts";
import { agentInputPost, answerPost, isFirstAgentInput, messagePost, type Message, type Posting } from "../queue/post.sql.ts";
import { runsDelete, type DeletedBatch } from "../queue/removal.sql.ts";
import { offersRelease } from "../queue/release.sql.ts";
import type { NewRunRow } from "../queue/rows.ts";
import { leasesRenew, type HeldLease } from "../queue/renew.sql.ts";
import { inboxKinds, isTerminal, runStatusNumber, runStatusWord, type RunStatus } from "../queue/statuses.ts";
import { runsDue } from "../queue/work-hints.ts";
import { monotonicMs } from "../owner/clock.ts";
import { BulkCancel, type BulkCancelCall, type BulkCancelled } from "./bulk-cancel.ts";
import { BulkDelete, type BulkDeleteCall } from "./bulk-delete.ts";
import { CreateBatcher } from "./create-batcher.ts";
import { EventBatcher } from "./event-batcher.ts";
import { MailWatch } from "./mail-watch.ts";
import { existingRun, planRows, runRow, type CreatedRun, type NewRun } from "./new-run.ts";
import { Gates } from "../owner/gates.ts";
import { OfferedNodes } from "../owner/calls/offered-nodes.ts";
import { outcomeMessage, updateOutcome, type AnswerOutcome, type NodeUpdate } from "./outside-report.ts";
import type { Posted, Refused } from "./posted.ts";
import { ReportPosting } from "./report-posting.ts";
import type { Policy } from "../owner/policy.ts";
import type { Executors, Release } from "../owner/run-host.ts";
import { RunOwner, type Adoption } from "../owner/run-owner.ts";
import { UnheldLeases } from "../owner/unheld-leases.ts";
import { newTraceId, parseTraceparent } from "../owner/calls/span-ids.ts";

/** What the engine needs of its process. */
export interface EngineDeps {
  /** openPool({ url, scope: "engine" }). */
  pool: pg.Pool;
  /** The same for reads of events, so that streams go on however much is created; `pool` unless given. */
  eventsPool?: pg.Pool;
  hints: HintChannel;
  log: Log;
  executors: Executors;
  ports: NodePorts;
  /** Written into each row that it claims; the name that the caller gives unless given. */
  claimMark?: string;
  /** What the runs that calls execute may hold in memory together; a quarter of what the heap may have. */
  heldBytes?: number | undefined;
  /** The crash that makes the node that was executed alone a failure of its run; 3. */
  maxCrashes?: number | undefined;
  /** Told of runs that stand in lines; made unless given. */
  gates?: Gates;
  /** Told that runs were deleted whose rows are to be removed. */
  runsDeleted?: () => void;
  /** How long a caller waits for the owner of a run to apply what was posted; 1,000. */
  applyWaitMs?: number;
}

/** How an execute… call ended. owned: somebody else owns the run. in-line: it waits for others of its key. busy: there is no room for what it holds. not-ready: the node is not queued. */
export type OwnResult =
  | { kind: "done"; executed: readonly string[]; stopReason: "FINISHED" | "WAITING" | "MAX_STEPS" }
  | { kind: "owned" | "in-line" | "busy" | "terminal" | "not-ready" | "unknown" };

interface RunRef {
  tenantId: string;
  runId: string;
}

/** A run, and the id of one that is made of it. */
interface NewFromOld extends RunRef {
  newRunId: string;
  requestId?: string;
  traceparent?: string;
}

/** What a new run takes over, and what is other in it. */
type NewFork = NewFromOld & Pick<Fork, "statuses" | "dropped" | "version" | "input" | "state" | "gate">;

/** What came of it. */
type Forked = "created" | "other-status" | "unknown";

/**
 * Runs that are made of others, at once in a process. One of 10,000 nodes keeps PostgreSQL busy for a second: ten side by side all reached their time-out,
 * and made none.
 */
const forkTurns = { turns: 4, turnsPerTenant: 2, waiting: 400, waitingPerTenant: 100, waitMs: 30_000 };

/** Of what is owned for the length of a call. */
const leaseMs = 30_000;
/** How often leases are looked at; each is renewed when a third of it is over. */
const renewalTickMs = 300;
const defaultApplyWaitMs = 1_000;
export class RunControl {
  readonly #deps: EngineDeps;
  readonly #workerKey: string;
  readonly #owner: RunOwner;
  readonly #gates: Gates;
  readonly #offered: OfferedNodes;
  readonly #renewal: NodeJS.Timeout;
  #isRenewing = false;
  #isClosing = false;
  /** Of a process with a mark of its own: what stands in rows by a caller's word may be anybody's. */
  readonly #unheld: UnheldLeases | undefined;
  #unheldLook: Promise<void> | undefined;
  /** Claims under way. */
  readonly #claims = new Set<Promise<unknown>>();
  readonly #creates: CreateBatcher;
  readonly #events: EventBatcher;
  readonly #mailWatch: MailWatch;
  readonly #bulkCancel: BulkCancel;
  readonly #bulkDelete: BulkDelete;
  readonly #forks = new TurnQueue(forkTurns);
  readonly #reports: ReportPosting;

  constructor(deps: EngineDeps & { workerKey?: string }) {
    this.#deps = deps;
    this.#workerKey = deps.workerKey ?? "api";
    const { pool: db, hints, log, executors, ports, heldBytes } = deps;
    this.#gates = deps.gates ?? new Gates({ db, hints, log });
    this.#owner = new RunOwner({
      db,
      hints,
      log,
      executors,
      ports,
      heldBytes,
      gates: this.#gates,
      slots: 64,
      offersNodes: false,
      maxCrashes: deps.maxCrashes ?? 3,
    });
    this.#offered = new OfferedNodes({ owner: this.#owner, db, workerKey: this.#workerKey, finished: () => {} });
    const held = () => [...this.#owner.leases(), ...this.#offered.answered()];
    if (deps.claimMark !== undefined) this.#unheld = new UnheldLeases({ db, log, claimMark: deps.claimMark, held });
    this.#creates = new CreateBatcher(db);
    this.#events = new EventBatcher(deps.eventsPool ?? db);
    this.#mailWatch = new MailWatch({ db, log, apply: (run) => this.#mailApply(run) });
    this.#bulkCancel = new BulkCancel({ db, hints, watch: this.#mailWatch });
    const posted = (run: RunRef, posting: Posting) => this.#posted(run, posting);
    this.#reports = new ReportPosting({ db, posted, taken: (run, mail) => this.#isTakenSoon(run, mail) });
    this.#bulkDelete = new BulkDelete({ db, deleted: () => deps.runsDeleted?.() });
    this.#renewal = setInterval(() => {
      void this.#renew();
      this.#unheldLook ??= this.#lookForUnheld().finally(() => (this.#unheldLook = undefined));
    }, renewalTickMs);
  }

  /** Takes care of mail that no process has applied before it ended. */
  start(): void {
    this.#mailWatch.start();
  }

  /** Creates runs, one statement for all of them. In the order given. */
  async createRuns(runs: readonly NewRun[]): Promise<CreatedRun[]> {
    const rows = runs.map(runRow);
    const plans = runs.flatMap(({ plan }) => planRows(plan));
    const created = await this.#creates.create(rows, plans);
    runsDue(this.#deps.hints, ...rows.flatMap(({ id, tenantId }) => (created.has(id) ? [tenantId] : [])));
    this.#gates.wanted(rows.flatMap(({ id, gateKey }) => (gateKey == null || !created.has(id) ? [] : [id])));
    const missing = rows.filter(({ id }) => !created.has(id));
    const existing = missing.length === 0 ? [] : await runsExisting(this.#deps.pool, missing);
    return rows.map((row) => {
      const createdAt = created.get(row.id);
      if (createdAt === undefined) return existingRun(row, existing);
      return { kind: "created", id: row.id, row, createdAt };
    });
  }

  /** Cancels a run, whoever owns it. */
  async cancel(call: RunRef & { reason?: string }): Promise<Posted> {
    const message = { runId: call.runId, tenantId: call.tenantId, kind: inboxKinds.cancel, body: { reason: call.reason ?? null } };
    return this.#posted(call, await this.#messagePost(message));
  }

  /** Cancels whatever runs match, for some seconds; does not wait until they have ended. */
  cancelAll(call: BulkCancelCall): Promise<BulkCancelled | "full"> {
    return this.#bulkCancel.cancel(call);
  }

  /** Deletes a finished run: it is gone for everybody at once, and its rows are soon. open: it has not finished. */
  async deleteRun({ runId, tenantId }: RunRef): Promise<"deleted" | "open" | "unknown"> {
    const { deleted } = await runsDelete(this.#deps.pool, { tenantId, condition: { ids: [runId] }, after: "", looks: 1, limit: 1 });
    if (deleted === 0) return (await runHead(this.#deps.pool, runId, tenantId)) === undefined ? "unknown" : "open";
    this.#deps.runsDeleted?.();
    return "deleted";
  }

  /** Deletes whatever finished runs match, for some seconds. */
  deleteAll(call: BulkDeleteCall): Promise<DeletedBatch | "full"> {
    return this.#bulkDelete.delete(call);
  }

  /** Ends a WAITING node. The first answer wins; `by` is whose it is. */
  async answerNode(call: RunRef & { path: string; outcome: AnswerOutcome; workerKey?: string; by?: string | null }): Promise<Posted> {
    const { runId, tenantId, path, by = null } = call;
    const body = outcomeMessage(call.outcome, call.workerKey);
    const posting = await answerPost(this.#deps.pool, { runId, tenantId, kind: inboxKinds.outcome, path, body, by });
    return this.#posted(call, posting);
  }

  /** Decides of a call that waits for an approval. The first decision wins. */
  async decideNode(call: RunRef & { path: string; approval: Approval; by: string | null }): Promise<Posted> {
    const { runId, tenantId, path, approval, by } = call;
    const body = approval as unknown as Json;
    const posting = await answerPost(this.#deps.pool, { runId, tenantId, kind: inboxKinds.decision, path, body, by });
    return this.#posted(call, posting);
  }

  /** Says something to an agent that works; it is part of the agent's next model call. conflict: no agent works at that path. */
  async agentInput(call: RunRef & { path: string; text: string; inputId: string }): Promise<Posted> {
    const { runId, tenantId, path, text, inputId } = call;
    const posting = await agentInputPost(this.#deps.pool, { runId, tenantId, kind: inboxKinds.agentInput, path, body: { text, inputId } });
    return this.#posted(call, posting);
  }

  /** Whether that text is the first that an agent was told by this id, of one that has ended too; undefined: it was told nothing by it. */
  isFirstInput(input: RunRef & { path: string; text: string; inputId: string }): Promise<boolean | undefined> {
    return isFirstAgentInput(this.#deps.pool, { ...input, kind: inboxKinds.agentInput });
  }

  /**
   * S-28: what an outside executor reports. A WAITING node of any run may be COMPLETED, FAILED or SKIPPED. In a MANUAL run a QUEUED node may
   * also become RUNNING (then it is the outside executor's), and a QUEUED or RUNNING one may be ended. NoTurn: others report on it now, and nothing was posted.
   */
  async updateNode(update: NodeUpdate): Promise<Posted | NoTurn> {
    const { tenantId, runId, path, status, workerKey } = update;
    if (status === "RUNNING") return this.#nodeReport({ tenantId, runId, path }, inboxKinds.mark, { workerKey: workerKey ?? null });
    const outcome = updateOutcome(update);
    const { by = null } = update;
    const answered = await this.answerNode({ tenantId, runId, path, outcome, by, ...(workerKey !== undefined && { workerKey }) });
    if (answered !== "conflict") return answered;
    return this.#nodeReport({ tenantId, runId, path }, inboxKinds.outcome, outcomeMessage(outcome, workerKey));
  }

  /** S-29: sets the status of a MANUAL run. QUEUED and WAITING follow from its nodes and cannot be set. NoTurn: as {@link updateNode}. */
  async updateRun({ status, ...run }: RunRef & { status: RunStatus }): Promise<Posted | NoTurn> {
    if (status === "QUEUED" || status === "WAITING") return "conflict";
    const isDone = (before: ReportedHead, after: ReportedHead): boolean =>
      isTerminal(status) ? after.status === runStatusNumber(status) : after.eventSeq > before.eventSeq;
    return this.#reports.post({ ...run, kind: inboxKinds.runStatus, body: { status }, isDone });
  }

  /** Makes a new run with what a FAILED one had finished; `originRun` links them. NoTurn: too many are being made. */
  retryRun(call: NewFromOld): Promise<Forked | NoTurn> {
    return this.forkRun({ ...call, statuses: [runStatusNumber("FAILED")], dropped: [] });
  }

  /** Makes a new run with what another one had finished, but for what is `dropped`; `originRun` links them. NoTurn: too many are being made. */
  forkRun(call: NewFork): Promise<Forked | NoTurn> {
    return this.#forks.run({ tenantId: call.tenantId }, () => this.#fork(call));
  }

  async #fork(call: NewFork): Promise<Forked> {
    const head = await runHead(this.#deps.pool, call.runId, call.tenantId);
    if (head === undefined) return "unknown";
    const trace = parseTraceparent(call.traceparent);
    const traceId = trace?.traceId ?? newTraceId();
    const { traceparent: _parent, requestId = "", ...rest } = call;
    const { runId, tenantId, newRunId } = call;
    const isMade = await runFork(this.#deps.pool, { ...rest, requestId, traceId, parentSpanId: trace?.spanId ?? null });
    if (isMade) runsDue(this.#deps.hints, tenantId);
    if (isMade && (head.isGated || call.gate != null)) this.#gates.wanted([newRunId]);
    // After an unknown outcome the caller comes again with the same new id.
    const isThere = isMade || (await runHead(this.#deps.pool, newRunId, tenantId))?.originRunId === runId;
    return isThere ? "created" : "other-status";
  }

  /** Owns a run as far as `mode` says and waits until it is let go; after `signal` nothing more of it starts. */
  async ownRun(call: RunRef & { workerKey: string; mode: Exclude<Policy, { kind: "worker" }>; signal?: AbortSignal }): Promise<OwnResult> {
    const { runId, tenantId, workerKey, mode, signal } = call;
    // Orphans too: a run whose worker was killed can be cancelled as soon as its lease has run out.
    const asked = { runId, tenantId, worker: this.#mark(workerKey), leaseMs, orphansAllowed: true, anyPlace: mode.kind === "inbox" };
    let claim = await this.#claimed(runClaim(this.#deps.pool, asked));
    if (claim === undefined) {
      const head = await runHead(this.#deps.pool, runId, tenantId);
      if (head === undefined) return { kind: "unknown" };
      if (isTerminal(runStatusWord(head.status))) return { kind: "terminal" };
      if (head.isGated && mode.kind !== "inbox" && !(await gateEnter(this.#deps.pool, runId))) return { kind: "in-line" };
      if (head.isGated) claim = await this.#claimed(runClaim(this.#deps.pool, asked));
      if (claim === undefined) return { kind: "owned" };
    }
    const release = await this.#own(claim, { policy: mode, workerKey, ...(signal && { signal }) });
    if (release.kind === "lost") return { kind: release.why === undefined ? "owned" : "busy" };
    if (mode.kind === "node" && release.executed.length === 0) return { kind: "not-ready" };
    const stopReason = release.rest === "end" ? "FINISHED" : release.hasReady ? "MAX_STEPS" : "WAITING";
    return { kind: "done", executed: release.executed, stopReason };
  }

  /** Makes a dry run of a run that nobody has begun. false: somebody has. */
  dryRunMark(call: RunRef): Promise<boolean> {
    return dryRunMark(this.#deps.pool, call);
  }

  /** Runs of a kind that are due and that nobody owns, the one that has waited longest first. */
  queuedRuns(call: { tenantId: string; kind: NewRunRow["kind"]; limit: number }): Promise<string[]> {
    return runsQueued(this.#deps.pool, call);
  }

  /** Executes one queued node run of any of the tenant's runs, as a worker does (S-39); null when there is none. After `signal` none is begun. */
  async executeNextNodeRun(call: {
    tenantId: string;
    workerKey: string;
    leaseMs: number;
    signal?: AbortSignal;
  }): Promise<{ runId: string; path: string } | null> {
    const { tenantId, workerKey, signal } = call;
    const offered = await this.#offeredExecute(call);
    if (offered !== null) return offered;
    // A run that turns out to have mail only, or nothing that can go on, is let go; then the next one is looked at.
    for (let tries = 0; tries < 20 && !this.#isClosing && signal?.aborted !== true; tries++) {
      const claim = await this.#claimed(
        tenantRunClaim(this.#deps.pool, { tenantId, worker: this.#mark(workerKey), leaseMs: call.leaseMs }),
      );
      if (claim === undefined) return null;
      const release = await this.#own(claim, { policy: { kind: "steps", max: 1 }, workerKey, ...(signal && { signal }) });
      const path = release.kind === "rested" ? release.executed[0] : undefined;
      if (path !== undefined) return { runId: claim.runId, path };
    }
    return null;
  }

  /** Events behind `after` (0: from the start), in order; null when the tenant has no such run. */
  readEvents(call: EventRead): Promise<EventPage | null> {
    return this.#events.read(call);
  }

  /** Gives back what it owns, and takes nothing more for whoever asks for the next. */
  async close(): Promise<void> {
    this.#isClosing = true;
    clearInterval(this.#renewal);
    const unwatched = this.#mailWatch.close();
    await this.#owner.stop(5_000);
    await this.#offered.stop(1_000);
    this.#owner.close();
    await this.#gates.close();
    await Promise.all([unwatched, this.#unheldLook]);
  }

  /** What stands in the rows that it claims: not the caller's word, which others may say too. */
  #mark(workerKey: string): string {
    return this.#deps.claimMark ?? workerKey;
  }

  /** The answer of a claim. One that was lost may be that of a claim which was committed: that is looked for, and given back. */
  async #claimed<T>(answer: Promise<T>): Promise<T> {
    this.#claims.add(answer);
    try {
      return await answer;
    } catch (cause) {
      if (failureKind(cause) === "unreachable") this.#unheld?.wanted();
      throw cause;
    } finally {
      this.#claims.delete(answer);
    }
  }

  /** Behind the claims under way, among which are those of the look before that have not ended: there is always one under way where there are many callers. */
  async #lookForUnheld(): Promise<void> {
    await Promise.allSettled(this.#claims);
    if (((await this.#unheld?.look()) ?? 0) > 0) this.#deps.hints.publish("work", "*");
  }

  #own(claim: RunClaim, adoption: Omit<Adoption, "left">): Promise<Release> {
    return new Promise((resolve, reject) => {
      const left = (release: Release): void => {
        if (release.kind === "lost" && release.why?.kind === "failed") reject(release.why.cause);
        else resolve(release);
      };
      this.#owner.adopt([claim], { ...adoption, left }).catch(reject);
    });
  }

  async #offeredExecute(call: {
    tenantId: string;
    workerKey: string;
    leaseMs: number;
    signal?: AbortSignal;
  }): Promise<{ runId: string; path: string } | null> {
    const { tenantId, workerKey, leaseMs: lease } = call;
    const limits = {
      limit: 1,
      worker: this.#mark(workerKey),
      leaseMs: lease,
      orphansAllowed: true,
      suspectsAllowed: false,
      share: 1,
      held: new Map<string, number>(),
      tenantId,
    };
    const { slots } = this.#owner;
    await slots.taken(tenantId);
    // A slot may be long in coming.
    if (call.signal?.aborted === true || this.#isClosing) {
      slots.release(tenantId);
      return null;
    }
    const claims = await this.#claimed(nodesClaim(this.#deps.pool, limits)).catch((cause: unknown) => {
      slots.release(tenantId);
      throw cause;
    });
    const [claim] = claims;
    if (claim === undefined || this.#isClosing) {
      slots.release(tenantId);
      await offersRelease(this.#deps.pool, claims);
      return null;
    }
    await this.#offered.adopt(claims);
    if (!this.#isClosing) await this.ownRun({ tenantId, runId: claim.runId, workerKey, mode: { kind: "inbox" } });
    return { runId: claim.runId, path: claim.path };
  }

  #nodeReport(node: RunRef & { path: string }, kind: number, body: Json): Promise<Posted | NoTurn> {
    return this.#reports.post({ ...node, kind, body, isDone: (before, after) => after.node !== before.node });
  }

  /** Whether what another has posted is applied soon. It may be dead: then that is done here, or at the latest when the run's lease has run out. */
  async #isTakenSoon({ runId, tenantId }: RunRef, mail: number): Promise<boolean> {
    const posted = { runId, tenantId, mail };
    this.#mailWatch.add(posted);
    if (!(await this.#mailApply(posted))) {
      this.#ownerWake(posted);
      if (!(await this.#isReadSoon(posted, mail))) return false;
    }
    this.#mailWatch.read(posted);
    return true;
  }

  /** As {@link messagePost}. A run that another asked for may be made just after the post found none: to one that is open it is posted once more. */
  async #messagePost(message: Message): Promise<Posting | Refused> {
    const { pool } = this.#deps;
    const posting = await messagePost(pool, message);
    if (posting !== undefined) return posting;
    const head = await runHead(pool, message.runId, message.tenantId);
    if (head === undefined) return "unknown";
    if (isTerminal(runStatusWord(head.status))) return "conflict";
    return (await messagePost(pool, message)) ?? "conflict";
  }

  /** After a post: applies it here when nobody owns the run, or its owner is dead; else wakes the owner and waits a little. */
  async #posted(call: RunRef, posting: Posting | Refused | undefined): Promise<Posted> {
    const { runId, tenantId } = call;
    if (posting === undefined) return (await runHead(this.#deps.pool, runId, tenantId)) === undefined ? "unknown" : "conflict";
    // Not looked for again: it may be there by now, and was told nothing.
    if (typeof posting === "string") return posting;
    const posted = { runId, tenantId, mail: posting.mail };
    // From now on: the caller was promised something, whatever fails below.
    this.#mailWatch.add(posted);
    if (!posting.free) this.#ownerWake(posted);
    // Of a run that is owned the claim takes nothing, unless the lease has run out: with no worker alive nobody else would come for it.
    const isApplied = await this.#mailApply(call);
    if (!isApplied && posting.free) this.#ownerWake(posted);
    if (!isApplied && !(await this.#isReadSoon(call, posting.mail))) return "accepted";
    this.#mailWatch.read(posted);
    return "applied";
  }

  async #mailApply({ runId, tenantId }: RunRef): Promise<boolean> {
    const owned = await this.ownRun({ tenantId, runId, workerKey: this.#workerKey, mode: { kind: "inbox" } });
    return owned.kind === "done";
  }

  #ownerWake({ runId, tenantId }: RunRef): void {
    this.#deps.hints.publish("inbox", runId);
    runsDue(this.#deps.hints, tenantId);
  }

  async #isReadSoon({ runId, tenantId }: RunRef, mail: number): Promise<boolean> {
    const until = monotonicMs() + (this.#deps.applyWaitMs ?? defaultApplyWaitMs);
    for (;;) {
      const head: RunHead | undefined = await runHead(this.#deps.pool, runId, tenantId, mail);
      if (head === undefined || !head.isUnread) return true;
      if (monotonicMs() > until) return false;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async #renew(): Promise<void> {
    const sentAtMs = monotonicMs();
    const isDue = (lease: HeldLease): boolean => sentAtMs - lease.confirmedAtMs > lease.leaseMs / 3;
    const leases = [...this.#owner.leases(), ...this.#offered.leases()].filter(isDue);
    if (leases.length === 0 || this.#isRenewing) return;
    this.#isRenewing = true;
    try {
      const answers = await leasesRenew(this.#deps.pool, leases);
      const confirmed = answers.filter(({ renewed }) => renewed);
      const lost = answers.filter(({ mine }) => !mine);
      for (const holder of [this.#owner, this.#offered]) {
        holder.leasesConfirmed(confirmed, sentAtMs);
        holder.leasesLost(lost);
      }
    } catch (cause) {
      this.#deps.log.warn({ err: cause }, "leases not renewed");
    } finally {
      this.#isRenewing = false;
    }
  }
}
