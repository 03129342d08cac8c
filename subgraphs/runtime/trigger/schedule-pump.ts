/**
 * Makes runs of schedules that are due. Every process with the runtime subgraph has a pump, and any of them may take a schedule: its run and its step to the next time are
 * one statement, which holds once (queue/schedule.sql.ts). The time is the database's.
 */
import type pg from "pg";
import type { SubgraphCaller } from "#shared/endpoint/caller.ts";
import { AppError } from "#shared/errors.ts";
import type { Evaluator } from "#shared/evaluation/job.ts";
import type { HintChannel } from "#shared/hints.ts";
import type { Log } from "#shared/log.ts";
import { counter, secondsHistogram } from "#shared/metrics/instruments.ts";
import { planRows } from "../control/new-run.ts";
import type { TenantQuotas } from "../control/tenant-quotas.ts";
import type { Gates } from "../owner/gates.ts";
import type { DocumentCache } from "../plan/document-cache.ts";
import { scheduleRefuse, schedulesTake, scheduleSkip, type DueScheduleRow } from "../queue/schedule.sql.ts";
import { runsDue } from "../queue/work-hints.ts";
import { firingOf } from "./missed.rules.ts";
import { FiringBatcher } from "./firing-batcher.ts";
import { firedRun, refusalOf } from "./schedule-firing.ts";

/** What a pump is made of. */
export interface SchedulePumpOptions {
  /** Works for all tenants. */
  db: pg.Pool;
  call: SubgraphCaller;
  documents: DocumentCache;
  quotas: Pick<TenantQuotas, "admitted">;
  evaluation: Evaluator;
  /** Told of runs that were made and stand in a line. */
  gates: Pick<Gates, "wanted">;
  hints: HintChannel;
  log: Log;
}

const fired = counter({ name: "schedules_fired_total", help: "Runs that schedules made." });
const refused = counter({ name: "schedules_refused_total", help: "Attempts of schedules to make a run that were refused." });
const missed = counter({
  name: "schedules_missed_total",
  help: "Times when schedules went on without a run, as it would have been too late.",
});
const lateSeconds = secondsHistogram({ name: "schedule_late_seconds", help: "From the planned time of a schedule's run to its creation." });

/** How often it looks for what is due; a look costs a row of an index for each tenant with schedules. */
const pollMs = 1_000;
/** Schedules that a process has in hand at once, and of one tenant: what the plans of some cost keeps nobody else waiting. */
const mostInHand = 64;
const tenantShare = 16;
const closeMs = 5_000;

/** The pump of one process. */
export class SchedulePump {
  readonly #options: SchedulePumpOptions;
  readonly #firings: FiringBatcher;
  /** By tenant, how many it has in hand. */
  readonly #held = new Map<string, number>();
  readonly #inHand = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  /** Something was done while it looked: there is room for more. */
  #isWanted = false;
  #isClosed = false;

  constructor(options: SchedulePumpOptions) {
    this.#options = options;
    this.#firings = new FiringBatcher(options.db);
    this.#lookIn(0);
  }

  /** Ends after what it has in hand; what takes longer than a few seconds is somebody else's when its 30 s are over. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.#looking;
    let timer: NodeJS.Timeout | undefined;
    const longEnough = new Promise((resolve) => (timer = setTimeout(resolve, closeMs)));
    await Promise.race([Promise.all(this.#inHand), longEnough]);
    clearTimeout(timer);
  }

  #lookIn(ms: number): void {
    if (this.#looking !== undefined) this.#isWanted = true;
    if (this.#isClosed || this.#looking !== undefined) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#isWanted = false;
      this.#looking = this.#look()
        .catch((cause: unknown) => this.#options.log.warn({ err: cause }, "schedules not read"))
        .finally(() => {
          this.#looking = undefined;
          this.#lookIn(this.#isWanted ? 0 : pollMs);
        });
    }, ms);
  }

  /** Takes what there is room for. Where that was all of it, there may be more as soon as one is done. */
  async #look(): Promise<void> {
    const limit = mostInHand - this.#inHand.size;
    if (limit <= 0) return;
    const due = await schedulesTake(this.#options.db, { limit, share: tenantShare, held: this.#held });
    for (const row of due) {
      this.#held.set(row.tenantId, (this.#held.get(row.tenantId) ?? 0) + 1);
      const done = this.#fire(row).finally(() => {
        this.#inHand.delete(done);
        this.#giveBack(row.tenantId);
        this.#lookIn(0);
      });
      this.#inHand.add(done);
    }
  }

  #giveBack(tenantId: string): void {
    const held = (this.#held.get(tenantId) ?? 1) - 1;
    if (held === 0) this.#held.delete(tenantId);
    else this.#held.set(tenantId, held);
  }

  /** Never rejects: what went wrong with it stands in its row, or somebody takes it again in 30 s. */
  async #fire(row: DueScheduleRow): Promise<void> {
    const { db, log, quotas } = this.#options;
    const { id, tenantId, revision, nowMs } = row;
    try {
      const { plannedAt, missedAt, nextAt } = firingOf({ ...row, plannedAt: new Date(row.plannedMs), now: new Date(nowMs) });
      const nextMs = nextAt?.getTime() ?? null;
      if (plannedAt === undefined) {
        missed.inc();
        log.info({ scheduleId: id, tenantId, missedAt }, "a schedule went on without a run");
        return await scheduleSkip(db, { id, revision, nextMs, missedMs: missedAt!.getTime() });
      }
      const step = { id, revision, plannedMs: plannedAt.getTime(), nextMs, missedMs: missedAt?.getTime() ?? null };
      const run = await quotas.admitted(tenantId, async () => {
        const { run: made, plan } = await firedRun(this.#options, row, plannedAt);
        return (await this.#firings.fire({ ...step, run: made }, planRows(plan))) ? made : undefined;
      });
      if (run === undefined) return;
      fired.inc();
      lateSeconds.observe(Math.max(0, nowMs - plannedAt.getTime()) / 1_000);
      runsDue(this.#options.hints, tenantId);
      if (run.gateKey != null) this.#options.gates.wanted([run.id]);
      log.info({ scheduleId: id, tenantId, runId: run.id, plannedAt }, "a schedule made a run");
    } catch (cause) {
      await this.#refused(row, cause);
    }
  }

  async #refused(row: DueScheduleRow, cause: unknown): Promise<void> {
    const { db, log } = this.#options;
    refused.inc();
    const facts = { err: cause, scheduleId: row.id, tenantId: row.tenantId, attempts: row.attempts };
    // What a tenant's own schedule was refused for is told to the tenant.
    if (cause instanceof AppError) log.info(facts, "a schedule was refused");
    else log.warn(facts, "a schedule made no run");
    await scheduleRefuse(db, refusalOf(row, cause)).catch((error: unknown) =>
      log.warn({ err: error, scheduleId: row.id }, "the refusal of a schedule was not stored"),
    );
  }
}
