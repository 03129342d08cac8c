/**
 * What comes for a tenant while its last question is under way is asked in one statement, so that a burst of createRun costs a few. One that is alone is
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

/** One a process. */
export class RunSourceBatcher {
  /** Of tenants that have a statement under way, or one to come in this turn of the event loop. */
  readonly #waiting = new Map<string, Question[]>();

  /** Everything that decides whether and what a run may run. */
  find(db: Db, names: RunSourceNames): Promise<RunSourceRow> {
    return new Promise((resolve, reject) => {
      const question = { db, names, resolve, reject };
      const waiting = this.#waiting.get(db.tenantId);
      if (waiting !== undefined) return void waiting.push(question);
      this.#waiting.set(db.tenantId, [question]);
      setImmediate(() => void this.#askAll(db.tenantId));
    });
  }

  async #askAll(tenantId: string): Promise<void> {
    const waiting = this.#waiting.get(tenantId) ?? [];
    while (waiting.length > 0) await ask(waiting.splice(0, questionsPerStatement));
    this.#waiting.delete(tenantId);
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
