/** What threads do: functions of modules, named so that another thread finds them. */
import type { AppError } from "#shared/errors.ts";

/** A function that is run in a thread: `name`, exported by the module at `module`. It is pure; arguments and result are JSON. */
export interface Job<A, R> {
  /** Its URL. Node runs it as it is: TypeScript that erases, and so is all that it imports. */
  readonly module: string;
  readonly name: string;
  /** Of computing; on a busy machine it lasts longer by the clock. */
  readonly limitMs: number;
  /** Its result as JSON. */
  readonly maxResultChars?: number;
  /** What its caller is told when the thread had to be ended. */
  readonly tooSlow: () => AppError;
  /** What its caller is told when its arguments or its result are too large, or the thread's memory was. */
  readonly tooLarge: () => AppError;
  /** Never read: the types of what goes in and what comes out. */
  readonly types?: (args: A) => R;
}

/** Whose job it is. */
export interface JobCall {
  tenantId: string;
  /** When it fires nobody waits for the outcome any more. */
  signal?: AbortSignal;
  /** Where the threads have as much to do as they take: wait, however long, or be told EVALUATION_BUSY. */
  whenBusy: "wait" | "refuse";
  /** Called when its turn has come. */
  begins?: () => void;
  /** A large text that goes beside the arguments, as it is. */
  text?: string;
}

/** Evaluates what strangers wrote somewhere else than in the main loop. */
export interface Evaluator {
  /**
   * Runs a job in a thread.
   *
   * @throws AppError as the job says, or EVALUATION_BUSY; what the job itself threw; the signal's reason
   */
  run<A, R>(job: Job<A, R>, args: A, call: JobCall): Promise<R>;
}
