/** What a node does about its own failure (`on_error`), as a document and as a plan have it. */
import { isJsonObject, type Json } from "#shared/json.ts";

/** The condition of the edges that a failure takes. No node has a route of that name. */
export const errorRoute = "error";

/** What a document says of a node's failure; "fail" unless given. */
export type PlanOnError = "fail" | "branch" | { default: { output_text?: string; output_json?: Json } };

/**
 * fail: the frame fails. branch: the edges with the condition `error` are taken, and no other. default: it goes on as if the node had completed with
 * these outputs; `route` where they name one.
 */
export type OnError =
  { kind: "fail" } | { kind: "branch" } | { kind: "default"; outputText: string | null; outputJson: Json; route: string | undefined };

/** Reads the key of a document. What is none of its values, as an old document may have, fails as before. */
export function compileOnError(given: PlanOnError | undefined): OnError {
  if (given === "branch") return { kind: "branch" };
  if (!isJsonObject(given) || !isJsonObject(given["default"])) return { kind: "fail" };
  const { output_text: text = null, output_json: json = null } = given["default"];
  const route = isJsonObject(json) && typeof json["route"] === "string" ? json["route"] : undefined;
  return { kind: "default", outputText: typeof text === "string" ? text : null, outputJson: json, route };
}
