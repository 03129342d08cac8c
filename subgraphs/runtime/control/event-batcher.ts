/**
 * Reads of runs' events: those that are asked for in one turn of the event loop share a statement, so that a burst of hints costs as many
 * statements as it has hundreds of subscribers. Two who ask for the same are answered by the same row.
 */
import { databaseBusy, databaseUnavailable } from "#shared/db/errors.ts";
import { Turns } from "#shared/evaluation/turns.ts";
import { eventsRead, type EventPage, type EventRead } from "../queue/events.sql.ts";
import { failureKind } from "../queue/failure.ts";
import { statementDeadlineMs, type Queryable } from "../queue/statement.ts";

interface Call {
  read: EventRead;
  askedAtMs: number;
  resolve: (page: EventPage | null) => void;
  reject: (cause: unknown) => void;
}

const flightsAtOnce = 2;
const readsPerStatement = 200;
/** Of all reads of a statement together. An event is some 200 bytes: a statement answers a megabyte. */
const eventsPerStatement = 5_000;
const eventsPerRead = 200;

/** One a process. */
export class EventBatcher {
  readonly #db: Queryable;
  readonly #now: () => number;
  /** Each caller makes its own events of a page: two hundred pages at once were 40,000 events in one turn of the main loop. */
  readonly #turns = new Turns();
  #waiting: Call[] = [];
  #flights = 0;
  #answeredAtMs = -Infinity;
  #isPumpDue = false;

  constructor(db: Queryable, options: { now?: () => number } = {}) {
    this.#db = db;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Null when the tenant has no such run. @throws AppError DATABASE_BUSY or DATABASE_UNAVAILABLE where its turn does not come within the deadline of a statement. */
  read(read: EventRead): Promise<EventPage | null> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ read, askedAtMs: this.#now(), resolve, reject });
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
      const calls = this.#waiting.splice(0, readsPerStatement).filter((call) => !this.#isLate(call));
      if (calls.length === 0) continue;
      this.#flights++;
      void this.#send(calls).finally(() => {
        this.#flights--;
        this.#pump();
      });
    }
  }

  #isLate({ askedAtMs, reject }: Call): boolean {
    const waitedMs = this.#now() - askedAtMs;
    if (waitedMs <= statementDeadlineMs) return false;
    const cause = new Error(`a read of events waited for ${Math.round(waitedMs)} ms`);
    const isAnswering = this.#now() - this.#answeredAtMs < statementDeadlineMs / 2;
    reject(isAnswering ? databaseBusy(undefined, cause) : databaseUnavailable(cause));
    return true;
  }

  async #send(calls: readonly Call[]): Promise<void> {
    const groups = [...Map.groupBy(calls, ({ read: { tenantId, runId, after } }) => `${after} ${tenantId} ${runId}`).values()];
    const limit = Math.min(eventsPerRead, Math.floor(eventsPerStatement / groups.length));
    try {
      const reads = groups.map((group) => group[0]!.read);
      const pages = await eventsRead(this.#db, reads, limit);
      this.#answeredAtMs = this.#now();
      groups.forEach((group, index) => group.forEach(({ resolve }) => void this.#turns.next().then(() => resolve(pages[index]!))));
    } catch (cause) {
      // One caller's value that PostgreSQL does not take is no reason to refuse the others.
      if (calls.length > 1 && failureKind(cause) === "refused") for (const call of calls) await this.#send([call]);
      else for (const { reject } of calls) reject(cause);
    }
  }
}
