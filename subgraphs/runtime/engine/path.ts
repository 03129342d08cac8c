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

/** The path of one frame of a composite node: of its item, or its round, `ordinal`. */
export function framePath(compositePath: string, ordinal: number): string {
  return `${compositePath}#${ordinal}`;
}

/** The path of the composite node that a frame is of: its own of one that has no number, as that of a sub-workflow, or of a member of a team (`team/member#2.1`). */
export function compositePathOf(path: string): string {
  if (ordinalOf(path) === undefined) return path;
  const segment = lastSegment(path);
  return path.slice(0, path.length - segment.length) + segmentNodeId(segment);
}

/** Which item or round a frame is, by its path; undefined: the path is no such frame's. */
export function ordinalOf(path: string): number | undefined {
  const match = /#(0|[1-9]\d{0,9})$/.exec(path);
  return match === null ? undefined : Number(match[1]);
}

/** How deep a node run stands: one that is part of another's work is deeper. */
export function depthOf(path: string): number {
  return 2 * (path.split("/").length - 1) + (lastSegment(path).includes("#") ? 1 : 0);
}

/** The last segment of a path, with its ordinal where it has one. */
export function lastSegment(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The id of the node at a path, for display: `loop#3/body` is the node `body`, `agent/model#5` the node `model`. Nothing is looked up by it. */
export function nodeIdOfPath(path: string): string {
  return segmentNodeId(lastSegment(path));
}

/** The id in a segment of a path. */
export function segmentNodeId(segment: string): string {
  const ordinal = segment.indexOf("#");
  return ordinal === -1 ? segment : segment.slice(0, ordinal);
}
