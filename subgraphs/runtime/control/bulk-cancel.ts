/**
 * Cancels whatever runs match, batch by batch. One batch at a time in a process, its turns round by tenant: the engine's connections are few.
 * Nothing is waited for: what was accepted is in the inbox, from where the runs' owners, or workers for runs that nobody owns, take it.
 */
import type { HintPublisher } from "#shared/hints.ts";
import { NoTurn, TurnQueue } from "#shared/turn-queue.ts";
import { monotonicMs } from "../owner/clock.ts";
import { runsCancel, type CancelBatch, type CancelledBatch } from "../queue/cancel.sql.ts";
import { messagePost } from "../queue/post.sql.ts";
import type { RunCondition } from "../queue/run-condition.ts";
import type { Queryable } from "../queue/statement.ts";
import { inboxKinds } from "../queue/statuses.ts";
import { runsDue } from "../queue/work-hints.ts";
import type { MailWatch } from "./mail-watch.ts";

/** Which runs of a tenant to cancel, and why. */
export interface BulkCancelCall {
  tenantId: string;
  condition: RunCondition;
  reason: string | null;
  /** Runs whose ids are behind it; "": all. */
  after: string;
  /** Fires when nobody waits for the answer any more. */
  signal?: AbortSignal | undefined;
}

/** What came of a call. */
export interface BulkCancelled {
  /** How many runs it has cancelled. */
  accepted: number;
  /** Where the next call goes on; null: all that match were found. */
  cursor: string | null;
}

/** A statement of so many runs takes some 50 ms. */
const batchLimit = 500;
const batchLooks = 5_000;
/** Then the call is answered, and the caller goes on. */
const callMs = 5_000;
const callLimit = 10_000;
const waitingAtMost = 100;
const waitingPerTenant = 10;

export class BulkCancel {
  readonly #db: Queryable;
  readonly #hints: HintPublisher;
  readonly #watch: Pick<MailWatch, "addBulk">;
  readonly #turns = new TurnQueue({ turns: 1, turnsPerTenant: 1, waiting: waitingAtMost, waitingPerTenant });

  constructor(options: { db: Queryable; hints: HintPublisher; watch: Pick<MailWatch, "addBulk"> }) {
    this.#db = options.db;
    this.#hints = options.hints;
    this.#watch = options.watch;
  }

  /** Cancels runs for some seconds at most. "full": the tenant, or all, have too many such calls under way. */
  async cancel(call: BulkCancelCall): Promise<BulkCancelled | "full"> {
    const untilMs = monotonicMs() + callMs;
    const done: BulkCancelled = { accepted: 0, cursor: call.after };
    do {
      const { tenantId, condition, reason, signal } = call;
      const batch = { tenantId, condition, reason, after: done.cursor ?? "", looks: batchLooks, limit: batchLimit };
      const made = await this.#turns.run({ tenantId, signal }, () => this.#batch(batch));
      // What other calls have begun is theirs to finish: this one says how far it came.
      if (made instanceof NoTurn) return made.why === "full" && done.accepted === 0 ? "full" : done;
      done.accepted += made.accepted;
      done.cursor = made.cursor;
    } while (done.cursor !== null && done.accepted < callLimit && monotonicMs() < untilMs);
    return done;
  }

  async #batch(batch: CancelBatch): Promise<BulkCancelled> {
    const { posted, busy, cursor } = await runsCancel(this.#db, batch);
    if (busy.length > 0) posted.push(...(await this.#busyCancel(batch, busy)));
    for (const { runId, mail, isFree } of posted) {
      this.#watch.addBulk({ runId, tenantId: batch.tenantId, mail });
      if (!isFree) this.#hints.publish("inbox", runId);
    }
    if (posted.length > 0) runsDue(this.#hints, batch.tenantId);
    return { accepted: posted.length, cursor };
  }

  /** A lock lasts as long as a flush: most are free by now, and the rest is waited for, one run at a time. */
  async #busyCancel(batch: CancelBatch, ids: readonly string[]): Promise<CancelledBatch["posted"]> {
    const { posted, busy } = await runsCancel(this.#db, { ...batch, condition: { ...batch.condition, ids }, after: "" });
    for (const runId of busy) posted.push(...(await this.#postOne(batch, runId)));
    return posted;
  }

  async #postOne({ tenantId, reason }: CancelBatch, runId: string): Promise<CancelledBatch["posted"]> {
    const posting = await messagePost(this.#db, { runId, tenantId, kind: inboxKinds.cancel, body: { reason } });
    return posting === undefined ? [] : [{ runId, mail: posting.mail, isFree: posting.free }];
  }
}
