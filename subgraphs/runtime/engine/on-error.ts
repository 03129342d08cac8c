/**
 * What a node does about its own failure (`on_error`), and when it is not asked. The decision is made once, where the failure is stored: the row of a
 * failure that is handled has a route, so a replay reads it and decides nothing anew.
 */
import { isJsonObject, type Json } from "#shared/json.ts";
import type { NodeState } from "./frame.ts";
import type { PlanOnError } from "./plan.ts";
import type { RunState } from "./run-state.ts";

/** The condition of the edges that a failure takes. No node has a route of that name. */
export const errorRoute = "error";

/** The mark of a failure in whose place a default stands, where that names no route. */
const defaultRoute = "default";

/**
 * fail: the frame fails. branch: the edges with the condition `error` are taken, and no other. default: it goes on as if the node had completed with
 * these outputs; `route` where they name one.
 */
export type OnError =
  { kind: "fail" } | { kind: "branch" } | { kind: "default"; outputText: string | null; outputJson: Json; route: string | undefined };

/** How a run goes on from a failure that is handled. */
export interface Handling {
  /** Marks its row. */
  route: string;
  /** Stands in the place of the node's own; undefined: that stays. */
  output: { outputText: string | null; outputJson: Json } | undefined;
}

/** Codes of faults of the platform itself: what the author of a document has prepared for is something else. */
const ownFaults: ReadonlySet<string> = new Set(["INTERNAL", "NODE_TYPE_UNKNOWN"]);

/** The code of a node that its owners died of. */
export const crashCode = "WORKER_CRASHED";
/** So many nodes of a run may kill their owners, three of them each, before the run ends: one run does not kill workers without end. */
const crashesHandled = 2;

/** Reads the key of a document. What is none of its values, as an old document may have, fails as before. */
export function compileOnError(given: PlanOnError | undefined): OnError {
  if (given === "branch") return { kind: "branch" };
  if (!isJsonObject(given) || !isJsonObject(given["default"])) return { kind: "fail" };
  const { output_text: text = null, output_json: json = null } = given["default"];
  const route = isJsonObject(json) && typeof json["route"] === "string" ? json["route"] : undefined;
  return { kind: "default", outputText: typeof text === "string" ? text : null, outputJson: json, route };
}

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
