/**
 * Whether a failure is handled, and how its run goes on. The decision is made once, where the failure is stored: the row of a failure that is handled has a
 * route, so a replay reads it and decides nothing anew.
 */
import type { Json } from "#shared/json.ts";
import type { Fault } from "./fault.ts";
import { isLeaf, isStopped, type NodeState } from "./frame.ts";
import { errorRoute } from "./on-error.ts";
import { usedRoute } from "./drivers/team-use.ts";
import type { TokenUse } from "./drivers/team-route.ts";
import type { RunState } from "./run-state.ts";

/** How a run goes on from a failure that is handled. */
export interface Handling {
  /** Marks its row. */
  route: string;
  /** Stands in the place of the node's own; undefined: that stays. */
  output: { outputText: string | null; outputJson: Json } | undefined;
}

/** Marks the row of a failure in whose place a default stands, where that names no route. */
const defaultRoute = "default";

/** The code of a node whose executor threw: a bug of ours, or something of ours that was away. */
export const internalCode = "INTERNAL";

/** So many nodes of a run may kill their owners, three of them each, before the run ends: one run does not kill workers without end. */
const crashesHandled = 2;

/** Whether so many nodes of a run have killed their owners that no more of it is tried, whatever it makes of their failures. */
export function isPoisonous({ crashedNodes }: Pick<RunState, "crashedNodes">): boolean {
  return crashedNodes > crashesHandled;
}

/**
 * How a failure is handled, of a node or of an item; undefined: it fails its frame, or its iteration. Nothing goes on in a frame that fails already; faults of
 * the platform are nobody's to handle; and the third node that its owners die of ends the run.
 *
 * @param usage  of the attempt that failed
 */
export function handlingOf(run: RunState, state: NodeState, fault: Fault | undefined, usage?: TokenUse): Handling | undefined {
  if (isStopped(state) || fault === "own") return undefined;
  // A node that its owners died of is not counted yet; an item, or a composite, fails by one that is.
  if (fault === "crash" && isPoisonous({ crashedNodes: run.crashedNodes + (isLeaf(state) ? 1 : 0) })) return undefined;
  if (state.ends !== undefined) return handlingOfItem(state.ends.owner);
  const { onError } = state.node;
  if (onError.kind === "fail") return undefined;
  if (onError.kind === "branch") return { route: usedRoute(state, errorRoute, usage), output: undefined };
  const { outputText, outputJson, route = defaultRoute } = onError;
  return { route, output: { outputText, outputJson } };
}

/** An item's failure is its iteration's to handle, in which its place is null, or it has none. */
function handlingOfItem(iteration: NodeState | undefined): Handling | undefined {
  const composite = iteration?.node.composite;
  if (composite === undefined || composite.kind === "agent" || composite.kind === "team" || composite.onItemError === "fail")
    return undefined;
  return { route: composite.onItemError, output: undefined };
}
