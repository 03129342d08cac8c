/** When a part that has ended is started again: by the cause of its end, and by how often that came lately. */

/** How a part's process ended. */
export interface PartEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** It had said that it serves. */
  wasReady: boolean;
  /** From its start to its end. */
  livedMs: number;
  /** Its main loop did not turn, so it was ended from within. */
  wasStuck: boolean;
}

/**
 * Why a part ended. killed: a signal of somebody else, the system included when memory runs out. stuck: its main loop did not turn. crashed: by itself, after
 * it had served. unstarted: by itself, before it served.
 */
export type EndCause = "killed" | "stuck" | "crashed" | "unstarted";

/** How patient the pace is. */
export interface PaceOptions {
  /** A part that lived as long starts its count anew; 30 s. */
  steadyMs?: number;
  /** After an end by a signal or for being stuck: it is no fault of the part. 50 to 1,000. */
  pauseMs?: { least: number; most: number };
  /** After an end by itself. 200 to 10,000. */
  backoffMs?: { least: number; most: number };
  /** Ends of these causes in a row that are the last; never when left out. */
  limit?: { causes: readonly EndCause[]; ends: number };
}

/** A restart, or none. */
export type Restart = { inMs: number } | "give up";

/** Signals that end a process from outside; what V8 or a bug in C ends it with is its own doing. */
const outsideSignals: readonly (NodeJS.Signals | null)[] = ["SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGPIPE"];

/** Reads the cause of an end. */
export function endCause({ signal, wasReady, wasStuck }: PartEnd): EndCause {
  if (wasStuck) return "stuck";
  if (outsideSignals.includes(signal)) return "killed";
  return wasReady ? "crashed" : "unstarted";
}

/** The pace of one part. */
export class RestartPace {
  readonly #options: PaceOptions;
  /** Ends in a row without a steady life between them: all, by themselves, and those that the limit counts. */
  #ends = 0;
  #faults = 0;
  #counted = 0;

  constructor(options: PaceOptions = {}) {
    this.#options = options;
  }

  /** Counts an end. */
  next(end: PartEnd): Restart {
    const { steadyMs = 30_000, pauseMs = { least: 50, most: 1_000 }, backoffMs = { least: 200, most: 10_000 }, limit } = this.#options;
    if (end.livedMs > steadyMs) this.#ends = this.#faults = this.#counted = 0;
    const cause = endCause(end);
    if (limit?.causes.includes(cause) === true && ++this.#counted >= limit.ends) return "give up";
    if (cause === "killed" || cause === "stuck") return { inMs: doubled(pauseMs, this.#ends++) };
    return { inMs: doubled(backoffMs, this.#faults++) };
  }
}

function doubled({ least, most }: { least: number; most: number }, times: number): number {
  return Math.min(most, least * 2 ** Math.min(times, 20));
}
