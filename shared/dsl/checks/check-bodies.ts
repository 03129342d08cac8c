/** Checks the graphs within nodes: how deep they lie, how long paths become, how much goes on side by side, and whether names hide others. */
import { isJsonObject, type Json } from "#shared/json.ts";
import type { CheckedNode } from "./check-node.ts";
import { dslLimits } from "../document.ts";
import type { Outside } from "./check-references.ts";
import { show, type IssueList } from "../issue.ts";
import { hasBody } from "../node-specs.ts";

/** Digits of the largest number of an item or a round, and the sign before it. */
const ordinalBytes = 6;

/** Where a graph lies. */
export interface Depth {
  /** 1 of the document's own. */
  level: number;
  /** Bytes of the path of the frames around it. */
  pathBytes: number;
  /** Items that the iterations around it work on side by side. */
  parallel: number;
  /** The same of those within the innermost loop around it, whose variables they share. */
  parallelInLoop: number;
}

/** The document's own graph. */
export const topDepth: Depth = { level: 1, pathBytes: 0, parallel: 1, parallelInLoop: 1 };

/** The lists of a node's graph; null for a node without one, and where looking further would make no sense. */
export function bodyLists({ id, spec, config }: CheckedNode, issues: IssueList): { nodes: Json[]; edges: Json[] } | null {
  const body = config["body"];
  if (spec === null || !hasBody(spec) || !isJsonObject(body)) return null;
  const { nodes, edges = [] } = body;
  for (const key of Object.keys(body)) {
    if (key === "nodes" || key === "edges") continue;
    issues.warning("CONFIG_UNKNOWN_KEY", [key], `The body of node ${id} has ${key}, which is ignored; it has nodes and edges.`);
  }
  if (!Array.isArray(nodes)) issues.error("NODES_MISSING", ["nodes"], `The body of node ${id} has a list of nodes, not ${show(nodes)}.`);
  else if (nodes.length === 0) issues.error("NODES_MISSING", ["nodes"], `The body of node ${id} has no nodes; give at least one.`);
  if (!Array.isArray(edges))
    issues.error("EDGES_INVALID", ["edges"], `The edges of the body of node ${id} are a list of { source, target }, not ${show(edges)}.`);
  return Array.isArray(nodes) && Array.isArray(edges) ? { nodes, edges } : null;
}

/** How deep a node's graph lies; null where it lies too deep, which is told. */
export function depthWithin({ id, type, config, index }: CheckedNode, around: Depth, issues: IssueList): Depth | null {
  const { bodies, parallel: most } = dslLimits;
  const at = ["nodes", index, "config"];
  const parallel = type === "iteration" && typeof config["parallel"] === "number" ? config["parallel"] : 1;
  const depth = {
    level: around.level + 1,
    pathBytes: around.pathBytes + id.length + ordinalBytes + 1,
    parallel: around.parallel * parallel,
    parallelInLoop: type === "loop" ? 1 : around.parallelInLoop * parallel,
  };
  if (depth.parallel > most && around.parallel <= most) {
    const advice = "give one of them a smaller parallel";
    issues.error(
      "PARALLEL_TOO_LARGE",
      [...at, "parallel"],
      `Node ${id} and those around it work on ${depth.parallel} items side by side, and may on ${most}; ${advice}.`,
    );
  }
  if (depth.level <= bodies) return depth;
  issues.error(
    "BODY_TOO_DEEP",
    [...at, "body"],
    `The body of node ${id} is graph ${depth.level} from the outside, and there may be ${bodies}; put what is inside into a workflow of its own.`,
  );
  return null;
}

/** Checks the names of a graph's nodes against those around it, and what paths they make. */
export function checkNames(nodes: readonly CheckedNode[], depth: Depth, around: Outside | undefined, issues: IssueList): void {
  for (const { id, index } of nodes) {
    const at = ["nodes", index, "id"];
    const bytes = depth.pathBytes + id.length;
    if (bytes > dslLimits.pathBytes)
      issues.error(
        "PATH_TOO_LONG",
        at,
        `The path of node ${id} has up to ${bytes} bytes, and may have ${dslLimits.pathBytes}; give it and the nodes around it shorter ids.`,
      );
    for (let outside = around; outside !== undefined; outside = outside.around) {
      if (!outside.nodes.some((node) => node.id === id)) continue;
      issues.warning(
        "NODE_ID_SHADOWS",
        at,
        `A node around this body is called ${id} too: in the body nodes.${id} is this one. Rename one.`,
      );
      break;
    }
  }
}
