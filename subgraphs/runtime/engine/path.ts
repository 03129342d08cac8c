/**
 * Where a node run stands in its run: one segment for each frame that it is in, then the node: `fetch`, `each#17/summarise`. A path is the only
 * address of a node run: rows, mail, offers and answers are matched by it. Node ids are letters, digits, `_` and `-`, so `/` and `#` are free.
 */

/** The path of the frame that is the run's own graph. */
export const rootPath = "";

/** The path of a node of the frame at `framePath`. */
export function pathBeneath(framePath: string, nodeId: string): string {
  return framePath === rootPath ? nodeId : `${framePath}/${nodeId}`;
}

/** The path of the frame that the node run at `path` is in. */
export function framePathOf(path: string): string {
  const cut = path.lastIndexOf("/");
  return cut === -1 ? rootPath : path.slice(0, cut);
}

/** The last segment of a path, with its ordinal where it has one. */
export function lastSegment(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The id of the node at a path, for display: `loop#3/body` is the node `body`, `agent/model#5` the node `model`. Nothing is looked up by it. */
export function nodeIdOfPath(path: string): string {
  const segment = lastSegment(path);
  const ordinal = segment.indexOf("#");
  return ordinal === -1 ? segment : segment.slice(0, ordinal);
}
