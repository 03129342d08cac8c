/** A limit for synchronous work on what strangers wrote, such as their regular expressions. */
import { createContext, Script } from "node:vm";

// The script's text is fixed and holds nothing of anybody's: it is node:vm's watchdog that is wanted, which ends even a running RegExp.
const script = new Script("work()");
const scope: { work: (() => unknown) | undefined } = { work: undefined };
const context = createContext(scope);

/** Runs `work`, or gives undefined after `limitMs`. Costs about 0.1 ms (a watchdog thread). */
export function withinTime<T extends object>(limitMs: number, work: () => T): T | undefined {
  scope.work = work;
  try {
    return script.runInContext(context, { timeout: limitMs }) as T;
  } catch (error) {
    if ((error as { code?: unknown }).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return undefined;
    throw error;
  } finally {
    scope.work = undefined;
  }
}
