/**
 * The plan of a run: the frozen document, and the graph of indexes that the engine walks. A node's index is its place in the document.
 */
import type { JsonObject } from "#shared/json.ts";
import { compileOnError, errorRoute, type OnError, type PlanOnError } from "./on-error.ts";
import { framePathOf, pathBeneath } from "./path.ts";

/** A node as the document says it. */
export interface PlanNode {
  id: string;
  type: string;
  config: JsonObject;
  retry?: PlanRetry;
  /** Never called again when nobody knows whether an earlier call took effect. */
  at_most_once?: boolean;
  timeout_seconds?: number;
  on_error?: PlanOnError;
}

/** How often and how soon a failed node is tried again. */
export interface PlanRetry {
  /** All attempts together, the first included; 1 to 100. */
  max_attempts: number;
  /** Before the second attempt; 1. */
  backoff_seconds?: number;
  /** Grows the pause from attempt to attempt; 2. */
  backoff_factor?: number;
  /** No pause is longer; 300. */
  max_backoff_seconds?: number;
  /** An expression over the output of an attempt that succeeded: where it is true, the attempt counts as failed. */
  when?: string;
}

/** An edge; the condition is compared with the route of its source. */
export interface PlanEdge {
  source: string;
  target: string;
  condition?: string;
}

/** What a run executes, frozen when it is created. */
export interface PlanDocument {
  nodes: PlanNode[];
  edges: PlanEdge[];
  /** The run may take this long, counted from its first node. */
  timeout_seconds?: number;
}

/** An edge out of a node. */
export interface CompiledEdge {
  target: number;
  condition: string | undefined;
}

/** A node with its edges. */
export interface CompiledNode {
  index: number;
  id: string;
  type: string;
  config: JsonObject;
  retry: RetryPolicy;
  atMostOnce: boolean;
  timeoutMs: number | undefined;
  onError: OnError;
  /** {@link PlanRetry.when}, as the config of the text that it is. */
  retryWhen: { when: string } | undefined;
  outgoing: CompiledEdge[];
  /** Sources of the incoming edges, one entry an edge. */
  incoming: number[];
}

/** How often and how soon a failed node is tried again, in milliseconds. */
export interface RetryPolicy {
  maxAttempts: number;
  backoffMs: number;
  factor: number;
  maxBackoffMs: number;
}

/** A plan ready to walk. Immutable; shared by all runs of it. */
export interface CompiledPlan {
  nodes: readonly CompiledNode[];
  /** Of a run's own graph: what the run may take, counted from its first node. */
  timeoutMs: number | undefined;
  indexById: ReadonlyMap<string, number>;
}

/** Thrown for a document that is no graph that can be walked to its end. validateDsl reports the same, and more, before. */
export class PlanError extends Error {
  override readonly name = "PlanError";
}

/**
 * Builds the graph of a document.
 *
 * @throws PlanError for a duplicate id, an edge without an end, or a cycle.
 */
export function compilePlan(document: PlanDocument): CompiledPlan {
  const indexById = new Map<string, number>();
  const nodes = document.nodes.map((node, index) => compileNode(node, index));
  for (const node of nodes) {
    if (indexById.has(node.id)) throw new PlanError(`the node id ${node.id} is used twice`);
    indexById.set(node.id, node.index);
  }
  const nodeOf = (id: string): CompiledNode => {
    const node = nodes[indexById.get(id) ?? -1];
    if (node === undefined) throw new PlanError(`an edge names the node ${id}, which does not exist`);
    return node;
  };
  for (const { source, target, condition } of document.edges) {
    const [from, to] = [nodeOf(source), nodeOf(target)];
    from.outgoing.push({ target: to.index, condition });
    to.incoming.push(from.index);
  }
  refuseCycle(nodes);
  return { nodes, timeoutMs: msOf(document.timeout_seconds), indexById };
}

/** Routes that edges out of a node name, but for that of its failure; none: it does not branch. */
export function edgeRoutes({ outgoing, onError }: CompiledNode): string[] {
  const conditions = outgoing.flatMap(({ condition }) => condition ?? []);
  return onError.kind === "branch" ? conditions.filter((condition) => condition !== errorRoute) : conditions;
}

/** The node that runs at a path, found through the plan alone; undefined: the plan has none there. */
export function nodeOfPath(plan: CompiledPlan, path: string): CompiledNode | undefined {
  // The root frame is the only one so far: there a path is an id.
  return plan.nodes[plan.indexById.get(path) ?? -1];
}

/** Paths of all nodes of its frame that lead to the node at a path, near and far: what it may have read. */
export function pathsBefore(plan: CompiledPlan, path: string): string[] {
  const node = nodeOfPath(plan, path);
  const found = new Set(node?.incoming);
  for (const index of found) for (const source of plan.nodes[index]?.incoming ?? []) found.add(source);
  return [...found].flatMap((index) => plan.nodes[index]?.id ?? []).map((id) => pathBeneath(framePathOf(path), id));
}

function compileNode(node: PlanNode, index: number): CompiledNode {
  return {
    index,
    id: node.id,
    type: node.type,
    config: node.config,
    retry: compileRetry(node.retry),
    atMostOnce: node.at_most_once === true,
    timeoutMs: msOf(node.timeout_seconds),
    onError: compileOnError(node.on_error),
    retryWhen: node.retry?.when === undefined ? undefined : { when: node.retry.when },
    outgoing: [],
    incoming: [],
  };
}

function msOf(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}

function compileRetry(retry: PlanRetry | undefined): RetryPolicy {
  return {
    maxAttempts: Math.max(1, retry?.max_attempts ?? 1),
    backoffMs: (retry?.backoff_seconds ?? 1) * 1000,
    factor: retry?.backoff_factor ?? 2,
    maxBackoffMs: (retry?.max_backoff_seconds ?? 300) * 1000,
  };
}

function refuseCycle(nodes: readonly CompiledNode[]): void {
  const missing = nodes.map((node) => node.incoming.length);
  const free = nodes.filter((node) => node.incoming.length === 0);
  for (let node = free.pop(); node !== undefined; node = free.pop()) {
    for (const edge of node.outgoing) {
      const left = (missing[edge.target] ?? 0) - 1;
      missing[edge.target] = left;
      const target = nodes[edge.target];
      if (left === 0 && target !== undefined) free.push(target);
    }
  }
  const stuck = nodes.find((node) => (missing[node.index] ?? 0) > 0);
  if (stuck !== undefined) throw new PlanError(`the node ${stuck.id} is part of a cycle, or behind one`);
}
