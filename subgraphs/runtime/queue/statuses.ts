/** The words for the small numbers in the engine's tables. An index of these arrays is what is stored; never reorder them. */

/** run.status. From COMPLETED on a run is terminal. */
export const runStatuses = ["QUEUED", "RUNNING", "WAITING", "COMPLETED", "FAILED", "CANCELLED"] as const;
export type RunStatus = (typeof runStatuses)[number];

/** node_run.status. From COMPLETED on a node run is finished. */
export const nodeRunStatuses = ["QUEUED", "RUNNING", "WAITING", "COMPLETED", "FAILED", "CANCELLED", "SKIPPED"] as const;
export type NodeRunStatus = (typeof nodeRunStatuses)[number];

/** run_event.type. */
export const runEventTypes = ["RUN_STATUS", "NODE_STATUS", "SPAN"] as const;
export type StoredEventType = (typeof runEventTypes)[number];

/** trace_span.status. */
export const spanStatuses = ["UNSET", "OK", "ERROR"] as const;
export type SpanStatus = (typeof spanStatuses)[number];

/** inbox.kind. */
export const inboxKinds = { cancel: 1, outcome: 2, childOutcome: 3, mark: 5, runStatus: 6, decision: 7, agentInput: 8 } as const;

/** outbox.kind: the answer of a run, for its session; the end of a run, for the node run that waits for it; a run is to be cancelled, or created. */
export const outboxKinds = { answer: 1, ended: 2, cancel: 3, create: 4 } as const;

/** node_run.fault: no fault of the node run's own made it FAILED. */
export const faultNumbers = { own: 1, crash: 2 } as const;
type StoredFault = keyof typeof faultNumbers;

/** The word for a stored fault. */
export function faultOf(stored: number | null): StoredFault | undefined {
  return (Object.keys(faultNumbers) as StoredFault[]).find((fault) => faultNumbers[fault] === stored);
}

/** So many runs may lie around a run that makes another. */
export const mostDepth = 5;

/** The number that stands for a run status. */
export function runStatusNumber(status: RunStatus): number {
  return runStatuses.indexOf(status);
}

/** The number that stands for a node run status. */
export function nodeRunStatusNumber(status: NodeRunStatus): number {
  return nodeRunStatuses.indexOf(status);
}

/** The word for a stored run status. */
export function runStatusWord(status: number): RunStatus {
  return wordAt(runStatuses, status);
}

/** The word for a stored node run status. */
export function nodeRunStatusWord(status: number): NodeRunStatus {
  return wordAt(nodeRunStatuses, status);
}

function wordAt<Word extends string>(words: readonly Word[], index: number): Word {
  const word = words[index];
  if (word === undefined) throw new Error(`no status has the number ${index}`);
  return word;
}

/** True for a run that never changes again. */
export function isTerminal(status: RunStatus): boolean {
  return runStatusNumber(status) >= 3;
}
