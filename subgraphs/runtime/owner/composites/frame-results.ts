/**
 * Reads what came of an iteration's items that an owner before this one saw end: no load brings it, as nobody looks at it until the iteration ends.
 */
import { setTimeout } from "node:timers/promises";
import { unreadResult, type NodeState } from "../../engine/frame.ts";
import { ordinalOf } from "../../engine/path.ts";
import type { NodeOutcome } from "../../nodes/executor.ts";
import { tooLargeFailure } from "../../nodes/storable.ts";
import { failureKind } from "../../queue/failure.ts";
import { outputsLoad } from "../../queue/load.sql.ts";
import { framesWeigh, nodesBeneath } from "../../queue/nested-load.sql.ts";
import { nodeRunStatusNumber } from "../../queue/statuses.ts";
import type { Queryable } from "../../queue/statement.ts";
import { maxRunOutputBytes } from "../run-ledger.ts";

const againMs = 100;

/** The process, as it reads results. */
export interface ResultReader {
  /** Puts them in their place. @returns the failure of an iteration whose items put out more than a run may hold. */
  read(runId: string, state: NodeState, signal: AbortSignal): Promise<NodeOutcome | undefined>;
}

/** Whether a composite that is to be ended has results that are not here. Those of one that fails are not looked at. */
export function hasUnread({ drive }: NodeState): boolean {
  return drive !== undefined && drive.failure === undefined && drive.results.includes(unreadResult);
}

/** Reads from the database, again and again until there is an answer or nobody waits for it: that it is away is no failure of the iteration. */
export function resultReader(db: Queryable): ResultReader {
  // One after the other: each may have as much as a run may hold.
  let last: Promise<unknown> = Promise.resolve();
  return {
    read(runId, state, signal) {
      const read = async (): Promise<NodeOutcome | undefined> => persistently(signal, () => resultsRead(db, runId, state));
      const reading = last.then(read, read);
      last = reading;
      return reading;
    },
  };
}

async function persistently<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      signal.throwIfAborted();
      return await work();
    } catch (cause) {
      if (signal.aborted || failureKind(cause) === "refused") throw cause;
      await setTimeout(againMs);
    }
  }
}

async function resultsRead(db: Queryable, runId: string, { path, drive }: NodeState): Promise<NodeOutcome | undefined> {
  const bytes = await framesWeigh(db, runId, path);
  if (bytes > maxRunOutputBytes) {
    const message = `What the items put out takes ${bytes} bytes together, more than the ${maxRunOutputBytes} that a run may hold. Let them put out less, or split the work into several runs.`;
    return tooLargeFailure("RUN_OUTPUTS_TOO_LARGE", message, undefined);
  }
  const nodes = await nodesBeneath(db, runId, [{ path, cut: 0 }]);
  await outputsLoad(db, [{ nodes }]);
  for (const { path: framePath, status, outputText, outputJson } of nodes) {
    const ordinal = ordinalOf(framePath);
    if (drive === undefined || ordinal === undefined || drive.results[ordinal] !== unreadResult) continue;
    drive.results[ordinal] = { hasFailed: status !== nodeRunStatusNumber("COMPLETED"), output: { output: outputJson, text: outputText } };
  }
  return undefined;
}
