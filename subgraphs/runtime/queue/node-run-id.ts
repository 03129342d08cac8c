/** A node run's id is its run's id and its path: known before the node run exists, and the same on every attempt. */

/** Where a node run stands. */
export interface NodeRunKey {
  runId: string;
  /** The node's id; beneath a composite node, behind its path. */
  path: string;
}

export function nodeRunId(runId: string, path: string): string {
  return `${runId}:${path}`;
}

/** The parts of a node run's id; null for what cannot be one. */
export function parseNodeRunId(id: string): NodeRunKey | null {
  const colon = id.indexOf(":");
  return colon <= 0 || colon === id.length - 1 ? null : { runId: id.slice(0, colon), path: id.slice(colon + 1) };
}
