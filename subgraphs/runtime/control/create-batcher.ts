/**
 * The group commit of creates: calls that come while one is under way share the next statement, so that a burst of createRun costs a
 * few commits. A call that is alone goes out at once.
 */
import { runsCreate } from "../queue/create.sql.ts";
import type { NewRunRow, PlanRow } from "../queue/rows.ts";
import type { Queryable } from "../queue/statement.ts";

interface Call {
  runs: readonly NewRunRow[];
  plans: readonly PlanRow[];
  resolve: (created: Map<string, Date>) => void;
  reject: (cause: unknown) => void;
}

const flightsAtOnce = 2;
const runsPerStatement = 1_000;

/** One a process. */
export class CreateBatcher {
  readonly #db: Queryable;
  #waiting: Call[] = [];
  #flights = 0;
  #isPumpDue = false;

  constructor(db: Queryable) {
    this.#db = db;
  }

  /** @returns the times of the runs that are new, by id. */
  create(runs: readonly NewRunRow[], plans: readonly PlanRow[]): Promise<Map<string, Date>> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ runs, plans, resolve, reject });
      if (this.#isPumpDue) return;
      this.#isPumpDue = true;
      setImmediate(() => {
        this.#isPumpDue = false;
        this.#pump();
      });
    });
  }

  #pump(): void {
    while (this.#flights < flightsAtOnce && this.#waiting.length > 0) {
      const calls = this.#take();
      this.#flights++;
      void this.#send(calls).finally(() => {
        this.#flights--;
        this.#pump();
      });
    }
  }

  #take(): Call[] {
    let runs = 0;
    const end = this.#waiting.findIndex((call) => (runs += call.runs.length) > runsPerStatement);
    return this.#waiting.splice(0, end === -1 ? this.#waiting.length : Math.max(1, end));
  }

  async #send(calls: readonly Call[]): Promise<void> {
    const plans = new Map(calls.flatMap((call) => call.plans.map((plan) => [plan.id, plan])));
    try {
      const runs = calls.flatMap((call) => call.runs);
      const created = await runsCreate(this.#db, runs, [...plans.values()]);
      for (const call of calls) call.resolve(created);
    } catch (cause) {
      const [only] = calls;
      if (calls.length === 1) return only?.reject(cause);
      // One caller's value that cannot be stored is no reason to refuse the others.
      for (const call of calls) await this.#send([call]);
    }
  }
}
