/**
 * What comes for a tenant while its questions are under way is asked in one statement, so that a burst of createRun costs a few. One that is alone is
 * asked at once. Tenants never share a statement: row-level security holds for a transaction.
 */
import { endsSession } from "#shared/db/pool.ts";
import type { Db } from "#shared/db/database.ts";
import { runSources, type RunSourceNames, type RunSourceRow } from "./run-source.sql.ts";

interface Question {
  db: Db;
  names: RunSourceNames;
  resolve: (row: RunSourceRow) => void;
  reject: (cause: unknown) => void;
}

/** An answer may hold a whole document for each. */
const questionsPerStatement = 32;
/** One while the answers of the other are used: with one alone PostgreSQL and its callers would wait for each other in turns. */
const flightsAtOnce = 2;

/** What one tenant asks. */
interface Queue {
  waiting: Question[];
  flights: number;
  isPumpDue: boolean;
}

/** One a process. */
export class RunSourceBatcher {
  /** Of tenants that ask just now. */
  readonly #queues = new Map<string, Queue>();

  /** Everything that decides whether and what a run may run. */
  find(db: Db, names: RunSourceNames): Promise<RunSourceRow> {
    const { tenantId } = db;
    const queue = this.#queues.get(tenantId) ?? { waiting: [], flights: 0, isPumpDue: false };
    this.#queues.set(tenantId, queue);
    return new Promise((resolve, reject) => {
      queue.waiting.push({ db, names, resolve, reject });
      if (queue.isPumpDue) return;
      queue.isPumpDue = true;
      // All that is asked in this turn of the event loop shares the statement.
      setImmediate(() => {
        queue.isPumpDue = false;
        this.#pump(tenantId, queue);
      });
    });
  }

  #pump(tenantId: string, queue: Queue): void {
    while (queue.flights < flightsAtOnce && queue.waiting.length > 0) {
      queue.flights++;
      void ask(queue.waiting.splice(0, questionsPerStatement)).finally(() => {
        queue.flights--;
        this.#pump(tenantId, queue);
      });
    }
    if (queue.flights === 0 && !queue.isPumpDue) this.#queues.delete(tenantId);
  }
}

async function ask(questions: readonly Question[]): Promise<void> {
  const [first] = questions;
  if (first === undefined) return;
  try {
    const rows = await runSources(
      first.db,
      questions.map(({ names }) => names),
    );
    questions.forEach(({ resolve }, place) => resolve(rows[place]!));
  } catch (cause) {
    // One caller's value that PostgreSQL refuses is no reason to refuse the others.
    if (questions.length > 1 && !endsSession(cause)) for (const question of questions) await ask([question]);
    else for (const { reject } of questions) reject(cause);
  }
}
