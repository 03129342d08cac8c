/**
 * Delivers what runs tell other runs: that one is to be made, or cancelled, and how one ended. Each message is one statement, or two of which the second finds done what
 * the first did; so whoever dies between, or delivers what another has delivered, changes nothing.
 */
import { AppError } from "#shared/errors.ts";
import type { JsonObject } from "#shared/json.ts";
import type { HintPublisher } from "#shared/hints.ts";
import type { Log } from "#shared/log.ts";
import type { ChildPlan } from "../engine/child-run.ts";
import type { Gate } from "../nodes/evaluation/concurrency-key.ts";
import type { Gates } from "../owner/gates.ts";
import type { FrozenPlan } from "../plan/frozen-plan.ts";
import { gateIsFull } from "../queue/gate.sql.ts";
import { runsCreateAsked } from "../queue/create.sql.ts";
import { failureSpan } from "../queue/failure-span.sql.ts";
import { endPostTo, outboxAsked, outboxInput, type OutboxMessage } from "../queue/outbox.sql.ts";
import { messagePost } from "../queue/post.sql.ts";
import { untoldRunDelete } from "../queue/removal.sql.ts";
import { newRunColumns, type NewRunRow } from "../queue/rows.ts";
import type { Queryable } from "../queue/statement.ts";
import { inboxKinds, outboxKinds, runStatusNumber } from "../queue/statuses.ts";
import { runsDue } from "../queue/work-hints.ts";
import { fateOf, OutboxAside } from "./outbox-aside.ts";
import { laterFate, type Delivery, type Fate } from "./outbox-pump.ts";
import { planRows } from "./new-run.ts";
import type { Admission } from "./admissions.ts";
import { QuotaWaits } from "./quota-waits.ts";

/** What a run is that another asks for, as its message says it (owner/child-runs.ts, queue/run-end.sql.ts). */
export type AskedRun = Partial<ChildPlan> &
  Pick<NewRunRow, "depth" | "dryRun" | "requestId" | "traceId"> & { parentSpanId: string } & Partial<
    Pick<NewRunRow, "priority" | "execution" | "detached">
  > & { gate?: Gate };

/** The workflow that is run because another run failed: what it executes, or why it cannot be. */
export type FailureRun =
  { plan: FrozenPlan; facts: Omit<ChildPlan, "planId">; gate?: Gate | undefined } | { refused: { code: string; message: string } };

export interface RunMessagesOptions {
  /** Works for all tenants. */
  db: Queryable;
  hints: HintPublisher;
  log: Log;
  /**
   * Lets a run of the tenant pass; to be told when it is made, or will not be.
   *
   * @param movesNobody  whether nobody goes on for its being made; asked where it decides.
   * @throws AppError QUOTA_EXCEEDED
   */
  admit(tenantId: string, movesNobody: () => Promise<boolean>): Promise<Admission>;
  /** How many more it may have, as far as is known. */
  room(tenantId: string): number;
  /** And by a count that begins now. */
  roomNow(tenantId: string): Promise<number>;
  /** Finds and freezes the workflow that a document names as its `on_failure`. @throws what may pass */
  failureRun(asked: {
    tenantId: string;
    requestId: string;
    named: string;
    appId: string | undefined;
    /** What the run will be given. */
    input(): Promise<JsonObject>;
  }): Promise<FailureRun>;
  /** Told of runs that were made and stand in a line. */
  gates: Pick<Gates, "wanted">;
}

/** Runs that are told side by side; what one run is told comes one after the other, as each is a change of its row. */
const lanesAtOnce = 3;

/**
 * Workflows that are looked for at once: each asks other subgraphs, for up to 10 s where one of them hangs. They are none of the lanes above, so all else that runs tell each other
 * goes on meanwhile; those that find no room come again. As many as come in a second may wait, so that turns are not empty between two looks of the pump.
 */
const lookupTurns = { turns: 32, turnsPerTenant: 8, waiting: 400, waitingPerTenant: 100, waitMs: 4_000 };
const lookupsAgainPerSecond = 100;

interface Making {
  message: OutboxMessage;
  row: NewRunRow;
  plan: FrozenPlan | undefined;
}

export class RunMessages implements Delivery {
  readonly kinds = [outboxKinds.ended, outboxKinds.cancel, outboxKinds.create];
  readonly batchSize = 100;
  readonly holdMs = 15_000;
  readonly #options: RunMessagesOptions;
  readonly #lookups: OutboxAside;
  readonly #waits: QuotaWaits;

