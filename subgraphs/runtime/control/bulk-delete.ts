/** Deletes whatever finished runs match, batch by batch; one batch at a time in a process, its turns round by tenant, as cancels. */
import { NoTurn, TurnQueue } from "#shared/turn-queue.ts";
import { monotonicMs } from "../owner/clock.ts";
import { runsDelete, type DeletedBatch } from "../queue/removal.sql.ts";
import type { RunCondition } from "../queue/run-condition.ts";
import type { Queryable } from "../queue/statement.ts";

/** Which runs of a tenant to delete. */
export interface BulkDeleteCall {
  tenantId: string;
  condition: RunCondition;
  /** Runs whose ids are behind it; "": all. */
  after: string;
  /** Fires when nobody waits for the answer any more. */
  signal?: AbortSignal | undefined;
}

/** A statement of so many runs takes some 50 ms. */
const batchLimit = 500;
const batchLooks = 5_000;
/** Then the call is answered, and the caller goes on. */
const callMs = 5_000;
const callLimit = 10_000;
const waitingAtMost = 100;
const waitingPerTenant = 10;

export class BulkDelete {
  readonly #db: Queryable;
  readonly #onDeleted: () => void;
  readonly #turns = new TurnQueue({ turns: 1, turnsPerTenant: 1, waiting: waitingAtMost, waitingPerTenant });

  /** @param options.deleted  told that there are runs whose rows are to be removed. */
  constructor(options: { db: Queryable; deleted: () => void }) {
    this.#db = options.db;
    this.#onDeleted = options.deleted;
  }

  /** Deletes runs for some seconds at most. "full": the tenant, or all, have too many such calls under way. */
  async delete({ tenantId, condition, after, signal }: BulkDeleteCall): Promise<DeletedBatch | "full"> {
    const untilMs = monotonicMs() + callMs;
    const done: DeletedBatch = { deleted: 0, cursor: after };
    do {
      const batch = { tenantId, condition, after: done.cursor ?? "", looks: batchLooks, limit: batchLimit };
      const made = await this.#turns.run({ tenantId, signal }, () => runsDelete(this.#db, batch));
      if (made instanceof NoTurn) return made.why === "full" && done.deleted === 0 ? "full" : done;
      done.deleted += made.deleted;
      done.cursor = made.cursor;
      if (made.deleted > 0) this.#onDeleted();
    } while (done.cursor !== null && done.deleted < callLimit && monotonicMs() < untilMs);
    return done;
  }
}
