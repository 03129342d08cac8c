/**
 * The outputs of a run that somebody may still read: a node that is not done, by what its texts name; or the run itself, which gives back those of its answer
 * nodes and of its last ones. All others may be forgotten: they are stored. Looked at only when there is much of it.
 */
import type { CompiledNode, CompiledPlan } from "../../engine/plan.ts";
import type { LoadedNode } from "../../queue/load.sql.ts";
import { nodeRunStatusWord } from "../../queue/statuses.ts";
import { isDone, type NodeState } from "../../engine/frame.ts";
import { knownReads } from "../../nodes/nodes-read.ts";

/** How things stand with a node of the run's own graph. */
interface NodeStanding {
  node: CompiledNode;
  isDone: boolean;
  /** None of its edges was taken. */
  isLast: boolean;
}

/** Ids of the nodes whose outputs may be read; any: nobody knows. */
export function readOutputs(nodes: Iterable<NodeStanding>): ReadonlySet<string> | "any" {
  const read = new Set<string>();
  for (const { node, isDone: isOver, isLast } of nodes) {
    if (isOver) {
      if (isLast || node.type === "answer") read.add(node.id);
      continue;
    }
    const own = knownReads(node);
    if (own === "any") return "any";
    for (const id of own) read.add(id);
  }
  return read;
}

/** The same of a run as it is stored; a node without a row is not done. */
export function readStoredOutputs(plan: CompiledPlan, rows: readonly LoadedNode[]): ReadonlySet<string> | "any" {
  const byPath = new Map(rows.map((row) => [row.path, row]));
  // A path with a separator is in a frame of its own, whose nodes read what they like.
  if (rows.some(({ path }) => !plan.indexById.has(path))) return "any";
  return readOutputs(plan.nodes.map((node) => standingOf(node, byPath.get(node.id))));
}

function standingOf(node: CompiledNode, row: LoadedNode | undefined): NodeStanding {
  const isOver = row !== undefined && isDone(nodeRunStatusWord(row.status));
  const isTaken = ({ condition }: { condition: string | undefined }): boolean => row?.route == null || condition === row.route;
  return { node, isDone: isOver, isLast: !node.outgoing.some(isTaken) };
}

/** How a node stands in its owner's hands. */
export function heldStandingOf({ node, phase, takenOutgoing }: NodeState): NodeStanding {
  return { node, isDone: isDone(phase) || phase === "ABSENT", isLast: takenOutgoing === 0 };
}