  constructor(options: RunMessagesOptions) {
    this.#options = options;
    this.#waits = new QuotaWaits(options);
    this.#lookups = new OutboxAside({ ...options, turns: lookupTurns, againPerSecond: lookupsAgainPerSecond });
  }

  async deliver(messages: readonly OutboxMessage[]): Promise<Fate[]> {
    const [creates, others] = partition(messages, ({ kind }) => kind === outboxKinds.create);
    const [failures, plain] = partition(creates, isOfFailure);
    const fates = failures.map((message) => this.#lookups.begin(message, () => this.#create([message]))).flatMap(fateOf);
    fates.push(...(await this.#create(plain)));
    const lanes = [...Map.groupBy(others, ({ targetRunId }) => targetRunId).values()];
    const work = async (): Promise<void> => {
      for (let lane = lanes.shift(); lane !== undefined; lane = lanes.shift())
        for (const message of lane) fates.push(await this.#orLater(message, () => this.#tell(message)));
    };
    await Promise.all(Array.from({ length: lanesAtOnce }, work));
    return fates;
  }

  start(isDue: () => void): void {
    this.#waits.start(isDue);
  }

  /** Ends when no workflow is looked for any more, and no room. */
  async close(): Promise<void> {
    await Promise.all([this.#lookups.close(), this.#waits.close()]);
  }

  async #tell(message: OutboxMessage): Promise<Fate> {
    if (message.kind === outboxKinds.cancel) await this.#cancel(message);
    else await this.#end(message);
    return { message, kind: "gone" };
  }

  /** How a run ended: for the node run that waits for it. With the run that waited, where that was deleted, goes what was part of its work. */
  async #end(message: OutboxMessage): Promise<void> {
    const { db } = this.#options;
    const posted = await endPostTo(db, message);
    if (posted === "posted") this.#wake(message.targetRunId);
    if (posted !== "gone") return;
    await untoldRunDelete(db, message);
  }

  /** Nobody waits for the run any more. One that was not made yet is made CANCELLED, so that it never begins, in whatever order the messages come. */
  async #cancel({ runId, targetRunId, tenantId }: OutboxMessage): Promise<void> {
    const { db } = this.#options;
    const asked = await outboxAsked(db, { runId: targetRunId, tenantId });
    if (asked !== undefined) {
      const row = { ...rowOf(asked, undefined), status: runStatusNumber("CANCELLED") };
      if ((await runsCreateAsked(db, [row], [])).length > 0) return this.#waits.takenBack(tenantId);
    }
    const body = { reason: `Run ${runId} does not wait for it any more.` };
    const posting = await messagePost(db, { runId: targetRunId, tenantId, kind: inboxKinds.cancel, body });
    if (posting !== undefined) this.#wake(targetRunId);
  }

  async #create(messages: readonly OutboxMessage[]): Promise<Fate[]> {
    const fates: Fate[] = [];
    const made: Making[] = [];
    const admissions: Admission[] = [];
    await Promise.all(
      messages.map(async (message) => {
        const making = await this.#making(message, admissions);
        if ("kind" in making) fates.push(making);
        else made.push(making);
      }),
    );
    if (made.length > 0) fates.push(...(await this.#makeAll(made)));
    for (const admission of admissions) admission.end();
    await this.#waits.made(fates.flatMap(({ kind, message }) => (kind === "gone" ? [message] : [])));
    return fates;
  }

  /** @param admissions  what let it pass is added to. */
  async #making(message: OutboxMessage, admissions: Admission[]): Promise<Making | Fate> {
    const { db, admit, failureRun, log } = this.#options;
    const { tenantId, runId } = message;
    try {
      admissions.push(await admit(tenantId, () => this.#movesNobody(message)));
      const { onFailure: named, requestId, appId } = message.body as unknown as AskedRun;
      if (!isOfFailure(message) || named === undefined) return { message, row: rowOf(message, undefined), plan: undefined };
      const found = await failureRun({ tenantId, requestId, named, appId, input: () => outboxInput(db, message) });
      if ("plan" in found) return { message, row: rowOf(message, found), plan: found.plan };
      log.warn({ runId, named, code: found.refused.code }, "the workflow that is to run when a run fails cannot be run");
      await failureSpan(db, { runId, tenantId, named, ...found.refused });
      return { message, kind: "gone" };
    } catch (cause) {
      if (cause instanceof AppError && cause.reason === "QUOTA_EXCEEDED") return this.#waits.later(message);
      log.warn({ err: cause, runId, attempts: message.attempts }, "a run that another asks for was not made yet");
      return laterFate(message);
    }
  }

  /** Nobody waits for the run that a message asks for, or it would stand in a line. */
  async #movesNobody({ runId, tenantId, body }: OutboxMessage): Promise<boolean> {
    const { detached, dryRun, execution, planId, gate } = body as unknown as AskedRun;
    if (detached === true || planId === undefined) return true;
    if (gate === undefined || dryRun || execution === "MANUAL") return false;
    return gateIsFull(this.#options.db, { runId, tenantId, ...gate });
  }

  /** All in one statement; where that is refused, each by itself. */
  async #makeAll(made: readonly Making[]): Promise<Fate[]> {
    const { db, hints, log, gates } = this.#options;
    try {
      await runsCreateAsked(
        db,
        made.map(({ row }) => row),
        made.flatMap(({ plan }) => (plan === undefined ? [] : planRows(plan))),
      );
      runsDue(hints, ...made.map(({ row }) => row.tenantId));
      gates.wanted(made.flatMap(({ row }) => (row.gateKey == null ? [] : [row.id])));
      return made.map(({ message }) => ({ message, kind: "gone" }));
    } catch (cause) {
      if (made.length > 1) return (await Promise.all(made.map((one) => this.#makeAll([one])))).flat();
      const [{ message } = { message: undefined }] = made;
      log.warn({ err: cause, runId: message?.runId }, "a run that another asks for was not made yet");
      return message === undefined ? [] : [laterFate(message)];
    }
  }

  async #orLater(message: OutboxMessage, deliver: () => Promise<Fate>): Promise<Fate> {
    try {
      return await deliver();
    } catch (cause) {
      const { runId, kind, attempts } = message;
      this.#options.log.warn({ err: cause, runId, kind, attempts }, "what a run tells another was not delivered yet");
      return laterFate(message);
    }
  }

  #wake(runId: string): void {
    this.#options.hints.publish("inbox", runId);
    this.#options.hints.publish("work", "*");
  }
}

function partition<T>(all: readonly T[], isFirst: (one: T) => boolean): [T[], T[]] {
  return [all.filter(isFirst), all.filter((one) => !isFirst(one))];
}

/** It asks for the workflow that a document names as its `on_failure`: which that is has to be asked elsewhere. */
function isOfFailure({ body }: OutboxMessage): boolean {
  const { onFailure, planId } = body as unknown as AskedRun;
  return planId === undefined && onFailure !== undefined;
}

/** The row of the run that a message asks for. Its input stays where it is until the run is made. */
function rowOf(
  { runId, tenantId, targetRunId, targetPath, body }: OutboxMessage,
  found: Extract<FailureRun, { plan: FrozenPlan }> | undefined,
): NewRunRow {
  const asked = body as unknown as AskedRun;
  const facts: Partial<ChildPlan> = found === undefined ? asked : { ...found.facts, planId: found.plan.id, isEmpty: found.plan.isEmpty };
  const gate = found === undefined ? asked.gate : found.gate;
  const row: NewRunRow = {
    id: targetRunId,
    tenantId,
    planId: facts.planId ?? "",
    kind: facts.kind ?? "WORKFLOW",
    appId: facts.appId,
    workflowId: facts.workflowId,
    workflowVersionId: facts.workflowVersionId,
    subjectId: facts.subjectId,
    subjectVersionId: facts.subjectVersionId,
    execution: asked.execution ?? "WORKERS",
    dryRun: asked.dryRun,
    priority: asked.priority ?? 0,
    requestId: asked.requestId,
    traceId: asked.traceId,
    parentSpanId: asked.parentSpanId,
    parentRunId: runId,
    parentPath: targetPath === "" ? undefined : targetPath,
    detached: found !== undefined || asked.detached === true,
    depth: asked.depth,
    gateKey: asked.dryRun ? undefined : gate?.key,
    gatePlaces: asked.dryRun ? undefined : gate?.places,
    // A run that was made because another failed tells nobody of its own failure; nor does one that is executed by hand.
    onFailure: found === undefined && asked.execution !== "MANUAL" ? facts.onFailure : undefined,
    status: runStatusNumber(facts.isEmpty === true ? "COMPLETED" : "QUEUED"),
    input: "{}",
  };
  const absent = Object.keys(newRunColumns).filter((field) => row[field as keyof NewRunRow] === undefined);
  return { ...row, ...Object.fromEntries(absent.map((field) => [field, null])) };
}
