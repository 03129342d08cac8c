/**
 * The group commit of creates: calls that come while one is under way share the next statement, so that a burst of createRun costs a
 * few commits. A call that is alone goes out at once. A plan is sent until a create that had it was answered.
 */
import type pg from "pg";
import { onConnectionLost } from "#shared/db/pool.ts";
import { LruCache } from "#shared/lru-cache.ts";
import { secondsHistogram, sizeHistogram } from "#shared/metrics/instruments.ts";
import { runsCreate } from "../queue/create.sql.ts";
import type { NewRunRow, PlanRow } from "../queue/rows.ts";

interface Call {
  runs: readonly NewRunRow[];
  plans: readonly PlanRow[];
  resolve: (created: Map<string, Date>) => void;
  reject: (cause: unknown) => void;
}

const createSeconds = secondsHistogram({ name: "create_seconds", help: "From a statement's sending to its answer that creates runs." });
const createRuns = sizeHistogram({ name: "create_runs", help: "Runs that were created by one statement." });

/** Statements that are under way side by side. */
export const createsAtOnce = 2;
const runsPerStatement = 1_000;
/** In characters: as much as a flush carries. One call alone may have more, such as a webhook's of 1 MiB as text and as data. */
const unitsPerStatement = 4 << 20;
/** An empty set of plans' ids. */
const plansKnown = (): LruCache<true> => new LruCache({ entries: 1_000 });

/** One a process. */
export class CreateBatcher {
  readonly #db: pg.Pool;
  #waiting: Call[] = [];
  #flights = 0;
  #isPumpDue = false;
  /** Ids of plans that are stored; another set after a connection was lost, as nobody knows what the database is that comes after it. */
  #storedPlans = plansKnown();

  constructor(db: pg.Pool) {
    this.#db = db;
    onConnectionLost(db, () => (this.#storedPlans = plansKnown()));
  }

  /** @param plans  of all the runs. @returns the times of the runs that are new, by id. */
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
    while (this.#flights < createsAtOnce && this.#waiting.length > 0) {
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
    let units = 0;
    const end = this.#waiting.findIndex((call) => {
      runs += call.runs.length;
      units += this.#unitsOf(call);
      return runs > runsPerStatement || units > unitsPerStatement;
    });
    return this.#waiting.splice(0, end === -1 ? this.#waiting.length : Math.max(1, end));
  }

  /** What a call adds to its statement. */
  #unitsOf({ runs, plans }: Call): number {
    const ofRuns = runs.reduce((sum, { input, history, state, givenState }) => sum + lengthOf(input, history, state, givenState), 0);
    return plans.reduce((sum, { id, json }) => sum + (this.#storedPlans.get(id) === true ? 0 : json.length), ofRuns);
  }

  async #send(calls: readonly Call[]): Promise<void> {
    const stored = this.#storedPlans;
    const plans = new Map(calls.flatMap((call) => call.plans.map((plan) => [plan.id, plan])));
    for (const id of plans.keys()) if (stored.get(id) === true) plans.delete(id);
    try {
      const runs = calls.flatMap((call) => call.runs);
      const answered = createSeconds.startTimer();
      const created = await runsCreate(this.#db, runs, [...plans.values()]);
      answered();
      createRuns.observe(created.size);
      for (const id of plans.keys()) stored.set(id, true);
      for (const call of calls) call.resolve(created);
    } catch (cause) {
      const [only] = calls;
      if (calls.length === 1) return only?.reject(cause);
      // One caller's value that cannot be stored is no reason to refuse the others.
      for (const call of calls) await this.#send([call]);
    }
  }
}

const lengthOf = (...texts: (string | null | undefined)[]): number => texts.reduce((sum, text) => sum + (text?.length ?? 0), 0);
