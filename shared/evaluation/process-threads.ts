/** The threads of this process: its parts share them, and they end with the last part that has opened them. */
import type { Evaluator } from "./job.ts";
import { EvaluationThreads } from "./threads.ts";

/** The process's threads, as one part of it has them. */
export interface OpenEvaluation extends Evaluator {
  /** Ends the threads, unless another part has them open. */
  close(): Promise<void>;
}

/** A process that starts has better things to do; whoever comes sooner starts a thread as well. */
const warmAfterMs = 2_000;

let threads: EvaluationThreads | undefined;
let users = 0;

/**
 * Opens them.
 *
 * @param modules  what this part's jobs are in: a thread has them loaded soon after.
 */
export function openEvaluation(modules: readonly string[]): OpenEvaluation {
  threads ??= new EvaluationThreads();
  users += 1;
  const opened = threads;
  const warming = setTimeout(() => opened.warm(modules), warmAfterMs).unref();
  let isOpen = true;
  return {
    run: (job, args, call) => opened.run(job, args, call),
    async close() {
      clearTimeout(warming);
      if (!isOpen) return;
      isOpen = false;
      users -= 1;
      if (users > 0) return;
      threads = undefined;
      await opened.close();
    },
  };
}
