/** A node run's id is its run's id and its path: known before the node run exists, and the same on every attempt. */
import { createHash } from "node:crypto";

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

/** Providers take keys of so many characters, and some of them no more than 255. */
const maxKeyLength = 200;

/** The key that is sent outside for a node run, the same on every attempt: its id, or in the place of a long path the hash of it. */
export function effectKeyOf({ runId, path }: NodeRunKey): string {
  const id = nodeRunId(runId, path);
  return id.length <= maxKeyLength ? id : nodeRunId(runId, createHash("sha256").update(path).digest("hex"));
}

/** SQL: the same of a row. */
export const effectKeySql = (
  row: string,
): string => `case when length(${row}.run_id || ':' || ${row}.path) <= ${maxKeyLength} then ${row}.run_id || ':' || ${row}.path
      else ${row}.run_id || ':' || encode(sha256(convert_to(${row}.path, 'UTF8')), 'hex') end`;
