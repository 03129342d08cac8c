/**
 * Whether a failure is handled, and how its run goes on. The decision is made once, where the failure is stored: the row of a failure that is handled has a
 * route, so a replay reads it and decides nothing anew.
 */
import type { Json } from "#shared/json.ts";
import type { NodeState } from "./frame.ts";
import { errorRoute } from "./on-error.ts";
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

/** Codes of faults of the platform itself: what the author of a document has prepared for is something else. */
const ownFaults: ReadonlySet<string> = new Set(["INTERNAL", "NODE_TYPE_UNKNOWN"]);

/** The code of a node that its owners died of. */
export const crashCode = "WORKER_CRASHED";
/** So many nodes of a run may kill their owners, three of them each, before the run ends: one run does not kill workers without end. */
const crashesHandled = 2;

/**
 * How a failure is handled; undefined: it fails its frame. Nothing goes on in a frame that fails already; faults of the platform are nobody's to handle;
 * and the third node that its owners die of ends the run.
 */
export function handlingOf(run: RunState, { node, frame }: NodeState, code: string): Handling | undefined {
  const { onError } = node;
  if (onError.kind === "fail" || frame.failure !== undefined || ownFaults.has(code)) return undefined;
  if (code === crashCode && run.crashedNodes >= crashesHandled) return undefined;
  if (onError.kind === "branch") return { route: errorRoute, output: undefined };
  const { outputText, outputJson, route = defaultRoute } = onError;
  return { route, output: { outputText, outputJson } };
}
