/** A limit for synchronous work on what strangers wrote, such as their regular expressions. */
import { createContext, Script } from "node:vm";

// The script's text is fixed and holds nothing of anybody's: it is node:vm's watchdog that is wanted, which ends even a running RegExp.
const script = new Script("work()");
const scope: { work: (() => unknown) | undefined } = { work: undefined };
const context = createContext(scope);

/** A machine that is busy with other work may need this many times the limit. */
const usualPatience = 8;

/**
 * Runs `work`, which must be pure: it is begun again, with twice the time, when the machine gave it less than half of what it was to have. Costs
 * about 0.1 ms (a watchdog thread).
 *
 * @param limitMs  of computing; while other processes compute it lasts longer.
 * @param mostPatience  so many times the limit it may take on such a machine; 1: it is not begun again.
 * @returns undefined when it has not ended by then.
 */
export function withinTime<T extends object>(limitMs: number, work: () => T, mostPatience = usualPatience): T | undefined {
  scope.work = work;
  try {
    for (let patience = 1; patience <= mostPatience; patience *= 2) {
      const before = process.cpuUsage();
      const result = runFor(limitMs * patience) as T | undefined;
      if (result !== undefined) return result;
      const { user, system } = process.cpuUsage(before);
      if ((user + system) / 1000 >= limitMs / 2) return undefined;
    }
    return undefined;
  } finally {
    scope.work = undefined;
  }
}

function runFor(timeoutMs: number): unknown {
  try {
    return script.runInContext(context, { timeout: timeoutMs });
  } catch (error) {
    if ((error as { code?: unknown }).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return undefined;
    throw error;
  }
}
