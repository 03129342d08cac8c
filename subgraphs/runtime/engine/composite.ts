/**
 * What a composite node is to the engine: a node with a graph of its own. An iteration walks it once for each item, a loop round after round, a sub-workflow
 * once, as the graph of another workflow version that the plan holds.
 */
import { isJsonObject, type JsonObject } from "#shared/json.ts";
import type { CompiledNode, CompiledPlan, PlanDocument, PlanNode } from "./plan.ts";

/** The type of the node run that stands for one item or round: it is the last of its frame, and the engine's own. */
export const frameType = "frame";

/** The kinds of composites; each is a node type. */
export type CompositeKind = "iteration" | "loop" | "sub-workflow";

/** What becomes of an iteration when an item fails. continue: its place has null. remove: it has no place. */
export type OnItemError = "fail" | "continue" | "remove";

/** What a composite node repeats, and how. */
export interface CompiledComposite {
  kind: CompositeKind;
  body: CompiledPlan;
  /** Frames that are open at once, at most. */
  parallel: number;
  /** Frames of a loop, at most. */
  maxRounds: number;
  onItemError: OnItemError;
  /** Lists among the results are put into the list one by one. */
  flatten: boolean;
  /** The part of the node's config that is rendered when it opens. One object, however often it is. */
  opening: JsonObject;
  /**
   * The node that ends each frame; its config has `output` where the document says what an item or a round gives, and `until` of a loop. undefined: the
   * composite's own node run ends its one frame, and stands for it.
   */
  end: CompiledNode | undefined;
}

/** Rounds of a loop that says nothing of them. */
export const maxRoundsUnlessGiven = 100;

/** Whether nodes of a type have a graph of their own. */
export function isComposite(type: string): type is CompositeKind {
  return type === "iteration" || type === "loop" || type === "sub-workflow";
}

/** What a node is executed with: of a composite node the part of its config that it opens with. */
export function executedConfig({ composite, config }: Pick<CompiledNode, "composite" | "config">): JsonObject {
  return composite === undefined ? config : composite.opening;
}

/** The document in a node's config; undefined for a node without one. */
export function bodyOf({ type, config }: Pick<PlanNode, "type" | "config">): PlanDocument | undefined {
  const hasBody = isComposite(type) && type !== "sub-workflow" && isJsonObject(config["body"]);
  return hasBody ? (config["body"] as unknown as PlanDocument) : undefined;
}

/** The nodes of a document, and those of the bodies in it. */
export function allNodes({ nodes }: PlanDocument): PlanNode[] {
  return nodes.flatMap((node) => [node, ...(bodyOf(node) === undefined ? [] : allNodes(bodyOf(node)!))]);
}

/** A document, and those of the sub-workflows that it holds. */
export function graphsOf(document: PlanDocument): PlanDocument[] {
  return [document, ...Object.values(document.workflows ?? {})];
}

/** The version that a sub-workflow node executes, by its id; undefined for any other node, and before it is frozen where it names a workflow. */
export function subWorkflowVersion({ type, config }: Pick<PlanNode, "type" | "config">): string | undefined {
  const id = config["workflow_version_id"];
  return type === "sub-workflow" && typeof id === "string" ? id : undefined;
}

/** Compiles the composite that a node is, around its compiled graph. */
export function compileComposite({ id, type, config }: PlanNode, body: CompiledPlan): CompiledComposite | undefined {
  if (!isComposite(type)) return undefined;
  const { output, until, parallel, on_item_error: onItemError, flatten, max_rounds: maxRounds } = config;
  const ending = { ...(output !== undefined && { output }), ...(until !== undefined && { until }) };
  return {
    kind: type,
    body,
    parallel: type === "iteration" && typeof parallel === "number" ? parallel : 1,
    maxRounds: typeof maxRounds === "number" ? maxRounds : maxRoundsUnlessGiven,
    onItemError: onItemError === "continue" || onItemError === "remove" ? onItemError : "fail",
    flatten: flatten === true,
    opening: openingOf(type, config),
    end: type === "sub-workflow" ? undefined : endNode(id, ending),
  };
}

function openingOf(kind: CompositeKind, { items, variables, input }: JsonObject): JsonObject {
  if (kind === "iteration") return { items: items ?? null };
  return kind === "loop" ? { variables: variables ?? {} } : { input: input ?? {} };
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
    onError: { kind: "fail" },
    retryWhen: undefined,
    outgoing: [],
    incoming: [],
    composite: undefined,
  };
}
