import type { RunningPart } from "./composition.ts";
import type { CliContext } from "./context.ts";
import { answerMetrics } from "./process/part-metrics.ts";
import { tellSupervisor, toldError, type PartMessage } from "./process/part-messages.ts";
import { ShutdownList } from "./process/shutdown-list.ts";
import { isOfStop, listenForStop, type StopSignal } from "./process/stop-signal.ts";

/** A part as the child of the supervisor. */
export interface SupervisedStart<P extends RunningPart> {
  /** Starts it. @returns nothing when it was told to stop meanwhile. */
  start: (stop: StopSignal) => Promise<P | undefined>;
  /** What is said once it serves. */
  ready: (part: P) => Omit<Extract<PartMessage, { kind: "ready" }>, "kind">;
  /** Done when that is said. */
  served?: (part: P) => void;
  stopDeadlineMs: number;
}

/** Runs one part until the supervisor tells it to stop, or has ended. Why it cannot start is told to the supervisor, not to a terminal. */
export async function serveSupervised<P extends RunningPart>(context: CliContext, options: SupervisedStart<P>): Promise<void> {
  const stop = listenForStop(context.environment);
  const shutdown = new ShutdownList();
  answerMetrics();
  try {
    const part = await options.start(stop);
    if (part === undefined) return;
    shutdown.add("the part", () => part.stop(), options.stopDeadlineMs);
    await tellSupervisor({ kind: "ready", ...options.ready(part) });
    options.served?.(part);
    await Promise.race([stop.wanted, ...(part.finished === undefined ? [] : [part.finished])]);
  } catch (error) {
    if (isOfStop(error, stop)) return;
    await tellSupervisor({ kind: "failed", error: toldError(error) });
    context.endWith(1);
  } finally {
    await shutdown.run();
  }
}
