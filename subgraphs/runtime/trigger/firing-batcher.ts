import type { PlanRow } from "../queue/rows.ts";
import { schedulesFire, type FiredSchedule } from "../queue/schedule.sql.ts";
import type { Queryable } from "../queue/statement.ts";

interface Call {
  fired: FiredSchedule;
  plans: readonly PlanRow[];
  resolve: (isFired: boolean) => void;
  reject: (cause: unknown) => void;
}

/** The group commit of firings: those that are ready while one statement is under way share the next. */
export class FiringBatcher {
  readonly #db: Queryable;
  #waiting: Call[] = [];
  #isSending = false;

  constructor(db: Queryable) {
    this.#db = db;
  }

  /** @returns false where somebody else has fired it, or its owner has changed it. */
  fire(fired: FiredSchedule, plans: readonly PlanRow[]): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ fired, plans, resolve, reject });
      void this.#send();
    });
  }

  async #send(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    while (this.#waiting.length > 0) await this.#fireAll(this.#waiting.splice(0));
    this.#isSending = false;
  }

  async #fireAll(calls: readonly Call[]): Promise<void> {
    // In one order in all processes: two that fire the same do not wait for each other in a ring.
    const sorted = calls.toSorted((one, other) => (one.fired.id < other.fired.id ? -1 : 1));
    const all = new Map(sorted.flatMap(({ plans }) => plans.map((plan) => [plan.id, plan])));
    try {
      const runs = await schedulesFire(
        this.#db,
        sorted.map(({ fired }) => fired),
        [...all.values()],
      );
      for (const { fired, resolve } of sorted) resolve(runs.has(fired.run.id));
    } catch (cause) {
      // One schedule that cannot be stored is no reason to refuse the others. Its revision is the fence: what was stored all the same is not fired again.
      if (calls.length > 1) for (const call of sorted) await this.#fireAll([call]);
      else for (const { reject } of sorted) reject(cause);
    }
  }
}
