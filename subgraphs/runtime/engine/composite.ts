/**
 * What the config of a composite node says: of a node that walks a graph of its own. An iteration walks it once for each item, a loop round after round, a
 * sub-workflow once, as the graph of another workflow version that the plan holds. An agent has no graph: its node runs follow from what its model answers; nor has
 * a team, whose members are agents.
 */
import { isJsonObject, type JsonObject } from "#shared/json.ts";

/** The type of the node run that stands for one item or round: it is the last of its frame, and the engine's own. */
export const frameType = "frame";

/**
 * The version of the drivers: how what is stored of a composite that goes on is read. Each row of an opened composite names it; a worker leaves runs to others that name a higher
 * one. It grows when rows beneath composites come to mean something that an older worker would read wrongly.
 */
export const driverVersion = 1;

/** The kinds of composites; each is a node type. */
export type CompositeKind = WalkingKind | "agent" | "team";

/** Those that walk a graph. */
export type WalkingKind = "iteration" | "loop" | "sub-workflow";

/** What becomes of an iteration when an item fails. continue: its place has null. remove: it has no place. */
export type OnItemError = "fail" | "continue" | "remove";

/** How a composite node walks its graph. */
export interface CompositeSettings {
  kind: WalkingKind;
  /** Frames that are open at once, at most. */
  parallel: number;
  /** Frames of a loop, at most. */
  maxRounds: number;
  onItemError: OnItemError;
  /** Lists among the results are put into the list one by one. */
  flatten: boolean;
  /** The part of the node's config that is rendered when it opens. One object, however often it is. */
  opening: JsonObject;
}

/** A node as the document has it, as far as it is asked here. */
interface Described {
  type: string;
  config: JsonObject;
}

/** Rounds of a loop that says nothing of them. */
export const maxRoundsUnlessGiven = 100;

/** Whether nodes of a type walk a graph. */
export function isWalking(type: string): type is WalkingKind {
  return type === "iteration" || type === "loop" || type === "sub-workflow";
}

/** What a node is executed with: of a composite node the part of its config that it opens with. */
export function executedConfig({ composite, config }: { composite: { opening: JsonObject } | undefined; config: JsonObject }): JsonObject {
  return composite === undefined ? config : composite.opening;
}

/** The document in a node's config; undefined for a node without one. */
export function bodyOf({ type, config: { body } }: Described): JsonObject | undefined {
  return isWalking(type) && type !== "sub-workflow" && isJsonObject(body) ? body : undefined;
}

/** The version that a sub-workflow node executes, by its id; undefined for any other node, and before it is frozen where it names a workflow. */
export function subWorkflowVersion({ type, config }: Described): string | undefined {
  const id = config["workflow_version_id"];
  return type === "sub-workflow" && typeof id === "string" ? id : undefined;
}

/** Reads the config of a composite node; what is not said is as it always was. @param inputSchema  of the workflow that it runs, if it has one. */
export function compositeSettings(kind: WalkingKind, config: JsonObject, inputSchema?: JsonObject): CompositeSettings {
  const { parallel, on_item_error: onItemError, flatten, max_rounds: maxRounds } = config;
  return {
    kind,
    parallel: kind === "iteration" && typeof parallel === "number" ? parallel : 1,
    maxRounds: typeof maxRounds === "number" ? maxRounds : maxRoundsUnlessGiven,
    onItemError: onItemError === "continue" || onItemError === "remove" ? onItemError : "fail",
    flatten: flatten === true,
    opening: { ...openingOf(kind, config), ...(kind === "sub-workflow" && inputSchema && { input_schema: inputSchema }) },
  };
}

/** The part of the config that is asked when a frame ends; undefined: the composite's own node run ends its one frame. */
export function frameEnding(kind: WalkingKind, { output, until }: JsonObject): JsonObject | undefined {
  if (kind === "sub-workflow") return undefined;
  return { ...(output !== undefined && { output }), ...(until !== undefined && { until }) };
}

function openingOf(kind: WalkingKind, { items, variables, input }: JsonObject): JsonObject {
  if (kind === "iteration") return { items: items ?? null };
  return kind === "loop" ? { variables: variables ?? {} } : { input: input ?? {} };
}
