/** A node that repeats a graph of its own, as its plan says it. Every default is written into the plan when it is frozen, so that none changes under a run. */
import type { JsonObject } from "#shared/json.ts";
import type { CompiledNode, CompiledPlan, PlanDocument, PlanNode } from "./plan.ts";

/** The type of the node run that stands for one item or round: it is the last of its frame, and the engine's own. */
export const frameType = "frame";

/** What becomes of an iteration when an item fails. continue: its place has null. remove: it has no place. */
export type OnItemError = "fail" | "continue" | "remove";

/** What a composite node repeats, and how. */
export interface CompiledComposite {
  kind: "iteration";
  body: CompiledPlan;
  /** Frames that are open at once, at most. */
  parallel: number;
  onItemError: OnItemError;
  /** Lists among the results are put into the list one by one. */
  flatten: boolean;
  /** The part of the node's config that is rendered when it opens. One object, however often it is. */
  opening: JsonObject;
  /** The node that ends each frame; its config has `output` where the document says what an item gives. */
  end: CompiledNode;
}

const compositeTypes: ReadonlySet<string> = new Set(["iteration"]);

/** Whether nodes of a type have a body. */
export function isComposite(type: string): boolean {
  return compositeTypes.has(type);
}

/** What a node is executed with: of a composite node the part of its config that it opens with. */
export function executedConfig({ composite, config }: Pick<CompiledNode, "composite" | "config">): JsonObject {
  return composite === undefined ? config : composite.opening;
}

/** The document in a composite node's config; undefined for any other node. */
export function bodyOf({ type, config }: Pick<PlanNode, "type" | "config">): PlanDocument | undefined {
  return isComposite(type) ? (config["body"] as unknown as PlanDocument | undefined) : undefined;
}

/** @throws PlanError for a body that cannot be walked to its end */
export function compileComposite(node: PlanNode, compile: (body: PlanDocument) => CompiledPlan): CompiledComposite | undefined {
  const body = bodyOf(node);
  if (body === undefined) return undefined;
  const { items, output, parallel, on_item_error: onItemError, flatten } = node.config;
  return {
    kind: "iteration",
    body: compile(body),
    parallel: typeof parallel === "number" ? parallel : 1,
    onItemError: onItemError === "continue" || onItemError === "remove" ? onItemError : "fail",
    flatten: flatten === true,
    opening: { items: items ?? null },
    end: endNode(node.id, output === undefined ? {} : { output }),
  };
}

function endNode(id: string, config: JsonObject): CompiledNode {
  return {
    index: -1,
    id,
    type: frameType,
    config,
    retry: { maxAttempts: 1, backoffMs: 0, factor: 1, maxBackoffMs: 0 },
    atMostOnce: false,
    timeoutMs: undefined,
    outgoing: [],
    incoming: [],
    composite: undefined,
  };
}
